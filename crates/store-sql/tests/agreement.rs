//! A law: whatever is done to it, a database answers as the store in memory does.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use weir_base::Value;
use weir_engine::{Record, Status};
use weir_store::{
    Attempt, BLOB_THRESHOLD, Batch, Claim, CommitError, Effect, Entry, Epoch, InboxKey, NewMessage, NewObservation,
    PageRequest, Place, QueueId, RetentionPolicy, Run, RunFilter, RunKey, RunUpdate, Snapshot, Store, VariableChange,
    VariableOp, VariableScope,
};
use weir_store_sql::{PgOptions, PgStore, SqlOptions, SqlStore};
use weir_testkit::postgres::Database;
use weir_testkit::{Disk, MemoryStore};

/// One row of a batch; the numbers choose among few runs, paths and times, so that they meet.
#[derive(Clone, Debug)]
enum Row {
    Start(u8),
    Update(u8, u8, i64),
    Record(u8, u8, bool),
    Attempt(u8, u8, u32),
    Done(u8, u8),
    Effect(u8, u8),
    Observe(u8, i64),
    Snapshot(u8, u8),
    Taken(u8),
}

#[derive(Clone, Debug)]
enum Step {
    Commit { rows: Vec<Row>, durable: bool, stale: bool },
    Variable(u8, u8, u8),
    Post(u8),
    Blob(u8, u8),
    Sweep(i64, i64, u32),
}

const RUNS: u8 = 6;

fn row() -> impl Strategy<Value = Row> {
    let run = 1..=RUNS;
    prop_oneof![
        4 => run.clone().prop_map(Row::Start),
        4 => (run.clone(), 0u8..6, 0i64..9).prop_map(|(run, change, at)| Row::Update(run, change, at)),
        8 => (run.clone(), 0u8..12, prop::bool::weighted(0.1)).prop_map(|(run, step, large)| Row::Record(run, step, large)),
        2 => (run.clone(), 0u8..3, 2u32..5).prop_map(|(run, path, number)| Row::Attempt(run, path, number)),
        1 => (run.clone(), 0u8..3).prop_map(|(run, path)| Row::Done(run, path)),
        2 => (run.clone(), 0u8..4).prop_map(|(run, seq)| Row::Effect(run, seq)),
        2 => (run.clone(), 0i64..9).prop_map(|(run, at)| Row::Observe(run, at)),
        1 => (run, 0u8..9).prop_map(|(run, seq)| Row::Snapshot(run, seq)),
        1 => (1u8..5).prop_map(Row::Taken),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let rows = prop_oneof![9 => prop::collection::vec(row(), 0..8), 1 => prop::collection::vec(row(), 100..300)];
    prop_oneof![
        8 => (rows, any::<bool>(), prop::bool::weighted(0.05))
            .prop_map(|(rows, durable, stale)| Step::Commit { rows, durable, stale }),
        1 => (1..=RUNS, 0u8..4, 0u8..3).prop_map(|(run, path, change)| Step::Variable(run, path, change)),
        1 => (1..=RUNS).prop_map(Step::Post),
        1 => (0..=RUNS, 0u8..3).prop_map(|(run, content)| Step::Blob(run, content)),
        1 => (0i64..9, 0i64..9, 1u32..4).prop_map(|(runs, observations, limit)| Step::Sweep(runs, observations, limit)),
    ]
}

fn key(run: u8) -> RunKey {
    RunKey(i64::from(run))
}

fn run(number: u8) -> Run {
    let project = ["a", "b"][usize::from(number) % 2].into();
    let mut run = Run::new(key(number), format!("run {number}"), Place { project, ..Place::default() }, "f", 0);
    run.priority = i32::from(number) % 3;
    run
}

fn update(run: u8, change: u8, at: i64) -> RunUpdate {
    match change {
        0 => RunUpdate::started(key(run), at),
        1 => RunUpdate::parked(key(run), Some(at)).on(vec![format!("signal {at}").into()]),
        2 => RunUpdate::parked(key(run), None),
        3 => RunUpdate::paused(key(run), Some(at), None),
        4 => RunUpdate::ended(key(run), Status::Succeeded, at, Value::from("x".repeat(70_000)), None),
        _ => RunUpdate::ended(key(run), Status::Failed, at, Value::from(at), None),
    }
}

/// A record of the run after those it has already, here or in the batch; now and then one that is taken.
fn record(batch: &Batch, last: u64, run: u8, step: u8, large: bool) -> Entry {
    let in_batch = batch.records.iter().rev().find(|entry| entry.run == key(run)).map(|entry| entry.record.seq);
    let seq = match step {
        0 if in_batch.is_none() => last.max(1),
        _ => in_batch.unwrap_or(last) + 1,
    };
    let ty = if step == 1 { "continued" } else { "task_finished" };
    let payload = if large { format!("{step}").repeat(BLOB_THRESHOLD) } else { format!("{step}") };
    Entry { run: key(run), record: Record { seq, at: seq as i64, ty: ty.into(), path: "ü".into(), payload } }
}

async fn batch(store: &dyn Store, epoch: Epoch, rows: &[Row], durable: bool) -> Batch {
    let mut batch = Batch { durable, ..Batch::new(epoch) };
    for row in rows {
        match *row {
            Row::Start(number) => batch.runs.push(run(number)),
            Row::Update(run, change, at) => batch.updates.push(update(run, change, at)),
            Row::Record(run, step, large) => {
                let last = store.last_seq(key(run)).await.expect("reads");
                batch.records.push(record(&batch, last, run, step, large));
            }
            Row::Attempt(run, path, attempt) => {
                batch.attempts.push(Attempt { run: key(run), path: format!("{path}").into(), attempt, not_before: 1 });
            }
            Row::Done(run, path) => batch.attempts_done.push((key(run), format!("{path}").into())),
            Row::Effect(run, seq) => batch.effects.push(Effect { run: key(run), seq: seq.into(), ordinal: 0 }),
            Row::Observe(run, at) => batch.observations.push(NewObservation {
                run: key(run),
                path: "p".into(),
                attempt: 1,
                at,
                kind: "log".into(),
                payload: "{}".into(),
            }),
            Row::Snapshot(run, seq) => {
                batch.snapshots.push(Snapshot { run: key(run), seq: seq.into(), bytes: vec![seq] })
            }
            Row::Taken(number) => batch.inbox_done.push(InboxKey(number.into())),
        }
    }
    batch
}

/// What the step answered, as text.
async fn perform(store: &dyn Store, epoch: Epoch, step: &Step) -> String {
    match step {
        Step::Commit { rows, durable, stale } => {
            let epoch = if *stale { Epoch(epoch.0 - 1) } else { epoch };
            let batch = batch(store, epoch, rows, *durable).await;
            let answer = store.commit(batch).await;
            match answer {
                Err(CommitError::Invalid(_)) => "invalid".to_owned(),
                // Which of several conflicts is named is not promised.
                Err(CommitError::RunExists { .. } | CommitError::SeqTaken { .. } | CommitError::StaleOwner { .. }) => {
                    "conflict".to_owned()
                }
                other => format!("{other:?}"),
            }
        }
        Step::Variable(run, path, change) => {
            let change = match change {
                0 => VariableChange::Increment(1.0),
                1 => VariableChange::Append(Value::from(1)),
                _ => VariableChange::Set(Value::Null),
            };
            let op = VariableOp {
                run: key(*run),
                path: format!("{path}").into(),
                at: 1,
                scope: scope(),
                name: "v".into(),
                change,
            };
            format!("{:?}", store.change_variables(&[op]).await)
        }
        Step::Post(run) => {
            let message =
                NewMessage { run: format!("run {run}").into(), kind: "go".into(), payload: "1".into(), at: 1 };
            format!("{:?}", store.post(message).await)
        }
        Step::Blob(run, content) => {
            let run = (*run > 0).then(|| key(*run));
            format!("{:?}", store.put_blob(run, vec![*content; 10]).await)
        }
        Step::Sweep(runs, observations, limit) => {
            let policy = RetentionPolicy {
                runs_before: Some(*runs),
                observations_before: Some(*observations),
                limit: *limit,
                ..RetentionPolicy::default()
            };
            format!("{:?}", store.sweep(policy).await)
        }
    }
}

fn scope() -> VariableScope {
    VariableScope { tenant: "".into(), project: "p".into(), service: None }
}

/// Everything a store can be asked for, as text.
async fn portrait(store: &dyn Store) -> Vec<String> {
    let mut lines = Vec::new();
    let page = PageRequest { before: None, limit: 4 };
    lines.push(format!("{:?}", store.list_runs(&RunFilter::default(), page).await));
    lines.push(format!(
        "{:?}",
        store
            .list_runs(
                &RunFilter {
                    text: Some("RUN".into()),
                    statuses: vec![Status::Waiting, Status::Failed],
                    ..RunFilter::default()
                },
                page
            )
            .await
    ));
    lines.push(format!("{:?}", store.unfinished(None, 3).await));
    lines.push(format!("{:?} {:?}", store.due(5, 3).await, store.next_wake().await));
    lines.push(format!("{:?}", store.count_runs(None).await));
    let after = Some(QueueId { tenant: "".into(), project: "a".into() });
    lines.push(format!("{:?}", store.runnable(&Claim { limit: 3, after, ..Claim::default() }).await));
    lines.push(format!("{:?}", store.messages(InboxKey::default(), 9).await));
    lines.push(format!("{:?}", store.variables(&scope(), &["v".into(), "w".into()]).await));
    for number in 0..=RUNS {
        let run = key(number);
        let records = store.records(run, 2, 50).await;
        lines.push(format!("{number} {:?} {:?}", records, store.first_of_link(run).await));
        lines.push(format!("{:?} {:?}", store.attempts(run).await, store.effects(run, 1).await));
        // Their numbers rise; nobody promises which they are.
        let seen =
            store.observations(run, 0, 9).await.map(|found| found.into_iter().map(|o| o.seen).collect::<Vec<_>>());
        lines.push(format!("{seen:?} {:?}", store.snapshot(run).await));
        lines.push(format!("{:?}", store.run_output(run).await.map(|output| weir_base::hash_value_hex(&output))));
        lines.push(format!("{:?}", store.blob(&weir_store::blob_hash(&[number; 10])).await));
    }
    lines
}

async fn on_sqlite(steps: &[Step]) {
    let (directory, disk) = (TempDir::new().expect("a directory"), Disk::new());
    let options = SqlOptions { vfs: Some(disk.name().to_owned()), ..SqlOptions::default() };
    agree(Arc::new(SqlStore::open(directory.path(), &options).await.expect("opens")), steps).await;
}

async fn on_postgres(steps: &[Step]) {
    let database = Database::fresh().await;
    agree(Arc::new(PgStore::open(&database.url(), &PgOptions::default()).await.expect("opens")), steps).await;
}

async fn agree(sql: Arc<dyn Store>, steps: &[Step]) {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let epoch = sql.claim(1, 1).await.expect("claims");
    assert_eq!(memory.claim(1, 1).await.expect("claims"), epoch);
    for step in steps {
        let answers = (perform(&*sql, epoch, step).await, perform(&*memory, epoch, step).await);
        assert_eq!(answers.0, answers.1, "the database and memory differ at {step:?}");
    }
    for (sql, memory) in portrait(&*sql).await.into_iter().zip(portrait(&*memory).await) {
        assert_eq!(sql, memory);
    }
    sql.close().await.expect("closes");
}

fn check(cases: u32, agree: impl AsyncFn(&[Step])) {
    let runtime = Runtime::new().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let steps = prop::collection::vec(step(), 1..25);
    runner
        .run(&steps, |steps| {
            runtime.block_on(agree(&steps));
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn sqlite_answers_as_memory_does() {
    check(60, on_sqlite);
}

#[test]
fn postgres_answers_as_memory_does() {
    check(10, on_postgres);
}
