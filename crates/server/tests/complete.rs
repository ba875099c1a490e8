//! What could be written at a place of a flow, through the router.

mod door;

use door::Door;
use serde_json::{Value, json};

/// Asks at the bar, which is taken out.
async fn asked(door: &Door, text: &str) -> Value {
    let offset = text.find('|').expect("a cursor");
    let body = json!({"text": text.replacen('|', "", 1), "offset": offset});
    door.post("/api/complete", body).await.is(200)
}

async fn labels(door: &Door, text: &str) -> Vec<String> {
    let found = asked(door, text).await;
    let items = found["items"].as_array().expect("items");
    items.iter().filter_map(|item| item["label"].as_str()).map(str::to_owned).collect()
}

const GRAPH: &str = r#"{
  "ir": 1, "name": "asked", "dialect": "ir",
  "input": {"type": "object", "properties": {"person": {"type": "object", "properties": {"name": {"type": "string"}}}, "price": {"type": "number"}}},
  "variables": {"count": {"type": "number", "description": "How many."}},
  "root": {"id": "g", "graph": {
    "nodes": [
      {"node": {"id": "fetch", "task": {"kind": "http.request", "params": {"method": "GET", "url": "http://example.org"}}}},
      {"node": {"id": "say", "task": {"kind": "print", "params": {"message": "HERE"}}}, "input": "bare"}
    ],
    "edges": [{"from": "fetch", "handle": "out", "to": "say"}]
  }}
}"#;

#[tokio::test]
async fn expressions_know_the_names_in_scope() {
    let door = Door::open().await;
    door.send(
        &door.key,
        "PUT",
        "/api/projects/default/secrets/api-token",
        &[("if-match", "*")],
        r#"{"value":"s3cr3t-canary"}"#.into(),
    )
    .await;
    let cases = [
        ("{{ inp|", vec!["input"]),
        ("{{ input.|", vec!["person", "price"]),
        ("{{ input.pr| }} and more", vec!["price"]),
        ("{{ input.person.| }}", vec!["name"]),
        ("{{ vars.| }}", vec!["count"]),
        ("{{ nodes.| }}", vec!["fetch", "say"]),
        ("{{ nodes.fetch.| }}", vec!["error", "output", "status"]),
        ("{{ nodes.fetch.output.st| }}", vec!["status"]),
        ("{{ 1 + run.i|", vec!["id"]),
        ("{{ input.price.toF|", vec!["toFixed"]),
        ("{{ 'in|' }}", vec![]),
        ("{{ input }} inp|", vec![]),
    ];
    for (written, expected) in cases {
        assert_eq!(labels(&door, &GRAPH.replace("HERE", written)).await, expected, "{written}");
    }
    let count = asked(&door, &GRAPH.replace("HERE", "{{ vars.c|")).await;
    assert_eq!(count["items"][0], json!({"label": "count", "sort": "name", "detail": "number", "docs": "How many."}));
    let secrets = asked(&door, &GRAPH.replace("HERE", "{{ secrets.|")).await;
    assert_eq!(secrets["items"][0]["label"], "api-token");
    assert!(!secrets.to_string().contains("canary"));
}

#[tokio::test]
async fn structure_knows_kinds_parameters_and_flows() {
    let door = Door::open().await;
    door.flow("type: Sequence\nid: greet\nchildren:\n  - {type: PrintAction, props: {message: hello}}\n").await;
    assert_eq!(labels(&door, "type: Sequence\nchildren:\n  - type: PrintA|").await, ["PrintAction"]);
    // Nodes that are no tasks, and what they take.
    assert_eq!(labels(&door, "type: Sel|").await, ["Selector"]);
    assert_eq!(labels(&door, "type: Sequence\nchildren:\n  - type: Re|").await[..2], ["ReactiveSequence", "Recovery"]);
    let found = asked(&door, "type: Conditional|").await;
    assert_eq!(found["items"][0]["detail"], "2 to 3 children");
    assert_eq!(labels(&door, "type: Parallel\nprops:\n  s|").await, ["strategy", "successThreshold"]);
    assert_eq!(labels(&door, "type: While\nprops: {max|").await, ["maxIterations"]);
    let inside = "type: While\nchildren:\n  - type: PrintAction\n    props:\n      mess|";
    assert_eq!(labels(&door, inside).await, ["message"]);
    assert_eq!(labels(&door, "root:\n  kind: http.req|").await, ["http.request"]);
    assert_eq!(
        labels(&door, "type: Sequence\nchildren:\n  - type: PrintAction\n    props:\n      mess|").await,
        ["message"]
    );
    assert_eq!(labels(&door, "{\"type\": \"PrintAction\", \"props\": {\"mess|").await, ["message"]);
    // The print has ended; around the cursor is the request.
    let after = "{\"kind\": \"http.request\", \"a\": {\"kind\": \"print\"}, \"params\": {\"meth|";
    assert_eq!(labels(&door, after).await, ["method"]);
    assert!(
        labels(&door, "{\"kind\": \"http.request\", \"params\": {\"method\": \"P|").await.contains(&"POST".to_owned())
    );
    assert_eq!(labels(&door, "call:\n  flow: gr|").await, ["greet"]);
    assert_eq!(labels(&door, "|").await, Vec::<String>::new());
}

#[tokio::test]
async fn places_that_are_none_are_refused() {
    let door = Door::open().await;
    for (text, offset) in [("abc", 4), ("é", 1)] {
        door.post("/api/complete", json!({"text": text, "offset": offset})).await.refused(422, "INVALID_OFFSET");
    }
    door.post("/api/complete", json!({"text": "", "offset": 0, "project": "none"})).await.refused(404, "NOT_FOUND");
    let other = door.tenant("Two").await;
    door.flow("type: Sequence\nid: hidden\nchildren: []\n").await;
    let body = json!({"text": "flow: ", "offset": 6}).to_string();
    let found = door.send(&other, "POST", "/api/complete", &[], body).await.is(200);
    assert_eq!(found["items"], json!([]));
}
