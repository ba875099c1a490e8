use crate::database::{Database, Sql};
use crate::row::{Cells, Columns, read_all};
use crate::statement::{Statement, limit};
use async_trait::async_trait;
use weir_store::{NewObservation, Observation, Observations, RunKey, StoreError};

#[async_trait]
impl<D: Database> Observations for Sql<D> {
    async fn newest_observation(&self) -> Result<i64, StoreError> {
        let query = Statement::fixed("SELECT COALESCE(MAX(number), 0) FROM observations");
        Ok(self.read_one(query, |row| row.number(0)).await?.unwrap_or(0))
    }

    async fn observations_of_all(&self, after: i64, most: u32) -> Result<Vec<Observation>, StoreError> {
        const READ: &str = "SELECT number, path, attempt, at, kind, payload, rid FROM observations
            WHERE number > $1 ORDER BY number LIMIT $2";
        let rows = self.read(Statement::fixed(READ).with(after).with(limit(most))).await?;
        read_all(&rows, |row| observation(RunKey(row.number(6)?), row))
    }

    async fn observations(&self, run: RunKey, after: i64, most: u32) -> Result<Vec<Observation>, StoreError> {
        const READ: &str = "SELECT number, path, attempt, at, kind, payload FROM observations
            WHERE rid = $1 AND number > $2 ORDER BY number LIMIT $3";
        let rows = self.read(Statement::fixed(READ).with(run.0).with(after).with(limit(most))).await?;
        read_all(&rows, |row| observation(run, row))
    }
}

fn observation<R: Cells>(run: RunKey, row: Columns<'_, R>) -> Result<Observation, StoreError> {
    let (path, attempt) = (row.text(1)?, row.small(2)?);
    let seen = NewObservation { run, path, attempt, at: row.number(3)?, kind: row.text(4)?, payload: row.string(5)? };
    Ok(Observation { number: row.number(0)?, seen })
}
