//! Looking at expressions in stored runs, through the router.

mod door;

use door::Door;
use serde_json::{Value, json};

const FLOW: &str = r#"{
  "ir": 1, "name": "looked-at", "dialect": "ir",
  "variables": {"count": {"type": "number", "initial": 7}},
  "root": {"id": "g", "graph": {
    "nodes": [
      {"node": {"id": "one", "task": {"kind": "mock", "params": {"output": "{{ input.price * 2 }}"}}}},
      {"node": {"id": "two", "task": {"kind": "mock", "params": {"output": "{{ nodes.one.output + 1 }}"}}}, "input": "bare"}
    ],
    "edges": [{"from": "one", "handle": "out", "to": "two"}]
  }}
}"#;

async fn look(door: &Door, run: &str, body: Value) -> Value {
    door.post(&format!("/api/runs/{run}/preview"), body).await.is(200)
}

#[tokio::test]
async fn expressions_are_seen_as_steps_saw_them() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let run = door.ran(&flow, json!({"price": 4})).await;
    let cases = [
        (json!({"expression": "input.price"}), json!(4)),
        (json!({"expression": "vars.count + 1"}), json!(8)),
        (json!({"expression": "nodes.one.output", "step": "g/two"}), json!(8)),
        (json!({"expression": "nodes.one.status", "step": "g/one"}), json!("running")),
        (json!({"expression": "nodes.one.status", "at": 1}), json!("running")),
        (json!({"expression": "run.id"}), json!(run)),
        (json!({"template": {"a": ["{{ input.price }}", "at {{ vars.count }}"]}}), json!({"a": [4, "at 7"]})),
    ];
    for (body, expected) in cases {
        let seen = look(&door, &run, body.clone()).await;
        assert_eq!(seen["value"], expected, "{body}: {seen:#}");
    }
    assert_eq!(look(&door, &run, json!({"expression": "input.none"})).await["type"], "undefined");
}

#[tokio::test]
async fn what_has_no_value_is_told_with_its_place() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let run = door.ran(&flow, json!({"price": 4, "list": [1]})).await;
    let cases = [
        (json!({"expression": "input.price +"}), "EXPRESSION_SYNTAX"),
        (json!({"expression": "input.none.deeper"}), "EXPRESSION_TYPE"),
        (json!({"template": "one {{ input.price }} two {{ input.none.deeper }}"}), "EXPRESSION_TYPE"),
        (json!({"expression": "secrets.token"}), "SECRET_NOT_ALLOWED"),
        (json!({"template": {"header": "Bearer {{ secrets.token }}"}}), "SECRET_NOT_ALLOWED"),
        (json!({"expression": "'x'.repeat(900000).split('').map(c => 'x'.repeat(900000))"}), "EXPRESSION_FUEL"),
    ];
    for (body, code) in cases {
        let seen = look(&door, &run, body.clone()).await;
        assert_eq!(seen["diagnostics"][0]["code"], code, "{body}: {seen:#}");
        assert!(seen.get("value").is_none());
    }
    let seen = look(&door, &run, json!({"template": "one {{ input.price }} two {{ input.none.deeper }}"})).await;
    assert!(seen["diagnostics"][0]["span"]["start"].as_u64().is_some_and(|at| at >= 26), "{seen:#}");
}

#[tokio::test]
async fn requests_that_name_nothing_are_refused() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let run = door.ran(&flow, json!({"price": 4})).await;
    let path = format!("/api/runs/{run}/preview");
    door.post(&path, json!({})).await.refused(422, "INVALID_PREVIEW");
    door.post(&path, json!({"expression": "1", "template": 1})).await.refused(422, "INVALID_PREVIEW");
    door.post(&path, json!({"expression": "1", "step": "g/none"})).await.refused(422, "STEP_UNKNOWN");
    let other = door.tenant("Two").await;
    let body = json!({"expression": "input"}).to_string();
    door.send(&other, "POST", &path, &[], body).await.refused(404, "NOT_FOUND");
}
