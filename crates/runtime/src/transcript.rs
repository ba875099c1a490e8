//! Earlier results by path: an agent's next turn refers to those before it instead of carrying them along.
//!
//! A result may lie before the run's last `continued`, or, in a fork, in the journal of the run it came from, up to
//! the record it was forked after, and so on backwards.

use weir_engine::{EventBody, Record};
use weir_kind::Recorded;
use weir_store::{RunKey, Store, StoreError};

/// Records that are read at once.
const PAGE: u64 = 500;

/// The newest result at `path` that the run knows of. Newest first: what was set aside lies before what replaced it.
pub(crate) async fn find(store: &dyn Store, run: RunKey, path: &str) -> Result<Option<Recorded>, StoreError> {
    let (mut run, mut until) = (run, store.last_seq(run).await?);
    while until > 0 {
        let from = until.saturating_sub(PAGE - 1).max(1);
        let mut records = store.records(run, from, (until + 1 - from) as u32).await?;
        records.retain(|record| record.seq <= until);
        if let Some(found) = records.iter().rev().filter(|record| &*record.path == path).find_map(recorded) {
            return Ok(Some(found));
        }
        until = from - 1;
        if until == 0
            && let Some((origin, seq)) = origin(store, run, records.first()).await?
        {
            (run, until) = (origin, seq);
        }
    }
    Ok(None)
}

/// Where a journal that begins as a fork came from: the run, and the last record the two have in common.
async fn origin(store: &dyn Store, run: RunKey, first: Option<&Record>) -> Result<Option<(RunKey, u64)>, StoreError> {
    let Some(first) = first.filter(|record| &*record.ty == "forked") else { return Ok(None) };
    let corrupt = |error| StoreError::Corrupt(format!("run {run}: {error}"));
    let EventBody::Forked(forked) = first.decode().map_err(corrupt)?.body else { return Ok(None) };
    let origin = store.run(&forked.from).await?.map(|origin| origin.key);
    // A fork is always the younger one; anything else would lead round in a circle.
    Ok(origin.filter(|origin| *origin < run).map(|origin| (origin, forked.seq)))
}

fn recorded(record: &Record) -> Option<Recorded> {
    match record.decode().ok()?.body {
        EventBody::TaskFinished { result, .. } | EventBody::Override { result, .. } => Some(match result.error {
            Some(error) => Recorded::Error(error.to_value()),
            None => Recorded::Output(result.output),
        }),
        EventBody::ChildFinished { output, error, .. } => Some(match error {
            Some(error) => Recorded::Error(error.to_value()),
            None => Recorded::Output(output),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use weir_base::Value;
    use weir_engine::{Event, ForkedFrom, TaskResult};
    use weir_store::{Batch, Entry, Epoch, Place, Run};
    use weir_store_sql::SqlStore;
    use weir_testkit::MemoryStore;

    fn result(path: &str, output: impl Into<Value>) -> EventBody {
        EventBody::TaskFinished { path: path.into(), result: Box::new(TaskResult::success(output.into())) }
    }

    fn forked(from: &str, seq: u64) -> EventBody {
        EventBody::Forked(Box::new(ForkedFrom { from: from.into(), seq, ..Default::default() }))
    }

    async fn write(store: &dyn Store, epoch: Epoch, id: &str, bodies: Vec<EventBody>) -> RunKey {
        let run = Run::new(store.next_run_key(), id, Place::default(), "f", 0);
        let (key, mut batch) = (run.key, Batch::new(epoch));
        batch.runs.push(run);
        let records = (1..).zip(bodies).map(|(seq, body)| Record::encode(seq, &Event::new(0, body)));
        batch.records.extend(records.map(|record| Entry { run: key, record }));
        store.commit(batch).await.unwrap();
        key
    }

    async fn check(store: &dyn Store, run: RunKey, path: &str, expected: Option<Value>) {
        let found = find(store, run, path).await.unwrap();
        assert_eq!(found, expected.map(Recorded::Output), "{path} of {run}");
    }

    /// Semantics 2.8: a turn is found by its path, whatever link or run of the chain holds it, large or small.
    async fn rule_2_8(store: Arc<dyn Store>) {
        let epoch = store.claim(1, 0).await.unwrap();
        let large = Value::from("x".repeat(100 << 10));
        let continued = || EventBody::Continued { state: Value::Null };
        let mut first: Vec<EventBody> =
            vec![result("agent[0]/model", "one"), result("large", large.clone()), continued()];
        first.extend((0..2 * PAGE).map(|at| result(&format!("filler[{at}]"), "")));
        first.extend([continued(), result("agent[1]/model", "two"), result("agent[2]/model", "later")]);
        let at = first.len() as u64 - 1;
        let first = write(&*store, epoch, "first", first).await;
        let again = vec![forked("first", at), result("agent[2]/model", "other"), result("agent[2]/model", "redone")];
        let second = write(&*store, epoch, "second", again).await;
        let third = write(&*store, epoch, "third", vec![forked("second", 2)]).await;
        for run in [first, second, third] {
            check(&*store, run, "agent[0]/model", Some("one".into())).await;
            check(&*store, run, "agent[1]/model", Some("two".into())).await;
            check(&*store, run, "large", Some(large.clone())).await;
            check(&*store, run, "nothing", None).await;
        }
        check(&*store, first, "agent[2]/model", Some("later".into())).await;
        check(&*store, second, "agent[2]/model", Some("redone".into())).await;
        check(&*store, third, "agent[2]/model", Some("other".into())).await;
        let fresh = write(&*store, epoch, "fresh", vec![forked("first", 2)]).await;
        check(&*store, fresh, "agent[1]/model", None).await;
        let lost = write(&*store, epoch, "lost", vec![forked("removed", 9)]).await;
        check(&*store, lost, "agent[0]/model", None).await;
    }

    #[tokio::test]
    async fn rule_2_8_in_memory() {
        rule_2_8(Arc::new(MemoryStore::new())).await;
    }

    #[tokio::test]
    async fn rule_2_8_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        rule_2_8(Arc::new(SqlStore::open(folder.path(), &Default::default()).await.unwrap())).await;
    }
}
