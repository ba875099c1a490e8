use crate::postgres::error::store_error;
use crate::row::corrupt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::collections::BTreeSet;
use weir_store::{StoreError, Table};

/// The schema, oldest step first, with the numbers of SQLite's. A step that was released is never edited.
const MIGRATIONS: [&str; 6] = [
    include_str!("../../migrations/postgres/0001_initial.sql"),
    include_str!("../../migrations/postgres/0002_control_plane.sql"),
    include_str!("../../migrations/postgres/0003_causes.sql"),
    include_str!("../../migrations/postgres/0004_variable_revisions.sql"),
    include_str!("../../migrations/postgres/0005_compilations.sql"),
    include_str!("../../migrations/postgres/0006_waits.sql"),
];

/// The step that needs the tables of documents.
const DOCUMENTS: u32 = 1;

const DOCUMENT: &str = include_str!("../../migrations/postgres/document.sql");

/// The newest schema this release knows.
const KNOWN: u32 = MIGRATIONS.len() as u32;

/// The oldest server that can do what is asked of it.
const OLDEST: i64 = 15;

/// Refuses a server that would not keep the promises, and a role that would look past whose rows are whose.
pub async fn check_server(connection: &mut PgConnection) -> Result<(), StoreError> {
    const ASK: &str = "SELECT current_setting('server_version_num')::BIGINT / 10000,
        current_setting('server_encoding'), rolname::TEXT, (rolsuper OR rolbypassrls)::INT::BIGINT
        FROM pg_roles WHERE rolname = current_user";
    let row = connection.fetch_one(ASK).await.map_err(store_error)?;
    let (version, encoding): (i64, String) = (get(&row, 0)?, get(&row, 1)?);
    let (role, mighty): (String, i64) = (get(&row, 2)?, get(&row, 3)?);
    if version < OLDEST {
        return Err(StoreError::Io(format!("this is PostgreSQL {version}; {OLDEST} or a newer one is needed")));
    }
    if encoding != "UTF8" {
        return Err(StoreError::Io(format!("the database keeps texts as {encoding}; it must be made with UTF8")));
    }
    if mighty != 0 {
        return Err(StoreError::Io(format!(
            "the role `{role}` is a superuser or has BYPASSRLS, so that nothing would keep tenants apart; \
             connect as a role without either (docs/postgresql.md has the statements that make one)"
        )));
    }
    Ok(())
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'r sqlx::postgres::PgRow,
    column: usize,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(store_error)
}

/// Brings the database to the newest schema, each step in one transaction; refuses one that is newer.
pub async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    let found = version(connection).await?;
    if found > KNOWN {
        return Err(StoreError::NewerSchema { found, known: KNOWN });
    }
    for step in found..KNOWN {
        apply(connection, step).await.map_err(store_error)?;
    }
    let mut transaction = connection.begin().await.map_err(store_error)?;
    add_documents(&mut transaction).await.map_err(store_error)?;
    transaction.commit().await.map_err(store_error)
}

/// Refuses any schema but the newest, for a process that may not change it.
pub async fn require_known(connection: &mut PgConnection) -> Result<(), StoreError> {
    match version(connection).await? {
        KNOWN => Ok(()),
        found if found > KNOWN => Err(StoreError::NewerSchema { found, known: KNOWN }),
        found => Err(StoreError::Io(format!("the data has schema {found}, older than {KNOWN}; its owner must update"))),
    }
}

async fn apply(connection: &mut PgConnection, step: u32) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)").await?;
    if step == DOCUMENTS {
        add_documents(&mut transaction).await?;
    }
    transaction.execute(MIGRATIONS[step as usize]).await?;
    transaction.execute("DELETE FROM schema_version").await?;
    let insert = format!("INSERT INTO schema_version (version) VALUES ({})", step + 1);
    transaction.execute(AssertSqlSafe(insert)).await?;
    transaction.commit().await
}

/// All tables of documents are alike, so one that a release adds needs no step of its own.
async fn add_documents(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const TABLES: &str = "SELECT relname::TEXT FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)";
    let rows = connection.fetch_all(TABLES).await?;
    let there: BTreeSet<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    for table in Table::ALL.into_iter().filter(|table| !there.contains(table.name())) {
        connection.execute(AssertSqlSafe(DOCUMENT.replace("{table}", table.name()))).await?;
    }
    Ok(())
}

async fn version(connection: &mut PgConnection) -> Result<u32, StoreError> {
    let tables = "SELECT COUNT(*) FROM pg_class WHERE relname = 'schema_version' AND pg_table_is_visible(oid)";
    if number(connection, tables).await? == 0 {
        return Ok(0);
    }
    let version = number(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_version").await?;
    u32::try_from(version).map_err(corrupt)
}

async fn number(connection: &mut PgConnection, sql: &'static str) -> Result<i64, StoreError> {
    let row = connection.fetch_one(sql).await.map_err(store_error)?;
    row.try_get(0).map_err(store_error)
}
