use crate::error::store_error;
use crate::row::{limit, read_all};
use crate::runs;
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;
use weir_store::{Claim, QueueId, Run, RunKey, StoreError, interleave, rotate};

/// The queues that have pending runs, in order. Each step seeks the next one in the index.
const QUEUES: &str = "WITH RECURSIVE queue (tenant, project) AS (
    SELECT * FROM (SELECT tenant, project FROM runs WHERE status = 'pending' ORDER BY tenant, project LIMIT 1)
    UNION ALL SELECT
        (SELECT r.tenant FROM runs r WHERE r.status = 'pending' AND (r.tenant, r.project) > (q.tenant, q.project)
         ORDER BY r.tenant, r.project LIMIT 1),
        (SELECT r.project FROM runs r WHERE r.status = 'pending' AND (r.tenant, r.project) > (q.tenant, q.project)
         ORDER BY r.tenant, r.project LIMIT 1)
    FROM queue q WHERE q.tenant IS NOT NULL
) SELECT tenant, project FROM queue WHERE tenant IS NOT NULL";

/// Asks the queues in turn, as many at a time as there are runs wanted, until there are enough.
pub async fn runnable(pool: &SqlitePool, claim: &Claim) -> Result<Vec<Run>, StoreError> {
    let wanted = claim.limit as usize;
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let queues = rotate(queues(pool).await?, claim);
    let mut chosen = Vec::new();
    for group in queues.chunks(wanted) {
        let mut heads = Vec::with_capacity(group.len());
        for queue in group {
            heads.push(head(pool, queue, claim).await?);
        }
        chosen.extend(interleave(heads, wanted - chosen.len()));
        if chosen.len() == wanted {
            break;
        }
    }
    rows(pool, &chosen).await
}

async fn queues(pool: &SqlitePool) -> Result<Vec<QueueId>, StoreError> {
    let rows = sqlx::query(QUEUES).fetch_all(pool).await.map_err(store_error)?;
    read_all(&rows, |row| Ok(QueueId { tenant: row.text(0)?, project: row.text(1)? }))
}

/// The keys of the first runs of a queue that the claim does not rule out.
async fn head(pool: &SqlitePool, queue: &QueueId, claim: &Claim) -> Result<Vec<RunKey>, StoreError> {
    let mut query = QueryBuilder::new("SELECT rid FROM runs WHERE status = 'pending' AND tenant = ");
    query.push_bind(queue.tenant.clone()).push(" AND project = ").push_bind(queue.project.clone());
    push_excluded(&mut query, " AND flow NOT IN (", &claim.full_flows);
    push_excluded(&mut query, " AND COALESCE(concurrency_key, '') NOT IN (", &claim.full_keys);
    query.push(" ORDER BY priority DESC, rid LIMIT ").push_bind(limit(claim.limit));
    let rows = query.build().fetch_all(pool).await.map_err(store_error)?;
    read_all(&rows, |row| Ok(RunKey(row.get(0)?)))
}

fn push_excluded(query: &mut QueryBuilder<Sqlite>, head: &str, names: &[weir_base::Text]) {
    if names.is_empty() {
        return;
    }
    query.push(head);
    let mut list = query.separated(", ");
    for name in names {
        list.push_bind(name.clone());
    }
    query.push(")");
}

async fn rows(pool: &SqlitePool, keys: &[RunKey]) -> Result<Vec<Run>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new(format!("{} WHERE rid IN (", runs::SELECT));
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind(key.0);
    }
    query.push(")");
    let rows = query.build().persistent(false).fetch_all(pool).await.map_err(store_error)?;
    let read = read_all(&rows, runs::read)?;
    let mut by_key: HashMap<RunKey, Run> = read.into_iter().map(|run| (run.key, run)).collect();
    Ok(keys.iter().filter_map(|key| by_key.remove(key)).collect())
}
