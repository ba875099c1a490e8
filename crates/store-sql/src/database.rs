use crate::row::Cells;
use crate::statement::Statement;
use async_trait::async_trait;
use std::future::Future;
use weir_base::Micros;
use weir_store::{Batch, CommitError, Epoch, RunKey, Scope, Store, StoreError};

/// A store on a database. Aggregates are written once, in the files named after them, against [`Database`].
pub struct Sql<D> {
    pub(crate) db: D,
}

/// Everything in which databases differ.
pub trait Database: Send + Sync + Sized + 'static {
    type Row: Cells + Send + Sync;
    type Work: Work<Row = Self::Row>;

    /// Whether placeholders are `$1`, `$2`, … and not `?`.
    const NUMBERED: bool;
    /// The function that finds a text in another.
    const FIND: &'static str;

    /// Said of a table, so that it is read in the order of its keys, where the database would not see that by itself.
    const BY_KEY: &'static str;

    /// Said of a table, so that it is read by this index, where the database would not see that by itself.
    fn by(index: &str) -> String;

    /// The column that is unique where a text of any length is to be.
    fn key(column: &str) -> String;

    /// A condition that a text of any length is the one at `place`, in the words by which an index finds it.
    fn same(column: &str, place: &str) -> String;

    /// The rows of one statement, in which only what `reach` allows exists.
    fn read(
        &self,
        reach: &Scope,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<Self::Row>, StoreError>> + Send;

    /// Begins to write, durably, beside batches.
    fn begin(&self, reach: &Scope) -> impl Future<Output = Result<Self::Work, StoreError>> + Send;

    /// Begins to write, durably; no batch is written meanwhile.
    fn begin_alone(&self) -> impl Future<Output = Result<Self::Work, StoreError>> + Send;

    /// What an error means to the caller.
    fn error(error: sqlx::Error) -> StoreError;

    fn claim(&self, pid: u32, at: Micros) -> impl Future<Output = Result<Epoch, StoreError>> + Send;

    fn next_run_key(&self) -> RunKey;

    fn commit(&self, batch: Batch) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// See [`Store::renew`].
    fn renew(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn reclaim(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn disk_bytes(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A transaction that writes. Dropped without [`Work::end`] it has done nothing.
pub trait Work: Sized + Send + 'static {
    type Row: Cells + Send + Sync;

    fn fetch(&mut self, statement: Statement) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// Returns how many rows were written.
    fn execute(&mut self, statement: Statement) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Waits for others that work on one of these, and lets no other begin until the end. Sorted, each once.
    fn keep_out(&mut self, names: Vec<String>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps what was written where all went well, else takes it back.
    fn end<T: Send, E: From<StoreError> + Send>(
        self,
        result: Result<T, E>,
    ) -> impl Future<Output = Result<T, E>> + Send;
}

#[async_trait]
impl<D: Database> Store for Sql<D> {
    async fn claim(&self, pid: u32, at: Micros) -> Result<Epoch, StoreError> {
        self.db.claim(pid, at).await
    }

    fn next_run_key(&self) -> RunKey {
        self.db.next_run_key()
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.db.commit(batch).await
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.db.renew().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.db.close().await
    }
}

impl<D: Database> Sql<D> {
    /// Reads as the engine, for which all rows exist.
    pub(crate) async fn read(&self, statement: Statement) -> Result<Vec<D::Row>, StoreError> {
        self.db.read(&Scope::System, statement).await
    }

    /// The first row as `read` makes it.
    pub(crate) async fn read_one<T>(
        &self,
        statement: Statement,
        read: impl Fn(crate::row::Columns<'_, D::Row>) -> Result<T, StoreError> + Send,
    ) -> Result<Option<T>, StoreError> {
        let rows = self.read(statement).await?;
        rows.first().map(|row| read(crate::row::Columns(row))).transpose()
    }
}
