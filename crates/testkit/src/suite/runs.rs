//! The run's row.

use super::fixture::{Owned, ids};
use std::sync::Arc;
use weir_base::Value;
use weir_engine::{Status, StepError};
use weir_store::{BLOB_THRESHOLD, Claim, RunUpdate, Store};

/// Semantics 5.14.
pub async fn the_row_changes_on_start_park_and_end(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut run = owned.run("a", "local", 7);
    (run.priority, run.concurrency_key, run.version) = (-3, Some("key".into()), "hash".into());
    let key = run.key;
    owned.commit(|batch| batch.runs.push(run.clone())).await;
    assert_eq!(owned.store.run("a").await.unwrap(), Some(run.clone()));
    assert_eq!(owned.store.run_by_key(key).await.unwrap(), Some(run.clone()));
    let error = StepError::verdict("CHECK_FAILED", "no \"luck\"");
    let steps = [
        RunUpdate::started(key, 10),
        RunUpdate::waiting(key),
        RunUpdate::parked(key, Some(20)).on(vec!["signal \"go\"".into(), "timer".into()]),
        RunUpdate::started(key, 21),
        RunUpdate::paused(key, None, Some(error.clone())).on(vec!["child c".into()]),
        RunUpdate::started(key, 30),
        RunUpdate::ended(key, Status::Failed, 40, Value::Null, Some(error)),
    ];
    for update in steps {
        run.apply(&update);
        owned.commit(|batch| batch.updates.push(update)).await;
        assert_eq!(owned.store.run("a").await.unwrap(), Some(run.clone()));
    }
    assert_eq!((run.started_at, run.ended_at, run.wake_at), (Some(10), Some(40), None));
    assert_eq!(owned.store.run("b").await.unwrap(), None);
}

pub async fn updates_of_one_batch_are_one_change(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (run, old) = (owned.run("new", "local", 1), owned.running("old").await);
    let key = run.key;
    owned
        .commit(|batch| {
            batch.runs.push(run);
            for key in [key, old] {
                batch.updates.push(RunUpdate::started(key, 5));
                batch.updates.push(RunUpdate::ended(key, Status::Succeeded, 9, "out".into(), None));
            }
        })
        .await;
    for key in [key, old] {
        let run = owned.store.run_by_key(key).await.unwrap().unwrap();
        assert_eq!((run.status, run.started_at, run.ended_at), (Status::Succeeded, Some(5), Some(9)));
        assert_eq!(owned.store.run_output(key).await.unwrap(), Value::from("out"));
    }
}

pub async fn what_is_carried_elsewhere_is_nobodys_until_it_is_taken_up_here(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut run = owned.run("away", "p", 1);
    run.concurrency_key = Some(weir_store::elsewhere_key(Some("main")));
    let key = run.key;
    owned.commit(|batch| batch.runs.push(run)).await;
    let claim = Claim { limit: 9, ..Claim::default() };
    assert_eq!(ids(&owned.store.runnable(&claim).await.unwrap()), [""; 0]);
    owned.commit(|batch| batch.updates.push(RunUpdate::started(key, 2))).await;
    let row = owned.store.run("away").await.unwrap().unwrap();
    assert_eq!((row.is_elsewhere(), row.connection()), (true, Some("main")));
    let pending = RunUpdate { status: Status::Pending, started_at: None, ..RunUpdate::started(key, 3) };
    owned.commit(|batch| batch.updates.push(pending)).await;
    let row = owned.store.run("away").await.unwrap().unwrap();
    assert_eq!((row.is_elsewhere(), &row.concurrency_key), (false, &None));
    assert_eq!(ids(&owned.store.runnable(&claim).await.unwrap()), ["away"]);
}

/// Semantics 6.2.
pub async fn an_ended_run_can_start_again_under_another_version(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.ended("a", 5).await;
    let again = RunUpdate { version: Some("fixed".into()), ..RunUpdate::started(key, 9) };
    owned.commit(|batch| batch.updates.push(again)).await;
    let run = owned.store.run("a").await.unwrap().unwrap();
    assert_eq!((run.status, &*run.version, run.ended_at, run.error), (Status::Running, "fixed", None, None));
    assert_eq!(owned.store.run_output(key).await.unwrap(), Value::Null);
    assert_eq!(ids(&owned.store.unfinished(None, 10).await.unwrap()), ["a"]);
}

/// Semantics 5.14 and 5.9: `wake_at` is all there is of timers, and paused runs keep their deadlines.
pub async fn parked_runs_wake_in_order(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    assert_eq!(owned.store.next_wake().await.unwrap(), None);
    for (id, at) in [("c", Some(30)), ("a", Some(10)), ("never", None), ("b", Some(20)), ("b2", Some(20))] {
        let key = owned.running(id).await;
        owned.commit(|batch| batch.updates.push(RunUpdate::parked(key, at))).await;
    }
    let paused = owned.running("paused").await;
    owned.commit(|batch| batch.updates.push(RunUpdate::paused(paused, Some(15), None))).await;
    assert_eq!(owned.store.next_wake().await.unwrap(), Some(10));
    assert_eq!(ids(&owned.store.due(9, 10).await.unwrap()), [""; 0]);
    assert_eq!(ids(&owned.store.due(20, 10).await.unwrap()), ["a", "paused", "b", "b2"]);
    assert_eq!(ids(&owned.store.due(99, 2).await.unwrap()), ["a", "paused"]);
    let first = owned.store.run("a").await.unwrap().unwrap().key;
    owned.commit(|batch| batch.updates.push(RunUpdate::started(first, 11))).await;
    assert_eq!(ids(&owned.store.due(20, 10).await.unwrap()), ["paused", "b", "b2"]);
    assert_eq!(owned.store.next_wake().await.unwrap(), Some(15));
}

pub async fn outputs_of_any_size_come_back(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let long = Value::from("x".repeat(3 * BLOB_THRESHOLD));
    for (id, output) in [("none", Value::Null), ("short", Value::from(1)), ("long", long)] {
        let key = owned.running(id).await;
        owned
            .commit(|batch| batch.updates.push(RunUpdate::ended(key, Status::Succeeded, 2, output.clone(), None)))
            .await;
        assert!(owned.store.run_output(key).await.unwrap() == output, "{id}");
    }
}
