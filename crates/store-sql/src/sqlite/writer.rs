use crate::sqlite::error::store_error;
use crate::sqlite::options::Synchronous;
use crate::sqlite::script::{Piece, Script};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Executor};
use weir_store::StoreError;

/// The one connection that writes.
///
/// A caller that is dropped in the middle leaves a transaction open behind it; the next one takes it back first.
pub struct Writer {
    connection: Option<SqliteConnection>,
    synchronous: Synchronous,
    /// Whether commits of this connection wait for the disk at present.
    waits: bool,
    /// Whether something was committed that the disk may not have yet.
    unsynced: bool,
    /// Whether a transaction may be open.
    open: bool,
}

impl Writer {
    /// `synchronous` is what the connection was opened with.
    pub fn new(connection: SqliteConnection, synchronous: Synchronous) -> Self {
        Self { connection: Some(connection), synchronous, waits: true, unsynced: false, open: false }
    }

    pub fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    /// Gets the connection ready for a commit that waits for the disk, or does not.
    pub async fn prepare(&mut self, durable: bool) -> Result<(), StoreError> {
        self.take_back().await?;
        if self.synchronous == Synchronous::Off || self.waits == durable {
            return Ok(());
        }
        let level = if durable { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
        self.connection()?.execute(level).await.map_err(store_error)?;
        self.waits = durable;
        Ok(())
    }

    /// Runs one statement that is a transaction by itself; returns how many rows it wrote.
    pub async fn run_alone(&mut self, piece: Piece) -> Result<u64, sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(piece.sql), piece.arguments);
        let connection = self.connection().map_err(closed)?;
        let rows = query.execute(connection).await?.rows_affected();
        self.committed();
        Ok(rows)
    }

    /// Runs the script in one transaction; on an error nothing of it has happened.
    pub async fn run(&mut self, script: Script) -> Result<(), sqlx::Error> {
        self.open = true;
        let result = self.run_pieces(script.pieces).await;
        self.settle(result.is_ok()).await?;
        result
    }

    /// One piece takes its BEGIN and COMMIT along, to make one trip of three.
    async fn run_pieces(&mut self, mut pieces: Vec<Piece>) -> Result<(), sqlx::Error> {
        let connection = self.connection().map_err(closed)?;
        if let [piece] = &mut pieces[..] {
            piece.sql = format!("BEGIN IMMEDIATE;\n{};\nCOMMIT", piece.sql);
            return run_all(connection, pieces).await;
        }
        connection.execute("BEGIN IMMEDIATE").await?;
        run_all(connection, pieces).await?;
        connection.execute("COMMIT").await?;
        Ok(())
    }

    /// Opens a transaction for statements that depend on each other; see [`Writer::end`].
    pub async fn begin(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.prepare(true).await?;
        self.open = true;
        let connection = self.connection()?;
        connection.execute("BEGIN IMMEDIATE").await.map_err(store_error)?;
        Ok(connection)
    }

    /// Ends what [`Writer::begin`] opened: keeps it where all went well, else takes it back.
    pub async fn end<T, E: From<StoreError>>(&mut self, result: Result<T, E>) -> Result<T, E> {
        let committed = match &result {
            Ok(_) => self.connection()?.execute("COMMIT").await.map(drop).map_err(store_error),
            Err(_) => Ok(()),
        };
        self.settle(result.is_ok() && committed.is_ok()).await.map_err(store_error)?;
        committed?;
        result
    }

    /// Runs a statement outside any transaction and returns its rows.
    pub async fn fetch(&mut self, sql: &'static str) -> Result<Vec<SqliteRow>, StoreError> {
        self.take_back().await?;
        self.connection()?.fetch_all(sql).await.map_err(store_error)
    }

    pub fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.connection.as_mut().ok_or_else(|| StoreError::Io("the store is closed".into()))
    }

    pub async fn close(&mut self) -> Result<(), StoreError> {
        match self.connection.take() {
            Some(connection) => connection.close().await.map_err(store_error),
            None => Ok(()),
        }
    }

    async fn settle(&mut self, committed: bool) -> Result<(), sqlx::Error> {
        if committed {
            self.open = false;
            self.committed();
            return Ok(());
        }
        self.roll_back().await
    }

    fn committed(&mut self) {
        self.unsynced = !self.waits;
    }

    async fn take_back(&mut self) -> Result<(), StoreError> {
        match self.open {
            true => self.roll_back().await.map_err(store_error),
            false => Ok(()),
        }
    }

    /// SQLite has sometimes rolled back already; then there is nothing to do, and it says so with an error.
    async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        let connection = self.connection().map_err(closed)?;
        match connection.execute("ROLLBACK").await {
            Err(error) if error.as_database_error().is_none() => return Err(error),
            _ => self.open = false,
        }
        Ok(())
    }
}

async fn run_all(connection: &mut SqliteConnection, pieces: Vec<Piece>) -> Result<(), sqlx::Error> {
    for piece in pieces {
        sqlx::query_with(AssertSqlSafe(piece.sql), piece.arguments).execute(&mut *connection).await?;
    }
    Ok(())
}

fn closed(error: StoreError) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error.to_string()))
}
