use crate::postgres::error::store_error;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor, Row};
use weir_store::StoreError;

/// The lock that makes a session the owner of its database; the database lets go of it when the session ends.
const TAKE: &str = "SELECT pg_try_advisory_lock(8603398603378486898)::INT::BIGINT";

/// Who has it.
const HOLDER: &str = "SELECT a.pid::BIGINT, COALESCE(a.backend_start::TEXT, ''), COALESCE(a.application_name, '')
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND (l.classid::BIGINT << 32 | l.objid::BIGINT) = 8603398603378486898
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

const SELF: &str = "SELECT pid::BIGINT, COALESCE(backend_start::TEXT, '')
    FROM pg_stat_activity WHERE pid = pg_backend_pid()";

/// How a session is told from every other the server has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pid: i64,
    began: String,
}

impl Session {
    pub async fn of(connection: &mut PgConnection) -> Result<Self, StoreError> {
        let row = connection.fetch_one(SELF).await.map_err(store_error)?;
        Self::read(&row).map_err(store_error)
    }

    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { pid: row.try_get(0)?, began: row.try_get(1)? })
    }
}

/// Takes the lock, or tells who has it. `last` is the session in which this process had it before: where the server
/// does not know yet that it is gone, it is told.
pub async fn take(connection: &mut PgConnection, last: Option<&Session>) -> Result<(), StoreError> {
    let row = connection.fetch_one(TAKE).await.map_err(store_error)?;
    if row.try_get::<i64, _>(0).map_err(store_error)? == 1 {
        return Ok(());
    }
    let Some((holder, pid)) = holder(connection).await? else {
        return Err(StoreError::Busy("the lock was just let go".into()));
    };
    if last == Some(&holder) {
        let end = sqlx::query("SELECT pg_terminate_backend($1::INT)").bind(holder.pid);
        end.execute(connection).await.map_err(store_error)?;
        return Err(StoreError::Busy("the connection that was lost still holds the lock".into()));
    }
    Err(StoreError::Locked { pid })
}

/// The session that has the lock, and its process where that says which it is.
pub async fn holder(connection: &mut PgConnection) -> Result<Option<(Session, Option<u32>)>, StoreError> {
    let Some(row) = connection.fetch_optional(HOLDER).await.map_err(store_error)? else { return Ok(None) };
    let name: String = row.try_get(2).map_err(store_error)?;
    Ok(Some((Session::read(&row).map_err(store_error)?, pid_in(&name))))
}

/// What a connection of this process calls itself.
pub fn name() -> String {
    format!("weir {}", std::process::id())
}

fn pid_in(name: &str) -> Option<u32> {
    name.strip_prefix("weir ")?.parse().ok()
}
