use crate::database::{Database, Sql};
use crate::statement::Statement;
use async_trait::async_trait;
use weir_store::{RunKey, Snapshot, Snapshots, StoreError};

#[async_trait]
impl<D: Database> Snapshots for Sql<D> {
    async fn snapshot(&self, run: RunKey) -> Result<Option<Snapshot>, StoreError> {
        let query = Statement::fixed("SELECT seq, bytes FROM snapshots WHERE rid = $1").with(run.0);
        self.read_one(query, |row| Ok(Snapshot { run, seq: row.count(0)?, bytes: row.bytes(1)? })).await
    }
}
