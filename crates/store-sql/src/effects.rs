use crate::database::{Database, Sql};
use crate::row::read_all;
use crate::statement::Statement;
use async_trait::async_trait;
use weir_store::{Effect, Effects, RunKey, StoreError};

#[async_trait]
impl<D: Database> Effects for Sql<D> {
    async fn effects(&self, run: RunKey, from: u64) -> Result<Vec<Effect>, StoreError> {
        const READ: &str = "SELECT seq, ordinal FROM effects WHERE rid = $1 AND seq >= $2 ORDER BY seq, ordinal";
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = self.read(Statement::fixed(READ).with(run.0).with(from)).await?;
        read_all(&rows, |row| Ok(Effect { run, seq: row.count(0)?, ordinal: row.small(1)? }))
    }
}
