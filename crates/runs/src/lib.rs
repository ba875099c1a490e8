//! The port of runs: start, signal, cancel, look at and watch a run on whichever runtime carries it.
//!
//! There is no runtime here, no store and no clock: a runtime implements [`RunsPort`], servers and commands
//! speak to it. Nothing here decides anything about a run. Start with `port.rs`, then `start.rs` and `view.rs`.

mod carrier;
mod ended;
mod error;
mod load;
mod observer;
mod port;
mod progress;
mod rehearsal;
mod repair;
mod request;
mod start;
mod view;

pub use carrier::{Carrier, Connection, Handed, NoCarrier, OnRuntime, Standing};
pub use ended::{End, Ends};
pub use error::RunsError;
pub use load::{AMOUNTS, DURATIONS, Distribution, FlowLoad, Load, Meter, StepLoad};
pub use observer::{Observer, RunEnded, StepEnded};
pub use port::{RunsPort, Until};
pub use progress::{Progress, ProgressBody, Watch};
pub use rehearsal::{KeptRun, Rehearsal};
pub use repair::{Change, Forked, Offer, Verdict};
pub use request::Request;
pub use start::{FlowRef, FlowSource, StartRun};
pub use view::{LogView, OpenView, Previewed, ReplayView, RunView, StepView};
