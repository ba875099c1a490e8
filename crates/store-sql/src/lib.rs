//! The store on SQLite.
//!
//! One connection writes, a few read; WAL, `synchronous=FULL`. A batch is one trip to the writing connection:
//! one multi-row statement per table, in sizes that are prepared once and kept. The lock file in the data
//! directory keeps a second owner out, the epoch in the database refuses one that has lost its lock.
//! Nothing here interprets what it keeps, reads a clock or an environment variable, or starts a task.
//! Start with `open.rs`, then `commit.rs`; each aggregate has a file named as in `weir-store`.

mod attempts;
mod blobs;
mod commit;
mod documents;
mod effects;
mod error;
mod flows;
mod inbox;
mod journal;
mod lock;
mod observations;
mod open;
mod options;
mod queue;
mod retention;
mod row;
mod runs;
mod schema;
mod script;
mod snapshots;
mod variables;
mod writer;

pub use lock::is_owned;
pub use open::SqlStore;
pub use options::{SqlOptions, Synchronous};
