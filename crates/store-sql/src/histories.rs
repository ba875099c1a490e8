use crate::database::{Database, Sql};
use crate::journal::record;
use crate::row::{Cells, Columns, read_all};
use crate::statement::{Statement, limit};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use weir_store::{Attempt, Effect, Histories, History, RunKey, StoreError, check_dense};

const RECORDS: &str = "SELECT j.seq, j.at, j.type, j.path, j.payload, b.bytes, j.blob, j.rid
    FROM journal j LEFT JOIN blobs b ON b.hash = j.blob WHERE j.rid IN (";
const LONG: &str = "SELECT rid FROM snapshots WHERE rid IN (";
const EFFECTS: &str = "SELECT rid, seq, ordinal FROM effects WHERE rid IN (";
const ATTEMPTS: &str = "SELECT rid, path, attempt, not_before FROM attempts WHERE rid IN (";

#[async_trait]
impl<D: Database> Histories for Sql<D> {
    async fn histories(&self, runs: &[RunKey], most: u32) -> Result<BTreeMap<RunKey, History>, StoreError> {
        if runs.is_empty() {
            return Ok(BTreeMap::new());
        }
        let kept: BTreeSet<RunKey> = self.of(LONG, runs, "", key).await?.into_iter().collect();
        let short: Vec<RunKey> = runs.iter().copied().filter(|run| !kept.contains(run)).collect();
        let mut found = self.short(&short, most).await?;
        let runs: Vec<RunKey> = found.keys().copied().collect();
        for effect in self.of(EFFECTS, &runs, "ORDER BY rid, seq, ordinal", effect).await? {
            found.entry(effect.run).or_default().effects.push(effect);
        }
        for attempt in self.of(ATTEMPTS, &runs, "ORDER BY rid, path", attempt).await? {
            found.entry(attempt.run).or_default().attempts.push(attempt);
        }
        Ok(found)
    }
}

impl<D: Database> Sql<D> {
    /// Runs with their records, those left out that have more than `most`.
    async fn short(&self, runs: &[RunKey], most: u32) -> Result<BTreeMap<RunKey, History>, StoreError> {
        let mut query = of::<D>(RECORDS, runs);
        query.push(" AND j.seq <= ").bind(limit(most.saturating_add(1))).push(" ORDER BY j.rid, j.seq");
        let rows = if runs.is_empty() { Vec::new() } else { self.read(query).await? };
        let mut found = BTreeMap::<RunKey, History>::new();
        for (run, record) in read_all(&rows, |row| Ok((RunKey(row.number(7)?), record(row)?)))? {
            found.entry(run).or_default().records.push(record);
        }
        found.retain(|_, history| history.records.len() <= most as usize);
        found.iter().try_for_each(|(run, history)| check_dense(*run, 1, &history.records))?;
        Ok(found)
    }

    /// What a statement says of these runs, in this order.
    async fn of<T>(
        &self,
        sql: &'static str,
        runs: &[RunKey],
        order: &str,
        read: impl Fn(Columns<'_, D::Row>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = of::<D>(sql, runs);
        query.push(" ").push(order);
        read_all(&self.read(query).await?, read)
    }
}

/// A statement that ends with the runs it is about.
fn of<D: Database>(sql: &'static str, runs: &[RunKey]) -> Statement {
    let mut query = Statement::built::<D>(sql).passing();
    query.bind_all(runs.iter().map(|run| run.0)).push(")");
    query
}

fn key<R: Cells>(row: Columns<'_, R>) -> Result<RunKey, StoreError> {
    Ok(RunKey(row.number(0)?))
}

fn effect<R: Cells>(row: Columns<'_, R>) -> Result<Effect, StoreError> {
    Ok(Effect { run: key(Columns(row.0))?, seq: row.count(1)?, ordinal: row.small(2)? })
}

fn attempt<R: Cells>(row: Columns<'_, R>) -> Result<Attempt, StoreError> {
    let run = key(Columns(row.0))?;
    Ok(Attempt { run, path: row.text(1)?, attempt: row.small(2)?, not_before: row.number(3)? })
}
