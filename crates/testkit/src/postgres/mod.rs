//! A PostgreSQL server for tests, and fresh databases in it.
//!
//! The server is started by the first test that needs one and shared with all that come while it runs; it ends some
//! seconds after the last of them, whatever happened to them. It waits for no disk.

mod programs;
mod server;

pub use server::Server;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

/// The role stores connect as: the owner of its databases and nothing else.
pub const ROLE: &str = "weir";

/// The superuser of the server.
pub const SUPERUSER: &str = "postgres";

/// An empty database of [`ROLE`]; it goes with this value.
pub struct Database {
    server: Server,
    name: String,
}

impl Database {
    /// On the server all tests share.
    pub async fn fresh() -> Self {
        Self::on(Server::shared()).await
    }

    pub async fn on(server: Server) -> Self {
        let name = next_name();
        create(&server, &name, "template0 STRATEGY wal_log").await;
        Self { server, name }
    }

    /// As [`Database::fresh`], and then `prepare` was given its address: once for this program, since copying a
    /// database is quicker than making the tables anew.
    pub async fn prepared(prepare: impl AsyncFnOnce(String)) -> Self {
        let server = Server::shared();
        let template = format!("template_{:x}", this_program());
        let gate = server.gate();
        if !exists(&server, &template).await {
            let unfinished = next_name();
            create(&server, &unfinished, "template0").await;
            prepare(server.url(ROLE, &unfinished)).await;
            let rename = format!("ALTER DATABASE {unfinished} RENAME TO {template}");
            execute(&server.url(SUPERUSER, "postgres"), rename).await;
        }
        drop(gate);
        let name = next_name();
        create(&server, &name, &format!("{template} STRATEGY file_copy")).await;
        Self { server, name }
    }

    /// How the store connects.
    pub fn url(&self) -> String {
        self.server.url(ROLE, &self.name)
    }

    /// How nobody should.
    pub fn superuser_url(&self) -> String {
        self.server.url(SUPERUSER, &self.name)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Runs statements as the superuser, to whom everything is allowed.
    pub async fn execute(&self, sql: impl Into<String>) {
        execute(&self.superuser_url(), sql.into()).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, sql) = (self.server.url(SUPERUSER, "postgres"), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // The test's own runtime may be gone, or busy with this.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                if let Ok(mut connection) = PgConnection::connect(&url).await {
                    let _ = connection.execute(AssertSqlSafe(sql)).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

fn next_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("weir_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Another one after each build.
fn this_program() -> u64 {
    let program = std::env::current_exe().expect("a program");
    let built = program.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    let mut hasher = DefaultHasher::new();
    (program, built).hash(&mut hasher);
    hasher.finish()
}

async fn create(server: &Server, name: &str, template: &str) {
    let role = format!(
        "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    let url = server.url(SUPERUSER, "postgres");
    let mut connection = PgConnection::connect(&url).await.expect("connects");
    for sql in [role, format!("CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")] {
        connection.execute(AssertSqlSafe(sql)).await.expect("executes");
    }
    let _ = connection.close().await;
}

async fn exists(server: &Server, name: &str) -> bool {
    let url = server.url(SUPERUSER, "postgres");
    let mut connection = PgConnection::connect(&url).await.expect("connects");
    let asked = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    let found = connection.fetch_optional(AssertSqlSafe(asked)).await.expect("answers");
    let _ = connection.close().await;
    found.is_some()
}

async fn execute(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.expect("connects");
    connection.execute(AssertSqlSafe(sql)).await.expect("executes");
    let _ = connection.close().await;
}
