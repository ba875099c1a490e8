//! Forks that need what was said before they began.

mod support;

use support::process::{Place, text};
use weir_base::Value;

/// An agent that prints once, then says it is done.
const AGENT: &str = r#"{"ir":1,"name":"talk","dialect":"ir",
 "settings":{"models":{"backends":[{"provider":"scripted"}]}},
 "testData":{"model":[{"toolCalls":[{"name":"tell","arguments":{"message":"hello"}}]},{"text":"done"}]},
 "root":{"id":"agent","agent":{"model":null,"prompt":"Say hello.","input":"go","tools":[
  {"name":"tell","description":"Prints.","schema":{"type":"object"},
   "target":{"step":{"id":"print","task":{"kind":"print","params":"{{ args }}"}}}}]}}}"#;

/// Semantics 2.8 and 6.3: a turn refers to earlier ones by path, also to those of the run it was forked from.
#[test]
fn rule_6_3_a_forked_agent_remembers_its_turns() {
    let folder = support::folder(&[("talk.json", AGENT)]);
    let (exit, printed, told) = support::run(folder.path(), "talk.json", &Value::object([]));
    assert_eq!(exit, 0, "{printed}\n{told}");
    let mut run = printed.get("run").and_then(Value::as_str).expect("a run").to_owned();
    // The second fork is one of the first: it has its turns from two runs back.
    for at in ["2", "2", "1"] {
        let args = ["fork", &run, "--at", at, "--json", "--virtual-time", "--data", "data"];
        let output = support::weir(folder.path(), &args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let forked = Value::from_json(&String::from_utf8_lossy(&output.stdout)).unwrap_or_default();
        assert_eq!(forked.get("output").and_then(Value::as_str), Some("done"), "{at}: {forked}\n{told}");
        run = forked.get("run").and_then(Value::as_str).expect("a run").to_owned();
    }
}

/// What a fork would do is said without doing it, and only of records there are.
#[test]
fn a_dry_run_says_what_runs_again_and_writes_nothing() {
    let two = "type: Sequence\nid: two\nchildren:\n- {type: Mock, id: a, props: {output: 1}}\n- {type: Mock, id: b, props: {output: 2}}\n";
    let place = Place::new(&[("two.yaml", two)]);
    let run = text(&place.run("two.yaml", &[]).json(), "run");
    let dry = |at: &str, more: &[&str]| place.weir(&[&["fork", &run, "--at", at, "--dry-run"], more].concat());
    assert_eq!(dry("1", &[]).out, "runs again: two/a\n");
    assert_eq!(dry("2", &["--json"]).out, "{\"again\":[\"two/b\"]}\n");
    let answered = r#"{"type":"task_finished","path":"two/a","output":5}"#;
    assert_eq!(dry("1", &["--event", answered]).out, "runs again: two/b\n");
    for (at, why) in [("0", "has records 1 to 3, not 0"), ("9", "has records 1 to 3, not 9"), ("3", "is over after")] {
        dry(at, &[]).says(2, why);
    }
    assert_eq!(place.runs(&[]).len(), 1);
}
