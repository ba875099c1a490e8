//! A PostgreSQL server for tests, and fresh databases in it.
//!
//! The server is started by the first test that needs one and shared with all that come while it runs; it ends some
//! seconds after the last of them, whatever happened to them. It waits for no disk.

mod programs;
mod server;

pub use server::Server;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
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
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("weir_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        let url = server.url(SUPERUSER, "postgres");
        let create = format!("CREATE DATABASE {name} OWNER {ROLE}");
        for sql in [role, create] {
            execute(&url, sql).await;
        }
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

async fn execute(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.expect("connects");
    connection.execute(AssertSqlSafe(sql)).await.expect("executes");
    let _ = connection.close().await;
}
