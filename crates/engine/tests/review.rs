//! Corners of the rules where several of them meet, each test named by the rule it holds to.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use support::{Ran, Sim, flow, run};
use weir_base::Value;
use weir_engine::{
    Command, Event, EventBody, Machine, Numbered, Plan, RebasedOnto, Started, Status, StepError, TaskResult, fold,
    rebase, replay,
};

fn task(id: &str, kind: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{{}}}}}}"#)
}

fn sequence(id: &str, children: &[&str]) -> String {
    format!(r#"{{"id":"{id}","sequence":{{"children":[{}]}}}}"#, children.join(","))
}

fn ordered(id: &str, node: &str, order: &str, children: &[&str]) -> String {
    format!(r#"{{"id":"{id}","{node}":{{"order":"{order}","children":[{}]}}}}"#, children.join(","))
}

fn parallel(id: &str, settings: &str, children: &[&str]) -> String {
    format!(r#"{{"id":"{id}","parallel":{{"children":[{}]{settings}}}}}"#, children.join(","))
}

fn decorate(id: &str, with: &str, body: &str) -> String {
    format!(r#"{{"id":"{id}","decorate":{{"with":{with},"body":{body}}}}}"#)
}

fn increment(id: &str, var: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"target":{{"name":"{var}"}},"op":"increment","value":1}}]}}}}"#)
}

fn set(id: &str, var: &str, value: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"target":{{"name":"{var}"}},"op":"set","value":{value}}}]}}}}"#)
}

fn tried(id: &str, body: &str, finally: &str) -> String {
    format!(r#"{{"id":"{id}","try":{{"body":{body},"finally":{finally}}}}}"#)
}

fn graph(id: &str, nodes: &[&str], edges: &[&str], more: &str) -> String {
    let edge = |text: &&str| {
        let (from, to) = text.split_once('>').expect("an edge");
        let (from, handle) = from.split_once(':').unwrap_or((from, "out"));
        format!(r#"{{"from":"{from}","handle":"{handle}","to":"{to}"}}"#)
    };
    let edges: Vec<String> = edges.iter().map(edge).collect();
    format!(r#"{{"id":"{id}","graph":{{"nodes":[{}],"edges":[{}]{more}}}}}"#, nodes.join(","), edges.join(","))
}

fn node(node: &str, more: &str) -> String {
    format!(r#"{{"node":{node}{more}}}"#)
}

fn plan(root: &str) -> Arc<Plan> {
    Arc::new(Plan::new(&weir_ir::from_json(&flow(root)).expect("a flow")))
}

fn numbered(ran: &Ran) -> Vec<Numbered> {
    ran.events.iter().cloned().enumerate().map(|(at, event)| (at as u64 + 1, event)).collect()
}

fn machine(root: &str) -> Machine {
    Machine::new(plan(root), &Started { run: "r".into(), ..Started::default() }, 0)
}

fn commands(machine: &mut Machine) -> Vec<Command> {
    std::iter::from_fn(|| machine.poll()).collect()
}

fn finished(path: &str) -> EventBody {
    EventBody::TaskFinished { path: path.into(), result: Box::new(TaskResult::success(Value::Null)) }
}

fn cancel() -> EventBody {
    EventBody::Cancel { reason: "stop".into() }
}

const FOREVER: &str = r#"{"id":"stand","wait":"forever"}"#;

// 1. Paths and re-entry

#[test]
fn rule_1_2_two_uses_of_a_definition_are_two_instances() {
    let text = |children: &str| {
        format!(
            r#"{{"ir":1,"name":"t","dialect":"ir","defs":{{"d":{}}},"root":{children}}}"#,
            ordered("d", "sequence", "memory", &[&decorate("once", r#""runOnce""#, &task("a", "ok"))])
        )
    };
    let (first, second) = (r#"{"id":"u1","use":{"def":"d"}}"#, r#"{"id":"u2","use":{"def":"d"}}"#);
    let ran = Sim::new(&text(&sequence("s", &[first, second]))).run();
    assert_eq!(ran.tasks, ["s/u1/d/once/a", "s/u2/d/once/a"]);
    let policy = r#"{"retry":{"policy":{"strategy":"fail-after-x","maxAttempts":3,"initial":0,"coefficient":1.0}}}"#;
    let retried = decorate("r", policy, &sequence("s", &[first, &task("f", "flaky")]));
    let ran = Sim::new(&text(&retried)).flaky(2).run();
    assert_eq!(ran.tasks, ["r[0]/s/u1/d/once/a", "r[0]/s/f", "r[1]/s/f"], "the same instance on re-entry");
}

#[test]
fn rule_1_2_a_scope_in_a_definition_is_its_own_at_every_use() {
    let scope = format!(r#"{{"id":"sc","scope":{{"body":{}}}}}"#, increment("i", "n"));
    let text = format!(
        r#"{{"ir":1,"name":"t","dialect":"ir","defs":{{"d":{scope}}},"root":{}}}"#,
        sequence("s", &[r#"{"id":"u1","use":{"def":"d"}}"#, r#"{"id":"u2","use":{"def":"d"}}"#])
    );
    assert_eq!(Sim::new(&text).run().output, Value::from(1));
}

#[test]
fn rule_1_3_a_later_guards_own_write_does_not_restart() {
    let wait = r#"{"id":"w","wait":{"timer":{"after":"1s"}}}"#;
    let nested = sequence("n", &[&increment("c", "c")]);
    let ran = run(&ordered("r", "sequence", "reactive", &[&increment("a", "a"), &increment("b", "b"), &nested, wait]));
    assert_eq!((ran.status, ran.vars.to_json()), (Status::Succeeded, r#"{"a":1,"b":1,"c":1}"#.into()));
}

#[test]
fn rule_1_3_the_running_childs_write_restarts() {
    let guard = r#"{"id":"g","set":{"writes":[{"op":"check","value":"{{ !vars.stop }}"}]}}"#;
    let child = sequence("c", &[&task("a", "ok"), &set("w", "stop", "true"), &task("b", "never")]);
    let ran = run(&ordered("r", "sequence", "reactive", &[guard, &child]));
    assert_eq!((ran.status, ran.code(), ran.cancelled.len()), (Status::Failed, "CHECK_FAILED", 0));
}

#[test]
fn rule_1_3_a_guard_that_suspends_keeps_what_the_child_gave() {
    let root = ordered(
        "r",
        "sequence",
        "reactive",
        &[&task("g", "ok"), r#"{"id":"w","wait":{"signal":{"name":"x"}}}"#, &task("z", "ok")],
    );
    let mut live = machine(&root);
    let signal = |name: &str| EventBody::Signal { name: name.into(), id: None, payload: Value::from(1) };
    for body in [finished("r[0]/g"), signal("other"), signal("x")] {
        live.handle(&Event::new(1, body));
    }
    assert!(live.expects("r[1]/g") && !live.expects("r[1]/z"), "the child is held until the guard has spoken");
    live.handle(&Event::new(2, finished("r[1]/g")));
    assert!(live.expects("r[2]/g"), "the second signal came while the guard was checked");
    live.handle(&Event::new(3, finished("r[2]/g")));
    assert!(live.expects("r[2]/z"));
}

#[test]
fn rule_1_4_guards_that_wake_each_other_reach_the_limit() {
    let region = |id: &str, mine: &str| {
        ordered(
            id,
            "sequence",
            "reactive",
            &[&increment(&format!("{id}g"), mine), r#"{"id":"w","wait":{"timer":{"after":"1h"}}}"#],
        )
    };
    let both = parallel("p", "", &[&region("a", "x"), &region("b", "y")]);
    let ran = Sim::new(&flow(&both)).once().run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, "LOOP_LIMIT"));
}

#[test]
fn rule_1_4_a_retry_without_a_wait_reaches_the_limit() {
    let policy = r#"{"retry":{"policy":{"strategy":"keep-trying","maxAttempts":1,"initial":0,"coefficient":1.0}}}"#;
    let broken = r#"{"id":"b","set":{"writes":[{"target":{"name":"x"},"op":"increment","value":"text"}]}}"#;
    let ran = Sim::new(&flow(&decorate("r", policy, broken))).once().run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, "LOOP_LIMIT"));
}

#[test]
fn rule_1_4_time_that_passes_is_an_outside_result() {
    let body = sequence("s", &[r#"{"id":"w","wait":{"timer":{"after":1}}}"#, &increment("i", "n")]);
    let inner = |id: &str, count: u32, body: &str| {
        format!(r#"{{"id":"{id}","loop":{{"mode":{{"repeat":{count}}},"body":{body}}}}}"#)
    };
    let busy = inner("busy", 400_000, &increment("j", "m"));
    let ran = Sim::new(&flow(&inner("l", 3, &sequence("o", &[&body, &busy])))).once().run();
    assert_eq!((ran.status, ran.code()), (Status::Succeeded, ""));
}

#[test]
fn rule_1_4_a_run_that_is_stuck_still_runs_its_finally() {
    let ran = run(&tried("t", FOREVER, &task("f", "ok")));
    assert_eq!((ran.status, ran.code(), ran.tasks.join(" ")), (Status::Failed, "STUCK", "t/f".to_owned()));
    assert_eq!(&*ran.error.expect("an error").path, "t/stand");
    let ran = run(&tried("t", &task("b", "ok"), FOREVER));
    assert_eq!((ran.status, ran.code()), (Status::Failed, "STUCK"));
}

#[test]
fn rule_1_4_results_that_arrive_at_a_yield_and_a_snapshot_there_change_nothing() {
    let busy = format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":30000}},"body":{}}}}}"#, increment("i", "n"));
    let mut live = machine(&parallel("p", "", &[&task("a", "ok"), &busy, &task("z", "ok")]));
    let mut resumed = Machine::restore(live.plan().clone(), &live.to_state()).expect("a snapshot reads back");
    for one in [&mut live, &mut resumed] {
        one.handle(&Event::new(1, finished("p/a")));
        for turn in 0..20 {
            one.handle(&Event::new(1, EventBody::TimerFired { path: format!("@yield[{turn}]").into() }));
        }
        one.handle(&Event::new(2, finished("p/z")));
        assert_eq!(one.status(), Status::Succeeded);
    }
    assert_eq!(live.to_state().to_json(), resumed.to_state().to_json());
}

// 2. Control nodes

#[test]
fn rule_2_2_early_settles_at_entry_where_nothing_can_change_the_verdict() {
    let root = parallel("p", r#","successThreshold":0,"settle":"early""#, &[&task("a", "never")]);
    assert_eq!((run(&root).status, run(&root).tasks.len()), (Status::Succeeded, 0));
}

#[test]
fn rule_2_2_a_timeout_within_an_early_parallel_runs_its_finally_first() {
    let timed = decorate("t", r#"{"timeout":{"after":5}}"#, &tried("y", &task("a", "never"), &task("f", "ok")));
    let ran =
        run(&parallel("p", r#","settle":"early""#, &[&timed, &tried("z", &task("b", "never"), &task("g", "ok"))]));
    assert_eq!((ran.status, ran.code()), (Status::Failed, "TIMEOUT"));
    assert_eq!(ran.tasks, ["p/t/y/a", "p/z/b", "p/t/y/f", "p/z/g"]);
}

#[test]
fn rule_2_6_return_ends_the_run_after_every_finally() {
    let back = r#"{"id":"r","return":{"value":7}}"#;
    let root = parallel(
        "p",
        "",
        &[&tried("t", &task("a", "never"), &task("f", "ok")), &sequence("s", &[&task("b", "ok"), back])],
    );
    let ran = run(&root);
    assert_eq!(
        (ran.status, ran.output, ran.tasks.join(" ")),
        (Status::Succeeded, Value::from(7), "p/t/a p/s/b p/t/f".into())
    );
}

#[test]
fn rule_2_6_the_deadline_counts_as_the_first_cancel() {
    let text = format!(
        r#"{{"ir":1,"name":"t","dialect":"ir","settings":{{"timeout":1000}},"root":{}}}"#,
        tried("t", &task("b", "never"), &task("f", "never"))
    );
    let plan = Arc::new(Plan::new(&weir_ir::from_json(&text).expect("a flow")));
    let ends = |events: &[EventBody]| {
        let mut machine = Machine::new(plan.clone(), &Started { run: "r".into(), ..Started::default() }, 0);
        events.iter().for_each(|body| machine.handle(&Event::new(1, body.clone())));
        machine.status()
    };
    let deadline = EventBody::TimerFired { path: "@deadline".into() };
    assert_eq!(ends(std::slice::from_ref(&deadline)), Status::Running);
    assert_eq!(ends(&[deadline.clone(), cancel()]), Status::TimedOut);
    assert_eq!(ends(&[cancel(), deadline]), Status::Cancelled);
}

#[test]
fn rule_2_10_what_did_not_fit_may_be_sent_again() {
    let mut live = machine(r#"{"id":"w","wait":{"signal":{"name":"end"}}}"#);
    for at in 0..1_001 {
        let signal = EventBody::Signal { name: "go".into(), id: Some(at.to_string().into()), payload: Value::Null };
        live.handle(&Event::new(1, signal));
    }
    assert_eq!(live.size(), 1_002, "a thousand are kept, beside one frame and its variables");
    assert!(!live.to_state().get("signal_ids").expect("ids").to_json().contains("\"1000\""));
}

#[test]
fn rule_2_10_signals_of_ever_new_names_do_not_pile_up() {
    let mut live = machine(r#"{"id":"w","wait":{"signal":{"name":"end"}}}"#);
    let mut send = |name: String, payload: Value| {
        live.handle(&Event::new(1, EventBody::Signal { name: name.into(), id: Some("once".into()), payload }));
    };
    (0..5_000).for_each(|at| send(format!("early{at}"), Value::Null));
    send("big".into(), Value::from("x".repeat((1 << 20) - 4 * 5_000 - 2)));
    (0..5_000).for_each(|at| send(format!("late{at}"), Value::from("y".repeat(100))));
    let state = live.to_state();
    assert_eq!(state.get("signal_ids").and_then(Value::as_object).map(|names| names.len()), Some(1_000));
    assert_eq!(state.get("signals").and_then(Value::as_object).map(|names| names.len()), Some(5_001));
}

#[test]
fn rule_2_11_a_mapping_and_an_assignment_of_a_call_read_variables_too() {
    let mapped =
        node(&task("a", "ok").replace("{}", r#"{"d":"{{ data }}"}"#), r#","input":{"map":"{{ project.rate }}"}"#);
    let ran = Sim::new(&flow(&graph("g", &[&mapped], &[], ""))).variable("rate", Value::from(7)).run();
    assert_eq!(ran.output.to_json(), r#"{"d":7}"#);
    let call =
        r#"{"id":"c","call":{"flow":"f","input":1,"assign":[{"var":"x","value":"output.input + project.rate"}]}}"#;
    let ran = Sim::new(&flow(call)).variable("rate", Value::from(7)).run();
    assert_eq!(ran.vars.to_json(), r#"{"x":8}"#);
}

#[test]
fn rule_2_12_a_secret_goes_into_parameters_only() {
    let refused = [
        r#"{"id":"r","return":{"value":"{{ secrets.k }}"}}"#.to_owned(),
        format!(
            r#"{{"id":"l","loop":{{"mode":{{"forEach":{{"items":"{{{{ [secrets.k] }}}}","itemVar":"x","concurrency":1}}}},"body":{}}}}}"#,
            task("a", "ok")
        ),
        graph("g", &[&node(&task("a", "ok"), r#","input":{"map":"{{ secrets.k }}"}"#)], &[], ""),
        graph("g", &[&node(&task("a", "ok"), "")], &[], r#","output":{"map":"{{ secrets.k }}"}"#),
    ];
    for root in refused {
        assert_eq!(run(&root).code(), "SECRET_NOT_ALLOWED", "{root}");
    }
    let text = r#"{"ir":1,"name":"t","dialect":"ir","signals":{"s":{"assign":{"x":"secrets.k"}}},"root":{"id":"w","wait":{"timer":{"after":5}}}}"#;
    assert_eq!(Sim::new(text).signal("s", "1").run().vars.to_json(), "{}");
}

// 3. The graph region

#[test]
fn rule_3_4_a_mapping_that_fails_is_a_failure_of_its_node() {
    let bad = |more: &str| node(&task("a", "ok"), &format!(r#","input":{{"map":"{{{{ nodes.x.y.z }}}}"}}{more}"#));
    let caught = graph(
        "g",
        &[&node(&task("s", "ok"), ""), &bad(""), &node(&task("h", "ok"), r#","input":"bare""#)],
        &["s>a", "a:error>h"],
        "",
    );
    let ran = run(&caught);
    assert_eq!((ran.status, ran.tasks.join(" ")), (Status::Succeeded, "g/s g/h".into()), "{:?}", ran.error);
    let ran = run(&graph("g", &[&bad(r#","onError":"continue""#)], &[], ""));
    assert_eq!(ran.status, Status::Succeeded);
    let ran = run(&graph("g", &[&bad("")], &[], ""));
    assert_eq!((ran.status, &*ran.error.expect("an error").path), (Status::Failed, "g/a"));
}

#[test]
fn rule_3_7_an_error_edge_may_leave_the_loop() {
    let body =
        graph("b", &[&node(&task("a", "fail"), "")], &[], r#","exits":[{"from":"a","handle":"error","name":"broke"}]"#);
    let looped = format!(r#"{{"id":"l","loop":{{"mode":"forever","body":{body}}}}}"#);
    let handler = task("h", "ok").replace("{}", r#"{"code":"{{ data.code }}"}"#);
    let ran = run(&graph("g", &[&node(&looped, ""), &node(&handler, r#","input":"bare""#)], &["l:broke>h"], ""));
    assert_eq!((ran.status, ran.output.to_json()), (Status::Succeeded, r#"{"code":"BROKEN"}"#.into()));
}

#[test]
fn rule_3_3_cancel_rest_reaches_what_was_about_to_start() {
    let any = r#","join":"any","cancelRest":true,"input":"bare""#;
    let nodes = [
        node(&task("s", "ok"), ""),
        node(&increment("a", "n"), ""),
        node(&task("b", "never"), ""),
        node(&task("j", "ok"), any),
    ];
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let ran = run(&graph("g", &nodes, &["s>a", "s>b", "a>j", "b>j"], ""));
    assert_eq!((ran.status, ran.tasks.join(" ")), (Status::Succeeded, "g/s g/j".into()));
}

#[test]
fn rule_3_3_an_error_edge_into_a_join_is_an_edge_like_any_other() {
    let nodes = [
        node(&task("a", "fail"), ""),
        node(&task("b", "ok"), ""),
        node(&task("j", "ok").replace("{}", r#"{"d":"{{ data }}"}"#), r#","input":"byNode""#),
    ];
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let ran = run(&graph("g", &nodes, &["a:error>j", "b>j"], ""));
    assert_eq!(ran.output.get("d").and_then(|data| data.get("a")?.get("code").cloned()), Some(Value::from("BROKEN")));
}

#[test]
fn rule_3_7_a_bounded_for_each_with_concurrency_ends_at_its_limit() {
    let each = |on: &str| {
        format!(
            r#"{{"id":"e","loop":{{"mode":{{"forEach":{{"items":[1,2,3,4,5],"concurrency":3}}}},"max":2,"onLimit":"{on}","collect":true,"body":{}}}}}"#,
            task("a", "ok").replace("{}", r#"{"n":"{{ item }}"}"#)
        )
    };
    let ran = run(&each("done"));
    assert_eq!((ran.status, ran.output.to_json()), (Status::Succeeded, r#"[{"n":1},{"n":2}]"#.into()));
    let ran = run(&each("fail"));
    assert_eq!((ran.status, ran.code(), ran.tasks.len()), (Status::Failed, "ITERATION_LIMIT", 2));
}

#[test]
fn rule_3_7_an_exit_ends_the_iterations_beside_it() {
    let body = graph(
        "b",
        &[&node(&task("a", "some"), "")],
        &[],
        r#","exits":[{"from":"a","handle":"stop","name":"stopped"}]"#,
    );
    let root =
        format!(r#"{{"id":"e","loop":{{"mode":{{"forEach":{{"items":[1,2,3,4],"concurrency":2}}}},"body":{body}}}}}"#);
    let answer = |task: &weir_engine::RunTask| match &*task.path {
        "e[1]/b/a" => Some(TaskResult { handle: Some("stop".into()), ..TaskResult::success(Value::from(1)) }),
        _ => None,
    };
    let ran = Sim::new(&flow(&root)).answers(answer).run();
    assert_eq!((ran.status, ran.tasks.len(), ran.cancelled.join(" ")), (Status::Succeeded, 2, "e[0]/b/a".into()));
}

// 5. The journal

#[test]
fn rule_5_1_the_longest_wait_survives_a_snapshot() {
    for wait in
        [r#"{"timer":{"after":1e300}}"#, r#"{"timer":{"after":"99999999999999d"}}"#, r#"{"until":{"at":1e300}}"#]
    {
        let mut live = machine(&format!(r#"{{"id":"w","wait":{wait}}}"#));
        let (due, status) = (live.wake_at(), live.status());
        let restored = Machine::restore(live.plan().clone(), &live.to_state()).expect("a snapshot reads back");
        assert_eq!((restored.wake_at(), restored.status()), (due, status), "{wait}");
        drop(commands(&mut live));
    }
    let long = r#"{"id":"t","task":{"kind":"ok","params":{},"timeout":1e300}}"#;
    let mut live = machine(long);
    let mut restored = Machine::restore(live.plan().clone(), &live.to_state()).expect("a snapshot reads back");
    assert_eq!(commands(&mut restored), commands(&mut live));
}

#[test]
fn rule_5_9_a_run_that_ends_while_it_is_paused_says_so() {
    let mut live = machine(&task("a", "ok"));
    drop(commands(&mut live));
    live.handle(&Event::new(1, EventBody::Pause));
    live.handle(&Event::new(2, finished("a")));
    assert!(matches!(&*commands(&mut live), [Command::Complete { status: Status::Succeeded, .. }]));
}

#[test]
fn rule_5_9_a_hand_over_that_was_held_carries_what_came_meanwhile() {
    let mut live = machine(&format!(
        r#"{{"id":"l","loop":{{"mode":{{"repeat":4}},"continueAsNew":2,"body":{}}}}}"#,
        task("a", "ok")
    ));
    drop(commands(&mut live));
    let signal = EventBody::Signal { name: "x".into(), id: None, payload: Value::from(1) };
    for body in [finished("l[0]/a"), EventBody::Pause, finished("l[1]/a"), signal, EventBody::Resume] {
        live.handle(&Event::new(1, body));
    }
    let found = commands(&mut live).into_iter().find_map(|command| match command {
        Command::ContinueAsNew { state } => Some(state),
        _ => None,
    });
    let state = found.expect("a hand-over");
    assert_eq!(state, live.to_state());
    let link = [(9, Event::new(2, EventBody::Continued { state }))];
    let next = fold(live.plan(), &|_| None, &link).expect("a link");
    assert!(next.expects("l[2]/a"));
    assert_eq!(next.status(), Status::Running);
}

#[test]
fn rule_5_12_loops_that_hand_over_together_all_go_on() {
    let looped = |id: &str| {
        format!(r#"{{"id":"{id}","loop":{{"mode":{{"repeat":4}},"continueAsNew":2,"body":{}}}}}"#, increment("i", id))
    };
    let ran = run(&parallel("p", "", &[&looped("a"), &looped("b")]));
    assert_eq!((ran.status, ran.vars.to_json()), (Status::Succeeded, r#"{"a":4,"b":4}"#.into()));
    let nested = format!(r#"{{"id":"o","loop":{{"mode":{{"repeat":3}},"continueAsNew":1,"body":{}}}}}"#, looped("a"));
    let ran = run(&nested);
    assert_eq!((ran.status, ran.vars.to_json()), (Status::Succeeded, r#"{"a":12}"#.into()));
}

#[test]
fn rule_5_12_a_hand_over_that_must_wait_costs_no_stack() {
    let looped = format!(
        r#"{{"id":"l","loop":{{"mode":{{"repeat":300000}},"continueAsNew":1,"body":{}}}}}"#,
        increment("i", "n")
    );
    let ran = Sim::new(&flow(&parallel("p", "", &[&task("a", "never"), &looped]))).once().run();
    assert_eq!((ran.status, ran.vars.to_json()), (Status::Running, r#"{"n":300000}"#.into()));
    assert!(ran.events.len() > 10, "it yielded on the way");
}

#[test]
fn rule_5_12_open_timers_and_waits_carry_over() {
    let looped =
        format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":2}},"continueAsNew":1,"body":{}}}}}"#, task("a", "ok"));
    let wait = r#"{"id":"w","wait":{"signal":{"name":"x","timeout":50}}}"#;
    let ran = run(&parallel("p", r#","strategy":"any""#, &[wait, &looped]));
    assert_eq!((ran.status, ran.elapsed_ms()), (Status::Succeeded, 50));
}

#[test]
fn overriding_a_call_assigns_and_overriding_a_region_ends_it() {
    let call = r#"{"id":"c","call":{"flow":"f","input":null,"assign":[{"var":"x","value":"output"}]}}"#;
    let mut live = machine(call);
    let result = Box::new(TaskResult::success(Value::from(3)));
    live.handle(&Event::new(1, EventBody::Override { path: "c".into(), result: result.clone() }));
    assert_eq!((live.status(), live.variables().to_json()), (Status::Succeeded, r#"{"x":3}"#.into()));
    let looped = format!(r#"{{"id":"l","loop":{{"mode":"forever","body":{}}}}}"#, task("a", "never"));
    let root = graph("g", &[&node(&looped, ""), &node(&task("b", "ok"), "")], &["l:done>b"], "");
    let ran = Sim::new(&flow(&root)).then(EventBody::Override { path: "g/l".into(), result }).run();
    assert_eq!((ran.status, ran.tasks.join(" ")), (Status::Succeeded, "g/l[0]/a g/b".into()));
}

// 6. Replay, fork, fix-forward

/// The run answers everything its own flow asks for.
fn check_replays(sim: Sim, root: &str) {
    let ran = sim.run();
    let again = replay(&plan(root), &numbered(&ran), &BTreeSet::new()).expect("a journal");
    assert_eq!((&again.divergence, &again.machine.status()), (&None, &ran.status), "{root}");
    assert_eq!(again.machine.output(), ran.output, "{root}");
}

#[test]
fn rule_6_1_every_kind_of_answer_is_matched() {
    let reads = task("t", "ok").replace("{}", r#"{"r":"{{ project.rate }}"}"#);
    let call = r#"{"id":"c","call":{"flow":"f","input":"{{ project.rate }}"}}"#;
    let wait = r#"{"id":"w","wait":{"timer":{"after":"{{ project.rate }}"}}}"#;
    let signal = r#"{"id":"v","wait":{"signal":{"name":"go"}}}"#;
    let root = sequence("s", &[&reads, call, wait, signal]);
    check_replays(Sim::new(&flow(&root)).variable("rate", Value::from(7)).signal("go", "1"), &root);
    let looped =
        format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":5}},"continueAsNew":2,"body":{}}}}}"#, task("a", "ok"));
    check_replays(Sim::new(&flow(&looped)), &looped);
    let result = Box::new(TaskResult::success(Value::from(1)));
    let over = sequence("s", &[&task("a", "ok"), &task("n", "never"), &task("z", "ok")]);
    check_replays(Sim::new(&flow(&over)).then(EventBody::Override { path: "s/n".into(), result }), &over);
    let paused = sequence("s", &[signal, &task("a", "ok")]);
    check_replays(Sim::new(&flow(&paused)).then(EventBody::Pause).signal("go", "1").then(EventBody::Resume), &paused);
}

#[test]
fn rule_6_1_yields_and_links_are_no_part_of_the_match() {
    let busy = |count: u32, period: u32| {
        format!(
            r#"{{"id":"s","sequence":{{"children":[{{"id":"l","loop":{{"mode":{{"repeat":{count}}},"continueAsNew":{period},"body":{}}}}},{},{}]}}}}"#,
            increment("i", "n"),
            task("a", "ok"),
            task("f", "fail")
        )
    };
    let ran = Sim::new(&flow(&busy(10, 100_000))).run();
    for changed in [busy(30_000, 100_000), busy(10, 3), busy(30_000, 7_000)] {
        let again = replay(&plan(&changed), &numbered(&ran), &BTreeSet::new()).expect("a journal");
        assert_eq!((again.divergence, again.machine.status()), (None, Status::Failed));
    }
    let ran = Sim::new(&flow(&busy(30_000, 7_000))).run();
    let again = replay(&plan(&busy(10, 100_000)), &numbered(&ran), &BTreeSet::new()).expect("a journal");
    assert_eq!((again.divergence, again.machine.status()), (None, Status::Failed));
}

#[test]
fn rule_6_1_an_override_nothing_asks_for_diverges() {
    let old = sequence("s", &[&task("a", "ok"), &task("n", "never"), &task("z", "ok")]);
    let result = Box::new(TaskResult::success(Value::from(1)));
    let ran = Sim::new(&flow(&old)).then(EventBody::Override { path: "s/n".into(), result }).run();
    let new = sequence("s", &[&task("a", "ok"), &task("other", "never"), &task("z", "ok")]);
    let again = replay(&plan(&new), &numbered(&ran), &BTreeSet::new()).expect("a journal");
    assert_eq!(again.divergence.map(|divergence| divergence.path.to_string()), Some("s/n".into()));
}

#[test]
fn rule_1_5_an_alias_answers_for_the_old_id() {
    let old = r#"{"id":"s","sequence":{"children":[{"id":"a","loop":{"mode":{"repeat":2},"body":{"id":"b","task":{"kind":"ok","params":{}}}}},{"id":"f","task":{"kind":"fail","params":{}}}]}}"#;
    let new = old
        .replace(r#""id":"a""#, r#""id":"each","was":["a"]"#)
        .replace(r#""id":"b""#, r#""id":"work","was":["x","b"]"#);
    let ran = Sim::new(&flow(old)).run();
    let rebased = rebase(&plan(old), &plan(&new), &numbered(&ran)).expect("a journal");
    assert!(rebased.is_compatible(), "{:?}", rebased.replay.divergence);
    assert_eq!(rebased.replay.resume.iter().map(|path| &**path).collect::<Vec<_>>(), ["s/f"]);
    let mut plain = Machine::new(plan(&new), &Started { run: "r1".into(), ..Started::default() }, 0);
    ran.events[1..3].iter().for_each(|event| plain.handle(event));
    assert!(plain.expects("s/f"), "a plain fold knows the alias too");
}

#[test]
fn rule_6_2_a_second_repair_leaves_out_what_the_first_set_aside() {
    let steps = |b: &str, c: &str| {
        sequence("s", &[&task("a", "ok"), &tried("t", &task("b", b), &task("u", "ok")), &task("c", c)])
    };
    let ran = Sim::new(&flow(&steps("fail", "ok"))).run();
    let mut journal = numbered(&ran);
    let first = rebase(&plan(&steps("fail", "ok")), &plan(&steps("ok", "fail")), &journal).expect("a journal");
    assert_eq!(first.dropped, [3, 4]);
    journal.push((
        5,
        Event::new(
            5,
            EventBody::Rebased(Box::new(RebasedOnto {
                flow: "two".into(),
                dropped: first.dropped,
                ..Default::default()
            })),
        ),
    ));
    let broke = Box::new(TaskResult::failure(StepError::new("BROKEN", "upstream", "it broke")));
    for (seq, body) in [
        (6, finished("s/t/b")),
        (7, finished("s/t/u")),
        (8, EventBody::TaskFinished { path: "s/c".into(), result: broke }),
    ] {
        journal.push((seq, Event::new(6, body)));
    }
    let second = rebase(&plan(&steps("ok", "fail")), &plan(&steps("ok", "ok")), &journal).expect("a journal");
    assert!(second.is_compatible(), "{:?}", second.replay.divergence);
    assert_eq!((second.dropped, second.compensated.len()), (vec![8], 0));
    assert_eq!(second.replay.resume.iter().map(|path| &**path).collect::<Vec<_>>(), ["s/c"]);
}

#[test]
fn rule_6_2_the_last_attempt_of_a_block_is_what_is_set_aside() {
    let policy = r#"{"retry":{"policy":{"strategy":"fail-after-x","maxAttempts":2,"initial":5,"coefficient":1.0}}}"#;
    let root = decorate("r", policy, &sequence("s", &[&task("a", "ok"), &task("f", "fail")]));
    let ran = Sim::new(&flow(&root)).run();
    let rebased = rebase(&plan(&root), &plan(&root), &numbered(&ran)).expect("a journal");
    assert!(rebased.is_compatible());
    assert_eq!(rebased.replay.resume.iter().map(|path| &**path).collect::<Vec<_>>(), ["r[1]/s/f"]);
}

#[test]
fn a_restored_run_asks_for_the_same_in_the_same_order() {
    let wait = r#"{"id":"w","wait":{"timer":{"after":9}}}"#;
    let secret = task("t", "ok").replace("{}", r#"{"k":"x{{ secrets.k }}","$sealed":["no"]}"#);
    let root = parallel("p", "", &[wait, &secret, r#"{"id":"c","call":{"flow":"f","input":1}}"#, &task("b", "ok")]);
    let mut live = machine(&root);
    live.reissue();
    let mut restored = Machine::restore(live.plan().clone(), &live.to_state()).expect("a snapshot reads back");
    assert_eq!(commands(&mut restored), commands(&mut live));
}

#[test]
fn rule_2_4_a_list_that_grows_in_place_is_still_a_value() {
    let append = |id: &str, value: &str| {
        format!(r#"{{"id":"{id}","set":{{"writes":[{{"target":{{"name":"x"}},"op":"append","value":{value}}}]}}}}"#)
    };
    let copy = set("c", "y", r#""{{ vars.x }}""#);
    let scope = format!(r#"{{"id":"sc","scope":{{"body":{}}}}}"#, append("i", "9"));
    let ran = run(&sequence(
        "s",
        &[&append("a", "1"), &copy, &append("b", "2"), &scope, &append("z", r#""{{ secrets.k }}""#)],
    ));
    assert_eq!((ran.code(), ran.vars.to_json()), ("SECRET_NOT_ALLOWED", r#"{"x":[1,2],"y":[1]}"#.into()));
}
