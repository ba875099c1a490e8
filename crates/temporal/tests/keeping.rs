//! Copies of journals, and how they are put together again. No cluster is needed.

mod support;

use async_trait::async_trait;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use weir_base::{Text, Value};
use weir_engine::{EventBody, Record, Status, StepError};
use weir_runtime::NoFinder;
use weir_store::{Batch, Flows, Journal, Place, RunUpdate, Runs, Store};

use weir_temporal::{Keeper, NotKept, Original, Row, Shipment, TemporalError};
use weir_testkit::MemoryStore;

fn row(seq: u64) -> Row {
    let event =
        weir_engine::Event::new(seq as i64, EventBody::Signal { name: "s".into(), id: None, payload: Value::Null });
    let Record { seq, at, ty, path, payload } = Record::encode(seq, &event);
    Row { seq, at, ty: ty.into_owned(), path, payload }
}

fn shipment(run: &str, rows: std::ops::RangeInclusive<u64>) -> Shipment {
    Shipment {
        run: run.into(),
        place: Place::default(),
        flow: None,
        version: "v".into(),
        name: "f".into(),
        created_at: 1,
        cause: None,
        up_to: None,
        rows: rows.map(row).collect(),
        logs: Vec::new(),
        waits: false,
        waiting: Vec::new(),
        paused: false,
        end: None,
    }
}

async fn keeper() -> (Arc<MemoryStore>, Keeper) {
    let store = Arc::new(MemoryStore::new());
    let epoch = store.claim(1, 0).await.unwrap();
    let keeper = Keeper::new(store.clone(), epoch, Arc::new(NoFinder), Arc::new(support::catalog()));
    (store, keeper)
}

const FLOW: &str = r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"main","sequence":{"children":[]}}}"#;

/// A run that still has its records from a number on, three at a time; or a cluster that says this. Then what it says
/// the first time it is asked for its flow, if that is not its flow.
struct Run(Result<u64, TemporalError>, AtomicUsize, Mutex<Option<TemporalError>>);

impl Run {
    fn from(first: u64) -> Self {
        Self(Ok(first), AtomicUsize::new(0), Mutex::default())
    }

    fn that_says(error: TemporalError) -> Self {
        Self(Err(error), AtomicUsize::new(0), Mutex::default())
    }
}

#[async_trait]
impl Original for Run {
    async fn rows(&self, _: &str, from: u64) -> Result<Vec<Row>, TemporalError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let first = self.0.clone()?;
        Ok((from.max(first)..from.max(first) + 3).map(row).collect())
    }

    async fn flow(&self, _: &str) -> Result<String, TemporalError> {
        self.2.lock().unwrap().take().map_or_else(|| Ok(FLOW.to_owned()), Err)
    }

    async fn end(&self, _: &str, _: &str) -> Result<(), TemporalError> {
        self.1.fetch_add(100, Ordering::Relaxed);
        self.0.clone().map(drop)
    }
}

async fn kept(store: &MemoryStore, run: &str) -> (Status, Text, Vec<u64>) {
    let row = store.run(run).await.unwrap().unwrap();
    let seqs = store.records(row.key, 1, 100).await.unwrap().iter().map(|record| record.seq).collect();
    (row.status, row.error.map(|error| error.code).unwrap_or_default(), seqs)
}

/// Semantics 7(g): a part that comes again, whole or with more, leaves each record once and changes none.
#[tokio::test]
async fn a_part_that_is_told_again_changes_nothing() {
    let (store, keeper) = keeper().await;
    for part in [1..=2, 1..=2, 2..=4, 1..=3] {
        keeper.keep(&shipment("r", part)).await.unwrap();
    }
    assert_eq!(kept(&store, "r").await, (Status::Running, "".into(), (1..=4).collect()));
    let mut other = shipment("r", 3..=5);
    other.rows[0].payload = "{\"name\":\"other\"}".to_owned();
    keeper.keep(&other).await.unwrap();
    let key = store.run("r").await.unwrap().unwrap().key;
    let payloads: Vec<String> = store.records(key, 1, 9).await.unwrap().into_iter().map(|row| row.payload).collect();
    assert_eq!(payloads, (1..=5).map(|seq| row(seq).payload).collect::<Vec<_>>());
}

/// A server has the first record of its runs before anything comes, and a paused run is asked for what it waits for, too.
#[tokio::test]
async fn what_a_run_waits_for_is_kept_with_no_new_record_and_while_it_is_paused() {
    let (store, keeper) = keeper().await;
    let waits: Vec<Text> = vec!["signal approve:main/ask".into(), "timer".into()];
    let part = |seq, waits: &[Text], paused| Shipment {
        waits: !waits.is_empty(),
        waiting: waits.to_vec(),
        paused,
        ..shipment("r", seq..=seq)
    };
    for (part, status, waits) in [
        (part(1, &[], false), Status::Running, &[][..]),
        (part(1, &waits, false), Status::Waiting, &waits),
        (part(2, &waits, true), Status::Paused, &waits),
        (part(1, &[], false), Status::Paused, &waits),
        (part(3, &[], false), Status::Running, &[]),
    ] {
        keeper.keep(&part).await.unwrap();
        let row = store.run("r").await.unwrap().unwrap();
        assert_eq!((row.status, &*row.waits), (status, waits), "{part:?}");
    }
}

/// What a run waits for is told when no record says it; what came late, or early, is put into its place.
#[tokio::test]
async fn what_a_run_waits_for_is_kept_where_it_comes_without_records() {
    let (store, keeper) = keeper().await;
    let decision: Vec<Text> = vec!["decision main/pay".into()];
    keeper.keep(&shipment("r", 1..=3)).await.unwrap();
    let run = Run::from(1);
    for (up_to, status, waits, seqs) in
        [(2, Status::Running, &[][..], 3), (3, Status::Waiting, &decision, 3), (5, Status::Waiting, &decision, 6)]
    {
        let told = Shipment { rows: Vec::new(), up_to: Some(up_to), waits: true, ..shipment("r", 1..=1) };
        keeper.keep_whole(&Shipment { waiting: decision.clone(), ..told }, &run).await.unwrap();
        let row = store.run("r").await.unwrap().unwrap();
        assert_eq!((row.status, &*row.waits), (status, waits), "up to {up_to}");
        assert_eq!(kept(&store, "r").await.2, (1..=seqs).collect::<Vec<u64>>(), "up to {up_to}");
    }
}

#[tokio::test]
async fn what_is_missing_is_fetched_from_the_run() {
    let (store, keeper) = keeper().await;
    keeper.keep(&shipment("r", 1..=2)).await.unwrap();
    assert_eq!(keeper.keep(&shipment("r", 9..=10)).await, Err(NotKept::Missing { from: 3 }));
    let run = Run::from(1);
    keeper.keep_whole(&shipment("r", 9..=10), &run).await.unwrap();
    assert_eq!(kept(&store, "r").await, (Status::Running, "".into(), (1..=10).collect()));
    assert_eq!(run.1.load(Ordering::Relaxed), 2, "three at a time");
    keeper.keep_whole(&shipment("unknown", 3..=3), &Run::from(1)).await.unwrap();
    assert_eq!(kept(&store, "unknown").await.2, [1, 2, 3]);
    let flow = store.flow_version("", "v").await.unwrap().expect("the run's flow");
    assert_eq!((&*flow.name, weir_ir::from_json(&flow.ir).unwrap().name.as_str()), ("f", "f"));
}

/// It is said once, and nobody tries for ever.
#[tokio::test]
async fn what_is_gone_for_good_ends_the_copy_and_says_so() {
    for gone in [Run::from(5), Run::that_says(TemporalError::NotFound("r".into()))] {
        let (store, keeper) = keeper().await;
        keeper.keep(&shipment("r", 1..=2)).await.unwrap();
        keeper.keep_whole(&shipment("r", 9..=10), &gone).await.unwrap();
        let wanted = (Status::Failed, "JOURNAL_INCOMPLETE".into(), vec![1, 2]);
        assert_eq!(kept(&store, "r").await, wanted);
        keeper.keep_whole(&shipment("r", 11..=12), &gone).await.unwrap();
        assert_eq!((kept(&store, "r").await, gone.1.load(Ordering::Relaxed)), (wanted, 1));
    }
}

#[tokio::test]
async fn a_run_that_does_not_answer_is_asked_again() {
    let (store, keeper) = keeper().await;
    keeper.keep(&shipment("r", 1..=2)).await.unwrap();
    let silent = Run::that_says(TemporalError::Failed("nobody".into()));
    let error = keeper.keep_whole(&shipment("r", 9..=9), &silent).await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    assert_eq!(kept(&store, "r").await.0, Status::Running);
}

/// Once its records are here nobody asks for the flow any more.
#[tokio::test]
async fn a_flow_that_is_not_told_at_once_is_asked_for_again() {
    let run = Run::from(1);
    for (said, again) in [(TemporalError::Failed("nobody".into()), true), (TemporalError::Wrong("what?".into()), false)]
    {
        let (store, keeper) = keeper().await;
        *run.2.lock().unwrap() = Some(said);
        let kept_at_once = keeper.keep_whole(&shipment("r", 3..=3), &run).await;
        assert_eq!(kept_at_once.is_err_and(|error| error.may_pass()), again);
        keeper.keep_whole(&shipment("r", 3..=3), &run).await.unwrap();
        assert_eq!(kept(&store, "r").await.2, [1, 2, 3]);
        assert_eq!(store.flow_version("", "v").await.unwrap().is_some(), again, "a run that cannot tell goes without");
    }
}

/// Their rows are written together, each run's in order.
#[tokio::test]
async fn many_runs_are_kept_at_once() {
    let (store, keeper) = keeper().await;
    let before = store.commit_count();
    let keeper = Arc::new(keeper);
    let mut tasks = tokio::task::JoinSet::new();
    for run in 0..32 {
        let keeper = keeper.clone();
        tasks.spawn(async move {
            for part in 0..5 {
                keeper.keep(&shipment(&format!("r{run}"), part * 2 + 1..=part * 2 + 2)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    // The first part of each makes a row, too.
    let commits = store.commit_count() - before;
    assert!(commits <= 32, "{commits} commits of 160 parts");
    for run in 0..32 {
        assert_eq!(kept(&store, &format!("r{run}")).await.2, (1..=10).collect::<Vec<u64>>());
    }
}

/// The row of a run as it is here, over in some way.
async fn over(store: &MemoryStore, keeper: &Keeper, status: Status, code: &str) {
    keeper.keep(&shipment("r", 1..=2)).await.unwrap();
    let key = store.run("r").await.unwrap().unwrap().key;
    let mut batch = Batch::new(keeper.copies.epoch());
    let error = (!code.is_empty()).then(|| StepError::new(code, "internal", "over"));
    batch.updates.push(RunUpdate::ended(key, status, 3, Value::Null, error));
    keeper.copies.commit(batch).await.unwrap();
}

/// A slow cluster may begin a run that nobody found there: it is told, and nothing of it stands behind the end here.
#[tokio::test]
async fn a_run_that_was_cancelled_here_is_cancelled_where_it_began() {
    let (store, keeper) = keeper().await;
    over(&store, &keeper, Status::Cancelled, "").await;
    let run = Run::from(1);
    keeper.keep_whole(&shipment("r", 2..=4), &run).await.unwrap();
    assert_eq!(run.1.load(Ordering::Relaxed), 100, "it is told");
    assert_eq!(kept(&store, "r").await, (Status::Cancelled, "".into(), vec![1, 2]));
    let silent = Run::that_says(TemporalError::Failed("nobody".into()));
    assert!(keeper.keep_whole(&shipment("r", 5..=5), &silent).await.unwrap_err().may_pass(), "it is told again");
}

#[tokio::test]
async fn a_run_whose_journal_comes_is_nobody_elses() {
    let (store, keeper) = keeper().await;
    over(&store, &keeper, Status::Failed, "TEMPORAL_ID_TAKEN").await;
    keeper.keep_whole(&shipment("r", 3..=4), &Run::from(1)).await.unwrap();
    let (status, _, seqs) = kept(&store, "r").await;
    assert_eq!((status, seqs), (Status::Running, vec![1, 2, 3, 4]));
}
