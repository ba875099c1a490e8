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

/// The declarations at the bar, which is taken out.
async fn declared(door: &Door, text: &str) -> String {
    let offset = text.find('|').expect("a cursor");
    let name = if text.starts_with('{') { "flow.json" } else { "flow.yaml" };
    let files = json!([{"name": name, "text": text.replacen('|', "", 1)}]);
    let found = door.post("/api/scope", json!({"files": files, "offset": offset})).await.is(200);
    format!("{}{}", found["declarations"].as_str().expect("declarations"), found["open"])
}

const DRAWN: &str = r#"{
  "name": "typed",
  "inputSchema": {"type": "object", "properties": {"price": {"type": "number", "description": "In cents."}}},
  "variables": [{"name": "count", "type": "number", "description": "How many."}],
  "nodes": [
    {"id": "start", "type": "trigger", "data": {}},
    {"id": "fetch", "type": "activity", "data": {"activityName": "http.request", "config": {"url": "FIRST"}}},
    {"id": "say", "type": "activity", "data": {"activityName": "print", "config": {"message": "HERE"}}}
  ],
  "edges": [{"id": "a", "source": "start", "target": "fetch"}, {"id": "b", "source": "fetch", "target": "say"}]
}"#;

#[tokio::test]
async fn names_at_a_place_have_types() {
    let door = Door::open().await;
    let secret = r#"{"value":"s3cr3t-canary"}"#.into();
    door.send(&door.key, "PUT", "/api/projects/default/secrets/token", &[("if-match", "*")], secret).await;
    let seen = declared(&door, &DRAWN.replace("HERE", "{{ 1| }}")).await;
    for line in [
        "    /** In cents. */\n    readonly price?: number;",
        "    /** How many. */\n    readonly count: number;",
        "    readonly fetch: {",
        "        readonly output: {",
        "            readonly status: number;",
        "declare const data: {",
        "    readonly token: Secret;",
        "/** The run's input. */\ndeclare const input: {",
        "declare const now: number;",
    ] {
        assert!(seen.contains(line), "{line}\n{seen}");
    }
    assert!(seen.ends_with("false") && !seen.contains("s3cr3t-canary") && !seen.contains("const item"), "{seen}");
    // What is half written hides nothing of the rest, nor does a place without an expression.
    assert_eq!(declared(&door, &DRAWN.replace("HERE", "{{ 1 +| }}")).await, seen);
    // However much of it is written, the place is that of the expression.
    let long = "{{ [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].filter(x => x.| }}";
    assert_eq!(declared(&door, &DRAWN.replace("HERE", long)).await, seen);
    assert_eq!(declared(&door, &DRAWN.replace("HERE", "|")).await, seen);
    // The input flows into the first step.
    let first = declared(&door, &DRAWN.replace("FIRST", "|")).await;
    assert!(first.contains("declare const data: {\n    /** In cents. */"), "{first}");
    let nothing = declared(&door, "{\"a\": [|").await;
    assert!(nothing.contains("declare const input: any;") && nothing.ends_with("true"), "{nothing}");
}

const LOOPED: &str = r#"{
  "name": "looped",
  "inputSchema": {"type": "object", "properties": {"orders": {"type": "array", "items": {
    "type": "object", "required": ["id"], "properties": {
      "id": {"type": "string", "description": "Its number."},
      "lines": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}}}}}}},
  "nodes": [
    {"id": "start", "type": "trigger", "data": {}},
    {"id": "each", "type": "loop", "data": {"config": {"items": "OUTER"}}},
    {"id": "lines", "type": "loop", "data": {"config": {"items": "INNER"}}},
    {"id": "say", "type": "activity", "data": {"activityName": "print", "config": {"message": "HERE"}}},
    {"id": "end", "type": "end", "data": {}}
  ],
  "edges": [
    {"id": "a", "source": "start", "target": "each"},
    {"id": "b", "source": "each", "target": "lines", "sourceHandle": "body"},
    {"id": "c", "source": "lines", "target": "say", "sourceHandle": "body"},
    {"id": "d", "source": "say", "target": "lines"},
    {"id": "e", "source": "lines", "target": "each", "sourceHandle": "done"},
    {"id": "f", "source": "each", "target": "end", "sourceHandle": "done"}
  ]
}"#;

/// The item of a loop is one of its list, wherever what the list holds is known.
#[tokio::test]
async fn items_of_loops_have_types() {
    let door = Door::open().await;
    let (line, order) = ("    readonly price?: number;", "    /** Its number. */\n    readonly id: string;");
    let item = "/** The item of a loop over a list. */\ndeclare const item: ";
    let written = [
        ("{{ input.orders }}", "{{ item.lines }}", format!("{item}{{\n{line}")),
        ("{{ data.orders }}", "{{ item.lines }}", format!("{item}{{\n{line}")),
        ("{{ nodes.start.output.orders }}", "{{ input.orders }}", format!("{item}{{\n{order}")),
        // What is computed of a list holds what the list held, as far as shapes go.
        (
            "{{ input.orders.filter(o => o.id) }}",
            "{{ item.lines.slice(1) }}",
            format!("{item}{{\n    readonly price: number;"),
        ),
        ("{{ [1] }}", "{{ ['a'] }}", format!("{item}string;")),
        ("{{ input.other }}", "{{ item.lines }}", format!("{item}any;")),
        ("{{ input.orders }}", "{{ item.id }}", format!("{item}any;")),
    ];
    for (outer, inner, expected) in written {
        let text = LOOPED.replace("OUTER", outer).replace("INNER", inner).replace("HERE", "{{ 1| }}");
        let seen = declared(&door, &text).await;
        assert!(seen.contains(&expected), "{outer} {inner} {expected}\n{seen}");
    }
    let text = LOOPED.replace("OUTER", "{{ input.orders }}").replace("INNER", "{{ item.| }}").replace("HERE", "");
    let outer = declared(&door, &text).await;
    assert!(outer.contains(&format!("{item}{{\n{order}")), "{outer}");
}

#[tokio::test]
async fn items_of_a_tree_have_types() {
    let door = Door::open().await;
    let tree = "type: ForEach\nid: each\ninput: {type: object, properties: {names: {type: array, items: {type: string}}}}\nprops: {collectionKey: names, itemKey: one}\nchildren: [{type: PrintAction, id: a, props: {message: 'x|'}}]\n";
    let seen = declared(&door, tree).await;
    assert!(seen.contains("declare const item: string;") && seen.contains("declare const names: string[];"), "{seen}");
}

#[tokio::test]
async fn a_tree_names_its_variables_alone() {
    let door = Door::open().await;
    let tree = "type: PrintAction\nid: a\nvariables: {total: {type: number}}\ninput: {type: object, properties: {}}\nprops: {message: 'x|'}\n";
    let seen = declared(&door, tree).await;
    assert!(seen.contains("declare const total: number;") && seen.ends_with("false"), "{seen}");
    let open = declared(&door, "type: PrintAction\nid: a\nprops: {message: 'x|'}\n").await;
    assert!(open.contains("declare const run: {") && open.ends_with("true"), "{open}");
    let files = json!([{"name": "flow.yaml", "text": "ä"}]);
    door.post("/api/scope", json!({"files": files, "offset": 1})).await.refused(422, "INVALID_OFFSET");
    door.post("/api/scope", json!({"files": [], "offset": 0, "project": "none"})).await.refused(404, "NOT_FOUND");
}
