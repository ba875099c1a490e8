//! Reading the journal.

use super::fixture::{Owned, entry, record, text};
use std::sync::Arc;
use weir_engine::{Event, EventBody, Record, TaskResult};
use weir_store::{Attempt, BLOB_THRESHOLD, Effect, Entry, RunKey, Snapshot, Store, StoreError, blob_hash};

pub async fn records_come_back_as_they_were_written(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.running("a").await;
    let result = Box::new(TaskResult::success("naïve \u{1F30A} \" \\ \u{0}\u{7f}".into()));
    let path = text("проверка/items[2]/emoji 🦦 \"quoted\"");
    let bodies = [
        EventBody::TaskFinished { path, result },
        EventBody::Signal { name: "go".into(), id: None, payload: weir_base::Value::Null },
        EventBody::Pause,
        EventBody::Cancel { reason: "x".repeat(5_000).into() },
    ];
    let events: Vec<Event> = (1..).zip(bodies).map(|(at, body)| Event::new(at * 1_000_000_000_000, body)).collect();
    let records: Vec<Record> = (1..).zip(&events).map(|(seq, event)| Record::encode(seq, event)).collect();
    owned.commit(|batch| batch.records = records.iter().map(|r| Entry { run: key, record: r.clone() }).collect()).await;
    let read = owned.store.records(key, 1, 100).await.unwrap();
    assert_eq!(read, records);
    let decoded: Vec<Event> = read.iter().map(|record| record.decode().unwrap()).collect();
    assert_eq!(decoded, events);
}

/// Semantics 5.1.
pub async fn numbers_are_dense(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.running("a").await;
    assert_eq!(owned.store.last_seq(key).await.unwrap(), 0);
    owned.commit(|batch| batch.records = (1..=10).map(|seq| entry(key, seq)).collect()).await;
    let cases: [(u64, u32, std::ops::RangeInclusive<u64>); 4] =
        [(1, 3, 1..=3), (0, 2, 1..=2), (9, 5, 9..=10), (10, 1, 10..=10)];
    for (from, limit, expected) in cases {
        let read = owned.store.records(key, from, limit).await.unwrap();
        assert_eq!(read.iter().map(|record| record.seq).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
    assert!(owned.store.records(key, 11, 5).await.unwrap().is_empty());
    assert_eq!(owned.store.last_seq(key).await.unwrap(), 10);
    owned.commit(|batch| batch.records.push(entry(key, 12))).await;
    let error = owned.store.records(key, 1, 100).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

/// What is read of many at once is what is read of each.
pub async fn short_histories_are_read_together(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut keys = Vec::new();
    for (id, records) in [("none", 0), ("one", 1), ("three", 3), ("four", 4), ("kept", 2)] {
        let run = owned.running(id).await;
        owned.commit(|batch| batch.records = (1..=records).map(|seq| entry(run, seq)).collect()).await;
        keys.push(run);
    }
    let (three, kept) = (keys[2], keys[4]);
    owned
        .commit(|batch| {
            batch
                .records
                .push(Entry { run: three, record: Record { payload: "x".repeat(BLOB_THRESHOLD + 1), ..record(4) } });
            batch.effects = [(2, 0), (1, 1), (1, 0)].map(|(seq, ordinal)| Effect { run: three, seq, ordinal }).to_vec();
            batch.attempts.extend(["b", "a"].map(|path| attempt(three, path)));
            batch.snapshots.push(Snapshot { run: kept, seq: 2, bytes: vec![1] });
        })
        .await;
    let found = owned.store.histories(&keys, 4).await.unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [keys[1], three, keys[3]]);
    for (run, history) in &found {
        assert_eq!(history.records, owned.store.records(*run, 1, 10).await.unwrap());
        assert_eq!(history.effects, owned.store.effects(*run, 0).await.unwrap());
        assert_eq!(history.attempts, owned.store.attempts(*run).await.unwrap());
    }
    assert_eq!((found[&three].effects.len(), found[&three].attempts.len()), (3, 2));
    assert_eq!(owned.store.histories(&keys, 3).await.unwrap().len(), 1);
    assert!(owned.store.histories(&[], 3).await.unwrap().is_empty());
}

fn attempt(run: RunKey, path: &str) -> Attempt {
    Attempt { run, path: text(path), attempt: 2, not_before: 7 }
}

pub async fn large_payloads_are_transparent(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let key = owned.running("a").await;
    let sizes = [BLOB_THRESHOLD - 1, BLOB_THRESHOLD, BLOB_THRESHOLD + 1, 1_000_000, BLOB_THRESHOLD + 1];
    for (seq, size) in (1..).zip(sizes) {
        let mut entry = entry(key, seq);
        entry.record.payload = "é".repeat(size / 2) + &"x".repeat(size % 2);
        let wanted = entry.record.clone();
        owned.commit(|batch| batch.records.push(entry)).await;
        let read = owned.store.records(key, seq, 1).await.unwrap();
        assert!(read == [wanted.clone()], "{size} bytes");
        let blob = owned.store.blob(&blob_hash(wanted.payload.as_bytes())).await.unwrap();
        assert_eq!(blob.is_some(), size > BLOB_THRESHOLD, "{size} bytes");
    }
    assert_eq!(owned.numbers(key).await, [1, 2, 3, 4, 5]);
}

/// Semantics 5.12.
pub async fn folding_begins_at_the_newest_link(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (key, other) = (owned.running("a").await, owned.running("b").await);
    assert_eq!(owned.store.first_of_link(key).await.unwrap(), 1);
    let body = EventBody::Continued { state: weir_base::Value::Null };
    for seq in 1..=9 {
        let record =
            if seq % 4 == 0 { Record::encode(seq, &Event::new(0, body.clone())) } else { super::fixture::record(seq) };
        owned.commit(|batch| batch.records.push(Entry { run: key, record })).await;
        assert_eq!(owned.store.first_of_link(key).await.unwrap(), (seq / 4 * 4).max(1));
    }
    assert_eq!(owned.store.first_of_link(other).await.unwrap(), 1);
}

/// Whoever reads along misses nothing and sees nothing twice, of one run or of all.
pub async fn rows_of_all_runs_are_numbered(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (a, b) = (owned.running("a").await, owned.running("b").await);
    owned.commit(|batch| batch.records = vec![entry(a, 1), entry(b, 1), entry(a, 2)]).await;
    owned.commit(|batch| batch.records = vec![entry(b, 2), entry(a, 3)]).await;
    let read = async |after, run, limit| owned.store.entries_after(after, run, limit).await.unwrap();
    let all = read(0, None, 100).await;
    let shown: Vec<(RunKey, u64)> = all.iter().map(|row| (row.entry.run, row.entry.record.seq)).collect();
    assert_eq!(shown, [(a, 1), (b, 1), (a, 2), (b, 2), (a, 3)]);
    assert!(all.is_sorted_by(|one, next| one.number < next.number));
    assert_eq!(all[4].entry, entry(a, 3));
    assert_eq!(read(all[1].number, None, 2).await, all[2..4]);
    let of_a: Vec<_> = all.iter().filter(|row| row.entry.run == a).cloned().collect();
    assert_eq!(read(0, Some(a), 100).await, of_a);
    assert_eq!(read(of_a[0].number, Some(a), 1).await, of_a[1..2]);
    assert_eq!(owned.store.newest_entry().await.unwrap(), all[4].number);
}

/// Whoever follows a tenant's runs reads past those of others without seeing more of them than that they are there.
pub async fn rows_of_one_tenant_are_read_past_those_of_others(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut keys = Vec::new();
    for tenant in ["t", "u"] {
        let mut run = owned.run(tenant, "p", 1);
        run.place.tenant = tenant.into();
        keys.push(run.key);
        owned.commit(|batch| batch.runs.push(run)).await;
    }
    let (own, other) = (keys[0], keys[1]);
    owned.commit(|batch| batch.records = vec![entry(own, 1), entry(other, 1), entry(other, 2), entry(own, 2)]).await;
    let all = owned.store.entries_after(0, None, 100).await.unwrap();
    let read = async |tenant, after, limit| {
        let found = owned.store.tenant_entries_after(tenant, after, limit).await.unwrap();
        assert!(found.entries.iter().all(|row| row.entry.record.payload.is_empty()));
        let seqs: Vec<_> = found.entries.iter().map(|row| (row.number, row.entry.run, row.entry.record.seq)).collect();
        (seqs, found.looked, found.more)
    };
    let number = |place: usize| all[place].number;
    assert_eq!(read("t", 0, 100).await, (vec![(number(0), own, 1), (number(3), own, 2)], number(3), false));
    assert_eq!(read("u", 0, 100).await, (vec![(number(1), other, 1), (number(2), other, 2)], number(3), false));
    assert_eq!(read("t", number(0), 2).await, (vec![], number(2), true));
    assert_eq!(read("none", number(3), 2).await, (vec![], number(3), false));
}
