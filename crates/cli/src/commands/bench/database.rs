use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a server keeps its data. What was made for a measurement goes away with this value.
pub struct Data {
    folder: Folder,
    schema: Option<Schema>,
}

enum Folder {
    Made(tempfile::TempDir),
    Found(PathBuf),
}

/// A schema of its own in a database of PostgreSQL.
struct Schema {
    base: String,
    url: String,
    name: String,
}

/// The databases a work is done on.
pub struct Databases<'a> {
    pub folder: &'a Path,
    pub url: Option<&'a str>,
}

impl Databases<'_> {
    /// Does the work on SQLite, and then on PostgreSQL where there is one.
    pub fn each<T>(&self, mut work: impl FnMut(&Data) -> anyhow::Result<Vec<T>>) -> anyhow::Result<Vec<T>> {
        let mut done = work(&Data::sqlite(self.folder)?)?;
        if let Some(url) = self.url {
            done.extend(work(&Data::postgres(self.folder, url)?)?);
        }
        Ok(done)
    }
}

impl Data {
    pub fn sqlite(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { folder: Folder::Made(tempfile::tempdir_in(folder)?), schema: None })
    }

    /// What a server that is not at work has left in a folder.
    pub fn found(folder: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(folder.join("weir.db").is_file(), "{} holds no data of a server", folder.display());
        Ok(Self { folder: Folder::Found(folder.to_owned()), schema: None })
    }

    pub fn postgres(folder: &Path, base: &str) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        execute_at(base, &format!("CREATE SCHEMA {name}"))?;
        let mark = if base.contains('?') { '&' } else { '?' };
        let url = format!("{base}{mark}options=-c%20search_path%3D{name}");
        let schema = Schema { base: base.to_owned(), url, name };
        Ok(Self { folder: Folder::Made(tempfile::tempdir_in(folder)?), schema: Some(schema) })
    }

    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Made(folder) => folder.path(),
            Folder::Found(folder) => folder,
        }
    }

    pub fn url(&self) -> Option<&str> {
        self.schema.as_ref().map(|schema| &*schema.url)
    }

    pub fn is_sqlite(&self) -> bool {
        self.schema.is_none()
    }

    /// What comes after the name of a figure.
    pub fn suffix(&self) -> &'static str {
        if self.is_sqlite() { "" } else { ", PostgreSQL" }
    }

    /// Runs statements as the engine, while no server is at work.
    pub fn execute(&self, sql: &str) -> anyhow::Result<()> {
        match &self.schema {
            None => Ok(self.sqlite_connection()?.execute_batch(sql)?),
            Some(schema) => execute_at(&schema.url, sql),
        }
    }

    /// One number from the database.
    pub fn number(&self, sql: &str) -> anyhow::Result<f64> {
        match &self.schema {
            None => Ok(self.sqlite_connection()?.query_row(sql, [], |row| row.get(0))?),
            Some(schema) => number_at(&schema.url, sql),
        }
    }

    fn sqlite_connection(&self) -> anyhow::Result<rusqlite::Connection> {
        let connection = rusqlite::Connection::open(self.folder().join("weir.db"))?;
        connection.pragma_update(None, "cache_size", -64_000)?;
        Ok(connection)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let _ = execute_at(&self.base, &format!("DROP SCHEMA {} CASCADE", self.name));
    }
}

/// As the store connects, so that row-level security shows every row.
async fn connect(url: &str) -> anyhow::Result<sqlx::PgConnection> {
    let mut connection = sqlx::PgConnection::connect(url).await.context("the database of --database-url")?;
    connection.execute("SELECT set_config('weir.scope', 'system', false)").await?;
    Ok(connection)
}

fn execute_at(url: &str, sql: &str) -> anyhow::Result<()> {
    alone(async {
        connect(url).await?.execute(AssertSqlSafe(sql.to_owned())).await?;
        Ok(())
    })
}

fn number_at(url: &str, sql: &str) -> anyhow::Result<f64> {
    alone(async {
        let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connect(url).await?).await;
        Ok(found?)
    })
}

/// On a thread of its own: whoever asks may be a task already.
fn alone<T: Send>(work: impl Future<Output = anyhow::Result<T>> + Send) -> anyhow::Result<T> {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join()).map_err(|_| anyhow::anyhow!("the database was not asked"))?
}
