//! Control nodes with names and texts that try to get out of strings, comments and names, before the real compilers.

use crate::compilers;
use serde_json::{Value, json};
use weir_codegen::{Options, generate};
use weir_ir::Flow;

const HOSTILE: [&str; 6] = [
    "plain",
    "@ts-expect-error",
    "eslint-disable",
    "*/ evil(); /* ' \" ` \\ ${x}",
    "\u{2028}\n\r// }, ]); evil(",
    "__proto__",
];

fn wait(id: &str) -> Value {
    json!({"id": id, "wait": {"timer": {"after": "10ms"}}})
}

/// Steps that lead to one another by every means a graph has, its ids, handles and names made of `text`.
fn graph(text: &str) -> Value {
    let id = |place: usize| format!("{text}{place}");
    let exit = json!([{"from": id(3), "handle": text, "name": format!("{text} out")}]);
    let nodes = json!([
        {"node": wait(&id(1))},
        {"node": wait(&id(2)), "onError": "continue", "input": "bare"},
        {"node": wait(&id(3)), "join": "any", "cancelRest": true, "input": {"map": {text: "{{ nodes }}"}}},
        {"node": wait(&id(4)), "input": "byNode"},
    ]);
    let edge = |from, to, handle: &str| json!({"from": id(from), "handle": handle, "to": id(to), "as": text});
    let edges = [edge(1, 2, "out"), edge(1, 3, text), edge(2, 3, "error"), edge(2, 4, "out")];
    json!({"id": format!("{text} graph"), "graph": {"nodes": nodes, "edges": edges, "exits": exit, "output": "byNode"}})
}

fn looped(text: &str) -> Value {
    let mode = json!({"forEach": {"items": [text], "itemVar": text, "indexVar": text, "concurrency": 3}});
    json!({"id": text, "loop":
        {"mode": mode, "continueAsNew": 9, "max": "{{ 4 + 5 }}", "onLimit": "done", "collect": true, "body": graph(text)}})
}

fn waits(text: &str) -> Vec<Value> {
    vec![
        json!({"id": "signal", "name": text, "wait": {"signal": {"name": text, "timeout": text, "routes": true}}}),
        json!({"id": "person", "name": text, "wait": {"approval": {"message": text, "timeout": "1h"}}}),
        json!({"id": "until", "wait": {"until": {"at": text}}}),
        json!({"id": "ever", "wait": "forever"}),
    ]
}

/// Every control node around the next.
fn root(text: &str) -> Value {
    let around = |id: &str, with: Value, body: Value| json!({"id": id, "decorate": {"with": with, "body": body}});
    let policy =
        json!({"strategy": "keep-trying", "maxAttempts": 2, "initial": 10, "coefficient": 2.0, "retryOn": [text]});
    let checks = json!([{"condition": {"region": wait("checked")}, "resolver": wait("solved"), "required": true}]);
    let tried = around("retried", json!({"retry": {"policy": policy}}), looped(text));
    let timed = around("timed", json!({"timeout": {"after": text}}), tried);
    let once = around("once", json!("runOnce"), json!({"id": "own", "scope": {"body": timed}}));
    let ready = around("ready", json!({"precondition": {"checks": checks}}), once);
    let settled = json!({"id": "beside", "parallel":
        {"children": waits(text), "successThreshold": "{{ 1 + 1 }}", "settle": "early", "limit": 2}});
    let guarded = json!({"id": "guarded", "sequence": {"order": "reactive", "children": [ready, settled]}});
    json!({"id": "kept", "select": {"order": "memory", "children": [guarded, {"id": "used", "use": {"def": text}}]}})
}

fn flow(text: &str) -> Flow {
    let defs = json!({text: wait(text)});
    serde_json::from_value(json!({"ir": 1, "name": text, "dialect": "ir", "defs": defs, "root": root(text)})).unwrap()
}

#[test]
fn every_control_node_with_hostile_names_passes_the_compilers() {
    let catalog = weir_kinds::catalog().unwrap();
    for text in HOSTILE {
        let flow = flow(text);
        let project = generate(&flow, &catalog, &Options::default()).unwrap_or_else(|found| panic!("{found:?}"));
        assert_eq!(project, generate(&flow, &catalog, &Options::default()).unwrap(), "the same every time");
        compilers::check(text, &project.files);
    }
}
