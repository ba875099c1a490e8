//! `weir compile` with the real compilers. Needs Node, and `.tools/toolchain`, which `make test` installs.

mod support;

use support::asking::Asked;
use support::compilers::lend;
use support::process::Place;
use weir_base::Value;

#[test]
fn what_is_written_was_checked_and_passed() {
    let place = Place::new(&[(
        "flow.yaml",
        "type: Sequence\nid: plain\nchildren:\n- {type: Mock, id: one, props: {output: 1}}\n",
    )]);
    lend(&place, "data");
    let ended = place.weir(&["compile", "flow.yaml", "--out", "made", "--format", "json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let verification = ended.json().get("verification").cloned().unwrap();
    for passed in ["tscPassed", "eslintPassed"] {
        assert_eq!(verification.get(passed), Some(&Value::Bool(true)), "{verification:?}");
    }
    assert_eq!(verification.get("anyTypesFound").and_then(Value::as_u64), Some(0));
    place.weir(&["toolchain", "verify", "made"]).says(0, "tsc: 0 errors");
    let again = place.weir(&["compile", "flow.yaml", "--out", "made"]);
    again.says(0, "its README.md says how to go on");
}

#[test]
fn a_server_answers_with_the_verdict_of_the_compilers() {
    let place = Place::new(&[]);
    lend(&place, "srv");
    let server = Asked::start(&place, "srv");
    let text =
        r#"{"type": "Sequence", "id": "plain", "children": [{"type": "Mock", "id": "one", "props": {"output": 1}}]}"#;
    let flow = Value::from_json(text).unwrap();
    for _ in 0..2 {
        let answer = server.post("/compile", &Value::object([("workflow", flow.clone())]));
        assert_eq!(answer.get("success"), Some(&Value::Bool(true)), "{}", answer.to_json());
        let verdict = answer.get("verification").unwrap().to_json();
        assert_eq!(verdict, r#"{"tscPassed":true,"eslintPassed":true,"anyTypesFound":0}"#);
    }
    server.stop();
}
