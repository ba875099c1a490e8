//! What a crash leaves and what is made of it: semantics 5.4 to 5.7, 5.11, 5.12.

mod support;

use std::sync::Arc;
use support::*;
use weir_base::Value;
use weir_engine::{Decision, EventBody, Record, Status};
use weir_runs::{RunsError, RunsPort};
use weir_store::{Batch, CommitError, Entry};
use weir_testkit::MemoryStore;

/// Dies as a killed process would, and opens the same data again.
async fn both() -> [World; 2] {
    [World::memory(), World::sqlite().await]
}

/// Semantics 5.5, 5.7: a command without a result is issued again with the same key; one with a result is not.
#[tokio::test]
async fn rule_5_5_what_has_no_result_is_issued_again() {
    for world in both().await {
        let runtime = world.open().await;
        let steps = [task("a", "call", r#"{"value":1}"#), task("b", "call", r#"{"do":"gate","value":2}"#)];
        runtime.start(start(flow(&sequence(&steps)), "r")).await.unwrap();
        world.witness.wait_for(2).await;
        let runtime = crash(&world, runtime).await;
        world.witness.wait_for(3).await;
        world.witness.gate.notify_one();
        let view = ended(&runtime, "r").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(2)));
        assert_eq!(world.witness.paths(), ["s/a#1", "s/b#1", "s/b#1"]);
        assert_eq!(world.journal("r").await, ["started", "task_finished", "task_finished"]);
    }
}

/// Semantics 5.7: a mark is on disk before an attempt that must not be repeated unawares.
#[tokio::test]
async fn rule_5_7_a_mark_without_a_result_asks() {
    for world in both().await {
        let runtime = world.open().await;
        runtime.start(start(flow(&task("t", "charge", r#"{"do":"gate","value":7}"#)), "r")).await.unwrap();
        world.witness.wait_for(1).await;
        assert_eq!(world.journal("r").await, ["started", "dispatched"]);
        let runtime = crash(&world, runtime).await;
        let view = settled(&runtime, "r").await;
        assert_eq!((view.status, view.waiting), (Status::Waiting, vec!["decision t".into()]));
        assert_eq!(world.witness.calls().len(), 1, "nothing is repeated unasked");
        let wrong = runtime.decide("r", "elsewhere", Decision::Retry).await;
        assert!(matches!(wrong, Err(RunsError::Rejected { code: "NO_DECISION_OPEN", .. })));
        runtime.decide("r", "t", Decision::Retry).await.unwrap();
        world.witness.wait_for(2).await;
        world.witness.gate.notify_one();
        let view = ended(&runtime, "r").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(7)));
        assert_eq!(world.journal("r").await, ["started", "dispatched", "decided", "dispatched", "task_finished"]);
        assert_eq!(world.witness.paths(), ["t#1", "t#2"]);
    }
}

/// Semantics 5.7: the step's own policy decides without asking, and the decision is an event.
#[tokio::test]
async fn rule_5_7_the_policy_decides() {
    for (policy, status, calls) in [("fail", Status::Failed, 1), ("retry", Status::Succeeded, 2)] {
        let world = World::memory();
        let runtime = world.open().await;
        let root = task_with("t", "charge", r#"{"do":"gate"}"#, &format!(r#""onUnknown":"{policy}""#));
        runtime.start(start(flow(&root), "r")).await.unwrap();
        world.witness.wait_for(1).await;
        let runtime = crash(&world, runtime).await;
        world.witness.wait_for(calls).await;
        world.witness.gate.notify_one();
        let view = ended(&runtime, "r").await;
        assert_eq!((view.status, world.witness.calls().len()), (status, calls), "{policy}");
        assert!(world.journal("r").await.contains(&"decided".to_owned()));
        if status == Status::Failed {
            assert_eq!(code(&view), "OUTCOME_UNKNOWN");
        }
    }
}

/// Semantics 5.7: without a mark the attempt was never made, so it is made now, with no question.
#[tokio::test]
async fn rule_5_7_no_mark_means_issue_it() {
    let world = World::memory();
    let runtime = world.open().await;
    let steps = [signal("w", "go"), task("t", "charge", r#"{"value":1}"#)];
    runtime.start(start(flow(&sequence(&steps)), "r")).await.unwrap();
    let runtime = crash(&world, runtime).await;
    runtime.signal("r", "go", None, Value::Null).await.unwrap();
    succeeded(&ended(&runtime, "r").await);
    assert_eq!(world.journal("r").await, ["started", "signal", "dispatched", "task_finished"]);
}

/// A run that nobody has taken up again tells what it waits for, as it did before.
#[tokio::test]
async fn a_waiting_run_tells_what_for_also_after_a_crash() {
    for world in both().await {
        // The virtual clock would go on to the timer.
        let world = World { real_time: true, ..world };
        let runtime = world.open().await;
        let root = parallel(&[signal("w", "go"), timer("t", "1h")]);
        runtime.start(start(flow(&root), "r")).await.unwrap();
        let before = settled(&runtime, "r").await;
        assert_eq!((before.status, &before.waiting[..]), (Status::Waiting, &["signal go".into(), "timer".into()][..]));
        let runtime = crash(&world, runtime).await;
        let after = runtime.view("r").await.unwrap();
        assert_eq!((after.status, after.waiting), (Status::Waiting, before.waiting));
    }
}

/// Semantics 5.6: the attempts already made count after a crash, and the wait goes on where it was.
#[tokio::test]
async fn rule_5_6_attempts_survive_a_crash() {
    for world in both().await {
        let world = World { real_time: true, ..world };
        let runtime = world.open().await;
        let retry = r#""retry":{"strategy":"exponential-backoff","maxAttempts":3,"initial":3600000,"coefficient":1}"#;
        runtime.start(start(flow(&task_with("t", "call", r#"{"do":"flaky","times":2}"#, retry)), "r")).await.unwrap();
        let view = settled(&runtime, "r").await;
        assert_eq!((view.status, view.waiting), (Status::Waiting, vec!["retry t".into()]));
        let row = world.row("r").await;
        let attempts = world.store.attempts(row.key).await.unwrap();
        assert_eq!(attempts.iter().map(|row| (&*row.path, row.attempt)).collect::<Vec<_>>(), [("t", 2)]);
        drop(runtime);
        tokio::task::yield_now().await;
        world.clock_to(attempts[0].not_before);
        let world = World { real_time: false, ..world };
        let runtime = world.open().await;
        let view = ended(&runtime, "r").await;
        succeeded(&view);
        assert_eq!(world.witness.paths(), ["t#1", "t#2", "t#3"]);
        assert_eq!(runtime.steps("r").await.unwrap()[0].attempts, 3);
        assert!(world.store.attempts(row.key).await.unwrap().is_empty(), "the result removes the row");
        assert_eq!(world.journal("r").await, ["started", "task_finished"]);
    }
}

/// Semantics 5.9: timers that came due while nothing was running fire in the order of their deadlines.
#[tokio::test]
async fn rule_5_9_overdue_timers_fire_in_order_after_a_crash() {
    for world in both().await {
        let world = World { real_time: true, ..world };
        let runtime = world.open().await;
        let steps = [timer("late", "3h"), timer("early", "1h"), timer("middle", "2h")];
        runtime.start(start(flow(&parallel(&steps)), "r")).await.unwrap();
        settled(&runtime, "r").await;
        drop(runtime);
        tokio::task::yield_now().await;
        world.clock_to(world.row("r").await.created_at + 10 * 3_600_000_000);
        let world = World { real_time: false, ..world };
        let runtime = world.open().await;
        succeeded(&ended(&runtime, "r").await);
        let fired: Vec<_> = world.records("r").await[1..].iter().map(|record| record.path.to_string()).collect();
        assert_eq!(fired, ["p/early", "p/middle", "p/late"]);
        let times: Vec<i64> = world.records("r").await.iter().map(|record| record.at).collect();
        assert!(times.is_sorted(), "5.1: time never goes back within a run");
    }
}

/// Semantics 5.4: after a failed commit the machine is dropped and folded again; what the commit held comes again.
#[tokio::test]
async fn rule_5_4_a_failed_commit_folds_again() {
    for failing in 1..6 {
        let store = Arc::new(MemoryStore::new());
        let world = World::on(store.clone(), None);
        let runtime = world.open().await;
        let steps: Vec<String> = ["a", "b", "c"].iter().map(|id| task(id, "call", r#"{"value":1}"#)).collect();
        store.fail_commit(failing, CommitError::Lost("told to".into()));
        let started = runtime.start(start(flow(&sequence(&steps)), "r")).await;
        assert!(started.is_ok(), "{failing}");
        if failing < 4 {
            succeeded(&ended(&runtime, "r").await);
        }
        assert_eq!(ended(&runtime, "r").await.status, Status::Succeeded, "{failing}");
        let paths: std::collections::BTreeSet<_> = world.witness.paths().into_iter().collect();
        assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["s/a#1", "s/b#1", "s/c#1"]);
        assert_eq!(world.journal("r").await.len(), 4);
    }
}

/// Semantics 5.4: a start that could not be written is refused, and leaves nothing behind.
#[tokio::test]
async fn rule_5_4_a_start_that_is_not_written_is_refused() {
    let store = Arc::new(MemoryStore::new());
    let world = World::on(store.clone(), None);
    let runtime = world.open().await;
    store.fail_commit(0, CommitError::Lost("told to".into()));
    let flow = flow(&task("t", "call", "{}"));
    assert!(matches!(runtime.start(start(flow.clone(), "r")).await, Err(RunsError::Busy(_))));
    assert_eq!(world.witness.calls(), []);
    succeeded(&run(&runtime, flow, "r").await);
}

/// Semantics 5.1: an unknown record type refuses that run, with a state that says why; the others go on.
#[tokio::test]
async fn rule_5_1_an_unknown_record_refuses_its_run_alone() {
    for world in both().await {
        let runtime = world.open().await;
        for id in ["bad", "good"] {
            runtime.start(start(flow(&signal("w", "go")), id)).await.unwrap();
        }
        runtime.stop().await.unwrap();
        let epoch = world.store.claim(1, 0).await.unwrap();
        let mut batch = Batch::new(epoch);
        let record = Record { seq: 2, at: START, ty: "from_the_future".into(), path: "".into(), payload: "{}".into() };
        batch.records.push(Entry { run: world.row("bad").await.key, record });
        world.store.commit(batch).await.unwrap();
        let runtime = world.open().await;
        runtime.recovered().await;
        runtime.signal("good", "go", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, "good").await);
        let refused = runtime.signal("bad", "go", None, Value::Null).await;
        assert!(matches!(refused, Err(RunsError::Rejected { code: "RUN_UNREADABLE", .. })), "{refused:?}");
        let row = world.row("bad").await;
        assert_eq!(
            (row.status, row.error.map(|error| error.code.to_string())),
            (Status::Paused, Some("JOURNAL_UNREADABLE".into()))
        );
    }
}

/// A release whose engine breaks as it folds.
#[derive(Default)]
struct BrokenEngine;

impl weir_runtime::Faults for BrokenEngine {
    fn at(&self, _point: &'static str) {}

    fn folding(&self) {
        std::panic::resume_unwind(Box::new("told to"));
    }
}

/// Semantics 5.11: a fold that panics parks its run; a release that can fold it goes on, with nothing lost.
#[tokio::test]
async fn rule_5_11_a_broken_fold_parks_the_run_until_a_fixed_release() {
    for mut world in both().await {
        let runtime = world.open().await;
        let root = sequence(&[signal("w", "go"), task("t", "call", r#"{"value":1}"#)]);
        runtime.start(start(flow(&root), "r")).await.unwrap();
        settled(&runtime, "r").await;
        world.faults = Some(Arc::new(BrokenEngine));
        let runtime = crash(&world, runtime).await;
        let _ = runtime.signal("r", "go", None, Value::Null).await;
        let view = settled(&runtime, "r").await;
        assert_eq!((view.status, code(&view)), (Status::Paused, "ENGINE_ERROR"), "never failed");
        assert_eq!(world.witness.calls(), []);
        world.faults = None;
        let runtime = crash(&world, runtime).await;
        let view = ended(&runtime, "r").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(1)), "{:?}", view.error);
        assert_eq!(world.journal("r").await, ["started", "signal", "task_finished"]);
        assert_eq!(world.row("r").await.error, None);
    }
}

/// Semantics 5.12: a fold that begins at a snapshot, or at the last link, gives the same run.
#[tokio::test]
async fn rule_5_12_long_runs_are_folded_from_a_snapshot() {
    for members in ["", r#","continueAsNew":20"#] {
        let world = World::memory().with(|options| options.snapshot_every = 10);
        let runtime = world.open().await;
        let body = task("t", "call", r#"{"do":"increment"}"#);
        let repeat = format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":50}}{members},"body":{body}}}}}"#);
        let root = sequence(&[repeat, signal("w", "go"), task("z", "call", r#"{"value":"{{ input.x }}"}"#)]);
        let begin = weir_runs::StartRun::new(flow(&root), Value::object([("x", 5.into())])).with_id("r");
        runtime.start(begin).await.unwrap();
        settled(&runtime, "r").await;
        let key = world.row("r").await.key;
        let snapshot = world.store.snapshot(key).await.unwrap().unwrap();
        assert!(snapshot.seq >= 10, "{}", snapshot.seq);
        let runtime = crash(&world, runtime).await;
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        let view = ended(&runtime, "r").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(5)));
        let paths: std::collections::BTreeSet<_> = world.witness.paths().into_iter().collect();
        assert_eq!((world.witness.calls().len(), paths.len()), (51, 51), "no path twice, none missing");
        assert_eq!(runtime.steps("r").await.unwrap().iter().filter(|step| &*step.kind == "test.call").count(), 51);
    }
}

/// Semantics 5.13: whoever claims the data later is the owner; the earlier one can write nothing more.
#[tokio::test]
async fn rule_5_13_a_second_owner_ends_the_first() {
    let world = World::memory();
    let first = world.open().await;
    first.start(start(flow(&signal("w", "go")), "r")).await.unwrap();
    let second = world.open().await;
    second.recovered().await;
    let refused = first.signal("r", "go", None, Value::Null).await;
    assert!(matches!(refused, Err(RunsError::Failed(_))), "{refused:?}");
    second.signal("r", "go", None, Value::from(1)).await.unwrap();
    assert_eq!(ended(&second, "r").await.output, Value::from(1));
    assert_eq!(world.journal("r").await, ["started", "signal"]);
}

/// A stop leaves nothing half done: what was asked for is on disk, what was not finished goes on.
#[tokio::test]
async fn a_stop_in_order_loses_nothing() {
    for world in both().await {
        let world = world.with(|options| options.drain = weir_base::Duration::from_millis(1));
        let runtime = world.open().await;
        let steps = [task("a", "call", "{}"), task("b", "call", r#"{"do":"gate","value":1}"#)];
        runtime.start(start(flow(&sequence(&steps)), "busy")).await.unwrap();
        runtime.start(start(flow(&signal("w", "go")), "quiet")).await.unwrap();
        world.witness.wait_for(2).await;
        runtime.stop().await.unwrap();
        assert_eq!(world.row("quiet").await.status, Status::Waiting);
        assert_eq!(world.journal("busy").await, ["started", "task_finished"], "an attempt cut off leaves no result");
        let runtime = world.open().await;
        world.witness.wait_for(3).await;
        world.witness.gate.notify_one();
        succeeded(&ended(&runtime, "busy").await);
        runtime.signal("quiet", "go", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, "quiet").await);
    }
}

/// Semantics 5.5: a run that starts another without waiting for it does not end before that one is on disk, since
/// nothing would ask for it again after a crash.
#[tokio::test]
async fn rule_5_5_a_detached_run_is_on_disk_before_its_parent_ends() {
    for failing in [None, Some(1), Some(2)] {
        let store = Arc::new(MemoryStore::new());
        let world = World::on(store.clone(), None);
        let runtime = world.open().await;
        let place = weir_store::Place { project: "local".into(), ..Default::default() };
        let child = flow_named("child", "", &signal("w", "go"));
        runtime.publish(&place, &source(&child)).await.unwrap();
        if let Some(commit) = failing {
            store.fail_commit(commit, CommitError::Lost("told to".into()));
        }
        let root = call("d", "child", r#","detached":true"#);
        succeeded(&run(&runtime, flow(&root), "r").await);
        assert!(world.store.run("r/d").await.unwrap().is_some(), "{failing:?}");
    }
}

/// A pause holds the start of a detached run; recovery during the pause must not lose it.
#[tokio::test]
async fn rule_5_9_a_held_start_survives_a_crash() {
    for world in both().await {
        let runtime = world.open().await;
        let place = weir_store::Place { project: "local".into(), ..Default::default() };
        runtime.publish(&place, &source(&flow_named("child", "", &task("t", "call", "{}")))).await.unwrap();
        let steps = [signal("w", "go"), call("d", "child", r#","detached":true"#), signal("x", "on")];
        runtime.start(start(flow(&sequence(&steps)), "r")).await.unwrap();
        runtime.pause("r").await.unwrap();
        runtime.signal("r", "go", None, Value::Null).await.unwrap();
        let runtime = crash(&world, runtime).await;
        runtime.resume("r").await.unwrap();
        runtime.signal("r", "on", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, "r").await);
        succeeded(&ended(&runtime, "r/s/d").await);
    }
}

/// Recovery folds the same state from the journal that the run had in memory.
#[tokio::test]
async fn a_crash_after_every_record_comes_to_the_same_end() {
    let build = || {
        let branches =
            [task("a", "call", r#"{"do":"increment"}"#), timer("t", "1m"), task("b", "charge", r#"{"value":2}"#)];
        sequence(&[parallel(&branches), task("z", "pure", r#"{"value":"{{ project.n }}"}"#)])
    };
    let world = World::memory();
    let runtime = world.open().await;
    let whole = run(&runtime, flow(&build()), "r").await;
    let records = world.records("r").await;
    for cut in 1..records.len() {
        let again = World::memory();
        let runtime = again.open().await;
        let hash = runtime
            .publish(&weir_store::Place { project: "local".into(), ..Default::default() }, &source(&flow(&build())))
            .await
            .unwrap();
        drop(runtime);
        let epoch = again.store.claim(1, 0).await.unwrap();
        let mut batch = Batch::new(epoch);
        let mut row = world.row("r").await;
        (row.key, row.status, row.ended_at, row.version) = (again.store.next_run_key(), Status::Running, None, hash);
        batch.records = records[..cut].iter().map(|record| Entry { run: row.key, record: record.clone() }).collect();
        batch.runs.push(row.clone());
        again.store.commit(batch).await.unwrap();
        let runtime = again.open().await;
        runtime.recovered().await;
        if settled(&runtime, "r").await.waiting.iter().any(|reason| reason.starts_with("decision")) {
            runtime.decide("r", "s/p/b", Decision::Retry).await.unwrap();
        }
        let view = ended(&runtime, "r").await;
        assert_eq!(view.status, whole.status, "cut after record {cut}");
        let results = |events: &[EventBody]| {
            let finished = events.iter().filter(|event| matches!(event, EventBody::TaskFinished { .. }));
            finished
                .filter_map(|event| event.path().map(ToString::to_string))
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(results(&again.events("r").await), results(&world.events("r").await), "cut after record {cut}");
    }
}

fn source(flow: &weir_runs::FlowRef) -> weir_runs::FlowSource {
    match flow {
        weir_runs::FlowRef::Source(source) => weir_runs::FlowSource::clone(source),
        other => panic!("{other:?}"),
    }
}

/// Semantics 5.4: a deadline that has passed by the time of a restart is on disk before anything follows from it, or
/// what it ended might be done again after its consequence.
#[tokio::test]
async fn rule_5_4_a_deadline_that_passed_meanwhile_comes_before_its_consequence() {
    for world in both().await {
        let late = r#"{"id":"late","decorate":{"with":{"timeout":{"after":"50ms"}},"body":BODY}}"#
            .replace("BODY", &task("a", "call", r#"{"do":"gate"}"#));
        let caught = task("b", "call", r#"{"do":"gate","value":2}"#);
        let attempt = format!(r#"{{"id":"try","try":{{"body":{late},"catch":{caught}}}}}"#);
        let charge = task_with("c", "charge", r#"{"do":"gate"}"#, r#""onUnknown":"retry""#);
        let runtime = world.open().await;
        runtime.start(start(flow(&parallel(&[attempt, charge])), "r")).await.unwrap();
        world.witness.wait_for(2).await;
        drop(runtime);
        world.clock_to(START + 1_000_000);
        let runtime = world.open().await;
        runtime.recovered().await;
        world.witness.wait_for(5).await;
        assert!(world.witness.paths().contains(&"p/try/b#1".into()), "{:?}", world.witness.paths());
        let journal = world.journal("r").await;
        assert!(journal.contains(&"timer_fired".into()), "{journal:?}");
    }
}
