use crate::database::Work;
use crate::row::{Cells, corrupt};
use crate::sqlite::writer::Writer;
use crate::statement::{Arg, Statement};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row};
use std::borrow::Cow;
use tokio::sync::OwnedMutexGuard;
use weir_store::StoreError;

/// A transaction on the one connection that writes.
pub struct SqliteWork(pub OwnedMutexGuard<Writer>);

impl Work for SqliteWork {
    type Row = SqliteRow;

    async fn fetch(&mut self, statement: Statement) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let rows = query(statement).fetch_all(self.0.connection().map_err(closed)?).await;
        rows.inspect_err(|error| self.0.note(error))
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let done = query(statement).execute(self.0.connection().map_err(closed)?).await;
        done.map(|done| done.rows_affected()).inspect_err(|error| self.0.note(error))
    }

    /// Nobody else can write anyway.
    async fn keep_out(&mut self, _: Vec<String>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end<T: Send, E: From<StoreError> + Send>(mut self, result: Result<T, E>) -> Result<T, E> {
        self.0.end(result).await
    }
}

pub fn query(statement: Statement) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for arg in statement.args {
        // Encoding a number, a text or bytes only moves it; there is nothing in it that could fail.
        let added = match arg {
            Arg::Number(value) => arguments.add(value),
            Arg::Text(value) => arguments.add(value),
            Arg::Bytes(value) => arguments.add(value),
        };
        debug_assert!(added.is_ok());
    }
    sqlx::query_with(AssertSqlSafe(statement.sql), arguments).persistent(statement.kept)
}

fn closed(error: StoreError) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error.to_string()))
}

impl Cells for SqliteRow {
    fn number(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(corrupt)
    }

    fn str(&self, column: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        Ok(self.try_get::<Option<&str>, _>(column).map_err(corrupt)?.map(Cow::Borrowed))
    }

    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(column).map_err(corrupt)
    }
}
