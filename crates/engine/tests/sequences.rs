//! Sequence, select, parallel, branch, try, decorators: semantics sections 1 and 2.

mod support;

use support::{Sim, flow, run};
use weir_base::Value;
use weir_engine::Status;

fn task(id: &str, kind: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{{"n":"{id}"}}}}}}"#)
}

fn sequence(id: &str, children: &[String]) -> String {
    format!(r#"{{"id":"{id}","sequence":{{"children":[{}]}}}}"#, children.join(","))
}

fn ordered(id: &str, node: &str, order: &str, children: &[String]) -> String {
    format!(r#"{{"id":"{id}","{node}":{{"order":"{order}","children":[{}]}}}}"#, children.join(","))
}

fn set(id: &str, var: &str, value: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"target":{{"name":"{var}"}},"op":"set","value":{value}}}]}}}}"#)
}

fn increment(id: &str, var: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"target":{{"name":"{var}"}},"op":"increment","value":1}}]}}}}"#)
}

fn check(id: &str, expr: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"op":"check","value":"{{{{ {expr} }}}}"}}]}}}}"#)
}

fn decorate(id: &str, with: &str, body: &str) -> String {
    format!(r#"{{"id":"{id}","decorate":{{"with":{with},"body":{body}}}}}"#)
}

const RETRY: &str =
    r#"{"retry":{"policy":{"strategy":"fail-after-x","maxAttempts":3,"initial":1000,"coefficient":2.0}}}"#;

/// Root, expected status, expected task paths.
fn check_run(root: &str, status: Status, tasks: &[&str]) {
    let ran = run(root);
    assert_eq!(ran.status, status, "{root}\n{:?}", ran.error);
    assert_eq!(ran.tasks, tasks, "{root}");
}

#[test]
fn a_sequence_stops_at_the_first_failure() {
    check_run(&sequence("s", &[]), Status::Succeeded, &[]);
    check_run(&sequence("s", &[task("a", "ok"), task("b", "ok")]), Status::Succeeded, &["s/a", "s/b"]);
    check_run(&sequence("s", &[task("a", "fail"), task("b", "ok")]), Status::Failed, &["s/a"]);
}

#[test]
fn a_select_stops_at_the_first_success() {
    check_run(&ordered("s", "select", "plain", &[]), Status::Failed, &[]);
    let children = [task("a", "fail"), task("b", "ok"), task("c", "ok")];
    check_run(&ordered("s", "select", "plain", &children), Status::Succeeded, &["s/a", "s/b"]);
    check_run(
        &ordered("s", "select", "plain", &[task("a", "fail"), task("b", "fail")]),
        Status::Failed,
        &["s/a", "s/b"],
    );
}

#[test]
fn rule_1_1_block_attempts_are_indexed() {
    let ran =
        Sim::new(&flow(&decorate("r", RETRY, &sequence("s", &[task("a", "ok"), task("f", "flaky")])))).flaky(3).run();
    assert_eq!(ran.status, Status::Succeeded);
    assert_eq!(ran.tasks, ["r[0]/s/a", "r[0]/s/f", "r[1]/s/a", "r[1]/s/f", "r[2]/s/a", "r[2]/s/f"]);
    assert_eq!(ran.elapsed_ms(), 3_000);
}

#[test]
fn rule_1_2_a_block_attempt_re_enters_memory() {
    let memory = ordered("m", "sequence", "memory", &[task("a", "ok"), task("f", "flaky")]);
    let ran = Sim::new(&flow(&decorate("r", RETRY, &memory))).flaky(2).run();
    assert_eq!(ran.tasks, ["r[0]/m/a", "r[0]/m/f", "r[1]/m/f"]);
    let parallel = format!(r#"{{"id":"p","parallel":{{"children":[{},{}]}}}}"#, task("a", "ok"), task("f", "flaky"));
    let ran = Sim::new(&flow(&decorate("r", RETRY, &parallel))).flaky(2).run();
    assert_eq!(ran.tasks, ["r[0]/p/a", "r[0]/p/f", "r[1]/p/f"]);
    assert_eq!(ran.status, Status::Succeeded);
}

#[test]
fn rule_1_2_run_once_keeps_its_result() {
    let once = decorate("once", r#""runOnce""#, &task("a", "ok"));
    let ran = Sim::new(&flow(&decorate("r", RETRY, &sequence("s", &[once, task("f", "flaky")])))).flaky(2).run();
    assert_eq!(ran.tasks, ["r[0]/s/once/a", "r[0]/s/f", "r[1]/s/f"]);
}

#[test]
fn rule_1_2_a_loop_iteration_is_a_fresh_instance() {
    let body = ordered("m", "sequence", "memory", &[task("a", "ok")]);
    let root = format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":2}},"body":{body}}}}}"#);
    check_run(&root, Status::Succeeded, &["l[0]/m/a", "l[1]/m/a"]);
}

#[test]
fn rule_1_3_a_failing_guard_cancels_the_running_child() {
    let wait = r#"{"id":"w","wait":{"timer":{"after":"1h"}}}"#.to_owned();
    let children = [check("guard", "vars.go"), wait];
    let root = sequence("s", &[set("init", "go", "true"), ordered("r", "sequence", "reactive", &children)]);
    let flow = format!(
        r#"{{"ir":1,"name":"t","dialect":"ir","signals":{{"stop":{{"assign":{{"go":"message.go"}}}}}},"root":{root}}}"#
    );
    let ran = Sim::new(&flow).signal("stop", r#"{"go":false}"#).run();
    assert_eq!((ran.status, ran.code(), ran.elapsed_ms()), (Status::Failed, "CHECK_FAILED", 0));
    let ran = Sim::new(&flow).signal("stop", r#"{"go":true}"#).run();
    assert_eq!((ran.status, ran.elapsed_ms()), (Status::Succeeded, 3_600_000));
}

#[test]
fn rule_1_3_a_guards_own_write_does_not_restart() {
    let guard = sequence("g", &[increment("count", "checks"), check("ok", "true")]);
    let wait = r#"{"id":"w","wait":{"timer":{"after":"1s"}}}"#.to_owned();
    let ran = run(&ordered("r", "sequence", "reactive", &[guard, wait]));
    assert_eq!(ran.vars.get("checks"), Some(&Value::from(1)));
}

#[test]
fn rule_1_4_a_flow_that_loops_for_ever_fails() {
    let root = format!(r#"{{"id":"l","loop":{{"mode":"forever","body":{}}}}}"#, increment("i", "n"));
    let ran = Sim::new(&flow(&root)).once().run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, "LOOP_LIMIT"));
    assert!(ran.events.len() > 100, "it yielded on the way");
}

#[test]
fn rule_1_4_stuck_names_the_step() {
    let ran = run(&sequence("s", &[r#"{"id":"stand","wait":"forever"}"#.into()]));
    assert_eq!((ran.status, ran.code()), (Status::Failed, "STUCK"));
    assert_eq!(&*ran.error.unwrap().path, "s/stand");
    let timed = decorate("t", r#"{"timeout":{"after":500}}"#, r#"{"id":"stand","wait":"forever"}"#);
    let ran = run(&timed);
    assert_eq!((ran.status, ran.code(), ran.elapsed_ms()), (Status::Failed, "TIMEOUT", 500));
}

#[test]
fn rule_2_1_a_while_at_its_limit_fails_without_a_last_check() {
    let body = increment("i", "n");
    let looped = |max: u32, on: &str| {
        format!(
            r#"{{"id":"l","loop":{{"mode":{{"while":{{"expr":"(vars.n ?? 0) < 3"}}}},"body":{body},"max":{max},"onLimit":"{on}"}}}}"#
        )
    };
    let cases = [(3, "fail", Status::Failed), (4, "fail", Status::Succeeded), (2, "done", Status::Succeeded)];
    for (max, on, status) in cases {
        assert_eq!(run(&looped(max, on)).status, status, "max {max} {on}");
    }
}

#[test]
fn rule_2_2_parallel_verdicts() {
    let parallel = |settings: &str, kinds: &[&str]| {
        let children: Vec<String> = kinds.iter().enumerate().map(|(at, kind)| task(&format!("c{at}"), kind)).collect();
        format!(r#"{{"id":"p","parallel":{{"children":[{}]{settings}}}}}"#, children.join(","))
    };
    let cases: [(&str, &[&str], Status, usize); 9] = [
        ("", &[], Status::Succeeded, 0),
        ("", &["ok", "ok"], Status::Succeeded, 2),
        ("", &["ok", "fail"], Status::Failed, 2),
        (r#","strategy":"any""#, &["fail", "ok"], Status::Succeeded, 2),
        (r#","strategy":"any""#, &["fail", "fail"], Status::Failed, 2),
        (r#","successThreshold":1"#, &["fail", "ok", "fail"], Status::Succeeded, 3),
        (r#","failureThreshold":2,"strategy":"any""#, &["fail", "fail", "ok"], Status::Failed, 3),
        (r#","successThreshold":1,"failureThreshold":1"#, &["fail", "ok"], Status::Succeeded, 2),
        (r#","limit":1"#, &["ok", "ok", "ok"], Status::Succeeded, 3),
    ];
    for (settings, kinds, status, asked) in cases {
        let ran = run(&parallel(settings, kinds));
        assert_eq!((ran.status, ran.tasks.len()), (status, asked), "{settings} {kinds:?}");
    }
    let early = run(&parallel(r#","settle":"early""#, &["fail", "never", "never"]));
    assert_eq!((early.status, early.cancelled.len()), (Status::Failed, 2));
}

#[test]
fn nested_parallels_succeed() {
    let inner = format!(r#"{{"id":"inner","parallel":{{"children":[{}]}}}}"#, task("a", "ok"));
    let root = format!(r#"{{"id":"p","parallel":{{"children":[{inner},{}]}}}}"#, sequence("empty", &[]));
    check_run(&root, Status::Succeeded, &["p/inner/a"]);
}

#[test]
fn rule_2_3_a_scope_keeps_its_writes() {
    let scope = format!(
        r#"{{"id":"sc","scope":{{"body":{}}}}}"#,
        sequence("in", &[set("x", "a", "2"), set("y", "b", "\"{{ vars.c }}\"")])
    );
    let ran = run(&sequence("s", &[set("o", "a", "1"), set("c", "c", "7"), scope]));
    assert_eq!(ran.vars.to_json(), r#"{"a":1,"c":7}"#);
    let counted = format!(
        r#"{{"id":"sc","scope":{{"body":{}}}}}"#,
        sequence("in", &[increment("i", "n"), check("twice", "vars.n >= 2")])
    );
    let retried = sequence(
        "b",
        &[decorate("soft", r#""softAssert""#, &counted), task("f", "flaky"), counted.replace("\"sc\"", "\"sc2\"")],
    );
    let ran = Sim::new(&flow(&decorate("r", RETRY, &retried))).flaky(2).run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, "CHECK_FAILED"), "each scope has its own count");
    let again = sequence("b", &[decorate("soft", r#""softAssert""#, &counted), task("f", "flaky")]);
    let ran = Sim::new(&flow(&decorate("r", RETRY, &again))).flaky(2).run();
    assert_eq!(
        ran.steps().iter().filter(|(path, status)| path.ends_with("sc/in/twice") && status == "succeeded").count(),
        1
    );
}

#[test]
fn rule_2_6_finally_runs_once_on_every_outcome() {
    let tried = |body: &str| {
        format!(r#"{{"id":"t","try":{{"body":{body},"catch":{},"finally":{}}}}}"#, task("c", "ok"), task("f", "ok"))
    };
    check_run(&tried(&task("b", "ok")), Status::Succeeded, &["t/b", "t/f"]);
    check_run(&tried(&task("b", "fail")), Status::Succeeded, &["t/b", "t/c", "t/f"]);
    let no_catch = format!(r#"{{"id":"t","try":{{"body":{},"finally":{}}}}}"#, task("b", "fail"), task("f", "fail"));
    let ran = run(&no_catch);
    assert_eq!((ran.status, ran.code(), ran.tasks.len()), (Status::Failed, "BROKEN", 2));
}

#[test]
fn rule_2_6_finally_is_shielded_from_one_cancel() {
    use weir_engine::EventBody;
    let cancel = || EventBody::Cancel { reason: "stop".into() };
    let tried = |finally: &str| {
        format!(r#"{{"id":"t","try":{{"body":{},"finally":{}}}}}"#, task("b", "never"), task("f", finally))
    };
    let once = Sim::new(&flow(&tried("ok"))).then(cancel()).run();
    assert_eq!((once.status, once.tasks.join(" ")), (Status::Cancelled, "t/b t/f".to_owned()));
    let stuck = Sim::new(&flow(&tried("never"))).then(cancel()).then(cancel()).run();
    assert_eq!((stuck.status, stuck.cancelled), (Status::Cancelled, vec!["t/b".to_owned(), "t/f".to_owned()]));
}

#[test]
fn catch_sees_the_error() {
    let catch = r#"{"id":"c","set":{"writes":[{"target":{"name":"code"},"op":"set","value":"{{ error.code }} at {{ error.path }}"}]}}"#;
    let ran = run(&format!(r#"{{"id":"t","try":{{"body":{},"catch":{catch}}}}}"#, task("b", "fail")));
    assert_eq!(ran.vars.to_json(), r#"{"code":"BROKEN at t/b"}"#);
}

#[test]
fn rule_2_5_a_verdict_is_never_retried() {
    check_run(&decorate("r", RETRY, &task("v", "verdict")), Status::Failed, &["r[0]/v"]);
}

/// A timeout around a retry is over all attempts; each attempt has its index in the path.
#[test]
fn rule_2_7_a_timeout_is_total_over_the_attempts_of_a_block() {
    let timeout = |by: &str, body: &str| decorate("t", &format!(r#"{{"timeout":{{"after":"{by}"}}}}"#), body);
    let retried = decorate("r", RETRY, &task("f", "fail"));
    let ran = run(&timeout("2s", &retried));
    assert_eq!((ran.status, ran.code(), ran.elapsed_ms()), (Status::Failed, "TIMEOUT", 2_000));
    assert_eq!(ran.tasks, ["t/r[0]/f", "t/r[1]/f"]);
    let ran = run(&timeout("1h", &retried));
    assert_eq!((ran.status, ran.code(), ran.elapsed_ms()), (Status::Failed, "BROKEN", 3_000));
    assert_eq!(ran.tasks.len(), 3);
}

#[test]
fn decorators() {
    let ok = task("a", "ok");
    let fail = task("a", "fail");
    let cases = [
        (decorate("d", r#""invert""#, &ok), Status::Failed),
        (decorate("d", r#""invert""#, &fail), Status::Succeeded),
        (decorate("d", r#"{"force":{"success":true}}"#, &fail), Status::Succeeded),
        (decorate("d", r#"{"force":{"success":false}}"#, &ok), Status::Failed),
        (decorate("d", r#""softAssert""#, &fail), Status::Succeeded),
        (decorate("d", r#"{"delay":{"by":0}}"#, &ok), Status::Succeeded),
        (decorate("d", r#"{"delay":{"by":"2s"}}"#, &ok), Status::Succeeded),
        (decorate("d", r#"{"delay":{"by":"soon"}}"#, &ok), Status::Failed),
    ];
    for (root, status) in cases {
        assert_eq!(run(&root).status, status, "{root}");
    }
}

#[test]
fn rule_1_2_until_failure_runs_afresh_and_then_succeeds() {
    let body = sequence("s", &[increment("i", "n"), check("few", "vars.n < 3"), task("a", "ok")]);
    check_run(&decorate("k", r#""untilFailure""#, &body), Status::Succeeded, &["k[0]/s/a", "k[1]/s/a"]);
}

#[test]
fn a_precondition_resolves_and_checks_again() {
    let pre = |required: bool, value: &str| {
        let checks = format!(
            r#"{{"precondition":{{"checks":[{{"condition":{{"region":{}}},"resolver":{},"required":{required}}}]}}}}"#,
            check("c", "vars.ready"),
            set("fix", "ready", value)
        );
        decorate("p", &checks, &task("a", "ok"))
    };
    check_run(&pre(true, "true"), Status::Succeeded, &["p/a"]);
    check_run(&pre(true, "false"), Status::Failed, &[]);
    check_run(&pre(false, "false"), Status::Succeeded, &["p/a"]);
}

#[test]
fn a_branch_takes_the_first_case_that_holds() {
    let case = |expr: &str, body: &str| format!(r#"{{"when":{{"expr":"{expr}"}},"then":{{"body":{body}}}}}"#);
    let root = |a: &str, b: &str| {
        format!(
            r#"{{"id":"b","branch":{{"cases":[{},{}],"otherwise":{{"body":{}}}}}}}"#,
            case(a, &task("x", "ok")),
            case(b, &task("y", "ok")),
            task("z", "ok")
        )
    };
    check_run(&root("true", "true"), Status::Succeeded, &["b/x"]);
    check_run(&root("false", "1 + 1 === 2"), Status::Succeeded, &["b/y"]);
    check_run(&root("false", "null"), Status::Succeeded, &["b/z"]);
    let region = format!(
        r#"{{"id":"b","branch":{{"cases":[{{"when":{{"region":{}}},"then":{{"body":{}}}}}]}}}}"#,
        task("q", "fail"),
        task("x", "ok")
    );
    check_run(&region, Status::Succeeded, &["b/q"]);
}

#[test]
fn a_for_each_goes_through_its_list() {
    let body = r#"{"id":"a","task":{"kind":"ok","params":{"v":"{{ item * 10 + index }}"}}}"#;
    let each = |items: &str, more: &str| {
        format!(
            r#"{{"id":"e","loop":{{"mode":{{"forEach":{{"items":{items},"itemVar":"it","concurrency":{more}}}}},"body":{body},"collect":true}}}}"#
        )
    };
    let ran = run(&each("[1,2,3]", "1"));
    assert_eq!(ran.output.to_json(), r#"[{"v":10},{"v":21},{"v":32}]"#);
    assert_eq!(ran.vars.to_json(), r#"{"it":3}"#);
    assert_eq!(ran.tasks, ["e[0]/a", "e[1]/a", "e[2]/a"]);
    assert_eq!(run(&each("[1,2,3]", "2")).output.to_json(), r#"[{"v":10},{"v":21},{"v":32}]"#);
    assert_eq!(run(&each("[]", "1")).output.to_json(), "[]");
    assert_eq!(run(&each("\"x\"", "1")).code(), "NOT_A_LIST");
}

#[test]
fn a_long_list_in_parallel_is_bounded() {
    let body = r#"{"id":"a","task":{"kind":"ok","params":{}}}"#;
    let root = format!(
        r#"{{"id":"e","loop":{{"mode":{{"forEach":{{"items":"{{{{ vars.list }}}}","concurrency":4}}}},"body":{body}}}}}"#
    );
    let make =
        r#"{"id":"m","set":{"writes":[{"target":{"name":"list"},"op":"set","value":"{{ [1,2,3,4,5,6,7,8,9] }}"}]}}"#;
    let ran = run(&sequence("s", &[make.into(), root]));
    assert_eq!((ran.status, ran.tasks.len()), (Status::Succeeded, 9));
}

#[test]
fn return_ends_the_run_and_fail_fails_it() {
    let children = [task("a", "ok"), r#"{"id":"r","return":{"value":"{{ 1 + 1 }}"}}"#.into(), task("b", "ok")];
    let ran = run(&sequence("s", &children));
    assert_eq!((ran.status, ran.output.to_json(), ran.tasks.len()), (Status::Succeeded, "2".into(), 1));
    let ran = run(r#"{"id":"f","fail":{"code":"OUT_OF_STOCK","message":"no {{ 1 + 2 }}"}}"#);
    assert_eq!((ran.code(), &*ran.error.clone().unwrap().message), ("OUT_OF_STOCK", "no 3"));
}
