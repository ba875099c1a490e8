//! Runs that runs start: semantics 5.5.

mod support;

use support::*;
use weir_base::Value;
use weir_engine::{EventBody, Status};
use weir_runs::RunsPort;
use weir_runtime::Runtime;
use weir_store::Place;

async fn publish(runtime: &Runtime, name: &str, root: &str) {
    let weir_runs::FlowRef::Source(source) = flow_named(name, "", root) else { unreachable!() };
    let place = Place { tenant: "".into(), project: "local".into(), service: "default".into() };
    runtime.publish(&place, &source).await.unwrap();
}

#[tokio::test]
async fn a_child_is_a_run_of_its_own() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        publish(&runtime, "child", &task("t", "call", r#"{"value":5}"#)).await;
        let view = run(&runtime, flow(&sequence(&[call("c", "child", "")])), "r").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(5)));
        assert_eq!(world.journal("r").await, ["started", "child_finished"]);
        assert_eq!(world.journal("r/s/c").await, ["started", "task_finished"]);
        assert_eq!(world.witness.calls()[0].key, "r/s/c/t");
    }
}

#[tokio::test]
async fn what_a_child_fails_with_its_parent_sees() {
    let world = World::memory();
    let runtime = world.open().await;
    publish(&runtime, "child", &task("t", "call", r#"{"do":"fail"}"#)).await;
    let view = run(&runtime, flow(&call("c", "child", "")), "r").await;
    assert_eq!((view.status, code(&view)), (Status::Failed, "BROKEN"));
    assert_eq!(view.error.as_ref().map(|error| &*error.category), Some("child"));
    let view = run(&runtime, flow(&call("c", "nobody", "")), "u").await;
    assert_eq!(code(&view), "FLOW_UNKNOWN");
}

/// Semantics 5.8 for children: a cancel reaches them, and nothing is waited for.
#[tokio::test]
async fn a_cancel_reaches_the_child() {
    let world = World::memory();
    let runtime = world.open().await;
    publish(&runtime, "child", &task("t", "call", r#"{"do":"never"}"#)).await;
    runtime.start(start(flow(&call("c", "child", "")), "r")).await.unwrap();
    world.witness.wait_for(1).await;
    runtime.cancel("r", "").await.unwrap();
    assert_eq!(ended(&runtime, "r").await.status, Status::Cancelled);
    assert_eq!(ended(&runtime, "r/c").await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_detached_child_goes_its_own_way() {
    let world = World::memory();
    let runtime = world.open().await;
    publish(&runtime, "child", &sequence(&[signal("w", "go"), task("t", "call", "{}")])).await;
    let view = run(&runtime, flow(&call("c", "child", r#","detached":true"#)), "r").await;
    assert_eq!((view.status, view.output), (Status::Succeeded, Value::from("r/c")));
    while runtime.view("r/c").await.is_err() {
        tokio::task::yield_now().await;
    }
    runtime.signal("r/c", "go", None, Value::Null).await.unwrap();
    succeeded(&ended(&runtime, "r/c").await);
    assert_eq!(world.journal("r").await, ["started"]);
}

/// Semantics 5.5: after a crash the parent asks each open child for its state, whether it ended before or after.
#[tokio::test]
async fn rule_5_5_the_parent_asks_its_children_after_a_crash() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        publish(&runtime, "child", &sequence(&[signal("w", "go"), task("t", "call", r#"{"value":8}"#)])).await;
        runtime.start(start(flow(&call("c", "child", "")), "r")).await.unwrap();
        // A view may come from memory; what a crash leaves is on disk.
        while world.store.run("r/c").await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        drop(runtime);
        tokio::task::yield_now().await;
        let runtime = world.open().await;
        runtime.recovered().await;
        runtime.signal("r/c", "go", None, Value::Null).await.unwrap();
        assert_eq!(ended(&runtime, "r").await.output, Value::from(8));
        let starts = world.events("r/c").await.iter().filter(|event| matches!(event, EventBody::Started(_))).count();
        assert_eq!(starts, 1, "it was not started a second time");
        // The child's end is on disk, the parent's record of it is not: as if the process had died in between.
        let again = World::on(world.store.clone(), None);
        let mut row = again.row("r").await;
        let key = again.store.next_run_key();
        (row.id, row.key, row.status, row.ended_at) = ("r2".into(), key, Status::Running, None);
        let epoch = again.store.claim(1, 0).await.unwrap();
        let mut batch = weir_store::Batch::new(epoch);
        let mut child = again.row("r/c").await;
        (child.id, child.key) = ("r2/c".into(), again.store.next_run_key());
        let mut record = again.records("r").await[0].clone();
        record.payload = record.payload.replace("\"r\"", "\"r2\"");
        batch.records.push(weir_store::Entry { run: key, record });
        batch.runs.extend([row, child]);
        again.store.commit(batch).await.unwrap();
        let runtime = again.open().await;
        succeeded(&ended(&runtime, "r2").await);
        assert_eq!(again.journal("r2").await, ["started", "child_finished"]);
    }
}
