use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::read_all;
use crate::script::Script;
use async_trait::async_trait;
use weir_base::Text;
use weir_store::{Attempt, Attempts, RunKey, StoreError};

const UPSERT: (&str, usize, &str) = (
    "INSERT INTO attempts (rid, path, attempt, not_before) SELECT * FROM",
    4,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid, path)
     DO UPDATE SET attempt = excluded.attempt, not_before = excluded.not_before",
);
const DELETE: (&str, usize, &str) = ("DELETE FROM attempts WHERE (rid, path) IN", 2, "");

pub fn upsert(script: &mut Script, attempts: Vec<Attempt>) {
    script.add_rows(UPSERT, attempts, |binder, attempt| {
        binder.value(attempt.run.0).value(attempt.path);
        binder.value(i64::from(attempt.attempt)).value(attempt.not_before);
    });
}

pub fn delete(script: &mut Script, done: Vec<(RunKey, Text)>) {
    script.add_rows(DELETE, done, |binder, (run, path)| {
        binder.value(run.0).value(path);
    });
}

#[async_trait]
impl Attempts for SqlStore {
    async fn attempts(&self, run: RunKey) -> Result<Vec<Attempt>, StoreError> {
        let query =
            sqlx::query("SELECT path, attempt, not_before FROM attempts WHERE rid = $1 ORDER BY path").bind(run.0);
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, |row| Ok(Attempt { run, path: row.text(0)?, attempt: row.small(1)?, not_before: row.get(2)? }))
    }
}
