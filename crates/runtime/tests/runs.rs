//! Whole runs: start, finish, look at.

mod support;

use support::*;
use weir_base::Value;
use weir_engine::{Event, EventBody, ForkedFrom, Record, Started, Status};
use weir_runs::{ProgressBody, RunsError, RunsPort};
use weir_runtime::Runtime;
use weir_store::{Batch, Entry, Run};

#[tokio::test]
async fn a_run_starts_works_and_ends() {
    for world in [World::memory(), World::sqlite().await] {
        let runtime = world.open().await;
        let steps = [task("a", "call", r#"{"value":1}"#), task("b", "pure", r#"{"value":{"x":2}}"#)];
        let view = run(&runtime, flow(&sequence(&steps)), "r").await;
        succeeded(&view);
        assert_eq!(
            (view.output.to_json(), view.started_at, view.ended_at),
            (r#"{"x":2}"#.into(), Some(START), Some(START))
        );
        assert_eq!(world.journal("r").await, ["started", "task_finished", "task_finished"]);
        assert_eq!(world.witness.paths(), ["s/a#1", "s/b#1"]);
        let steps = runtime.steps("r").await.unwrap();
        let expected = [("s", "succeeded"), ("s/a", "succeeded"), ("s/b", "succeeded")];
        assert_eq!(statuses(&steps), expected.map(|(path, status)| (path.to_owned(), status.to_owned())));
        assert_eq!(world.row("r").await.status, Status::Succeeded);
        assert_eq!(runtime.view("r").await.unwrap(), view);
        assert_eq!(runtime.held_runs(), 0);
        runtime.stop().await.unwrap();
    }
}

/// A list that leaves steps out says so.
#[tokio::test]
async fn a_run_of_very_many_steps_lists_the_first_of_them() {
    let world = World::memory();
    let runtime = world.open().await;
    let root = r#"{"id":"l","loop":{"mode":{"repeat":100000},"body":{"id":"n","set":{"writes":[]}}}}"#;
    succeeded(&run(&runtime, flow(root), "r").await);
    let replay = runtime.replay("r", None).await.unwrap();
    assert_eq!((replay.steps.len(), replay.warnings.len()), (100_000, 1), "{:?}", replay.warnings);
    assert_eq!(&*replay.warnings[0], "only the first 100000 steps are listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_at_once_all_end() {
    let world = World { real_time: true, ..World::sqlite().await };
    let runtime = std::sync::Arc::new(world.open().await);
    let steps: Vec<String> = (0..5)
        .map(|n| task(&format!("t{n}"), if n % 2 == 0 { "pure" } else { "call" }, r#"{"do":"yield","value":1}"#))
        .collect();
    let flow = flow(&parallel(&steps));
    let runs: Vec<_> = (0..200)
        .map(|n| {
            let (runtime, flow) = (runtime.clone(), flow.clone());
            tokio::spawn(async move { run(&runtime, flow, &format!("r{n}")).await })
        })
        .collect();
    for (n, view) in runs.into_iter().enumerate() {
        succeeded(&view.await.unwrap());
        assert_eq!(world.journal(&format!("r{n}")).await.len(), 6);
    }
    assert_eq!(world.witness.calls().len(), 1_000);
}

#[tokio::test]
async fn a_failure_carries_its_reason() {
    let world = World::memory();
    let runtime = world.open().await;
    let view = run(&runtime, flow(&task("t", "call", r#"{"do":"fail"}"#)), "r").await;
    assert_eq!((view.status, code(&view)), (Status::Failed, "BROKEN"));
    assert_eq!(view.error.as_ref().map(|error| &*error.path), Some("t"));
    let view = run(&runtime, flow(&task("t", "call", r#"{"do":"panic"}"#)), "p").await;
    assert_eq!((view.status, code(&view)), (Status::Failed, "TASK_PANICKED"));
    let view = run(&runtime, flow(r#"{"id":"t","task":{"kind":"nope","params":{}}}"#), "u").await;
    assert_eq!(code(&view), "KIND_UNKNOWN");
}

#[tokio::test]
async fn the_same_id_and_the_same_key_are_the_same_run() {
    let world = World::memory();
    let runtime = world.open().await;
    let flow = flow(&task("t", "call", "{}"));
    let first = run(&runtime, flow.clone(), "r").await;
    assert_eq!(run(&runtime, flow.clone(), "r").await, first);
    let keyed = || weir_runs::StartRun::new(flow.clone(), Value::Null).with_key("order-7");
    let first = runtime.run(keyed()).await.unwrap();
    assert_eq!(runtime.start(keyed()).await.unwrap(), first);
    assert_eq!(world.witness.calls().len(), 2);
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let world = World::memory();
    let runtime = world.open().await;
    assert_eq!(runtime.view("x").await, Err(RunsError::NotFound { run: "x".into() }));
    assert_eq!(runtime.cancel("x", "").await, Err(RunsError::NotFound { run: "x".into() }));
    let unknown = start(weir_runs::FlowRef::Newest("nope".into()), "r");
    assert!(matches!(runtime.start(unknown).await, Err(RunsError::FlowUnknown { .. })));
    let ended = run(&runtime, flow(&task("t", "pure", "{}")), "r").await;
    let refused = RunsError::Ended { run: "r".into(), status: ended.status };
    assert_eq!(runtime.cancel("r", "").await, Err(refused));
    assert!(matches!(runtime.start(start(flow(&task("t", "pure", "{}")), "")).await, Err(RunsError::Rejected { .. })));
}

#[tokio::test]
async fn a_watcher_sees_steps_logs_and_the_end() {
    let world = World::memory();
    let runtime = world.open().await;
    let mut watch = runtime.watch("r").await.unwrap();
    let steps = [task("a", "pure", r#"{"do":"log","value":{"n":1}}"#), timer("w", "1h"), task("b", "call", "{}")];
    run(&runtime, flow(&sequence(&steps)), "r").await;
    let mut seen = Vec::new();
    while let Some(progress) = watch.next().await {
        seen.push(match progress.body {
            ProgressBody::Step(trace) => match trace.body {
                weir_engine::TraceBody::Entered { .. } => format!("+{}", trace.path),
                weir_engine::TraceBody::Settled { .. } => format!("-{}", trace.path),
                weir_engine::TraceBody::Waiting { reason } => format!("?{reason}"),
                other => format!("{other:?}"),
            },
            ProgressBody::Log(line) => format!("log {} {}", line.message, line.metadata),
            ProgressBody::Status { status, .. } => status.as_str().to_owned(),
            other => format!("{other:?}"),
        });
    }
    let expected =
        ["+s", "+s/a", "log hello {\"n\":1}", "-s/a", "+s/w", "?timer", "-s/w", "+s/b", "-s/b", "-s", "succeeded"];
    assert_eq!(seen, expected);
    let logs = runtime.logs("r").await.unwrap();
    assert_eq!((logs.len(), &*logs[0].message, &*logs[0].path), (1, "hello", "s/a"));
}

#[tokio::test]
async fn queries_are_answered_from_memory_and_from_the_journal() {
    let world = World::memory();
    let runtime = world.open().await;
    let members = r#""variables":{"n":{"initial":3}},"queries":{"twice":"vars.n * 2"},"#;
    let flow = flow_with(members, &sequence(&[signal("w", "go")]));
    runtime.start(start(flow, "r")).await.unwrap();
    assert_eq!(runtime.query("r", "twice").await.unwrap(), Value::from(6));
    runtime.signal("r", "go", None, Value::Null).await.unwrap();
    ended(&runtime, "r").await;
    assert_eq!(runtime.query("r", "twice").await.unwrap(), Value::from(6));
    assert!(matches!(runtime.query("r", "thrice").await, Err(RunsError::Rejected { code: "QUERY_UNKNOWN", .. })));
}

/// Semantics 5.2: what a start and a result hold. Kinds are pinned wherever they stand: here also in a definition.
#[tokio::test]
async fn rule_5_2_what_records_hold() {
    let world = World::memory();
    let runtime = world.open().await;
    let retry = r#""retry":{"strategy":"fail-after-x","maxAttempts":2,"initial":1,"coefficient":1}"#;
    let steps =
        [task_with("a", "call", r#"{"do":"flaky","value":7}"#, retry), r#"{"id":"u","use":{"def":"d"}}"#.into()];
    let defs = format!(r#""defs":{{"d":{}}},"#, task("b", "charge", r#"{"do":"verdict"}"#));
    let begin = weir_runs::StartRun::new(flow_with(&defs, &sequence(&steps)), Value::object([("n", 5.into())]));
    let view = runtime.run(begin.with_id("r")).await.unwrap();
    assert_eq!(view.status, Status::Failed);
    let events = world.events("r").await;
    let EventBody::Started(started) = &events[0] else { panic!("{events:?}") };
    let pinned: Vec<_> = started.kinds.iter().map(|(kind, version)| (&**kind, &**version)).collect();
    assert_eq!(pinned, [("test.call", "1.0.0"), ("test.charge", "1.0.0")]);
    assert_eq!((started.flow.clone(), started.semantics), (world.row("r").await.version, weir_engine::SEMANTICS));
    assert_eq!(started.input, Value::object([("n", 5.into())]));
    let EventBody::TaskFinished { result, .. } = &events[1] else { panic!("{events:?}") };
    assert_eq!((&result.output, result.error.as_ref(), result.attempts), (&Value::from(7), None, 2));
    assert!(!result.params_hash.is_empty());
    let EventBody::TaskFinished { result, .. } = &events[3] else { panic!("{events:?}") };
    assert_eq!(result.error.as_ref().map(|error| &*error.code), Some("NO"));
}

/// Semantics 2.11: one read per step, one journaled answer; changes are atomic and keyed.
#[tokio::test]
async fn rule_2_11_project_variables_are_read_and_changed() {
    let world = World::memory();
    let runtime = world.open().await;
    let steps = [task("a", "call", r#"{"do":"increment"}"#), task("b", "pure", r#"{"value":"{{ project.n }}"}"#)];
    let view = run(&runtime, flow(&sequence(&steps)), "r").await;
    assert_eq!((view.status, view.output), (Status::Succeeded, Value::from(1)));
    assert_eq!(world.journal("r").await, ["started", "task_finished", "variables_read", "task_finished"]);
}

#[tokio::test]
async fn replay_shows_the_state_after_any_record_and_calls_nothing() {
    let world = World::memory();
    let runtime = world.open().await;
    let steps = [task("a", "call", r#"{"value":1}"#), timer("w", "1m"), task("b", "call", "{}")];
    run(&runtime, flow(&sequence(&steps)), "r").await;
    let calls = world.witness.calls().len();
    let open = |view: &weir_runs::ReplayView| {
        view.open.iter().map(|open| format!("{} {}", open.what, open.path)).collect::<Vec<_>>()
    };
    for (to, expected) in
        [(1, vec!["task test.call s/a"]), (2, vec!["timer s/w"]), (3, vec!["task test.call s/b"]), (4, vec![])]
    {
        let view = runtime.replay("r", Some(to)).await.unwrap();
        assert_eq!((view.seq, open(&view)), (to, expected.into_iter().map(str::to_owned).collect()));
    }
    let last = runtime.replay("r", None).await.unwrap();
    assert_eq!((last.status, last.at), (Status::Succeeded, START + 60_000_000));
    assert_eq!(world.witness.calls().len(), calls);
}

/// A journal that is too long for whoever asks is not read to its end; what a fork has inherited counts.
#[tokio::test]
async fn a_journal_is_kept_as_a_test_up_to_so_many_bytes() {
    let world = World::memory();
    let runtime = world.open().await;
    let steps: Vec<String> = (0..2).map(|n| task(&format!("t{n}"), "call", r#"{"value":"long enough"}"#)).collect();
    succeeded(&run(&runtime, flow(&sequence(&steps)), "r").await);
    let bytes = |records: &[weir_engine::Record]| records.iter().map(|record| record.payload.len()).sum::<usize>();
    let whole = bytes(&world.records("r").await);
    assert_eq!(bytes(&runtime.rehearse("r", whole).await.unwrap().journal), whole);
    let refused = |kept: Result<weir_runs::KeptRun, RunsError>| {
        assert!(matches!(kept, Err(RunsError::Rejected { code: "JOURNAL_TOO_LONG", .. })), "{kept:?}");
    };
    refused(runtime.rehearse("r", whole - 1).await);
    let forked = runtime.fork("r", 2, &[]).await.unwrap().run;
    succeeded(&ended(&runtime, &forked).await);
    let own = bytes(&world.records(&forked).await);
    refused(runtime.rehearse(&forked, own).await);
    assert!(runtime.rehearse(&forked, own + whole).await.is_ok());
}

/// Puts a run into the store that begins so, or has no journal at all.
async fn put(world: &World, runtime: &Runtime, id: &str, first: Option<EventBody>) {
    let key = world.store.next_run_key();
    let mut batch = Batch::new(runtime.copies().epoch());
    batch.runs.push(Run { key, id: id.into(), status: Status::Waiting, ..world.row("r").await });
    let record = |body| Entry { run: key, record: Record::encode(1, &Event::new(START, body)) };
    batch.records.extend(first.map(record));
    world.store.commit(batch).await.unwrap();
}

/// A fork has its state of its own. Where the runs before it cannot be read or folded any more, their steps are missed,
/// and that is said.
#[tokio::test]
async fn a_fork_can_be_looked_at_and_forked_whatever_has_become_of_the_runs_before_it() {
    let world = World::memory();
    let runtime = world.open().await;
    let steps = [task("a", "call", "{}"), signal("w", "go"), task("b", "call", "{}")];
    runtime.start(start(flow(&sequence(&steps)), "r")).await.unwrap();
    settled(&runtime, "r").await;
    let whole = runtime.fork("r", 2, &[]).await.unwrap().run;
    assert!(runtime.replay(&whole, None).await.unwrap().warnings.is_empty());
    let EventBody::Forked(forked) = world.events(&whole).await.remove(0) else { panic!("it is no fork") };
    let unknown = Started { run: "unknown".into(), flow: "no such flow".into(), ..Started::default() };
    let of = |from: &str| Some(EventBody::Forked(Box::new(ForkedFrom { from: from.into(), ..(*forked).clone() })));
    put(&world, &runtime, "unknown", Some(EventBody::Started(Box::new(unknown)))).await;
    put(&world, &runtime, "empty", None).await;
    put(&world, &runtime, "between", of("empty")).await;
    for (fork, from, lost) in [("a", "unknown", "unknown"), ("b", "empty", "empty"), ("c", "between", "empty")] {
        put(&world, &runtime, fork, of(from)).await;
        let view = runtime.replay(fork, None).await.unwrap();
        assert_eq!((view.status, view.signals), (Status::Waiting, vec!["go".into()]));
        assert!(view.warnings.len() == 1 && view.warnings[0].contains(&format!("`{lost}`")), "{:?}", view.warnings);
        assert_eq!(runtime.view(fork).await.unwrap().waiting, ["signal go".into()]);
        runtime.rehearse_fork(fork, 1, &[]).await.unwrap();
        let again = runtime.fork(fork, 1, &[]).await.unwrap().run;
        settled(&runtime, &again).await;
        runtime.signal(&again, "go", None, Value::Null).await.unwrap();
        succeeded(&ended(&runtime, &again).await);
    }
}
