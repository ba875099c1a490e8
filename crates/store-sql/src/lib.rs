//! The store on SQLite and on PostgreSQL.
//!
//! Each aggregate has a file named as in `weir-store`, written once against `database.rs`, which says in what
//! databases differ; `sqlite/` and `postgres/` are what is their own, above all how a batch is written.
//! Nothing here interprets what it keeps, reads a clock or an environment variable, or starts a task.
//! Start with `database.rs`, then `open.rs` and `commit.rs` of either folder.

mod attempts;
mod blobs;
mod database;
mod documents;
mod effects;
mod flows;
mod histories;
mod inbox;
mod journal;
mod listing;
mod observations;
mod postgres;
mod queue;
mod retention;
mod row;
mod runs;
mod snapshots;
mod sqlite;
mod statement;
mod suspects;
mod variables;

pub use database::Sql;
pub use postgres::{PgOptions, PgStore, Postgres};
pub use sqlite::{SqlOptions, SqlStore, Sqlite, Synchronous, is_owned};
