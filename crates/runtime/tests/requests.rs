//! Signals, cancels, pauses, overrides: semantics 2.10, 5.8, 5.9, 5.10, 5.13.

mod support;

use support::*;
use weir_base::Value;
use weir_engine::{EventBody, Status, StepError, TaskResult};
use weir_runs::{Request, RunsError, RunsPort};
use weir_runtime::post_request;

/// Semantics 2.10, 5.10: a signal is on disk when it is acknowledged, and the same id counts once.
#[tokio::test]
async fn rule_2_10_signals_are_kept_and_deduplicated() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        runtime.start(start(flow(&sequence(&[signal("a", "go"), signal("b", "go")])), "r")).await.unwrap();
        for (id, payload) in [("1", 10), ("1", 11), ("2", 12)] {
            runtime.signal("r", "go", Some(id.into()), Value::from(payload)).await.unwrap();
        }
        let view = ended(&runtime, "r").await;
        assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(12)));
        assert_eq!(world.journal("r").await, ["started", "signal", "signal", "signal"]);
    }
}

/// Semantics 5.8: a cancel ends the step at once, the runtime stops the attempt and waits for nothing.
#[tokio::test]
async fn rule_5_8_cancel_waits_for_nothing() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        runtime.start(start(flow(&task("t", "call", r#"{"do":"never"}"#)), "r")).await.unwrap();
        world.witness.wait_for(1).await;
        runtime.cancel("r", "enough").await.unwrap();
        assert_eq!(ended(&runtime, "r").await.status, Status::Cancelled);
        assert_eq!(world.journal("r").await, ["started", "cancel"], "an attempt that was cut off has no result");
    }
}

/// Semantics 2.6: what stands under `finally` runs on a cancel too.
#[tokio::test]
async fn rule_2_6_finally_runs_after_a_cancel() {
    let world = World::memory();
    let runtime = world.open().await;
    let root = format!(
        r#"{{"id":"y","try":{{"body":{},"finally":{}}}}}"#,
        task("t", "call", r#"{"do":"never"}"#),
        task("f", "call", "{}")
    );
    runtime.start(start(flow(&root), "r")).await.unwrap();
    world.witness.wait_for(1).await;
    runtime.cancel("r", "").await.unwrap();
    assert_eq!(ended(&runtime, "r").await.status, Status::Cancelled);
    assert_eq!(world.witness.paths(), ["y/t#1", "y/f#1"]);
}

/// Semantics 5.8: a result that nobody waits for any more is journaled as `late`.
#[tokio::test]
async fn rule_5_8_a_result_after_the_step_was_closed_is_late() {
    let world = World::memory();
    let runtime = world.open().await;
    let steps = [task("a", "call", r#"{"do":"gate","value":9}"#), signal("w", "go")];
    runtime.start(start(flow(&parallel(&steps)), "r")).await.unwrap();
    world.witness.wait_for(1).await;
    // The decision about the step and its own result are on their way at the same time, the decision first.
    world.witness.gate.notify_one();
    runtime.override_step("r", "p/a", TaskResult::success(Value::from(1))).await.unwrap();
    runtime.signal("r", "go", None, Value::Null).await.unwrap();
    let view = ended(&runtime, "r").await;
    assert_eq!(view.output.at(0), Some(&Value::from(1)));
    assert_eq!(world.journal("r").await, ["started", "override", "late", "signal"]);
}

/// Semantics 5.9: a pause holds new commands; results, retries and deadlines go on.
#[tokio::test]
async fn rule_5_9_a_pause_holds_new_commands_only() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        let steps = [task("a", "call", r#"{"do":"gate","value":1}"#), task("b", "call", "{}")];
        runtime.start(start(flow(&sequence(&steps)), "r")).await.unwrap();
        world.witness.wait_for(1).await;
        runtime.pause("r").await.unwrap();
        runtime.pause("r").await.unwrap();
        assert_eq!(world.row("r").await.status, Status::Paused);
        world.witness.gate.notify_one();
        let view = settled(&runtime, "r").await;
        assert_eq!((view.status, world.witness.calls().len()), (Status::Paused, 1), "the result is in, b is held");
        assert_eq!(world.journal("r").await, ["started", "pause", "task_finished"]);
        runtime.resume("r").await.unwrap();
        succeeded(&ended(&runtime, "r").await);
        assert_eq!(world.witness.paths(), ["s/a#1", "s/b#1"]);
    }
}

/// Semantics 5.9: timers that come due during a pause fire at resume, by deadline; the run's own deadline does not wait.
#[tokio::test]
async fn rule_5_9_timers_wait_for_the_resume_and_deadlines_do_not() {
    let world = World::memory();
    let runtime = world.open().await;
    // Virtual time stands still while an attempt is under way.
    runtime.start(start(flow(&task("t", "call", r#"{"do":"gate"}"#)), "busy")).await.unwrap();
    let steps = [timer("late", "2h"), timer("early", "1h"), timer("middle", "90m")];
    runtime.start(start(flow(&parallel(&steps)), "timers")).await.unwrap();
    let limited = flow_with(r#""settings":{"timeout":86400000},"#, &parallel(&steps));
    runtime.start(start(limited, "limited")).await.unwrap();
    runtime.pause("timers").await.unwrap();
    runtime.pause("limited").await.unwrap();
    world.witness.gate.notify_one();
    let view = ended(&runtime, "limited").await;
    assert_eq!((view.status, view.ended_at), (Status::TimedOut, Some(START + 86_400_000_000)));
    assert_eq!(settled(&runtime, "timers").await.status, Status::Paused);
    runtime.resume("timers").await.unwrap();
    succeeded(&ended(&runtime, "timers").await);
    let fired = world.records("timers").await.into_iter().filter(|record| record.ty == "timer_fired");
    assert_eq!(fired.map(|record| record.path.to_string()).collect::<Vec<_>>(), ["p/early", "p/middle", "p/late"]);
}

#[tokio::test]
async fn a_person_can_decide_any_open_step() {
    let world = World::memory();
    let runtime = world.open().await;
    runtime
        .start(start(flow(&sequence(&[task("t", "call", r#"{"do":"never"}"#), signal("w", "go")])), "r"))
        .await
        .unwrap();
    world.witness.wait_for(1).await;
    runtime.override_step("r", "s/t", TaskResult::success(Value::from(1))).await.unwrap();
    let failure = TaskResult::failure(StepError::new("BY_HAND", "input", "a person said so"));
    runtime.override_step("r", "s/w", failure).await.unwrap();
    let view = ended(&runtime, "r").await;
    assert_eq!((view.status, code(&view)), (Status::Failed, "BY_HAND"));
}

/// Semantics 5.13: another process reaches a run through the inbox; each message is taken up once.
#[tokio::test]
async fn rule_5_13_the_inbox_reaches_the_owner() {
    for world in [World::memory(), World::sqlite().await] {
        let world = world.with(|options| options.inbox_every = weir_base::Duration::from_millis(1));
        let runtime = world.open().await;
        runtime.start(start(flow(&sequence(&[signal("a", "go"), signal("b", "go")])), "r")).await.unwrap();
        let request = Request::Signal { name: "go".into(), id: None, payload: Value::from(3) };
        for _ in 0..2 {
            post_request(&*world.store, "r", &request, &*world.clock).await.unwrap();
        }
        succeeded(&ended(&runtime, "r").await);
        assert_eq!(world.journal("r").await, ["started", "signal", "signal"]);
        assert_eq!(world.store.messages(Default::default(), 10).await.unwrap(), []);
        let over = post_request(&*world.store, "r", &request, &*world.clock).await;
        assert!(matches!(over, Err(RunsError::Ended { .. })));
    }
}

/// Semantics 2.10: what the flow declares of a signal is asked before it is left, since afterwards nobody can be told.
#[tokio::test]
async fn rule_2_10_a_payload_that_the_flow_does_not_take_is_left_for_nobody() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        let declared = r#""signals":{"go":{"schema":{"type":"number"}}},"#;
        let flow = flow_with(declared, &sequence(&[signal("a", "go")]));
        runtime.start(start(flow, "r")).await.unwrap();
        let go = |payload: Value| Request::Signal { name: "go".into(), id: None, payload };
        let refused = post_request(&*world.store, "r", &go("three".into()), &*world.clock).await;
        assert!(matches!(&refused, Err(RunsError::Rejected { code: "SIGNAL_INVALID", .. })), "{refused:?}");
        assert_eq!(world.store.messages(Default::default(), 10).await.unwrap(), []);
        post_request(&*world.store, "r", &go(3.into()), &*world.clock).await.unwrap();
    }
}

/// A message for a run that cannot take it leaves the inbox all the same.
#[tokio::test]
async fn what_nobody_can_take_up_is_thrown_away() {
    let world = World::memory().with(|options| options.inbox_every = weir_base::Duration::from_millis(1));
    for (run, payload) in [("nobody", r#"{"type":"cancel"}"#), ("r", "not json"), ("r", r#"{"type":"dance"}"#)] {
        let message = weir_store::NewMessage { run: run.into(), kind: "x".into(), payload: payload.into(), at: 0 };
        world.store.post(message).await.unwrap();
    }
    let runtime = world.open().await;
    runtime.start(start(flow(&signal("w", "go")), "r")).await.unwrap();
    while !world.store.messages(Default::default(), 10).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.journal("r").await, ["started"]);
}

/// Requests of every kind are journaled under their own names, so that a fold sees what a person did.
#[tokio::test]
async fn requests_are_events() {
    let world = World::memory();
    let runtime = world.open().await;
    runtime.start(start(flow(&signal("w", "go")), "r")).await.unwrap();
    runtime.pause("r").await.unwrap();
    runtime.resume("r").await.unwrap();
    runtime.cancel("r", "why not").await.unwrap();
    ended(&runtime, "r").await;
    let events = world.events("r").await;
    assert_eq!(events[1..], [EventBody::Pause, EventBody::Resume, EventBody::Cancel { reason: "why not".into() }]);
}
