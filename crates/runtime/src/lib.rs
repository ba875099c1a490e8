//! The embedded runtime: carries runs from their start to their end on one machine, whatever happens in between.
//!
//! Loops (`shard/`) hold runs (`live/`), feed their machines, and hand rows to one writer (`writer.rs`) that
//! commits for all of them together; commands are released when the record that caused them is on disk. This is
//! the only crate that holds a clock. It never interprets a kind, never reads the environment or the command
//! line, and knows the store only by its port. Start with `runtime.rs`, then `live/mod.rs` and `shard/mod.rs`.

mod admission;
mod background;
mod children;
mod clock;
mod elsewhere;
mod ends;
mod faults;
mod flows;
mod fold;
mod guard;
mod inner;
mod inspect;
mod live;
mod message;
mod meters;
mod options;
pub mod policy;
mod ports;
mod preview;
mod repair;
mod runtime;
mod shard;
mod shared;
mod snapshot;
mod stall;
mod steady;
mod timers;
mod transcript;
mod watchers;
mod writer;

pub use children::child_error;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use elsewhere::{Copies, Turns};
pub use faults::{Faults, NoFaults};
pub use flows::{FlowFinder, NoFinder, accept_input, accept_signal, flow_context, kinds_of};
pub use inner::new_run_id;
pub use inspect::{Steps, rehearse, rehearse_stored};
pub use options::{Options, RetentionOptions};
pub use repair::{rehearse_fix, rehearse_fork};
pub use runtime::{Parts, Runtime, logs_of_run, post_request, replay_run};
