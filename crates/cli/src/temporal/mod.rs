//! Runs on a Temporal cluster: workers, and runs that are started there.

mod address;
mod run;
mod worker;

pub use run::run;
pub use worker::worker;
