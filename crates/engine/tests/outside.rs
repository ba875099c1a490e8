//! Waits, signals, children, variables, pause, hand-over: semantics sections 2.10, 2.11, 5.

mod support;

use std::sync::Arc;
use support::{Sim, flow, run};
use weir_base::Value;
use weir_engine::{Command, Event, EventBody, Machine, Plan, Started, Status, StepError};

#[test]
fn timers_wait_their_time() {
    let cases = [
        (r#"{"timer":{"after":"2s"}}"#, 2_000),
        (r#"{"timer":{"after":250}}"#, 250),
        (r#"{"until":{"at":"1970-01-01T00:00:05Z"}}"#, 5_000),
        (r#"{"until":{"at":"1969-01-01T00:00:05Z"}}"#, 0),
        (r#"{"yield":{"turns":3}}"#, 0),
    ];
    for (wait, elapsed) in cases {
        let ran = run(&format!(r#"{{"id":"w","wait":{wait}}}"#));
        assert_eq!((ran.status, ran.elapsed_ms()), (Status::Succeeded, elapsed), "{wait}");
    }
}

const SIGNAL: &str = r#"{"id":"w","wait":{"signal":{"name":"go","timeout":"1m"}}}"#;

#[test]
fn rule_2_10_a_signal_wakes_the_oldest_wait() {
    let root = r#"{"id":"p","parallel":{"children":[
        {"id":"a","wait":{"signal":{"name":"go"}}}, {"id":"b","wait":{"signal":{"name":"go"}}}]}}"#;
    let ran = Sim::new(&flow(root)).signal("go", "1").signal("go", "2").run();
    assert_eq!(ran.output.to_json(), "[1,2]");
}

#[test]
fn rule_2_10_an_early_signal_is_kept_and_taken_once() {
    let root = format!(
        r#"{{"id":"s","sequence":{{"children":[{{"id":"t","wait":{{"timer":{{"after":1000}}}}}},{SIGNAL}]}}}}"#
    );
    let ran = Sim::new(&flow(&root)).signal("go", r#"{"x":1}"#).run();
    assert_eq!((ran.output.to_json(), ran.elapsed_ms()), (r#"{"x":1}"#.into(), 1_000));
    let twice = |id: &str| EventBody::Signal { name: "go".into(), id: Some(id.into()), payload: Value::from(id) };
    let two = format!(r#"{{"id":"s","sequence":{{"children":[{SIGNAL},{}]}}}}"#, SIGNAL.replace("\"w\"", "\"w2\""));
    let ran = Sim::new(&flow(&two)).then(twice("a")).then(twice("a")).then(twice("b")).run();
    assert_eq!(ran.output.to_json(), "\"b\"");
}

#[test]
fn a_signal_that_does_not_come_times_out() {
    assert_eq!(run(SIGNAL).code(), "TIMEOUT");
    let routed = SIGNAL.replace("\"1m\"", "\"1m\",\"routes\":true");
    assert_eq!(run(&routed).status, Status::Succeeded);
}

#[test]
fn approvals_are_answered_by_path() {
    let root = r#"{"id":"a","wait":{"approval":{"message":"ship?"}}}"#;
    let ran = Sim::new(&flow(root)).signal("approve:a", r#"{"approved":true,"by":"kim"}"#).run();
    assert_eq!(ran.output.get("by"), Some(&Value::from("kim")));
    let ran = Sim::new(&flow(root)).signal("approve:a", r#"{"approved":false}"#).run();
    assert_eq!(ran.code(), "REJECTED");
}

#[test]
fn children_are_called_and_their_errors_carry_over() {
    let root = r#"{"id":"c","call":{"flow":"other","input":{"n":"{{ 1 + 1 }}"},"assign":[{"var":"x","value":"output.input.n"}]}}"#;
    let ran = run(root);
    assert_eq!(
        (ran.output.to_json(), ran.vars.to_json()),
        (r#"{"flow":"other","input":{"n":2}}"#.into(), r#"{"x":2}"#.into())
    );
    let ran = Sim::new(&flow(root)).children(|_, _| Err(StepError::new("BAD", "upstream", "child broke"))).run();
    assert_eq!((ran.code(), ran.error.as_ref().map(|e| &*e.category)), ("BAD", Some("child")));
}

#[test]
fn rule_2_11_variables_are_read_in_one_command() {
    let root = r#"{"id":"t","task":{"kind":"ok","params":{"a":"{{ project.rate }}","b":"{{ service.name + project.rate }}"}}}"#;
    let ran = Sim::new(&flow(root)).variable("rate", Value::from(7)).variable("name", Value::from("x")).run();
    assert_eq!(ran.output.to_json(), r#"{"a":7,"b":"x7"}"#);
    let reads = ran.events.iter().filter(|event| matches!(event.body, EventBody::VariablesRead { .. })).count();
    assert_eq!(reads, 1);
}

#[test]
fn rule_2_12_a_secret_stays_sealed() {
    let root = r#"{"id":"t","task":{"kind":"ok","params":{"auth":"Bearer {{ secrets.token }}"}}}"#;
    let ran = Sim::new(&flow(root))
        .answers(|task| {
            assert!(matches!(task.params.get("auth"), Some(Value::Sealed(_))));
            Some(weir_engine::TaskResult::success(Value::Null))
        })
        .run();
    assert_eq!(ran.status, Status::Succeeded);
    let stored =
        run(r#"{"id":"s","set":{"writes":[{"target":{"name":"x"},"op":"set","value":"{{ secrets.token }}"}]}}"#);
    assert_eq!(stored.code(), "SECRET_NOT_ALLOWED");
}

#[test]
fn rule_5_9_pause_holds_new_commands() {
    let root = r#"{"id":"s","sequence":{"children":[{"id":"w","wait":{"signal":{"name":"go"}}},{"id":"a","task":{"kind":"ok","params":{}}}]}}"#;
    let paused = Sim::new(&flow(root)).then(EventBody::Pause).signal("go", "1").run();
    assert_eq!((paused.status, paused.tasks.len()), (Status::Paused, 0));
    let resumed = Sim::new(&flow(root)).then(EventBody::Pause).signal("go", "1").then(EventBody::Resume).run();
    assert_eq!((resumed.status, resumed.tasks.len()), (Status::Succeeded, 1));
}

/// A start that nothing answers is neither lost nor made twice: by recovery during the pause, by a snapshot, by a fork.
#[test]
fn rule_5_5_a_held_start_of_a_detached_run_is_kept() {
    let root = r#"{"id":"s","sequence":{"children":[{"id":"w","wait":{"signal":{"name":"go"}}},{"id":"d","call":{"flow":"f","input":{},"detached":true}},{"id":"a","task":{"kind":"ok","params":{}}}]}}"#;
    let plan = Arc::new(Plan::new(&weir_ir::from_json(&flow(root)).unwrap()));
    let started = Started { run: "r".into(), ..Started::default() };
    let mut machine = Machine::new(plan.clone(), &started, 0);
    machine.handle(&Event::new(1, EventBody::Pause));
    machine.handle(&Event::new(2, EventBody::Signal { name: "go".into(), id: None, payload: Value::Null }));
    machine.reissue();
    let mut forked = Machine::restore(plan.clone(), &machine.to_state()).unwrap();
    forked.rename("f".into());
    let restored = Machine::restore(plan, &machine.to_state()).unwrap();
    for (mut machine, run) in [(machine, "r"), (restored, "r"), (forked, "f")] {
        machine.handle(&Event::new(3, EventBody::Resume));
        let mut starts = Vec::new();
        while let Some(command) = machine.poll() {
            starts.extend(if let Command::StartChild(child) = command { Some(child.run.to_string()) } else { None });
        }
        assert_eq!(starts, [format!("{run}/s/d")]);
        machine.reissue();
        assert!(std::iter::from_fn(|| machine.poll()).all(|command| !matches!(command, Command::StartChild(_))));
    }
}

/// A run that ends while it is paused starts what it was to start.
#[test]
fn rule_5_9_a_pause_ends_with_the_run() {
    let root = r#"{"id":"s","sequence":{"children":[{"id":"w","wait":{"signal":{"name":"go"}}},{"id":"d","call":{"flow":"f","input":{},"detached":true}}]}}"#;
    let plan = Arc::new(Plan::new(&weir_ir::from_json(&flow(root)).unwrap()));
    let mut machine = Machine::new(plan, &Started { run: "r".into(), ..Started::default() }, 0);
    machine.handle(&Event::new(1, EventBody::Pause));
    machine.handle(&Event::new(2, EventBody::Signal { name: "go".into(), id: None, payload: Value::Null }));
    assert!(matches!(machine.poll(), Some(Command::StartChild(child)) if &*child.run == "r/s/d"));
    assert!(matches!(machine.poll(), Some(Command::Complete { status: Status::Succeeded, .. })));
}

#[test]
fn rule_5_8_a_late_result_changes_nothing() {
    let late = EventBody::TaskFinished { path: "s/gone".into(), result: Box::default() };
    let ran = Sim::new(&flow(SIGNAL)).then(late).signal("go", "3").run();
    assert_eq!((ran.status, ran.output.to_json()), (Status::Succeeded, "3".into()));
}

#[test]
fn the_runs_own_deadline_ends_it() {
    let text = r#"{"ir":1,"name":"t","dialect":"ir","settings":{"timeout":1500},"root":{"id":"w","wait":{"timer":{"after":"1h"}}}}"#;
    let ran = Sim::new(text).run();
    assert_eq!((ran.status, ran.code(), ran.elapsed_ms()), (Status::TimedOut, "RUN_TIMEOUT", 1_500));
}

#[test]
fn rule_5_12_continue_as_new_keeps_indices() {
    let root = r#"{"id":"l","loop":{"mode":{"repeat":5},"continueAsNew":2,"body":{"id":"a","task":{"kind":"ok","params":{}}}}}"#;
    let ran = run(root);
    let links = ran.events.iter().filter(|event| matches!(event.body, EventBody::Continued { .. })).count();
    assert_eq!((ran.status, links, ran.tasks.last().map(String::as_str)), (Status::Succeeded, 2, Some("l[4]/a")));
}

#[test]
fn an_override_stands_in_for_a_result() {
    let root = r#"{"id":"a","task":{"kind":"never","params":{},"assign":[{"var":"x","value":"output"}]}}"#;
    let result = Box::new(weir_engine::TaskResult::success(Value::from(9)));
    let ran = Sim::new(&flow(root)).then(EventBody::Override { path: "a".into(), result }).run();
    assert_eq!((ran.status, ran.vars.to_json()), (Status::Succeeded, r#"{"x":9}"#.into()));
}

#[test]
fn a_trees_input_is_its_blackboard() {
    let text = r#"{"ir":1,"name":"t","dialect":"tree","inputAsVariables":true,"variables":{"a":{"initial":1},"b":{"type":"number"}},
        "root":{"id":"s","set":{"writes":[{"target":{"name":"c"},"op":"set","value":"{{ vars.a + vars.b + input.a }}"}]}}}"#;
    let ran = Sim::new(text).input(r#"{"a":5}"#).run();
    assert_eq!(ran.vars.to_json(), r#"{"a":5,"b":0,"c":10}"#);
}
