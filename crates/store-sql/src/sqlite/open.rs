use crate::database::{Database, Sql};
use crate::row::Columns;
use crate::sqlite::error::store_error;
use crate::sqlite::lock::OwnerLock;
use crate::sqlite::options::{SqlOptions, Synchronous};
use crate::sqlite::readers::Readers;
use crate::sqlite::schema;
use crate::sqlite::work::{SqliteWork, query};
use crate::sqlite::writer::Writer;
use crate::statement::Statement;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex as Guard};
use tokio::sync::{Mutex, MutexGuard};
use weir_base::Micros;
use weir_store::{Batch, CommitError, Epoch, RunKey, Scope, StoreError};

/// How many prepared statements a connection keeps. Batches of few sizes make up most of them.
const STATEMENTS: usize = 200;

/// How many rows a reading connection may be ahead of its reader.
const ROWS_AHEAD: usize = 512;

/// A store in `weir.db` of a data directory.
pub type SqlStore = Sql<Sqlite>;

/// SQLite as a [`Database`].
pub struct Sqlite {
    path: PathBuf,
    writer: Arc<Mutex<Writer>>,
    readers: Arc<Readers>,
    next_run: AtomicI64,
    /// Held for as long as the store is open; a visitor has none.
    lock: Guard<Option<OwnerLock>>,
}

impl Sql<Sqlite> {
    /// Opens the data as its one owner, and makes it where there is none.
    ///
    /// Errors: [`StoreError::Locked`] while another process owns it, [`StoreError::NewerSchema`].
    pub async fn open(directory: &Path, options: &SqlOptions) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory)
            .map_err(|error| StoreError::Io(format!("{}: {error}", directory.display())))?;
        let lock = OwnerLock::take(directory)?;
        let path = directory.join("weir.db");
        let mut writer = connect(writing(&path, options).create_if_missing(true)).await?;
        schema::migrate(&mut writer).await?;
        // It is there now; one that is gone later is not made anew in silence.
        let writer = Writer::new(writer, writing(&path, options), options.synchronous, readers(&path, options));
        Ok(Self { db: Sqlite::with(path, writer, Some(lock)).await? })
    }

    /// Opens the data of another process that owns it: to read, and to post messages. Batches are the owner's.
    /// Data that this process may not write is opened to be read alone.
    pub async fn visit(directory: &Path, options: &SqlOptions) -> Result<Self, StoreError> {
        let path = directory.join("weir.db");
        // Another file layer has its files elsewhere, and can write them.
        let only_read = options.vfs.is_none() && std::fs::OpenOptions::new().write(true).open(&path).is_err();
        let (writing, reading) = match only_read {
            true => (only_reading(&path, options), only_reading(&path, options)),
            false => (writing(&path, options), common(&path, options)),
        };
        let mut writer = connect(writing.clone()).await?;
        schema::require_known(&mut writer).await?;
        let readers = Arc::new(Readers::new(only_queries(reading), options.readers));
        let writer = Writer::new(writer, writing, options.synchronous, readers);
        Ok(Self { db: Sqlite::with(path, writer, None).await? })
    }
}

/// How many pages of 4 KiB one step gives back.
const PAGES: &str = "PRAGMA incremental_vacuum(2000)";

impl Sqlite {
    async fn with(path: PathBuf, writer: Writer, lock: Option<OwnerLock>) -> Result<Self, StoreError> {
        let newest =
            "SELECT MAX((SELECT COALESCE(MAX(rid), 0) FROM runs), (SELECT COALESCE(MAX(rid), 0) FROM removed_runs))";
        // A reader asks, so that there is one.
        let row = sqlx::query(newest).fetch_one(&writer.readers.pool()).await.map_err(store_error)?;
        let newest: i64 = row.try_get(0).map_err(store_error)?;
        Ok(Self {
            path,
            readers: writer.readers.clone(),
            writer: Arc::new(Mutex::new(writer)),
            next_run: AtomicI64::new(newest + 1),
            lock: Guard::new(lock),
        })
    }

    pub(super) async fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().await
    }
}

impl Database for Sqlite {
    type Row = SqliteRow;
    type Work = SqliteWork;

    const NUMBERED: bool = false;
    const FIND: &'static str = "instr";
    const BY_KEY: &'static str = " NOT INDEXED";

    /// SQLite has no figures about the data and would guess.
    fn by(index: &str) -> String {
        format!(" INDEXED BY {index}")
    }

    fn key(column: &str) -> String {
        column.to_owned()
    }

    fn same(column: &str, place: &str) -> String {
        format!("{column} = {place}")
    }

    async fn read(&self, _: &Scope, statement: Statement) -> Result<Vec<SqliteRow>, StoreError> {
        query(statement).fetch_all(&self.readers.pool()).await.map_err(|error| self.readers.fault(error))
    }

    /// One connection writes, so whoever works on it is alone.
    async fn begin(&self, _: &Scope) -> Result<SqliteWork, StoreError> {
        self.begin_alone().await
    }

    async fn begin_alone(&self) -> Result<SqliteWork, StoreError> {
        let mut writer = self.writer.clone().lock_owned().await;
        writer.begin().await?;
        Ok(SqliteWork(writer))
    }

    fn error(error: sqlx::Error) -> StoreError {
        store_error(error)
    }

    async fn claim(&self, pid: u32, at: Micros) -> Result<Epoch, StoreError> {
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let claim = "UPDATE owner SET epoch = epoch + 1, pid = $1, claimed_at = $2 RETURNING epoch";
        let row = sqlx::query(claim).bind(i64::from(pid)).bind(at).fetch_one(connection).await;
        let epoch = row.and_then(|row| row.try_get(0)).map_err(store_error);
        writer.end(epoch).await.map(Epoch)
    }

    fn next_run_key(&self) -> RunKey {
        RunKey(self.next_run.fetch_add(1, Ordering::Relaxed))
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.write(batch).await
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.writer().await.renew().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        self.readers.close().await;
        writer.close().await?;
        self.lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        Ok(())
    }

    async fn reclaim(&self) -> Result<(), StoreError> {
        loop {
            let mut writer = self.writer().await;
            writer.prepare(false).await?;
            let before = pragma(&mut writer, "PRAGMA freelist_count").await?;
            if before > 0 {
                writer.fetch(PAGES).await?;
            }
            let after = pragma(&mut writer, "PRAGMA freelist_count").await?;
            if after == 0 || after >= before {
                writer.prepare(true).await?;
                writer.fetch("PRAGMA wal_checkpoint(TRUNCATE)").await?;
                return Ok(());
            }
        }
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let pages = pragma(&mut writer, "PRAGMA page_count").await?;
        let size = pragma(&mut writer, "PRAGMA page_size").await?;
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        Ok(pages * size + std::fs::metadata(log).map_or(0, |metadata| metadata.len()))
    }
}

async fn pragma(writer: &mut Writer, sql: &'static str) -> Result<u64, StoreError> {
    let rows = writer.fetch(sql).await?;
    rows.first().map_or(Ok(0), |row| Columns(row).count(0))
}

fn readers(path: &Path, options: &SqlOptions) -> Arc<Readers> {
    Arc::new(Readers::new(only_queries(common(path, options)), options.readers))
}

fn only_queries(connection: SqliteConnectOptions) -> SqliteConnectOptions {
    connection.read_only(true).pragma("query_only", "ON").row_buffer_size(ROWS_AHEAD)
}

fn writing(path: &Path, options: &SqlOptions) -> SqliteConnectOptions {
    common(path, options)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", options.checkpoint_pages.to_string())
        .pragma("journal_size_limit", options.log_bytes.to_string())
}

/// For data that this process may not write. Without a log beside it SQLite would want to make one, so it is told
/// that nobody writes there.
fn only_reading(path: &Path, options: &SqlOptions) -> SqliteConnectOptions {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    common(path, options).read_only(true).immutable(!Path::new(&log).exists())
}

fn common(path: &Path, options: &SqlOptions) -> SqliteConnectOptions {
    let synchronous = match options.synchronous {
        Synchronous::Full => SqliteSynchronous::Full,
        Synchronous::Off => SqliteSynchronous::Off,
    };
    // Readers too: whoever closes the data last writes the log back.
    let base = SqliteConnectOptions::new()
        .filename(path)
        .synchronous(synchronous)
        .foreign_keys(false)
        .busy_timeout(options.busy)
        .statement_cache_capacity(STATEMENTS)
        .pragma("cache_size", format!("-{}", options.cache_kib))
        .pragma("temp_store", "MEMORY")
        .thread_name(|number| format!("weir-sqlite-{number}"))
        .disable_statement_logging();
    match &options.vfs {
        Some(name) => base.vfs(name.clone()),
        None => base,
    }
}

async fn connect(options: SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    options.connect().await.map_err(store_error)
}
