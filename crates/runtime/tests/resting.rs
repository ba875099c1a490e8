//! What the row of a run says while it waits: at once, truly, and without a commit of its own (semantics 5.14).

mod support;

use support::*;
use weir_base::{Duration, Text, Value};
use weir_engine::{Decision, Status};
use weir_runs::RunsPort;
use weir_runtime::Runtime;
use weir_store::{Batch, Place, Run, RunUpdate};

async fn both() -> [World; 2] {
    [World::memory(), World::sqlite().await].map(|world| World { real_time: true, ..world })
}

/// Runs leave memory as soon as they rest.
async fn parking() -> [World; 2] {
    parking_after(Duration::from_millis(0)).await
}

/// Runs stay in memory, and so write nothing of leaving it, however long the machine takes between two lines.
async fn staying() -> [World; 2] {
    parking_after(Duration::from_secs(3_600)).await
}

async fn parking_after(rest: Duration) -> [World; 2] {
    both().await.map(|world| world.with(|options| options.park_after = rest))
}

async fn parked(runtime: &Runtime) {
    while runtime.held_runs() > 0 {
        tokio::task::yield_now().await;
    }
}

fn reasons(waits: &[Text]) -> Vec<&str> {
    waits.iter().map(|reason| &**reason).collect()
}

#[tokio::test]
async fn a_run_is_listed_as_waiting_from_the_commit_on_that_makes_it_wait() {
    for world in staying().await {
        let runtime = world.open().await;
        let root = sequence(&[signal("a", "go"), task("t", "call", "{}"), signal("b", "on"), timer("c", "50ms")]);
        let before = runtime.load().commits.count();
        runtime.start(start(flow(&root), "r")).await.unwrap();
        assert_eq!(settled(&runtime, "r").await.status, Status::Waiting);
        assert_eq!(world.row("r").await.status, Status::Waiting);
        assert_eq!(runtime.load().commits.count() - before, 1, "the start says it");
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        assert_eq!(reasons(&settled(&runtime, "r").await.waiting), ["signal on"]);
        assert_eq!(world.row("r").await.status, Status::Waiting);
        assert_eq!(runtime.load().commits.count() - before, 3, "the signal, and the result that says it");
        let rows = runtime.load().rows_per_commit.sum;
        runtime.signal("r", "on", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, "r").await);
        let last = runtime.load();
        assert_eq!(last.commits.count() - before, 5, "the signal, and the timer with the end");
        // The second signal, that the run goes on, the timer, and the end.
        assert_eq!(last.rows_per_commit.sum - rows, 4, "nothing is said of so short a wait");
    }
}

#[tokio::test]
async fn a_run_that_asks_is_listed_as_waiting_though_nothing_else_is_written() {
    for world in both().await {
        let runtime = world.open().await;
        runtime.start(start(flow(&task("t", "charge", r#"{"do":"gate","value":7}"#)), "r")).await.unwrap();
        world.witness.wait_for(1).await;
        assert_eq!(world.row("r").await.status, Status::Running);
        let runtime = crash(&world, runtime).await;
        assert_eq!(reasons(&settled(&runtime, "r").await.waiting), ["decision t"]);
        assert_eq!(world.row("r").await.status, Status::Waiting);
        runtime.decide("r", "t", Decision::Retry).await.unwrap();
        world.witness.wait_for(2).await;
        assert_eq!(world.row("r").await.status, Status::Running);
        world.witness.gate.notify_one();
        succeeded(&ended(&runtime, "r").await);
    }
}

/// Also what no fold of the journal would tell: that a task waits for its next attempt.
#[tokio::test]
async fn what_a_run_waits_for_stays_with_its_row() {
    let retry = r#""retry":{"strategy":"exponential-backoff","maxAttempts":3,"initial":3600000,"coefficient":1}"#;
    let flaky = task_with("t", "call", r#"{"do":"flaky","times":2}"#, retry);
    for world in parking().await {
        let runtime = world.open().await;
        runtime.recovered().await;
        let steps = [sequence(&[signal("w", "go"), signal("v", "on")]), flaky.clone()];
        runtime.start(start(flow(&parallel(&steps)), "r")).await.unwrap();
        parked(&runtime).await;
        let row = world.row("r").await;
        assert_eq!((row.status, reasons(&row.waits)), (Status::Waiting, vec!["retry p/t", "signal go"]));
        let view = runtime.view("r").await.unwrap();
        assert_eq!((view.waiting, view.wake_at.is_some()), (row.waits, true));
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        parked(&runtime).await;
        let before = runtime.view("r").await.unwrap();
        assert_eq!(reasons(&before.waiting), ["retry p/t", "signal on"]);
        let runtime = crash(&world, runtime).await;
        parked(&runtime).await;
        let after = runtime.view("r").await.unwrap();
        assert_eq!((after.waiting, after.wake_at), (before.waiting, before.wake_at));
        assert_eq!(runtime.load().rows_per_commit.sum, 0, "it waits for what its row says");
        let forked = runtime.fork("r", 1, &[]).await.unwrap();
        assert_eq!(reasons(&settled(&runtime, &forked.run).await.waiting), ["retry p/t", "signal go"]);
    }
}

/// Between an event and the next parking the row names nothing that may be over, whenever the process dies.
#[tokio::test]
async fn a_row_names_nothing_that_is_over() {
    for world in parking().await {
        let runtime = world.open().await;
        runtime.recovered().await;
        let root = parallel(&[sequence(&[signal("w", "go"), signal("v", "on")]), timer("t", "1h")]);
        runtime.start(start(flow(&root), "r")).await.unwrap();
        parked(&runtime).await;
        assert!(world.row("r").await.wake_at.is_some());
        drop(runtime);
        tokio::task::yield_now().await;
        // It stays in memory now, and is not taken up after that.
        let world = world.with(|options| options.park_after = Duration::from_secs(3_600));
        let runtime = world.open().await;
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        let row = world.row("r").await;
        assert_eq!((row.status, row.wake_at, reasons(&row.waits)), (Status::Waiting, None, vec![]));
        drop(runtime);
        tokio::task::yield_now().await;
        let world = world.with(|options| options.take_up = false);
        let view = world.open().await.view("r").await.unwrap();
        assert_eq!((view.status, reasons(&view.waiting)), (Status::Waiting, vec!["signal on", "timer"]));
    }
}

/// Also with the row of a run that is paused, which names nothing that is over either.
#[tokio::test]
async fn what_a_paused_run_waits_for_stays_with_its_row() {
    for world in parking().await {
        let runtime = world.open().await;
        runtime.recovered().await;
        runtime.start(start(flow(&parallel(&[signal("w", "go"), timer("t", "1h")])), "r")).await.unwrap();
        runtime.pause("r").await.unwrap();
        parked(&runtime).await;
        let view = runtime.view("r").await.unwrap();
        assert_eq!((view.status, reasons(&view.waiting)), (Status::Paused, vec!["signal go", "timer"]));
        drop(runtime);
        tokio::task::yield_now().await;
        // It stays in memory now.
        let world = world.with(|options| options.park_after = Duration::from_secs(3_600));
        let runtime = world.open().await;
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        let row = world.row("r").await;
        assert_eq!((row.status, reasons(&row.waits)), (Status::Paused, vec![]));
        runtime.resume("r").await.unwrap();
        assert_eq!(reasons(&settled(&runtime, "r").await.waiting), ["timer"]);
    }
}

/// There is no journal that could be folded instead.
#[tokio::test]
async fn a_look_at_a_run_out_of_memory_reads_its_row_alone() {
    for world in both().await {
        let (store, mut run) = (&world.store, Run::new(world.store.next_run_key(), "r", Place::default(), "f", START));
        run.concurrency_key = Some(weir_store::elsewhere_key(Some("main")));
        let mut batch = Batch::new(store.claim(1, 0).await.unwrap());
        batch.updates.push(RunUpdate::parked(run.key, None).on(vec!["signal go".into()]));
        batch.runs.push(run);
        store.commit(batch).await.unwrap();
        let view = world.open().await.view("r").await.unwrap();
        assert_eq!((view.status, reasons(&view.waiting)), (Status::Waiting, vec!["signal go"]));
    }
}
