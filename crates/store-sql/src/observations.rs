use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::{Columns, limit, read_all};
use crate::script::Script;
use async_trait::async_trait;
use weir_store::{NewObservation, Observation, Observations, RunKey, StoreError};

const INSERT: (&str, usize, &str) =
    ("INSERT INTO observations (rid, path, attempt, at, kind, payload) SELECT * FROM", 6, "WHERE column1 IS NOT NULL");

pub fn insert(script: &mut Script, observations: Vec<NewObservation>) {
    script.add_rows(INSERT, observations, |binder, seen| {
        binder.value(seen.run.0).value(seen.path).value(i64::from(seen.attempt));
        binder.value(seen.at).value(seen.kind).value(seen.payload);
    });
}

#[async_trait]
impl Observations for SqlStore {
    async fn observations(&self, run: RunKey, after: i64, most: u32) -> Result<Vec<Observation>, StoreError> {
        const READ: &str = "SELECT number, path, attempt, at, kind, payload FROM observations
            WHERE rid = $1 AND number > $2 ORDER BY number LIMIT $3";
        let query = sqlx::query(READ).bind(run.0).bind(after).bind(limit(most));
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, |row| observation(run, row))
    }
}

fn observation(run: RunKey, row: Columns<'_>) -> Result<Observation, StoreError> {
    let (path, attempt) = (row.text(1)?, row.small(2)?);
    let seen = NewObservation { run, path, attempt, at: row.get(3)?, kind: row.text(4)?, payload: row.get(5)? };
    Ok(Observation { number: row.get(0)?, seen })
}
