use crate::database::{Database, Sql};
use crate::row::read_all;
use crate::runs;
use crate::statement::{Statement, limit};
use std::collections::HashMap;
use weir_store::{Claim, QueueId, Run, RunKey, StoreError, interleave, rotate};

/// The queues that have pending runs, in order. Each step seeks the next one in the index.
const QUEUES: &str = "WITH RECURSIVE queue (tenant, project) AS (
    SELECT * FROM (SELECT tenant, project FROM runs WHERE status = 'pending'
                   ORDER BY tenant, project LIMIT 1) AS first
    UNION ALL SELECT
        (SELECT r.tenant FROM runs r WHERE r.status = 'pending' AND (r.tenant, r.project) > (q.tenant, q.project)
         ORDER BY r.tenant, r.project LIMIT 1),
        (SELECT r.project FROM runs r WHERE r.status = 'pending' AND (r.tenant, r.project) > (q.tenant, q.project)
         ORDER BY r.tenant, r.project LIMIT 1)
    FROM queue q WHERE q.tenant IS NOT NULL
) SELECT tenant, project FROM queue WHERE tenant IS NOT NULL";

/// Asks the queues in turn, as many at a time as there are runs wanted, until there are enough.
pub async fn runnable<D: Database>(sql: &Sql<D>, claim: &Claim) -> Result<Vec<Run>, StoreError> {
    let wanted = claim.limit as usize;
    if wanted == 0 {
        return Ok(Vec::new());
    }
    let queues = rotate(queues(sql).await?, claim);
    let mut chosen = Vec::new();
    for group in queues.chunks(wanted) {
        let mut heads = Vec::with_capacity(group.len());
        for queue in group {
            heads.push(head(sql, queue, claim).await?);
        }
        chosen.extend(interleave(heads, wanted - chosen.len()));
        if chosen.len() == wanted {
            break;
        }
    }
    rows(sql, &chosen).await
}

async fn queues<D: Database>(sql: &Sql<D>) -> Result<Vec<QueueId>, StoreError> {
    let rows = sql.read(Statement::fixed(QUEUES)).await?;
    read_all(&rows, |row| Ok(QueueId { tenant: row.text(0)?, project: row.text(1)? }))
}

/// The keys of the first runs of a queue that the claim does not rule out.
async fn head<D: Database>(sql: &Sql<D>, queue: &QueueId, claim: &Claim) -> Result<Vec<RunKey>, StoreError> {
    let mut query = Statement::built::<D>("SELECT rid FROM runs WHERE status = 'pending' AND tenant = ");
    query.bind(queue.tenant.clone()).push(" AND project = ").bind(queue.project.clone());
    push_excluded(&mut query, " AND flow NOT IN (", &claim.full_flows);
    push_excluded(&mut query, " AND COALESCE(concurrency_key, '') NOT IN (", &claim.full_keys);
    // What is to be carried elsewhere is nobody's here.
    query.push(" AND COALESCE(concurrency_key, '') NOT LIKE '@elsewhere%'");
    query.push(" ORDER BY priority DESC, rid LIMIT ").bind(limit(claim.limit));
    read_all(&sql.read(query).await?, |row| Ok(RunKey(row.number(0)?)))
}

fn push_excluded(query: &mut Statement, head: &str, names: &[weir_base::Text]) {
    if !names.is_empty() {
        query.push(head).bind_all(names.iter().cloned()).push(")");
    }
}

async fn rows<D: Database>(sql: &Sql<D>, keys: &[RunKey]) -> Result<Vec<Run>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Statement::built::<D>(format!("{} WHERE rid IN (", runs::SELECT)).passing();
    query.bind_all(keys.iter().map(|key| key.0)).push(")");
    let read = read_all(&sql.read(query).await?, runs::read)?;
    let mut by_key: HashMap<RunKey, Run> = read.into_iter().map(|run| (run.key, run)).collect();
    Ok(keys.iter().filter_map(|key| by_key.remove(key)).collect())
}
