//! What a handler of an organism is bound to, from the file to the answer.

mod support;

use weir_base::Value;

const LOOKUP: &str = "type: Sequence\nid: lookup\nchildren:\n  - type: Transform\n    id: found\n    props:\n      value: \"{{ input.name + '!' }}\"\n";

fn organism(binding: &str) -> String {
    format!(
        "organism:\n  name: desk\nlisteners:\n  - name: ask\n    description: Answers.\n    handler: desk.ask\n    \
         payload_class: desk.Ask\nbindings:\n  desk.ask: {binding}\n"
    )
}

fn check(binding: &str, expected: &str) {
    let folder = support::folder(&[("lookup.yaml", LOOKUP), ("desk.yaml", &organism(binding))]);
    let input = Value::object([("name", "Ada".into())]);
    let (exit, printed, told) = support::run(folder.path(), "desk.yaml", &input);
    assert_eq!((exit, printed.get("output").map(Value::to_json)), (0, Some(expected.to_owned())), "{printed}\n{told}");
    assert!(!told.contains("UNKNOWN_FLOW"), "{told}");
}

#[test]
fn a_handler_is_a_flow_beside_the_file() {
    check("flow:lookup.yaml", "\"Ada!\"");
    check("{flow: lookup.yaml}", "\"Ada!\"");
    check("{flow: lookup}", "\"Ada!\"");
    check("{flow: lookup, input: {name: Bob}}", "\"Bob!\"");
}

#[test]
fn a_handler_is_a_step_of_the_engine() {
    check("{kind: counter, increment: 4}", "4");
    check("{kind: transform, value: \"{{ message.payload.name }}\"}", "\"Ada\"");
    check("{kind: wait, waitMs: 1h}", "null");
}

/// A flow that is not there is a warning to the check, and a failure with a code to the run.
#[test]
fn a_flow_that_is_not_there_is_told() {
    let folder = support::folder(&[("desk.yaml", &organism("{flow: lokup}"))]);
    let output = support::weir(folder.path(), &["check", "desk.yaml"]);
    let told = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("warning[UNKNOWN_FLOW]"), "{told}");
    let (exit, printed, told) = support::run(folder.path(), "desk.yaml", &Value::object([]));
    assert_eq!(exit, 1, "{printed} {told}");
    assert!(printed.to_json().contains("FLOW_UNKNOWN"), "{printed}");
}
