use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::Columns;
use crate::script::Script;
use async_trait::async_trait;
use weir_store::{RunKey, Snapshot, Snapshots, StoreError};

const REPLACE: (&str, usize, &str) = (
    "INSERT INTO snapshots (rid, seq, bytes) SELECT * FROM",
    3,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes",
);

pub fn replace(script: &mut Script, snapshots: Vec<Snapshot>) {
    script.add_rows(REPLACE, snapshots, |binder, snapshot| {
        binder.value(snapshot.run.0).value(snapshot.seq as i64).value(snapshot.bytes);
    });
}

#[async_trait]
impl Snapshots for SqlStore {
    async fn snapshot(&self, run: RunKey) -> Result<Option<Snapshot>, StoreError> {
        let query = sqlx::query("SELECT seq, bytes FROM snapshots WHERE rid = $1").bind(run.0);
        let row = query.fetch_optional(self.readers()).await.map_err(store_error)?;
        let read = |row: Columns<'_>| Ok(Snapshot { run, seq: row.count(0)?, bytes: row.get(1)? });
        row.map(|row| read(Columns(&row))).transpose()
    }
}
