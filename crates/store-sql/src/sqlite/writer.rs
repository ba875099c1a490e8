use crate::sqlite::error::{primary_code, store_error};
use crate::sqlite::options::Synchronous;
use crate::sqlite::readers::Readers;
use crate::sqlite::script::{Piece, Script};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};
use std::sync::Arc;
use weir_store::{RunKey, StoreError};

/// What a failure of the disk has left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    None,
    /// There was no space. What is there is whole.
    Full,
    /// A read, write or sync has failed: what was written since the last sync may be gone, though it can still be
    /// read, and a later sync would not tell.
    Failed,
}

/// The one connection that writes.
///
/// A caller that is dropped in the middle leaves a transaction open behind it; the next one takes it back first.
pub struct Writer {
    connection: Option<SqliteConnection>,
    /// How it is opened again.
    options: SqliteConnectOptions,
    pub readers: Arc<Readers>,
    closed: bool,
    trouble: Trouble,
    /// The newest record that was committed and that the disk may not have yet.
    newest: Option<(RunKey, u64)>,
    /// What is to be said of batches that were acknowledged and are gone.
    lost: Option<String>,
    synchronous: Synchronous,
    /// Whether commits of this connection wait for the disk at present.
    waits: bool,
    /// Whether something was committed that the disk may not have yet.
    unsynced: bool,
    /// Whether a transaction may be open.
    open: bool,
}

impl Writer {
    /// `options` are those the connection was opened with, `synchronous` among them.
    pub fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        synchronous: Synchronous,
        readers: Arc<Readers>,
    ) -> Self {
        Self {
            connection: Some(connection),
            options,
            readers,
            closed: false,
            trouble: Trouble::None,
            newest: None,
            lost: None,
            synchronous,
            waits: true,
            unsynced: false,
            open: false,
        }
    }

    /// Remembers the newest record of a batch that the disk may not have yet.
    pub fn note_newest(&mut self, newest: Option<(RunKey, u64)>) {
        self.newest = if self.unsynced { newest.or(self.newest) } else { None };
    }

    /// What is to be said, once, of batches that were acknowledged and are gone.
    pub fn take_lost(&mut self) -> Option<String> {
        self.lost.take()
    }

    /// Remembers that the disk has failed, if that is what the error says.
    pub fn note(&mut self, error: &sqlx::Error) {
        let trouble = match primary_code(error) {
            Some(13) => Trouble::Full,
            Some(10 | 14) => Trouble::Failed,
            Some(_) => Trouble::None,
            None => match error {
                sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => Trouble::Failed,
                _ => Trouble::None,
            },
        };
        self.trouble = self.trouble.max(trouble);
    }

    /// After a failure of the disk: opens the data again, and believes what is there then.
    pub async fn renew(&mut self) -> Result<(), StoreError> {
        match self.trouble {
            _ if self.closed => Err(StoreError::Closed),
            Trouble::None => Ok(()),
            Trouble::Full => self.make_room().await,
            Trouble::Failed => self.open_again().await,
        }
    }

    /// Writes back what is in the log, so that its space is used again. Where that does not help, nothing is worse.
    async fn make_room(&mut self) -> Result<(), StoreError> {
        self.trouble = Trouble::None;
        if let Err(error) = self.connection()?.execute("PRAGMA wal_checkpoint(PASSIVE)").await {
            self.note(&error);
        }
        Ok(())
    }

    /// With no connection left, SQLite reads the log anew and takes of it what is whole. Then all of that is written
    /// back and synced, so that nothing depends on what the failed sync has left where.
    ///
    /// Whoever goes last writes back what it remembers of the log, if it may write. So a reader goes last.
    async fn open_again(&mut self) -> Result<(), StoreError> {
        let pool = self.readers.pool();
        let reader = pool.acquire().await.map_err(|error| self.readers.fault(error))?;
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
        drop(reader);
        self.readers.renew().await;
        let mut connection = self.options.connect().await.map_err(store_error)?;
        let written_back = connection.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await.map_err(store_error)?;
        if written_back.try_get::<i64, _>(0).map_err(store_error)? != 0 {
            return Err(StoreError::Busy("somebody reads what was written before the disk failed".into()));
        }
        if let Some((run, seq)) = self.newest.take().filter(|_| self.unsynced) {
            let found = sqlx::query("SELECT 1 FROM journal WHERE rid = ? AND seq = ?").bind(run.0).bind(seq as i64);
            let found = found.fetch_optional(&mut connection).await.map_err(store_error)?;
            let lost = || format!("record {seq} of run {run} and what was written with it, as the disk has failed");
            self.lost = self.lost.take().or_else(|| found.is_none().then(lost));
        }
        self.connection = Some(connection);
        (self.trouble, self.waits, self.unsynced, self.open) = (Trouble::None, true, false, false);
        Ok(())
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
        let set = self.connection()?.execute(level).await;
        set.map_err(|error| self.fault(error))?;
        self.waits = durable;
        Ok(())
    }

    /// Runs one statement that is a transaction by itself; returns how many rows it wrote.
    pub async fn run_alone(&mut self, piece: Piece) -> Result<u64, sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(piece.sql), piece.arguments);
        let connection = self.connection().map_err(closed)?;
        match query.execute(connection).await {
            Ok(done) => {
                self.committed();
                Ok(done.rows_affected())
            }
            Err(error) => {
                self.note(&error);
                Err(error)
            }
        }
    }

    /// Runs the script in one transaction; on an error nothing of it has happened.
    pub async fn run(&mut self, script: Script) -> Result<(), sqlx::Error> {
        self.open = true;
        let result = self.run_pieces(script.pieces).await;
        if let Err(error) = &result {
            self.note(error);
        }
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
        let begun = self.connection()?.execute("BEGIN IMMEDIATE").await;
        begun.map_err(|error| self.fault(error))?;
        self.connection()
    }

    /// Ends what [`Writer::begin`] opened: keeps it where all went well, else takes it back.
    pub async fn end<T, E: From<StoreError>>(&mut self, result: Result<T, E>) -> Result<T, E> {
        let committed = match &result {
            Ok(_) => {
                let committed = self.connection()?.execute("COMMIT").await;
                committed.map(drop).map_err(|error| self.fault(error))
            }
            Err(_) => Ok(()),
        };
        self.settle(result.is_ok() && committed.is_ok()).await.map_err(store_error)?;
        committed?;
        result
    }

    /// Runs a statement outside any transaction and returns its rows.
    pub async fn fetch(&mut self, sql: &'static str) -> Result<Vec<SqliteRow>, StoreError> {
        self.take_back().await?;
        let rows = self.connection()?.fetch_all(sql).await;
        rows.map_err(|error| self.fault(error))
    }

    pub fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            None if self.closed => Err(StoreError::Closed),
            None => Err(StoreError::Io("the data could not be opened again after the disk had failed".into())),
        }
    }

    pub async fn close(&mut self) -> Result<(), StoreError> {
        self.closed = true;
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

    fn fault(&mut self, error: sqlx::Error) -> StoreError {
        self.note(&error);
        store_error(error)
    }

    async fn take_back(&mut self) -> Result<(), StoreError> {
        self.renew().await?;
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
