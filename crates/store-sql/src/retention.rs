use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::Columns;
use crate::writer::Writer;
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use weir_base::Micros;
use weir_store::{Retention, RetentionPolicy, StoreError, Swept};

/// How many rows one transaction removes, so that a writer never waits long.
const SLICE: i64 = 4_000;

/// How many pages of 4 KiB one step gives back.
const PAGES: &str = "PRAGMA incremental_vacuum(2000)";

const MARK: &str = "INSERT INTO removed_runs (rid)
    SELECT rid FROM runs WHERE ended_at < $1 ORDER BY ended_at, rid LIMIT $2";
const UNLIST: &str = "DELETE FROM runs WHERE rid IN (SELECT rid FROM removed_runs)";
const SMALL: [&str; 4] = [
    "DELETE FROM attempts WHERE rid IN (SELECT rid FROM removed_runs)",
    "DELETE FROM effects WHERE rid IN (SELECT rid FROM removed_runs)",
    "DELETE FROM snapshots WHERE rid IN (SELECT rid FROM removed_runs)",
    "DELETE FROM variable_changes WHERE rid IN (SELECT rid FROM removed_runs)",
];
const JOURNAL: &str = "DELETE FROM journal WHERE rowid IN
    (SELECT j.rowid FROM removed_runs r JOIN journal j ON j.rid = r.rid LIMIT $1)";
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
impl Retention for SqlStore {
    /// The runs leave the lists first and their rows after that. What a crash leaves undone the next call does.
    async fn sweep(&self, policy: RetentionPolicy) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        if let Some(before) = policy.runs_before {
            swept.runs = self.unlist(before, policy.limit).await?;
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
        loop {
            let mut writer = self.writer().await;
            writer.prepare(false).await?;
            let before = pragma(&mut writer, "PRAGMA freelist_count").await?;
            if before > 0 {
                writer.fetch(PAGES).await?;
            }
            let after = pragma(&mut writer, "PRAGMA freelist_count").await?;
            if after == 0 || after >= before {
                writer.prepare(true).await?;
                writer.fetch("PRAGMA wal_checkpoint(TRUNCATE)").await?;
                return Ok(());
            }
        }
    }

    async fn disk_bytes(&self) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let pages = pragma(&mut writer, "PRAGMA page_count").await?;
        let size = pragma(&mut writer, "PRAGMA page_size").await?;
        let mut log = self.path().as_os_str().to_owned();
        log.push("-wal");
        Ok(pages * size + std::fs::metadata(log).map_or(0, |metadata| metadata.len()))
    }
}

impl SqlStore {
    async fn unlist(&self, before: Micros, limit: u32) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let mark = sqlx::query(MARK).bind(before).bind(i64::from(limit));
        let runs = unlist(connection, mark).await.map_err(store_error);
        writer.end(runs).await
    }

    /// Removes in slices until nothing is left; others write in between.
    async fn slices(&self, sql: &'static str) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let rows = self.slice(sqlx::query(sql).bind(SLICE)).await?;
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
            let rows = self.slice(sqlx::query(OLD_OBSERVATIONS).bind(before).bind(slice)).await? as i64;
            total += rows;
            if rows < slice {
                break;
            }
        }
        Ok(total as u64)
    }

    async fn slice(&self, query: Query) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let rows = query.execute(connection).await.map(|done| done.rows_affected()).map_err(store_error);
        writer.end(rows).await
    }

    /// Removes the blobs nobody else refers to and the last small rows; returns how many blobs.
    async fn remains(&self) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let blobs = remains(connection).await.map_err(store_error);
        writer.end(blobs).await
    }
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

async fn unlist(connection: &mut SqliteConnection, mark: Query) -> Result<u64, sqlx::Error> {
    let runs = mark.execute(&mut *connection).await?.rows_affected();
    sqlx::query(UNLIST).execute(connection).await?;
    Ok(runs)
}

async fn remains(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let blobs = sqlx::query(BLOBS).execute(&mut *connection).await?.rows_affected();
    for sql in SMALL.into_iter().chain([REFS, DONE]) {
        sqlx::query(sql).execute(&mut *connection).await?;
    }
    Ok(blobs)
}

async fn pragma(writer: &mut Writer, sql: &'static str) -> Result<u64, StoreError> {
    let rows = writer.fetch(sql).await?;
    rows.first().map_or(Ok(0), |row| Columns(row).count(0))
}
