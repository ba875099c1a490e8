//! Runs on a Temporal cluster: one workflow that hosts the engine, and kinds as activities.
//!
//! It translates between the engine's commands and Temporal's, and nothing else: it decides nothing about a flow,
//! knows no kind by name, and reads neither environment nor configuration. The history is the truth; the journal in
//! the store is a copy. Start with `wire.rs` and `workflow/mod.rs`; `worker.rs` and `client/` are how it is used.

mod activity;
mod client;
mod codec;
mod connect;
mod error;
mod failures;
mod forward;
pub mod names;
mod ports;
mod replay;
mod wire;
mod worker;
mod workflow;

pub use activity::{CopyWriter, Keeper, NotKept, Original};
pub use client::{Begin, Cluster, Follower, News, Outcome, called, check_request, input_of};
pub use codec::{Blobs, Codec, Keys};
pub use connect::{Address, Tls};
pub use error::TemporalError;
pub use forward::forward;
pub use ports::Outside;
pub use replay::replay;
pub use wire::{INTERPRETER, JournalPage, Row, Rules, RunInput, Shipment, State};
pub use worker::{Options, Parts, Working, work};
