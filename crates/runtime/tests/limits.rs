//! How many at once, who is next, and what stays in memory.

mod support;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use support::*;
use weir_base::{Duration, Value};
use weir_engine::Status;
use weir_runs::{RunsPort, StartRun};
use weir_runtime::RetentionOptions;
use weir_store::StoreError;
use weir_testkit::MemoryStore;

/// Runs that wait at a gate, opened one at a time: how many are under way together.
async fn check(world: World, flow_members: &str, starts: Vec<StartRun>, at_once: usize) {
    let runtime = world.open().await;
    runtime.recovered().await;
    let count = starts.len();
    let flow = flow_with(flow_members, &task("t", "call", r#"{"do":"gate"}"#));
    for request in starts {
        runtime.start(StartRun { flow: flow.clone(), ..request }).await.unwrap();
    }
    for done in 0..count {
        let expected = (done + at_once).min(count);
        world.witness.wait_for(expected).await;
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.witness.calls().len(), expected, "{flow_members}");
        world.witness.gate.notify_one();
    }
    for n in 0..count {
        succeeded(&ended(&runtime, &format!("r{n}")).await);
    }
}

fn starts(count: usize, change: impl Fn(usize, &mut StartRun)) -> Vec<StartRun> {
    (0..count)
        .map(|n| {
            let mut request = start(weir_runs::FlowRef::Newest("".into()), &format!("r{n}"));
            change(n, &mut request);
            request
        })
        .collect()
}

#[tokio::test]
async fn limits_hold_per_tenant() {
    let one = World::memory().with(|options| options.runs_per_tenant = Some(2));
    check(one, "", starts(6, |_, _| {}), 2).await;
    let two = World::memory().with(|options| options.runs_per_tenant = Some(1));
    let tenant = |n: usize, request: &mut StartRun| request.tenant = if n.is_multiple_of(2) { "a" } else { "b" }.into();
    check(two, "", starts(6, tenant), 2).await;
}

#[tokio::test]
async fn limits_hold_per_flow() {
    let world = World::memory().with(|options| options.runs_per_flow = Some(3));
    check(world, "", starts(7, |_, _| {}), 3).await;
}

#[tokio::test]
async fn limits_hold_per_key() {
    let whole = r#""settings":{"concurrency":{"limit":1}},"#;
    check(World::memory(), whole, starts(3, |_, _| {}), 1).await;
    let keyed = r#""settings":{"concurrency":{"key":"input.customer","limit":1}},"#;
    let customer = |n: usize, request: &mut StartRun| request.input = Value::object([("customer", (n % 3).into())]);
    for world in [World::memory(), World::sqlite().await] {
        check(world, keyed, starts(6, customer), 3).await;
    }
}

/// Those of before are looked for once the store answers, and the run that began meanwhile is not one of them.
#[tokio::test(start_paused = true)]
async fn a_run_that_begins_while_others_are_taken_up_holds_one_place() {
    let store = Arc::new(MemoryStore::new());
    store.fail_look(0, StoreError::Io("the connection is lost".into()));
    let world = World::on(store, None).with(|options| options.runs_per_flow = Some(1));
    let runtime = world.open().await;
    let flow = flow(&signal("w", "go"));
    for (n, id) in ["first", "second"].into_iter().enumerate() {
        assert_eq!(&*runtime.start(start(flow.clone(), id)).await.unwrap().run, id);
        assert_eq!(runtime.load().pending, n as u64);
    }
    runtime.recovered().await;
    assert_eq!((runtime.load().open, runtime.load().pending), (vec![("".into(), 1)], 1));
    for id in ["first", "second"] {
        assert_eq!(settled(&runtime, id).await.status, Status::Waiting);
        runtime.signal(id, "go", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, id).await);
    }
    assert_eq!((runtime.load().open, runtime.load().pending), (vec![], 0));
}

/// Runs beyond what memory is to hold wait in the store.
#[tokio::test]
async fn memory_is_bounded() {
    let world = World::memory().with(|options| options.held_runs = 2);
    check(world, "", starts(6, |_, _| {}), 2).await;
}

/// One project's long queue does not keep another one waiting.
#[tokio::test]
async fn projects_take_turns() {
    let world = World::memory().with(|options| options.runs_per_tenant = Some(1));
    let runtime = world.open().await;
    let flow = flow(&task("t", "call", r#"{"do":"gate"}"#));
    for n in 0..6 {
        let project = if n < 4 { "crowded" } else { "small" };
        let request = StartRun { project: project.into(), ..start(flow.clone(), &format!("{project}{n}")) };
        runtime.start(request).await.unwrap();
    }
    for done in 1..=6 {
        world.witness.wait_for(done).await;
        world.witness.gate.notify_one();
    }
    let order: Vec<_> =
        world.witness.calls().iter().map(|call| call.key.split('/').next().unwrap().to_owned()).collect();
    assert_eq!(order, ["crowded0", "small4", "crowded1", "small5", "crowded2", "crowded3"]);
}

/// Whoever asks for a run may be slower than the run: it stays in memory when the answer reaches them at last.
#[tokio::test]
async fn a_run_that_waited_its_turn_stays_in_memory_however_late_its_start_is_answered() {
    let world = World::memory().with(|options| options.runs_per_flow = Some(1));
    let runtime = world.open().await;
    runtime.recovered().await;
    let flow = flow(&signal("w", "go"));
    runtime.start(start(flow.clone(), "first")).await.unwrap();
    let mut starting = runtime.start(start(flow, "second"));
    while world.store.run("second").await.unwrap().is_none() {
        assert!(poll_fn(|cx| Poll::Ready(starting.as_mut().poll(cx))).await.is_pending());
        tokio::task::yield_now().await;
    }
    runtime.signal("first", "go", None, Value::Null).await.unwrap();
    while runtime.held_runs() != 1 || world.row("second").await.status != Status::Waiting {
        tokio::task::yield_now().await;
    }
    assert_eq!(starting.await.unwrap().status, Status::Waiting);
    assert_eq!(runtime.held_runs(), 1);
}

/// A run whose turn has not come can be signalled and cancelled; neither makes it start.
#[tokio::test]
async fn a_pending_run_takes_requests() {
    for world in [World::memory(), World::sqlite().await] {
        let world = world.with(|options| options.runs_per_flow = Some(1));
        let runtime = world.open().await;
        let steps = [task("t", "call", r#"{"do":"gate"}"#), signal("w", "go")];
        for id in ["first", "second", "third"] {
            runtime.start(start(flow(&sequence(&steps)), id)).await.unwrap();
        }
        assert_eq!(runtime.view("third").await.unwrap().status, Status::Pending);
        runtime.signal("third", "go", None, Value::from(3)).await.unwrap();
        runtime.cancel("second", "").await.unwrap();
        assert_eq!(ended(&runtime, "second").await.status, Status::Cancelled);
        assert_eq!(world.witness.calls().len(), 1);
        world.witness.gate.notify_one();
        runtime.signal("first", "go", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, "first").await);
        world.witness.wait_for(2).await;
        world.witness.gate.notify_one();
        let view = ended(&runtime, "third").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(3)));
    }
}

/// Pending runs and their places survive a crash.
#[tokio::test]
async fn limits_hold_after_a_crash() {
    let world = World::memory().with(|options| options.runs_per_flow = Some(1));
    let runtime = world.open().await;
    for id in ["a", "b"] {
        runtime.start(start(flow(&task("t", "call", r#"{"do":"gate"}"#)), id)).await.unwrap();
    }
    world.witness.wait_for(1).await;
    drop(runtime);
    tokio::task::yield_now().await;
    let runtime = world.open().await;
    runtime.recovered().await;
    world.witness.wait_for(2).await;
    assert_eq!(runtime.view("b").await.unwrap().status, Status::Pending);
    world.witness.gate.notify_one();
    succeeded(&ended(&runtime, "a").await);
    world.witness.wait_for(3).await;
    world.witness.gate.notify_one();
    succeeded(&ended(&runtime, "b").await);
}

/// Runs that only wait leave memory and come back when their time, or a signal, comes.
#[tokio::test]
async fn rule_5_14_parked_runs_leave_memory_and_come_back() {
    for world in [World::memory(), World::sqlite().await] {
        let world = World { real_time: true, ..world }.with(|options| options.park_after = Duration::from_millis(0));
        let runtime = world.open().await;
        runtime.recovered().await;
        let root = sequence(&[task("a", "call", "{}"), timer("t", "30ms"), signal("w", "go"), task("b", "call", "{}")]);
        for n in 0..20 {
            runtime.start(start(flow(&root), &format!("r{n}"))).await.unwrap();
        }
        for n in 0..20 {
            let id = format!("r{n}");
            while world.journal(&id).await.len() < 3 || world.row(&id).await.status != Status::Waiting {
                tokio::task::yield_now().await;
            }
        }
        while runtime.held_runs() > 0 {
            tokio::task::yield_now().await;
        }
        for n in 0..20 {
            let id = format!("r{n}");
            assert_eq!(world.row(&id).await.wake_at, None, "only a signal wakes it now");
            runtime.signal(&id, "go", None, Value::Null).await.unwrap();
            succeeded(&ended(&runtime, &id).await);
            assert_eq!(
                world.journal(&id).await,
                ["started", "task_finished", "timer_fired", "signal", "task_finished"]
            );
        }
        assert_eq!(world.witness.calls().len(), 40);
        runtime.stop().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    for world in [World::memory(), World::sqlite().await] {
        let hour = Duration::from_secs(3_600);
        let world = world
            .with(|options| options.retention = RetentionOptions { runs: Some(hour), observations: None, every: hour });
        let runtime = world.open().await;
        succeeded(&run(&runtime, flow(&task("t", "call", r#"{"do":"log"}"#)), "old").await);
        runtime.start(start(flow(&signal("w", "go")), "open")).await.unwrap();
        succeeded(&run(&runtime, flow(&timer("t", "2h")), "new").await);
        runtime.sweep().await;
        assert!(runtime.view("old").await.is_err());
        assert!(runtime.view("open").await.is_ok() && runtime.view("new").await.is_ok());
    }
}
