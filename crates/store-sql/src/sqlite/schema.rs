use crate::sqlite::error::store_error;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use weir_store::StoreError;

/// The schema, oldest step first. A step that was released is never edited.
const MIGRATIONS: [&str; 6] = [
    include_str!("../../migrations/sqlite/0001_initial.sql"),
    include_str!("../../migrations/sqlite/0002_control_plane.sql"),
    include_str!("../../migrations/sqlite/0003_causes.sql"),
    include_str!("../../migrations/sqlite/0004_variable_revisions.sql"),
    include_str!("../../migrations/sqlite/0005_compilations.sql"),
    include_str!("../../migrations/sqlite/0006_waits.sql"),
];

/// The newest schema this release knows.
const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Brings the database to the newest schema, each step in one transaction; refuses one that is newer.
pub async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found = version(connection).await?;
    if found > KNOWN {
        return Err(StoreError::NewerSchema { found, known: KNOWN });
    }
    for step in found..KNOWN {
        apply(connection, step).await.map_err(store_error)?;
    }
    Ok(())
}

/// Refuses any schema but the newest, for a process that may not change it.
pub async fn require_known(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    match version(connection).await? {
        KNOWN => Ok(()),
        found if found > KNOWN => Err(StoreError::NewerSchema { found, known: KNOWN }),
        found => Err(StoreError::Io(format!("the data has schema {found}, older than {KNOWN}; its owner must update"))),
    }
}

async fn apply(connection: &mut SqliteConnection, step: u32) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    transaction.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)").await?;
    transaction.execute(MIGRATIONS[step as usize]).await?;
    transaction.execute("DELETE FROM schema_version").await?;
    let insert = format!("INSERT INTO schema_version (version) VALUES ({})", step + 1);
    transaction.execute(AssertSqlSafe(insert)).await?;
    transaction.commit().await
}

async fn version(connection: &mut SqliteConnection) -> Result<u32, StoreError> {
    let tables = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_version'";
    let count: i64 = number(connection, tables).await?;
    if count == 0 {
        return Ok(0);
    }
    let version = number(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_version").await?;
    u32::try_from(version).map_err(crate::row::corrupt)
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, StoreError> {
    let row = connection.fetch_one(sql).await.map_err(store_error)?;
    row.try_get(0).map_err(store_error)
}
