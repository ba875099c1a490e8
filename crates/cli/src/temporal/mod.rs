//! Runs on a Temporal cluster: workers, and runs that are started there.

mod address;
mod connections;
mod run;
mod worker;

pub use connections::{Connections, Hosting, connections};
pub use run::run;
pub use worker::worker;
