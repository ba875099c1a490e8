use crate::database::{Database, Sql};
use crate::row::read_all;
use crate::statement::Statement;
use async_trait::async_trait;
use weir_store::{Attempt, Attempts, RunKey, StoreError};

#[async_trait]
impl<D: Database> Attempts for Sql<D> {
    async fn attempts(&self, run: RunKey) -> Result<Vec<Attempt>, StoreError> {
        const READ: &str = "SELECT path, attempt, not_before FROM attempts WHERE rid = $1 ORDER BY path";
        let rows = self.read(Statement::fixed(READ).with(run.0)).await?;
        let read = |path, attempt, not_before| Attempt { run, path, attempt, not_before };
        read_all(&rows, |row| Ok(read(row.text(0)?, row.small(1)?, row.number(2)?)))
    }
}
