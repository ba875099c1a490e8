use crate::database::Work;
use crate::postgres::error::store_error;
use crate::postgres::text::{escape, unescape};
use crate::postgres::writer::Writer;
use crate::row::{Cells, corrupt};
use crate::statement::{Arg, Statement};
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Postgres, Row, Transaction};
use std::borrow::Cow;
use tokio::sync::OwnedMutexGuard;
use weir_store::{Scope, StoreError};

/// From here on only the rows of one tenant exist, until the end of the transaction.
const ONLY_OF: &str = "SELECT set_config('weir.tenant', $1, true), set_config('weir.scope', 'tenant', true)";

/// In a space of keys apart from that of the owner's lock. Always in the same order, so that no two wait for each other.
const KEEP_OUT: &str = "SELECT pg_advisory_xact_lock(2003134834, key)
    FROM (SELECT DISTINCT hashtext(name) AS key FROM UNNEST($1::TEXT[]) AS name ORDER BY key) AS keys";

/// A transaction: on any connection, or on the one that writes batches.
pub enum PgWork {
    Beside(Transaction<'static, Postgres>),
    Alone(OwnedMutexGuard<Writer>),
}

/// A transaction on any connection, in which only what `reach` allows exists.
pub async fn begin(pool: &PgPool, reach: &Scope) -> Result<Transaction<'static, Postgres>, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    if let Scope::Tenant(tenant) = reach {
        let only = sqlx::query(ONLY_OF).bind(escape(tenant).into_owned());
        only.execute(&mut *transaction).await.map_err(store_error)?;
    }
    Ok(transaction)
}

impl PgWork {
    fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        match self {
            PgWork::Beside(transaction) => Ok(transaction),
            PgWork::Alone(writer) => writer.connection(),
        }
    }
}

impl Work for PgWork {
    type Row = PgRow;

    async fn fetch(&mut self, statement: Statement) -> Result<Vec<PgRow>, sqlx::Error> {
        query(statement)?.fetch_all(self.connection()?).await
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        Ok(query(statement)?.execute(self.connection()?).await?.rows_affected())
    }

    async fn keep_out(&mut self, names: Vec<String>) -> Result<(), StoreError> {
        let connection = self.connection().map_err(store_error)?;
        sqlx::query(KEEP_OUT).bind(names).execute(connection).await.map(drop).map_err(store_error)
    }

    async fn end<T: Send, E: From<StoreError> + Send>(self, result: Result<T, E>) -> Result<T, E> {
        match (self, result) {
            (PgWork::Alone(mut writer), result) => writer.end(result).await,
            (PgWork::Beside(transaction), Ok(value)) => {
                transaction.commit().await.map_err(store_error)?;
                Ok(value)
            }
            (PgWork::Beside(transaction), Err(error)) => {
                // What cannot be rolled back is so by the server, with the connection.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }
}

type Query = sqlx::query::Query<'static, Postgres, PgArguments>;

pub fn query(statement: Statement) -> Result<Query, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for arg in statement.args {
        let added = match arg {
            Arg::Number(value) => arguments.add(value),
            Arg::Text(value) => arguments.add(value.as_deref().map(escape)),
            Arg::Bytes(value) => arguments.add(value),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(sqlx::query_with(AssertSqlSafe(statement.sql), arguments).persistent(statement.kept))
}

impl Cells for PgRow {
    fn number(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(corrupt)
    }

    fn str(&self, column: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        Ok(self.try_get::<Option<&str>, _>(column).map_err(corrupt)?.map(unescape))
    }

    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(column).map_err(corrupt)
    }
}
