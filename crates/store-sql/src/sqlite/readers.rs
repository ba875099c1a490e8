use crate::sqlite::error::store_error;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use weir_store::StoreError;

/// The connections that read. They can all be closed and opened anew: as long as one is open, SQLite believes what it
/// remembers of the log and not what is in it. They may not write: so none of them writes the log back as it goes.
pub struct Readers {
    connecting: SqliteConnectOptions,
    most: u32,
    pool: RwLock<SqlitePool>,
    closed: AtomicBool,
}

impl Readers {
    pub fn new(connecting: SqliteConnectOptions, most: u32) -> Self {
        let pool = RwLock::new(open(&connecting, most));
        Self { connecting, most, pool, closed: AtomicBool::new(false) }
    }

    pub fn pool(&self) -> SqlitePool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an error of a read means.
    pub fn fault(&self, error: sqlx::Error) -> StoreError {
        match error {
            sqlx::Error::PoolClosed if self.closed.load(Ordering::Acquire) => StoreError::Closed,
            sqlx::Error::PoolClosed => StoreError::Busy("the data is being opened anew".into()),
            other => store_error(other),
        }
    }

    /// Lets what is being read come to its end, and closes the connections.
    pub async fn renew(&self) {
        let new = open(&self.connecting, self.most);
        let old = std::mem::replace(&mut *self.pool.write().unwrap_or_else(PoisonError::into_inner), new);
        old.close().await;
    }

    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.pool().close().await;
    }
}

fn open(connecting: &SqliteConnectOptions, most: u32) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(most.max(1))
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(connecting.clone())
}
