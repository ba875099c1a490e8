//! The one door for writing: `Store::commit`.

use super::fixture::{Owned, entry, record};
use std::collections::HashSet;
use std::sync::Arc;
use weir_store::{Attempt, CommitError, Effect, Entry, Epoch, NewObservation, RunKey, Store};

pub async fn a_batch_is_written_whole_or_not_at_all(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.running("a").await;
    owned.commit(|batch| batch.records.push(entry(key, 1))).await;
    let other = owned.run("b", "local", 2);
    let (other_key, mut batch) = (other.key, owned.batch());
    batch.runs.push(other);
    batch.effects.push(Effect { run: key, seq: 1, ordinal: 0 });
    batch.records = vec![entry(other_key, 1), entry(key, 1)];
    let error = owned.store.commit(batch).await.unwrap_err();
    assert_eq!(error, CommitError::SeqTaken { run: key, seq: 1 });
    assert_eq!(owned.store.run("b").await.unwrap(), None);
    assert!(owned.store.effects(key, 0).await.unwrap().is_empty());
    assert!(owned.numbers(other_key).await.is_empty());
    owned.commit(|batch| batch.records.push(entry(key, 2))).await;
    assert_eq!(owned.numbers(key).await, [1, 2]);
}

/// Semantics 5.13.
pub async fn a_stale_epoch_is_refused(store: Arc<dyn Store>) {
    let old = Owned::claim(store.clone()).await;
    let key = old.running("a").await;
    let new = Owned::claim(store.clone()).await;
    assert!(new.epoch > old.epoch);
    for epoch in [old.epoch, Epoch(new.epoch.0 + 1), Epoch::default()] {
        let mut rows = weir_store::Batch::new(epoch);
        rows.records.push(entry(key, 1));
        assert_eq!(store.commit(rows.clone()).await, Err(CommitError::StaleOwner { epoch }));
        rows.effects.push(Effect { run: key, seq: 1, ordinal: 0 });
        assert_eq!(store.commit(rows).await, Err(CommitError::StaleOwner { epoch }));
    }
    assert!(new.numbers(key).await.is_empty());
    new.commit(|batch| batch.records.push(entry(key, 1))).await;
    assert_eq!(new.numbers(key).await, [1]);
}

/// Semantics 5.13: every append checks (run, seq).
pub async fn a_taken_number_is_refused(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (a, b) = (owned.running("a").await, owned.running("b").await);
    owned.commit(|batch| batch.records = vec![entry(a, 1), entry(a, 2), entry(b, 1)]).await;
    let mut batch = owned.batch();
    batch.records = vec![entry(b, 2), entry(a, 2), entry(a, 3)];
    assert_eq!(owned.store.commit(batch).await, Err(CommitError::SeqTaken { run: a, seq: 2 }));
    assert_eq!((owned.numbers(a).await, owned.numbers(b).await), (vec![1, 2], vec![1]));
}

pub async fn a_second_run_with_the_same_id_is_refused(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    owned.running("a").await;
    let mut batch = owned.batch();
    batch.runs = vec![owned.run("b", "local", 1), owned.run("a", "local", 1)];
    assert_eq!(owned.store.commit(batch).await, Err(CommitError::RunExists { id: "a".into() }));
    assert_eq!(owned.store.run("b").await.unwrap(), None);
}

/// Semantics 5.1.
pub async fn a_batch_that_contradicts_itself_is_refused(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.running("a").await;
    for numbers in [&[1, 3][..], &[2, 1], &[1, 1], &[0]] {
        let mut batch = owned.batch();
        batch.records = numbers.iter().map(|seq| entry(key, *seq)).collect();
        let error = owned.store.commit(batch).await.unwrap_err();
        assert!(matches!(error, CommitError::Invalid(_)), "{numbers:?}: {error}");
    }
    assert!(owned.numbers(key).await.is_empty());
}

pub async fn large_batches_are_written_whole(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    for (round, count) in [127u64, 128, 129, 1_000].into_iter().enumerate() {
        let key = owned.running(&format!("run {round}")).await;
        owned
            .commit(|batch| {
                batch.records = (1..=count).map(|seq| entry(key, seq)).collect();
                batch.effects = (1..=count).map(|seq| Effect { run: key, seq, ordinal: 0 }).collect();
                batch.observations = (1..=count).map(|seq| observation(key, seq)).collect();
                batch.attempts = (1..=count).map(|seq| attempt(key, seq)).collect();
            })
            .await;
        assert_eq!(owned.numbers(key).await, (1..=count).collect::<Vec<_>>());
        assert_eq!(owned.store.effects(key, 0).await.unwrap().len() as u64, count);
        assert_eq!(owned.store.observations(key, 0, u32::MAX).await.unwrap().len() as u64, count);
        assert_eq!(owned.store.attempts(key).await.unwrap().len() as u64, count);
    }
}

fn observation(run: RunKey, seq: u64) -> NewObservation {
    let (path, kind) = ("a".into(), "log".into());
    NewObservation { run, path, attempt: 1, at: seq as i64, kind, payload: "{}".into() }
}

fn attempt(run: RunKey, seq: u64) -> Attempt {
    Attempt { run, path: format!("{seq}").into(), attempt: 2, not_before: 0 }
}

pub async fn batches_of_many_tasks_all_arrive(store: Arc<dyn Store>) {
    let owned = Arc::new(Owned::claim(store).await);
    let mut tasks = Vec::new();
    for number in 0..16 {
        let owned = owned.clone();
        tasks.push(tokio::spawn(async move {
            let key = owned.running(&format!("run {number}")).await;
            for seq in 1..=20 {
                owned.commit(|batch| batch.records.push(entry(key, seq))).await;
            }
            key
        }));
    }
    for task in tasks {
        let key = task.await.expect("runs");
        assert_eq!(owned.numbers(key).await, (1..=20).collect::<Vec<_>>());
    }
}

/// Semantics 5.10: what does not wait for the disk is there for readers all the same.
pub async fn batches_that_do_not_wait_are_read_at_once(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.running("a").await;
    for seq in 1..=5 {
        owned
            .commit(|batch| {
                batch.durable = seq % 2 == 0;
                batch.records.push(Entry { run: key, record: record(seq) });
            })
            .await;
        assert_eq!(owned.store.last_seq(key).await.unwrap(), seq);
    }
    owned.commit(|_| ()).await;
    assert_eq!(owned.numbers(key).await, [1, 2, 3, 4, 5]);
}

pub async fn run_keys_never_repeat(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut seen = HashSet::new();
    let mut last = RunKey::default();
    for number in 0..10 {
        let key = owned.running(&format!("{number}")).await;
        assert!(seen.insert(key) && key > last, "{key}");
        last = key;
    }
}
