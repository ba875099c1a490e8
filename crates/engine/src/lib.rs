//! A run as a pure function of its journal: events in, commands out.
//!
//! There is no I/O here, no clock, no randomness, no thread and no async. The engine cannot name a
//! kind, never validates a schema and never retries: the runtime does. Time comes in with every
//! event. Start with [`Machine`]; the control nodes are in `step/`, one file each.

mod arena;
mod change;
mod command;
mod compat;
mod core;
mod env;
mod error;
mod event;
mod fold;
mod frame;
mod machine;
mod plan;
mod preview;
mod record;
mod scope;
mod sealed;
mod step;
mod time;
mod trace;
mod weight;

pub use change::ChangeError;
pub use command::{Command, RunTask, StartChild, Status};
pub use compat::{Divergence, Numbered, Reason, Rebase, Replay, rebase, replay, replay_with};
pub use error::{StepError, category, code};
pub use event::{Decision, Event, EventBody, ForkChange, ForkedFrom, Origin, RebasedOnto, Started, TaskResult, Usage};
pub use fold::{FoldError, fold};
pub use machine::Machine;
pub use plan::{Plan, TaskSpec};
pub use preview::Preview;
pub use record::{Record, RecordError};
pub use sealed::{escape as sealed_to_json, unescape as sealed_from_json};
pub use trace::{StepStatus, Trace, TraceBody};

/// The number of the rules this engine follows; written to `started`, so that old runs keep theirs.
///
/// 2: a whole number in a model's answer that a number cannot keep is text; under 1 it was rounded.
pub const SEMANTICS: u32 = 2;
