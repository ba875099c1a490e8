//! SQLite: one connection writes, a few read; WAL, `synchronous=FULL`. A batch is one trip to the writing connection:
//! one multi-row statement per table, in sizes that are prepared once and kept. The lock file in the data
//! directory keeps a second owner out, the epoch in the database refuses one that has lost its lock.

mod commit;
mod error;
mod lock;
mod open;
mod options;
mod readers;
mod rows;
mod schema;
mod script;
mod work;
mod writer;

pub use lock::is_owned;
pub use open::{SqlStore, Sqlite};
pub use options::{SqlOptions, Synchronous};
