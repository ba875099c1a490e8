use crate::database::{Database, Sql};
use crate::row::{Cells, Columns, corrupt, read_all};
use crate::statement::{Statement, limit};
use crate::{listing, queue};
use async_trait::async_trait;
use std::collections::BTreeMap;
use weir_base::{Micros, Text, Value};
use weir_engine::Status;
use weir_store::{
    Claim, EndedCount, EndedFilter, Page, PageRequest, Place, Run, RunFilter, RunKey, Runs, SYSTEM_PROJECT, Scope,
    StoreError,
};

pub const SELECT: &str = "SELECT rid, id, tenant, project, service, flow, version, status, priority,
    concurrency_key, created_at, started_at, wake_at, ended_at, error, cause, waits FROM runs";

#[async_trait]
impl<D: Database> Runs for Sql<D> {
    async fn run(&self, id: &str) -> Result<Option<Run>, StoreError> {
        let sql = format!("{SELECT} WHERE {}", D::same("id", "$1"));
        self.read_one(Statement::fixed(sql).with(id), read).await
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<Run>, StoreError> {
        self.read_one(Statement::fixed(format!("{SELECT} WHERE rid = $1")).with(key.0), read).await
    }

    async fn run_output(&self, key: RunKey) -> Result<Value, StoreError> {
        const READ: &str =
            "SELECT r.output, b.bytes FROM runs r LEFT JOIN blobs b ON b.hash = r.output_blob WHERE r.rid = $1";
        let text = self.read_one(Statement::fixed(READ).with(key.0), |row| row.text_or_blob(0, 1)).await?;
        text.flatten().map_or(Ok(Value::Null), |text| Value::from_json(&text).map_err(corrupt))
    }

    async fn unfinished(&self, after: Option<RunKey>, most: u32) -> Result<Vec<Run>, StoreError> {
        // Those that have ended are not looked at: there may be millions.
        let sql = format!(
            "{SELECT}{} WHERE rid IN (SELECT rid FROM runs{} WHERE ended_at IS NULL AND rid > $1 ORDER BY rid LIMIT $2)
             ORDER BY rid",
            D::BY_KEY,
            D::by("runs_unfinished")
        );
        let query = Statement::fixed(sql).with(after.unwrap_or_default().0).with(limit(most));
        read_all(&self.read(query).await?, read)
    }

    async fn runnable(&self, claim: &Claim) -> Result<Vec<Run>, StoreError> {
        queue::runnable(self, claim).await
    }

    async fn due(&self, now: Micros, most: u32) -> Result<Vec<Run>, StoreError> {
        let sql = format!(
            "{SELECT} WHERE ended_at IS NULL AND status IN ('waiting', 'paused') AND wake_at <= $1
             ORDER BY wake_at, rid LIMIT $2"
        );
        read_all(&self.read(Statement::fixed(sql).with(now).with(limit(most))).await?, read)
    }

    async fn next_wake(&self) -> Result<Option<Micros>, StoreError> {
        const READ: &str = "SELECT MIN(wake_at) FROM runs
            WHERE ended_at IS NULL AND status IN ('waiting', 'paused') AND wake_at IS NOT NULL";
        Ok(self.read_one(Statement::fixed(READ), |row| row.optional_number(0)).await?.flatten())
    }

    async fn look_for_runs(&self, filter: &RunFilter, page: PageRequest, most: u32) -> Result<Page<Run>, StoreError> {
        listing::look(self, filter, page, most).await
    }

    async fn ended_runs(
        &self,
        filter: &EndedFilter,
        before: Option<(Micros, RunKey)>,
        most: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let mut query = Statement::built::<D>(format!("{SELECT}{} WHERE ", D::by("runs_ended"))).passing();
        push_ended(&mut query, filter);
        if filter.every > 1 {
            query.push(" AND rid % ").bind(filter.every).push(" = 0");
        }
        if let Some((at, key)) = before {
            query.push(" AND (ended_at, rid) < (").bind(at).push(", ").bind(key.0).push(")");
        }
        query.push(" ORDER BY ended_at DESC, rid DESC LIMIT ").bind(limit(most));
        read_all(&self.db.read(&Scope::Tenant(filter.tenant.clone()), query).await?, read)
    }

    async fn count_ended(&self, filter: &EndedFilter, width: Micros) -> Result<Vec<EndedCount>, StoreError> {
        let mut query = Statement::built::<D>("SELECT part, status, COUNT(*) FROM (SELECT (ended_at - ").passing();
        query.bind(filter.from).push(") / ").bind(width.max(1)).push(" AS part, status FROM runs");
        query.push(D::by("runs_ended")).push(" WHERE ");
        push_ended(&mut query, filter);
        query.push(") AS parts GROUP BY part, status");
        let rows = self.db.read(&Scope::Tenant(filter.tenant.clone()), query).await?;
        let mut counts = read_all(&rows, |row| {
            Ok(EndedCount { part: row.count(0)?, status: status(&row.str(1)?)?, count: row.count(2)? })
        })?;
        counts.sort_unstable();
        Ok(counts)
    }

    async fn count_started(
        &self,
        tenant: &str,
        after: RunKey,
        through: RunKey,
        since: Micros,
    ) -> Result<u64, StoreError> {
        let read = format!(
            "SELECT COUNT(*) FROM runs{} WHERE rid > $1 AND rid <= $2 AND tenant = $3 AND created_at >= $4
                AND id NOT LIKE '%/%' AND project <> $5",
            D::BY_KEY
        );
        let query = Statement::fixed(read).with(after.0).with(through.0);
        let query = query.with(tenant).with(since).with(SYSTEM_PROJECT);
        let rows = self.db.read(&Scope::Tenant(tenant.into()), query).await?;
        rows.first().map_or(Ok(0), |row| Columns(row).count(0))
    }

    async fn newest_run_before(&self, at: Micros) -> Result<RunKey, StoreError> {
        let read = format!("SELECT rid FROM runs{} WHERE created_at < $1 ORDER BY rid DESC LIMIT 1", D::BY_KEY);
        let found = self.read_one(Statement::fixed(read).with(at), |row| row.number(0)).await?;
        Ok(RunKey(found.unwrap_or_default()))
    }

    async fn newest_run(&self) -> Result<RunKey, StoreError> {
        let query = Statement::fixed("SELECT COALESCE(MAX(rid), 0) FROM runs");
        Ok(RunKey(self.read_one(query, |row| row.number(0)).await?.unwrap_or(0)))
    }

    async fn count_runs(&self, tenant: Option<&str>) -> Result<BTreeMap<Status, u64>, StoreError> {
        const READ: &str = "SELECT status, COUNT(*) FROM
            (SELECT status, tenant FROM runs WHERE ended_at IS NOT NULL
             UNION ALL SELECT status, tenant FROM runs WHERE ended_at IS NULL) AS either
            WHERE $1 IS NULL OR tenant = $1 GROUP BY status";
        let tenant = tenant.map(Text::from);
        let rows = self.db.read(&reach(tenant.as_ref()), Statement::fixed(READ).with(tenant)).await?;
        rows.iter().map(|row| Ok((status(&Columns(row).str(0)?)?, Columns(row).count(1)?))).collect()
    }
}

pub fn reach(tenant: Option<&Text>) -> Scope {
    tenant.map_or(Scope::System, |tenant| Scope::Tenant(tenant.clone()))
}

/// In the words by which the index on ended runs finds them.
fn push_ended(query: &mut Statement, filter: &EndedFilter) {
    query.push("ended_at IS NOT NULL AND ended_at >= ").bind(filter.from);
    query.push(" AND ended_at < ").bind(filter.until);
    query.push(" AND tenant = ").bind(filter.tenant.clone());
    query.push(" AND project <> ").bind(SYSTEM_PROJECT);
    for (column, wanted) in [("project", &filter.project), ("flow", &filter.flow)] {
        if let Some(wanted) = wanted {
            query.push(format!(" AND {column} = ")).bind(wanted.clone());
        }
    }
    push_beginning(query, "<>", filter.begins_not.as_ref());
}

/// `=` or `<>` what ids begin with, letter by letter.
pub fn push_beginning(query: &mut Statement, how: &str, beginning: Option<&Text>) {
    if let Some(beginning) = beginning {
        query.push(format!(" AND substr(id, 1, {}) {how} ", beginning.chars().count())).bind(beginning.clone());
    }
}

pub fn read<R: Cells>(row: Columns<'_, R>) -> Result<Run, StoreError> {
    let error = row.optional_str(14)?.map(|text| serde_json::from_str(&text)).transpose().map_err(corrupt)?;
    let waits = row.optional_str(16)?.map(|text| serde_json::from_str(&text)).transpose().map_err(corrupt)?;
    Ok(Run {
        key: RunKey(row.number(0)?),
        id: row.text(1)?,
        place: Place { tenant: row.text(2)?, project: row.text(3)?, service: row.text(4)? },
        flow: row.text(5)?,
        version: row.text(6)?,
        status: status(&row.str(7)?)?,
        priority: i32::try_from(row.number(8)?).map_err(corrupt)?,
        concurrency_key: row.optional_text(9)?,
        created_at: row.number(10)?,
        started_at: row.optional_number(11)?,
        wake_at: row.optional_number(12)?,
        waits: waits.unwrap_or_default(),
        ended_at: row.optional_number(13)?,
        error,
        cause: row.optional_text(15)?,
    })
}

fn status(text: &str) -> Result<Status, StoreError> {
    Status::parse(text).ok_or_else(|| corrupt(format!("`{text}` is no state of a run")))
}
