//! The port of runs: start, signal, cancel, look at and watch a run on whichever runtime carries it.
//!
//! There is no runtime here, no store and no clock: a runtime implements [`RunsPort`], servers and commands
//! speak to it. Nothing here decides anything about a run. Start with `port.rs`, then `start.rs` and `view.rs`.

mod error;
mod port;
mod progress;
mod repair;
mod request;
mod start;
mod view;

pub use error::RunsError;
pub use port::{RunsPort, Until};
pub use progress::{Progress, ProgressBody, Watch};
pub use repair::{Change, Forked, Offer, Verdict};
pub use request::Request;
pub use start::{FlowRef, FlowSource, StartRun};
pub use view::{LogView, OpenView, ReplayView, RunView, StepView};
