//! Forgetting.

use super::fixture::{Owned, entry};
use std::sync::Arc;
use weir_base::Value;
use weir_engine::Status;
use weir_store::{
    Attempt, Effect, NewObservation, RetentionPolicy, RunKey, RunUpdate, SYSTEM_PROJECT, Snapshot, Store, Swept,
    VariableChange, VariableOp, VariableScope,
};

fn before(runs: i64) -> RetentionPolicy {
    RetentionPolicy { runs_before: Some(runs), limit: 100, ..RetentionPolicy::default() }
}

fn seen(run: RunKey, at: i64) -> NewObservation {
    let (path, kind, payload) = ("s".into(), "log".into(), "{}".into());
    NewObservation { run, path, attempt: 1, at, kind, payload }
}

pub async fn ended_runs_go_with_everything_of_theirs(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (old, new, open) = (owned.ended("old", 10).await, owned.ended("new", 20).await, owned.running("open").await);
    for run in [old, new, open] {
        owned
            .commit(|batch| {
                batch.observations.push(seen(run, 1));
                batch.effects.push(Effect { run, seq: 1, ordinal: 0 });
                batch.attempts.push(Attempt { run, path: "a".into(), attempt: 2, not_before: 0 });
                batch.snapshots.push(Snapshot { run, seq: 1, bytes: vec![1] });
            })
            .await;
    }
    let swept = owned.store.sweep(before(20)).await.unwrap();
    assert_eq!(swept, Swept { runs: 1, observations: 1, blobs: 0, more: false });
    let left = |run: RunKey, store: Arc<dyn Store>| async move {
        let rows = store.last_seq(run).await.unwrap() as usize + store.effects(run, 0).await.unwrap().len();
        let rows = rows + store.attempts(run).await.unwrap().len() + store.observations(run, 0, 9).await.unwrap().len();
        rows + store.snapshot(run).await.unwrap().iter().count() + store.run_by_key(run).await.unwrap().iter().count()
    };
    assert_eq!(left(old, owned.store.clone()).await, 0);
    assert_eq!(left(new, owned.store.clone()).await, 7);
    assert_eq!(left(open, owned.store.clone()).await, 5);
    assert_eq!(owned.store.run("old").await.unwrap(), None);
    assert_eq!(owned.store.run_output(old).await.unwrap(), Value::Null);
    owned.running("old").await;
}

pub async fn shared_blobs_stay(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (a, b, kept) = (owned.running("a").await, owned.running("b").await, owned.running("kept").await);
    let mut large = entry(a, 1);
    large.record.payload = "x".repeat(100_000);
    let journaled = weir_store::blob_hash(large.record.payload.as_bytes());
    owned.commit(|batch| batch.records.push(large)).await;
    let mine = owned.store.put_blob(Some(a), b"mine".to_vec()).await.unwrap();
    let ours = owned.store.put_blob(Some(a), b"ours".to_vec()).await.unwrap();
    let pinned = owned.store.put_blob(Some(a), b"pinned".to_vec()).await.unwrap();
    owned.store.put_blob(None, b"pinned".to_vec()).await.unwrap();
    for run in [b, kept] {
        owned.store.put_blob(Some(run), b"ours".to_vec()).await.unwrap();
    }
    for run in [a, b] {
        let status = weir_engine::Status::Cancelled;
        owned.commit(|batch| batch.updates.push(weir_store::RunUpdate::ended(run, status, 5, Value::Null, None))).await;
    }
    let swept = owned.store.sweep(before(6)).await.unwrap();
    assert_eq!((swept.runs, swept.blobs), (2, 2));
    for (hash, stays) in [(journaled, false), (mine, false), (ours, true), (pinned, true)] {
        assert_eq!(owned.store.blob(&hash).await.unwrap().is_some(), stays);
    }
}

/// Semantics 5.3.
pub async fn observations_have_their_own_age(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("open").await;
    owned.commit(|batch| batch.observations = (1..=10).map(|at| seen(run, at)).collect()).await;
    let policy = RetentionPolicy { observations_before: Some(8), limit: 100, ..RetentionPolicy::default() };
    let swept = owned.store.sweep(policy.clone()).await.unwrap();
    assert_eq!(swept, Swept { runs: 0, observations: 7, blobs: 0, more: false });
    let left = owned.store.observations(run, 0, 99).await.unwrap();
    assert_eq!(left.iter().map(|o| o.seen.at).collect::<Vec<_>>(), [8, 9, 10]);
    let all = RetentionPolicy { observations_before: Some(i64::MAX), ..policy };
    assert_eq!(owned.store.sweep(all).await.unwrap().observations, 3);
}

/// A variable keeps its value when the run that set it is forgotten; only the key of the change goes.
pub async fn a_call_is_bounded(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let first = owned.ended("0", 0).await;
    let scope = VariableScope { tenant: "".into(), project: "p".into(), service: None };
    let change = VariableChange::Set(Value::from(1));
    let op = VariableOp { run: first, path: "a".into(), at: 0, scope: scope.clone(), name: "v".into(), change };
    owned.store.change_variables(&[op]).await.unwrap().remove(0).unwrap();
    for number in 1..5 {
        owned.ended(&format!("{number}"), number).await;
    }
    let policy = RetentionPolicy { limit: 2, ..before(100) };
    let mut swept = Vec::new();
    for _ in 0..4 {
        let call = owned.store.sweep(policy.clone()).await.unwrap();
        swept.push((call.runs, call.more));
    }
    assert_eq!(swept, [(2, true), (2, true), (1, false), (0, false)]);
    assert_eq!(owned.store.variables(&scope, &["v".into()]).await.unwrap()["v"], Value::from(1));
    owned.store.reclaim().await.unwrap();
}

/// One tenant's runs can be forgotten alone, and so can those the installation has made for itself.
pub async fn a_sweep_may_be_of_one_tenant(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    for (id, tenant, project) in
        [("a", "t", "p"), ("b", "u", "p"), ("c", "t", SYSTEM_PROJECT), ("d", "u", SYSTEM_PROJECT)]
    {
        let mut run = owned.run(id, project, 1);
        run.place.tenant = tenant.into();
        let key = run.key;
        owned.commit(|batch| batch.runs.push(run)).await;
        let ended = RunUpdate::ended(key, Status::Succeeded, 2, "done".into(), None);
        owned.commit(|batch| batch.updates.push(ended)).await;
    }
    let policy =
        |tenant: Option<&str>, system| RetentionPolicy { tenant: tenant.map(Into::into), system, ..before(10) };
    for (policy, gone) in [
        (policy(Some("t"), Some(false)), &["a"][..]),
        (policy(Some("u"), Some(true)), &["a", "d"]),
        (policy(Some("nobody"), None), &["a", "d"]),
        (policy(None, Some(true)), &["a", "c", "d"]),
        (policy(Some("u"), None), &["a", "b", "c", "d"]),
    ] {
        owned.store.sweep(policy.clone()).await.unwrap();
        for id in ["a", "b", "c", "d"] {
            let there = owned.store.run(id).await.unwrap().is_some();
            assert_eq!(there, !gone.contains(&id), "{id} after {policy:?}");
        }
    }
}
