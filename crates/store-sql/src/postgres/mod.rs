//! PostgreSQL: one connection holds the lock that makes the owner and writes the batches, a pool does the rest.
//! A batch is one statement and one trip. Whose rows there are is a matter of each connection and transaction, by
//! row-level security beside the conditions in the statements.

mod commit;
mod error;
mod lock;
mod open;
mod options;
mod rows;
mod schema;
mod text;
mod work;
mod writer;

pub use open::{PgStore, Postgres};
pub use options::PgOptions;
