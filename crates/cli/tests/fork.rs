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

/// A fork shows what it began with, what was open and ends in it, and what comes after; so does a fork of a fork.
#[test]
fn a_fork_lists_the_steps_of_the_run_it_was_forked_from() {
    let step = |id: &str| format!("- {{type: Mock, id: {id}, props: {{output: {id}}}}}\n");
    let flow = format!("type: Sequence\nid: four\nchildren:\n{}{}{}{}", step("a"), step("b"), step("c"), step("d"));
    let place = Place::new(&[("four.yaml", &flow)]);
    let run = text(&place.run("four.yaml", &[]).json(), "run");
    let fork = |run: &str, more: &[&str]| {
        let forked = place.weir(&[&["fork", run, "--json", "--at"], more].concat()).json();
        let steps = forked.get("steps").and_then(Value::as_array).unwrap().to_vec();
        let told = steps.iter().map(|step| format!("{} {}", text(step, "path"), text(step, "status")));
        (text(&forked, "run"), told.collect::<Vec<_>>().join(", "))
    };
    let whole = "four succeeded, four/a succeeded, four/b succeeded, four/c succeeded, four/d succeeded";
    let (forked, steps) = fork(&run, &["3"]);
    assert_eq!(steps, whole);
    let (again, steps) = fork(&forked, &["2"]);
    assert_eq!(steps, whole);
    for (run, folder, records) in [(&forked, "kept", 6), (&again, "again", 7)] {
        let saved = place.weir(&["save-test", run, "--out", folder]);
        assert!(saved.out.starts_with(&format!("{folder}: {records} records")), "{saved:?}");
        let tested = place.weir(&["test", folder]);
        assert!(tested.out.contains("1 passed"), "{tested:?}");
    }
    // No journal tells how a change has ended a step.
    let changed = fork(&run, &["2", "--event", r#"{"type":"task_finished","path":"four/b","output":5}"#]).1;
    assert_eq!(changed, whole.replace("four/b succeeded, ", ""));
}
