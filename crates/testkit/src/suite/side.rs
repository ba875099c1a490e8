//! What lies beside the journal: attempts, effects, observations, snapshots, the inbox, blobs.

use super::fixture::Owned;
use std::sync::Arc;
use weir_store::{Attempt, Effect, InboxKey, NewMessage, NewObservation, RunKey, Snapshot, Store, blob_hash};

/// Semantics 5.6.
pub async fn attempts_last_until_their_result(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (run, other) = (owned.running("a").await, owned.running("b").await);
    let attempt =
        |run, path: &str, attempt| Attempt { run, path: path.into(), attempt, not_before: 10 * i64::from(attempt) };
    owned
        .commit(|batch| batch.attempts = vec![attempt(run, "x", 2), attempt(run, "y", 2), attempt(other, "x", 2)])
        .await;
    owned.commit(|batch| batch.attempts = vec![attempt(run, "x", 3), attempt(run, "x", 4)]).await;
    assert_eq!(owned.store.attempts(run).await.unwrap(), [attempt(run, "x", 4), attempt(run, "y", 2)]);
    owned.commit(|batch| batch.attempts_done = vec![(run, "x".into()), (run, "never".into())]).await;
    assert_eq!(owned.store.attempts(run).await.unwrap(), [attempt(run, "y", 2)]);
    assert_eq!(owned.store.attempts(other).await.unwrap(), [attempt(other, "x", 2)]);
}

/// Semantics 5.5.
pub async fn effects_are_performed_once(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    let effect = |seq, ordinal| Effect { run, seq, ordinal };
    for _ in 0..2 {
        owned.commit(|batch| batch.effects = vec![effect(2, 1), effect(2, 0), effect(1, 0), effect(2, 1)]).await;
    }
    assert_eq!(owned.store.effects(run, 0).await.unwrap(), [effect(1, 0), effect(2, 0), effect(2, 1)]);
    assert_eq!(owned.store.effects(run, 2).await.unwrap(), [effect(2, 0), effect(2, 1)]);
    assert!(owned.store.effects(RunKey(run.0 + 1), 0).await.unwrap().is_empty());
}

/// Semantics 5.3.
pub async fn observations_are_kept_in_order(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (run, other) = (owned.running("a").await, owned.running("b").await);
    let seen = |run, at: i64| {
        let (path, kind, payload) = ("s".into(), "log".into(), format!("{at}"));
        NewObservation { run, path, attempt: 3, at, kind, payload }
    };
    owned.commit(|batch| batch.observations = vec![seen(run, 5), seen(other, 1), seen(run, 4)]).await;
    owned.commit(|batch| batch.observations = vec![seen(run, 6)]).await;
    let first = owned.store.observations(run, 0, 2).await.unwrap();
    assert_eq!(first.iter().map(|o| o.seen.clone()).collect::<Vec<_>>(), [seen(run, 5), seen(run, 4)]);
    let rest = owned.store.observations(run, first[1].number, 10).await.unwrap();
    assert_eq!(rest.iter().map(|o| o.seen.at).collect::<Vec<_>>(), [6]);
}

/// Semantics 5.12.
pub async fn the_newest_snapshot_counts(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    assert_eq!(owned.store.snapshot(run).await.unwrap(), None);
    let snapshot = |seq: u64| Snapshot { run, seq, bytes: vec![seq as u8, 0, 255] };
    owned.commit(|batch| batch.snapshots = vec![snapshot(1), snapshot(2)]).await;
    assert_eq!(owned.store.snapshot(run).await.unwrap(), Some(snapshot(2)));
    owned.commit(|batch| batch.snapshots = vec![snapshot(3)]).await;
    assert_eq!(owned.store.snapshot(run).await.unwrap(), Some(snapshot(3)));
}

/// Semantics 5.13: others reach runs through the owner.
pub async fn messages_are_taken_up_once(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let message = |kind: &str| NewMessage { run: "a".into(), kind: kind.into(), payload: "{}".into(), at: 1 };
    let first = owned.store.post(message("signal")).await.unwrap();
    let second = owned.store.post(message("cancel")).await.unwrap();
    let waiting = owned.store.messages(InboxKey::default(), 10).await.unwrap();
    assert_eq!(
        waiting.iter().map(|m| (m.key, &*m.message.kind)).collect::<Vec<_>>(),
        [(first, "signal"), (second, "cancel")]
    );
    assert_eq!(owned.store.messages(first, 10).await.unwrap().len(), 1);
    owned.commit(|batch| batch.inbox_done = vec![first, second]).await;
    assert!(owned.store.messages(InboxKey::default(), 10).await.unwrap().is_empty());
    assert!(owned.store.post(message("pause")).await.unwrap() > second);
    let mut stale = weir_store::Batch::new(weir_store::Epoch(owned.epoch.0 - 1));
    stale.inbox_done = vec![InboxKey(second.0 + 1)];
    assert!(owned.store.commit(stale).await.is_err());
    assert_eq!(owned.store.messages(second, 10).await.unwrap().len(), 1);
}

pub async fn blobs_are_named_by_content(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    for bytes in [vec![], vec![0, 255, 0], vec![7; 2_000_000]] {
        let hash = owned.store.put_blob(Some(run), bytes.clone()).await.unwrap();
        assert_eq!(hash, blob_hash(&bytes));
        assert_eq!(owned.store.put_blob(None, bytes.clone()).await.unwrap(), hash);
        assert!(owned.store.blob(&hash).await.unwrap() == Some(bytes));
    }
    assert_eq!(owned.store.blob("none").await.unwrap(), None);
}
