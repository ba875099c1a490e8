//! A Weir server as its clients see it: calls, their answers, and what happens as it happens.
//!
//! It decides nothing and keeps nothing; who asks passes the server and the key. It reads no file, and of the
//! environment only which proxy is on the way; there is none on the way to this machine itself.
//! What is repeated is safe to repeat: questions, and starts that carry an idempotency key.
//! Start with [`Client`], then `runs.rs` and `flows.rs`; `views.rs` reads answers into the types of `weir-runs`.

mod client;
mod error;
mod events;
mod flows;
mod opened;
mod outage;
mod runs;
mod session;
mod things;
mod views;

pub use client::{Client, List};
pub use error::ClientError;
pub use events::{Event, Events};
pub use flows::FlowText;
pub use runs::{RunRow, RunsWanted};
pub use session::SignedIn;
