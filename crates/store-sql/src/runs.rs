use crate::blobs::Spilled;
use crate::error::{corrupt, store_error};
use crate::open::SqlStore;
use crate::queue;
use crate::row::{Columns, limit, read_all};
use crate::script::Script;
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};
use std::collections::BTreeMap;
use weir_base::{Micros, Value};
use weir_engine::{Status, StepError};
use weir_store::{Claim, Page, PageRequest, Place, Run, RunFilter, RunKey, RunUpdate, Runs, StoreError};

const INSERT: (&str, usize, &str) = (
    "INSERT INTO runs (rid, id, tenant, project, service, flow, version, status, priority, concurrency_key,
     created_at, started_at, wake_at, ended_at, error) SELECT * FROM",
    15,
    "WHERE column1 IS NOT NULL",
);
const UPDATE: (&str, usize, &str) = (
    "UPDATE runs SET status = u.column2, started_at = COALESCE(started_at, u.column3), wake_at = u.column4,
     ended_at = u.column5, version = COALESCE(u.column6, version), error = u.column7, output = u.column8,
     output_blob = u.column9 FROM",
    9,
    "AS u WHERE runs.rid = u.column1",
);
pub const SELECT: &str = "SELECT rid, id, tenant, project, service, flow, version, status, priority,
    concurrency_key, created_at, started_at, wake_at, ended_at, error FROM runs";

pub fn insert(script: &mut Script, runs: Vec<Run>) {
    script.add_rows(INSERT, runs, |binder, run| {
        binder.value(run.key.0).value(run.id);
        binder.value(run.place.tenant).value(run.place.project).value(run.place.service);
        binder.value(run.flow).value(run.version).value(run.status.as_str()).value(i64::from(run.priority));
        binder.value(run.concurrency_key).value(run.created_at).value(run.started_at);
        binder.value(run.wake_at).value(run.ended_at).value(run.error.map(error_json));
    });
}

pub fn update(script: &mut Script, updates: Vec<RunUpdate>, spilled: &mut Spilled) {
    script.add_rows(UPDATE, updates, |binder, update| {
        let output = update.output.map(|output| spilled.take(update.key, output.to_json()));
        let (output, blob) = output.unwrap_or_default();
        binder.value(update.key.0).value(update.status.as_str()).value(update.started_at);
        binder.value(update.wake_at).value(update.ended_at).value(update.version);
        binder.value(update.error.map(error_json)).value(output).value(blob);
    });
}

fn error_json(error: StepError) -> String {
    serde_json::to_string(&error).unwrap_or_default()
}

#[async_trait]
impl Runs for SqlStore {
    async fn run(&self, id: &str) -> Result<Option<Run>, StoreError> {
        let query = sqlx::query(AssertSqlSafe(format!("{SELECT} WHERE id = $1"))).bind(id.to_owned());
        let row = query.fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map(|row| read(Columns(&row))).transpose()
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<Run>, StoreError> {
        let query = sqlx::query(AssertSqlSafe(format!("{SELECT} WHERE rid = $1"))).bind(key.0);
        let row = query.fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map(|row| read(Columns(&row))).transpose()
    }

    async fn run_output(&self, key: RunKey) -> Result<Value, StoreError> {
        const READ: &str = "SELECT COALESCE(r.output, CAST(b.bytes AS TEXT), 'null')
            FROM runs r LEFT JOIN blobs b ON b.hash = r.output_blob WHERE r.rid = $1";
        let row = sqlx::query(READ).bind(key.0).fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map_or(Ok(Value::Null), |row| Columns(&row).json(0))
    }

    async fn unfinished(&self, after: Option<RunKey>, most: u32) -> Result<Vec<Run>, StoreError> {
        let sql = format!("{SELECT} WHERE ended_at IS NULL AND rid > $1 ORDER BY rid LIMIT $2");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after.unwrap_or_default().0).bind(limit(most));
        read_all(&query.fetch_all(self.readers()).await.map_err(store_error)?, read)
    }

    async fn runnable(&self, claim: &Claim) -> Result<Vec<Run>, StoreError> {
        queue::runnable(self.readers(), claim).await
    }

    async fn due(&self, now: Micros, most: u32) -> Result<Vec<Run>, StoreError> {
        let sql = format!(
            "{SELECT} WHERE ended_at IS NULL AND status IN ('waiting', 'paused') AND wake_at <= $1
             ORDER BY wake_at, rid LIMIT $2"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(now).bind(limit(most));
        read_all(&query.fetch_all(self.readers()).await.map_err(store_error)?, read)
    }

    async fn next_wake(&self) -> Result<Option<Micros>, StoreError> {
        const READ: &str = "SELECT MIN(wake_at) FROM runs
            WHERE ended_at IS NULL AND status IN ('waiting', 'paused') AND wake_at IS NOT NULL";
        Columns(&sqlx::query(READ).fetch_one(self.readers()).await.map_err(store_error)?).get(0)
    }

    async fn list_runs(&self, filter: &RunFilter, page: PageRequest) -> Result<Page<Run>, StoreError> {
        let mut query = filtered(filter, page.before);
        query.push(" ORDER BY rid DESC LIMIT ").push_bind(limit(page.limit) + 1);
        let rows = query.build().persistent(false).fetch_all(self.readers()).await.map_err(store_error)?;
        let mut items = read_all(&rows, read)?;
        let more = items.len() > page.limit as usize;
        items.truncate(page.limit as usize);
        let next = items.last().filter(|_| more).map(|run| run.key);
        Ok(Page { items, next })
    }

    async fn count_started(&self, tenant: &str, after: RunKey, since: Micros) -> Result<u64, StoreError> {
        const READ: &str = "SELECT COUNT(*) FROM runs
            WHERE rid > $1 AND tenant = $2 AND created_at >= $3 AND id NOT LIKE '%/%'";
        let query = sqlx::query(READ).bind(after.0).bind(tenant.to_owned()).bind(since);
        Columns(&query.fetch_one(self.readers()).await.map_err(store_error)?).count(0)
    }

    async fn newest_run(&self) -> Result<RunKey, StoreError> {
        const READ: &str = "SELECT COALESCE(MAX(rid), 0) FROM runs";
        let row = sqlx::query(READ).fetch_one(self.readers()).await.map_err(store_error)?;
        Columns(&row).get(0).map(RunKey)
    }

    async fn count_runs(&self, tenant: Option<&str>) -> Result<BTreeMap<Status, u64>, StoreError> {
        const READ: &str = "SELECT status, COUNT(*) FROM
            (SELECT status, tenant FROM runs WHERE ended_at IS NOT NULL
             UNION ALL SELECT status, tenant FROM runs WHERE ended_at IS NULL)
            WHERE $1 IS NULL OR tenant = $1 GROUP BY status";
        let query = sqlx::query(READ).bind(tenant.map(str::to_owned));
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        rows.iter().map(|row| Ok((status(Columns(row).get(0)?)?, Columns(row).count(1)?))).collect()
    }
}

fn filtered(filter: &RunFilter, before: Option<RunKey>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!("{SELECT} WHERE rid < "));
    query.push_bind(before.map_or(i64::MAX, |key| key.0));
    let equal = [
        ("tenant", &filter.tenant),
        ("project", &filter.project),
        ("service", &filter.service),
        ("flow", &filter.flow),
    ];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            query.push(format!(" AND {column} = ")).push_bind(wanted.clone());
        }
    }
    push_statuses(&mut query, &filter.statuses);
    if let Some(text) = &filter.text {
        push_text(&mut query, text.to_ascii_lowercase());
    }
    if let Some(under) = &filter.under {
        // `0` follows `/` in every encoding that matters, so this is the range of all that begins with `id/`.
        query.push(" AND id >= ").push_bind(format!("{under}/"));
        query.push(" AND id < ").push_bind(format!("{under}0"));
    }
    query
}

fn push_statuses(query: &mut QueryBuilder<Sqlite>, statuses: &[Status]) {
    if statuses.is_empty() {
        return;
    }
    query.push(" AND status IN (");
    let mut list = query.separated(", ");
    for status in statuses {
        list.push_bind(status.as_str());
    }
    query.push(")");
}

fn push_text(query: &mut QueryBuilder<Sqlite>, text: String) {
    query.push(" AND (");
    for (index, column) in ["id", "flow", "COALESCE(error, '')"].into_iter().enumerate() {
        query.push(if index == 0 { "" } else { " OR " });
        query.push(format!("instr(lower({column}), ")).push_bind(text.clone()).push(") > 0");
    }
    query.push(")");
}

pub fn read(row: Columns<'_>) -> Result<Run, StoreError> {
    let error = row.get::<Option<&str>>(14)?.map(serde_json::from_str).transpose().map_err(corrupt)?;
    Ok(Run {
        key: RunKey(row.get(0)?),
        id: row.text(1)?,
        place: Place { tenant: row.text(2)?, project: row.text(3)?, service: row.text(4)? },
        flow: row.text(5)?,
        version: row.text(6)?,
        status: status(row.get(7)?)?,
        priority: i32::try_from(row.get::<i64>(8)?).map_err(corrupt)?,
        concurrency_key: row.optional_text(9)?,
        created_at: row.get(10)?,
        started_at: row.get(11)?,
        wake_at: row.get(12)?,
        ended_at: row.get(13)?,
        error,
    })
}

fn status(text: &str) -> Result<Status, StoreError> {
    Status::parse(text).ok_or_else(|| corrupt(format!("`{text}` is no state of a run")))
}
