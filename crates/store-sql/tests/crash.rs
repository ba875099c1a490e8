//! What survives a loss of power (semantics 5.10).

use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use weir_engine::{Record, Status};
use weir_store::{
    BLOB_THRESHOLD, Batch, Blobs, CommitError, Entry, Epoch, Journal, Place, Retention, RetentionPolicy, Run, RunKey,
    RunUpdate, Runs, Store, StoreError,
};
use weir_store_sql::{SqlOptions, SqlStore, Synchronous};
use weir_testkit::{Disk, Fault, FaultPoint};

struct Machine {
    directory: TempDir,
    disk: Disk,
    synchronous: Synchronous,
}

impl Machine {
    fn new(synchronous: Synchronous) -> Self {
        Self { directory: TempDir::new().expect("a directory"), disk: Disk::new(), synchronous }
    }

    async fn open(&self) -> Result<SqlStore, StoreError> {
        let vfs = Some(self.disk.name().to_owned());
        let options = SqlOptions { vfs, synchronous: self.synchronous, checkpoint_pages: 20, ..SqlOptions::default() };
        SqlStore::open(Path::new(self.directory.path()), &options).await
    }
}

fn record(seq: u64) -> Record {
    let size = if seq.is_multiple_of(5) { BLOB_THRESHOLD + 1 } else { 300 };
    Record { seq, at: seq as i64, ty: "task_finished".into(), path: "a".into(), payload: "x".repeat(size) }
}

fn batch(epoch: Epoch, run: RunKey, seq: u64) -> Batch {
    let mut batch = Batch::new(epoch);
    batch.records.push(Entry { run, record: record(seq) });
    if seq.is_multiple_of(3) {
        batch.updates.push(RunUpdate::parked(run, Some(seq as i64)));
    }
    batch
}

/// Commits until something fails; returns the last number that was acknowledged, and the last durable one.
async fn work(store: &SqlStore, until: u64, durable: impl Fn(u64) -> bool) -> (u64, u64) {
    let (mut written, mut promised) = (0, 0);
    let Ok(epoch) = store.claim(1, 1).await else { return (0, 0) };
    let run = RunKey(1);
    let mut first = Batch::new(epoch);
    first.runs.push(Run { status: Status::Running, ..Run::new(run, "r", Place::default(), "f", 0) });
    if store.commit(first).await.is_err() {
        return (0, 0);
    }
    for seq in 1..=until {
        let mut next = batch(epoch, run, seq);
        next.durable = durable(seq);
        if store.commit(next).await.is_err() {
            break;
        }
        written = seq;
        promised = if durable(seq) { seq } else { promised };
    }
    (written, promised)
}

/// The records that are left, after checking that they are whole and the run's row agrees with them.
async fn left(store: &SqlStore) -> u64 {
    let records = store.records(RunKey(1), 1, u32::MAX).await.expect("a whole journal");
    assert!(records.iter().zip(1..).all(|(found, seq)| *found == record(seq)));
    let last = records.len() as u64;
    let wake_at = store.run("r").await.expect("reads").and_then(|run| run.wake_at);
    assert_eq!(wake_at.unwrap_or_default() as u64, last / 3 * 3, "the row is of the same moment as the journal");
    last
}

async fn crash_while_working(synchronous: Synchronous, durable: impl Fn(u64) -> bool) -> (u64, u64) {
    let machine = Machine::new(synchronous);
    let store = machine.open().await.unwrap();
    let (written, _) = work(&store, 40, durable).await;
    assert_eq!(written, 40);
    machine.disk.cut_power();
    drop(store);
    machine.disk.crash();
    let store = machine.open().await.unwrap();
    (written, left(&store).await)
}

#[tokio::test]
async fn committed_rows_survive_with_synchronous_full() {
    assert_eq!(crash_while_working(Synchronous::Full, |_| true).await, (40, 40));
}

#[tokio::test]
async fn committed_rows_are_lost_with_synchronous_off() {
    let machine = Machine::new(Synchronous::Off);
    let store = machine.open().await.unwrap();
    assert_eq!(work(&store, 40, |_| true).await, (40, 40));
    assert!(machine.disk.unsynced_files() > 0);
    machine.disk.cut_power();
    drop(store);
    machine.disk.crash();
    // Without syncs nothing at all is promised: the data may be gone, old, or not readable.
    let survived = match machine.open().await {
        Ok(store) => store.records(RunKey(1), 1, u32::MAX).await.map_or(0, |records| records.len()),
        Err(_) => 0,
    };
    assert!(survived < 40, "{survived}");
}

/// Semantics 5.10: a batch that waits has all before it on the disk; of those after it a crash may take the newest.
#[tokio::test]
async fn a_durable_batch_syncs_all_before_it() {
    let (written, left) = crash_while_working(Synchronous::Full, |seq| seq == 25).await;
    assert!((25..written).contains(&left), "{left}");
}

#[tokio::test]
async fn an_empty_durable_batch_syncs_too() {
    let machine = Machine::new(Synchronous::Full);
    let store = machine.open().await.unwrap();
    work(&store, 10, |_| false).await;
    let syncs = machine.disk.syncs();
    let epoch = store.claim(1, 2).await.unwrap();
    let mut rows = batch(epoch, RunKey(1), 11);
    rows.durable = false;
    store.commit(rows).await.unwrap();
    store.commit(Batch::new(epoch)).await.unwrap();
    assert!(machine.disk.syncs() > syncs);
    let quiet = machine.disk.syncs();
    store.commit(Batch::new(epoch)).await.unwrap();
    assert_eq!(machine.disk.syncs(), quiet, "nothing to wait for");
    machine.disk.cut_power();
    drop(store);
    machine.disk.crash();
    let store = machine.open().await.unwrap();
    assert_eq!(store.last_seq(RunKey(1)).await.unwrap(), 11);
}

/// Power fails at every single operation in turn, before and after it; what was promised is there each time.
#[tokio::test]
async fn every_moment_is_a_good_one_to_lose_power() {
    let machine = Machine::new(Synchronous::Full);
    let store = machine.open().await.unwrap();
    work(&store, 12, |seq| seq % 2 == 0).await;
    drop(store);
    let all = machine.disk.operations();
    assert!(all > 100, "{all}");
    for operation in (1..=all).step_by(3) {
        for (point, torn) in
            [(FaultPoint::Before, None), (FaultPoint::After, None), (FaultPoint::After, Some(operation))]
        {
            survive(Fault { operation, point }, torn).await;
        }
    }
}

async fn survive(fault: Fault, torn: Option<u64>) {
    let machine = Machine::new(Synchronous::Full);
    machine.disk.set_fault(Some(fault));
    let (mut written, mut promised) = (0, 0);
    if let Ok(store) = machine.open().await {
        (written, promised) = work(&store, 12, |seq| seq % 2 == 0).await;
    }
    match torn {
        None => machine.disk.crash(),
        Some(seed) => machine.disk.crash_torn(seed),
    }
    let store = machine.open().await.unwrap_or_else(|error| panic!("{fault:?} {torn:?}: {error}"));
    let left = left(&store).await;
    // A batch whose commit failed may have reached the disk all the same.
    assert!((promised..=written + 1).contains(&left), "{fault:?} {torn:?}: {promised} ≤ {left} ≤ {written} + 1");
    let epoch = store.claim(1, 2).await.unwrap();
    if left > 0 {
        store.commit(batch(epoch, RunKey(1), left + 1)).await.unwrap();
        assert_eq!(store.last_seq(RunKey(1)).await.unwrap(), left + 1);
    }
}

/// Semantics 5.4: after a failure the journal as the store reads it is what counts, and it is whole.
#[tokio::test]
async fn a_failed_commit_leaves_nothing_readable() {
    let machine = Machine::new(Synchronous::Full);
    let store = Arc::new(machine.open().await.unwrap());
    work(&store, 5, |_| true).await;
    let epoch = store.claim(1, 2).await.unwrap();
    machine.disk.cut_power();
    let error = store.commit(batch(epoch, RunKey(1), 6)).await.unwrap_err();
    assert!(matches!(error, CommitError::Stop(_)), "{error:?}");
    drop(store);
    machine.disk.crash();
    let store = machine.open().await.unwrap();
    assert_eq!(left(&store).await, 5);
}

/// A full disk stops the writing and damages nothing; with space again the work goes on.
#[tokio::test]
async fn a_full_disk_stops_and_damages_nothing() {
    let machine = Machine::new(Synchronous::Full);
    let store = machine.open().await.unwrap();
    work(&store, 5, |_| true).await;
    let epoch = store.claim(1, 2).await.unwrap();
    machine.disk.set_space(Some(machine.disk.bytes() + 300_000));
    let mut next = 6;
    let error = loop {
        match store.commit(batch(epoch, RunKey(1), next)).await {
            Ok(()) => next += 1,
            Err(error) => break error,
        }
        assert!(next < 1_000, "the disk is never full");
    };
    assert!(matches!(error, CommitError::Stop(StoreError::Full(_))), "{error:?}");
    assert_eq!(left(&store).await, next - 1);
    for _ in 0..3 {
        let again = store.commit(batch(epoch, RunKey(1), next)).await.unwrap_err();
        assert!(again.may_pass() && again.is_certain(), "{again:?}");
        assert_eq!(left(&store).await, next - 1, "and it can be read");
    }
    machine.disk.set_space(None);
    store.commit(batch(epoch, RunKey(1), next)).await.unwrap();
    drop(store);
    machine.disk.crash();
    assert_eq!(left(&machine.open().await.unwrap()).await, next);
}

/// A sync that fails for a while: nobody knows what the batch came to until the data has been opened again, and what
/// was acknowledged before is there, on the disk, whatever the failed sync has left.
#[tokio::test]
async fn a_sync_that_fails_is_not_believed_later() {
    for durable in [true, false] {
        let machine = Machine::new(Synchronous::Full);
        let store = machine.open().await.unwrap();
        work(&store, 5, |_| true).await;
        let epoch = store.claim(1, 2).await.unwrap();
        let mut quiet = batch(epoch, RunKey(1), 6);
        quiet.durable = durable;
        store.commit(quiet).await.unwrap();
        machine.disk.fail_syncs(2);
        let error = store.commit(batch(epoch, RunKey(1), 7)).await.unwrap_err();
        assert!(error.may_pass() && !error.is_certain(), "{error:?}");
        let again = store.renew().await.unwrap_err();
        assert!(again.may_pass(), "the next sync fails as well: {again:?}");
        store.renew().await.unwrap();
        let there = store.last_seq(RunKey(1)).await.unwrap();
        assert!((6..=7).contains(&there), "{there}");
        if there == 6 {
            store.commit(batch(epoch, RunKey(1), 7)).await.unwrap();
        }
        machine.disk.cut_power();
        drop(store);
        machine.disk.crash();
        assert_eq!(left(&machine.open().await.unwrap()).await, 7);
    }
}

/// As on a disk that throws away what it could not sync: what was acknowledged without waiting for the disk is gone,
/// and the owner hears of it before anything follows.
#[tokio::test]
async fn what_a_failed_sync_has_thrown_away_is_told() {
    let machine = Machine::new(Synchronous::Full);
    let store = machine.open().await.unwrap();
    work(&store, 5, |_| true).await;
    let epoch = store.claim(1, 2).await.unwrap();
    let mut quiet = batch(epoch, RunKey(1), 6);
    quiet.durable = false;
    store.commit(quiet).await.unwrap();
    machine.disk.fail_syncs_and_forget(1);
    let error = store.commit(batch(epoch, RunKey(1), 7)).await.unwrap_err();
    assert!(error.may_pass() && !error.is_certain(), "{error:?}");
    store.renew().await.unwrap();
    let lost = store.commit(batch(epoch, RunKey(1), 8)).await.unwrap_err();
    assert!(matches!(lost, CommitError::Lost(_)), "{lost:?}");
    assert_eq!(left(&store).await, 5);
    store.commit(batch(epoch, RunKey(1), 6)).await.unwrap();
    assert_eq!(left(&store).await, 6);
}

/// What a crash leaves undone of a removal, the next call does; the run is gone from the first moment on or whole.
#[tokio::test]
async fn a_removal_that_was_cut_off_is_finished() {
    let machine = Machine::new(Synchronous::Full);
    for number in 0..12 {
        let store = machine.open().await.unwrap();
        let epoch = store.claim(1, 1).await.unwrap();
        let run = store.next_run_key();
        let mut full = Batch::new(epoch);
        full.runs.push(Run::new(run, format!("{number}"), Place::default(), "f", 0));
        full.records = (1..=60).map(|seq| Entry { run, record: record(seq) }).collect();
        full.updates.push(RunUpdate::ended(run, Status::Failed, 1, weir_base::Value::Null, None));
        store.commit(full).await.unwrap();
        let operation = machine.disk.operations() + 1 + number * 9;
        machine.disk.set_fault(Some(Fault { operation, point: FaultPoint::After }));
        let policy = RetentionPolicy { runs_before: Some(2), limit: 10, ..RetentionPolicy::default() };
        let finished = store.sweep(policy.clone()).await.is_ok();
        machine.disk.set_fault(None);
        drop(store);
        machine.disk.crash_torn(number);
        let store = machine.open().await.unwrap();
        let listed = store.run(&format!("{number}")).await.unwrap().is_some();
        assert!(!(finished && listed), "{number}");
        if listed {
            assert_eq!(store.records(run, 1, 100).await.unwrap().len(), 60, "{number}");
        }
        assert!(store.next_run_key() > run || !listed);
        store.sweep(policy).await.unwrap();
        assert_eq!(store.last_seq(run).await.unwrap(), 0, "{number}");
        assert_eq!(store.blob(&weir_store::blob_hash(record(5).payload.as_bytes())).await.unwrap(), None);
        store.close().await.unwrap();
    }
}
