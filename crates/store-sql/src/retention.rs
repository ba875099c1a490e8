use crate::database::{Database, Sql, Work};
use crate::statement::Statement;
use async_trait::async_trait;
use weir_base::Micros;
use weir_store::{Retention, RetentionPolicy, SYSTEM_PROJECT, Scope, StoreError, Swept};

/// How many rows one transaction removes, so that a writer never waits long.
const SLICE: i64 = 4_000;

const UNLIST: &str = "DELETE FROM runs WHERE rid IN (SELECT rid FROM removed_runs)";
const SMALL: [&str; 4] = [
    "DELETE FROM attempts WHERE rid IN (SELECT rid FROM removed_runs)",
    "DELETE FROM effects WHERE rid IN (SELECT rid FROM removed_runs)",
    "DELETE FROM snapshots WHERE rid IN (SELECT rid FROM removed_runs)",
    "DELETE FROM variable_changes WHERE rid IN (SELECT rid FROM removed_runs)",
];
const JOURNAL: &str = "DELETE FROM journal WHERE number IN
    (SELECT j.number FROM removed_runs r JOIN journal j ON j.rid = r.rid LIMIT $1)";
const OBSERVATIONS: &str = "DELETE FROM observations WHERE number IN
    (SELECT o.number FROM removed_runs r JOIN observations o ON o.rid = r.rid LIMIT $1)";
/// Numbers rise with time, so the old ones end where the first young one begins.
const OLD_OBSERVATIONS: &str = "DELETE FROM observations WHERE number IN
    (SELECT number FROM observations
     WHERE number < COALESCE((SELECT number FROM observations WHERE at >= $1 ORDER BY number LIMIT 1), number + 1)
     ORDER BY number LIMIT $2)";
const BLOBS: &str = "DELETE FROM blobs WHERE hash IN
    (SELECT gone.hash FROM removed_runs r JOIN blob_refs gone ON gone.rid = r.rid
     WHERE NOT EXISTS (SELECT 1 FROM blob_refs kept WHERE kept.hash = gone.hash
         AND kept.rid NOT IN (SELECT rid FROM removed_runs)))";
const REFS: &str = "DELETE FROM blob_refs WHERE rid IN (SELECT rid FROM removed_runs)";
const DONE: &str = "DELETE FROM removed_runs";

#[async_trait]
impl<D: Database> Retention for Sql<D> {
    /// The runs leave the lists first and their rows after that. What a crash leaves undone the next call does.
    async fn sweep(&self, policy: RetentionPolicy) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        if let Some(before) = policy.runs_before {
            swept.runs = self.unlist(mark::<D>(before, &policy)).await?;
        }
        self.slices(JOURNAL).await?;
        swept.observations = self.slices(OBSERVATIONS).await?;
        swept.blobs = self.remains().await?;
        let most = i64::from(policy.limit) * 1_000;
        let old = match policy.observations_before {
            Some(before) => self.old_observations(before, most).await?,
            None => 0,
        };
        swept.observations += old;
        swept.more = (policy.runs_before.is_some() && swept.runs >= u64::from(policy.limit))
            || (policy.observations_before.is_some() && old >= most as u64);
        Ok(swept)
    }

    async fn reclaim(&self) -> Result<(), StoreError> {
        self.db.reclaim().await
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.db.disk_bytes().await
    }
}

impl<D: Database> Sql<D> {
    /// No batch may take up a run again between its being chosen and its leaving.
    async fn unlist(&self, mark: Statement) -> Result<u64, StoreError> {
        let mut work = self.db.begin_alone().await?;
        let runs = unlist(&mut work, mark).await.map_err(D::error);
        work.end(runs).await
    }

    /// Removes in slices until nothing is left; others write in between.
    async fn slices(&self, sql: &'static str) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let rows = self.slice(Statement::fixed(sql).with(SLICE)).await?;
            total += rows;
            if rows < SLICE as u64 {
                return Ok(total);
            }
        }
    }

    async fn old_observations(&self, before: Micros, most: i64) -> Result<u64, StoreError> {
        let mut total = 0;
        while total < most {
            let slice = SLICE.min(most - total);
            let rows = self.slice(Statement::fixed(OLD_OBSERVATIONS).with(before).with(slice)).await? as i64;
            total += rows;
            if rows < slice {
                break;
            }
        }
        Ok(total as u64)
    }

    async fn slice(&self, statement: Statement) -> Result<u64, StoreError> {
        let mut work = self.db.begin(&Scope::System).await?;
        let rows = work.execute(statement).await.map_err(D::error);
        work.end(rows).await
    }

    /// Removes the blobs nobody else refers to and the last small rows; returns how many blobs. No batch may refer
    /// to one of them meanwhile.
    async fn remains(&self) -> Result<u64, StoreError> {
        let mut work = self.db.begin_alone().await?;
        let blobs = remains(&mut work).await.map_err(D::error);
        work.end(blobs).await
    }
}

/// Names the runs that leave, the oldest first.
fn mark<D: Database>(before: Micros, policy: &RetentionPolicy) -> Statement {
    let mut mark = Statement::built::<D>("INSERT INTO removed_runs (rid) SELECT rid FROM runs WHERE ended_at < ");
    mark.bind(before);
    if let Some(tenant) = &policy.tenant {
        mark.push(" AND tenant = ").bind(tenant.clone());
    }
    if let Some(only) = policy.system {
        mark.push(if only { " AND project = " } else { " AND project <> " }).bind(SYSTEM_PROJECT);
    }
    mark.push(" ORDER BY ended_at, rid LIMIT ").bind(i64::from(policy.limit));
    mark
}

async fn unlist(work: &mut impl Work, mark: Statement) -> Result<u64, sqlx::Error> {
    let runs = work.execute(mark).await?;
    work.execute(Statement::fixed(UNLIST)).await?;
    Ok(runs)
}

async fn remains(work: &mut impl Work) -> Result<u64, sqlx::Error> {
    let blobs = work.execute(Statement::fixed(BLOBS)).await?;
    for sql in SMALL.into_iter().chain([REFS, DONE]) {
        work.execute(Statement::fixed(sql)).await?;
    }
    Ok(blobs)
}
