use crate::database::{Database, Sql};
use crate::postgres::error::store_error;
use crate::postgres::options::PgOptions;
use crate::postgres::work::{PgWork, begin, query};
use crate::postgres::writer::Writer;
use crate::postgres::{lock, schema};
use crate::row::Columns;
use crate::statement::Statement;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{Mutex, MutexGuard};
use weir_base::Micros;
use weir_store::{Batch, CommitError, Epoch, RunKey, Scope, StoreError};

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 200;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// A store in a database of PostgreSQL 15 or newer.
pub type PgStore = Sql<Postgres>;

/// PostgreSQL as a [`Database`].
pub struct Postgres {
    writer: Arc<Mutex<Writer>>,
    pool: PgPool,
    next_run: AtomicI64,
}

impl Sql<Postgres> {
    /// Opens the database as its one owner, and makes the tables where there are none.
    ///
    /// `url` is `postgres://role:password@host:port/database`, as everywhere. The role must own the database, or may
    /// at least make tables in it, and must be neither a superuser nor have BYPASSRLS.
    ///
    /// Errors: [`StoreError::Locked`] while another process owns it, [`StoreError::NewerSchema`].
    pub async fn open(url: &str, options: &PgOptions) -> Result<Self, StoreError> {
        let connecting = connecting(url, options)?;
        let mut writer = Writer::open(connecting.clone(), options, true).await?;
        schema::check_server(writer.ready().await?).await?;
        schema::migrate(writer.ready().await?).await?;
        Self::with(writer, connecting, options).await
    }

    /// Opens the data of another process that owns it: to read, and to post messages. Batches are the owner's.
    pub async fn visit(url: &str, options: &PgOptions) -> Result<Self, StoreError> {
        let connecting = connecting(url, options)?;
        let mut writer = Writer::open(connecting.clone(), options, false).await?;
        schema::check_server(writer.ready().await?).await?;
        schema::require_known(writer.ready().await?).await?;
        Self::with(writer, connecting, options).await
    }

    /// Whether some process, this one included, owns the database now.
    pub async fn is_owned(url: &str, options: &PgOptions) -> Result<bool, StoreError> {
        let mut visitor = Writer::open(connecting(url, options)?, options, false).await?;
        let holder = lock::holder(visitor.ready().await?).await;
        visitor.close().await?;
        holder.map(|holder| holder.is_some())
    }

    async fn with(writer: Writer, connecting: PgConnectOptions, options: &PgOptions) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(options.busy)
            .connect_lazy_with(connecting);
        let db = Postgres { writer: Arc::new(Mutex::new(writer)), pool, next_run: AtomicI64::new(1) };
        let newest = "SELECT COALESCE(MAX(rid), 0) FROM
            (SELECT MAX(rid) AS rid FROM runs UNION ALL SELECT MAX(rid) FROM removed_runs) AS newest";
        let rows = db.read(&Scope::System, Statement::fixed(newest)).await?;
        let newest = rows.first().map_or(Ok(0), |row| Columns(row).number(0))?;
        db.next_run.store(newest + 1, Ordering::Relaxed);
        Ok(Self { db })
    }
}

impl Postgres {
    pub(super) async fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().await
    }
}

impl Database for Postgres {
    type Row = PgRow;
    type Work = PgWork;

    const NUMBERED: bool = true;
    const FIND: &'static str = "strpos";
    const BY_KEY: &'static str = "";

    /// PostgreSQL knows its data.
    fn by(_: &str) -> String {
        String::new()
    }

    fn key(column: &str) -> String {
        format!("{column}_key")
    }

    fn same(column: &str, place: &str) -> String {
        format!("{column}_key = key_of({place})")
    }

    async fn read(&self, reach: &Scope, statement: Statement) -> Result<Vec<PgRow>, StoreError> {
        let query = query(statement).map_err(store_error)?;
        match reach {
            Scope::System => query.fetch_all(&self.pool).await.map_err(store_error),
            Scope::Tenant(_) => {
                let mut transaction = begin(&self.pool, reach).await?;
                let rows = query.fetch_all(&mut *transaction).await.map_err(store_error)?;
                transaction.commit().await.map_err(store_error)?;
                Ok(rows)
            }
        }
    }

    async fn begin(&self, reach: &Scope) -> Result<PgWork, StoreError> {
        begin(&self.pool, reach).await.map(PgWork::Beside)
    }

    async fn begin_alone(&self) -> Result<PgWork, StoreError> {
        let mut writer = self.writer.clone().lock_owned().await;
        writer.begin().await?;
        Ok(PgWork::Alone(writer))
    }

    fn error(error: sqlx::Error) -> StoreError {
        store_error(error)
    }

    async fn claim(&self, pid: u32, at: Micros) -> Result<Epoch, StoreError> {
        self.writer().await.claim(pid, at).await
    }

    fn next_run_key(&self) -> RunKey {
        RunKey(self.next_run.fetch_add(1, Ordering::Relaxed))
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.write(batch).await
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.writer().await.ready().await.map(drop)
    }

    async fn close(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        self.pool.close().await;
        writer.close().await
    }

    /// The server does so by itself, as it sees fit.
    async fn reclaim(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let size = Statement::fixed("SELECT pg_database_size(current_database())");
        let rows = self.read(&Scope::System, size).await?;
        rows.first().map_or(Ok(0), |row| Columns(row).count(0))
    }
}

/// How every connection is made: for the engine all rows exist, and what is committed is on the disk.
fn connecting(url: &str, options: &PgOptions) -> Result<PgConnectOptions, StoreError> {
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(StoreError::Io("the address of a database begins with `postgres://`".into()));
    }
    let address = |error: sqlx::Error| StoreError::Io(format!("the address of the database: {error}"));
    let connecting: PgConnectOptions = url.parse().map_err(address)?;
    let settings = [
        ("weir.scope", "system".to_owned()),
        ("synchronous_commit", "on".to_owned()),
        ("default_transaction_isolation", "read committed".to_owned()),
        ("lock_timeout", format!("{}ms", options.busy.as_millis().max(1))),
        ("tcp_keepalives_idle", "30".to_owned()),
        ("tcp_keepalives_interval", "10".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
    ];
    let connecting = connecting.application_name(&lock::name()).statement_cache_capacity(STATEMENTS);
    Ok(connecting.options(settings).disable_statement_logging())
}
