//! Trying parts of flows, through the router.

mod door;

use door::Door;
use serde_json::{Value, json};

/// `charge` must not happen twice; `pick` leaves by a handle.
const FLOW: &str = r#"{
  "ir": 1, "name": "tried", "dialect": "ir",
  "variables": {"total": {"type": "number", "initial": 0}},
  "root": {"id": "all", "sequence": {"children": [
    {"id": "price", "task": {"kind": "mock", "params": {"output": "{{ input.price }}"}, "assign": [{"var": "total", "value": "vars.total + output"}]}},
    {"id": "g", "graph": {
      "nodes": [
        {"node": {"id": "tax", "task": {"kind": "mock", "params": {"output": "{{ vars.total * 2 }}"}}}},
        {"node": {"id": "sum", "task": {"kind": "mock", "params": {"output": "{{ nodes.tax.output + data }}"}}}, "input": "bare"},
        {"node": {"id": "late", "task": {"kind": "mock", "params": {"output": "late"}}}, "input": "bare"}
      ],
      "edges": [{"from": "tax", "handle": "out", "to": "sum"}, {"from": "sum", "handle": "out", "to": "late"}]
    }},
    {"id": "charge", "task": {"kind": "http.request", "params": {"method": "POST", "url": "http://127.0.0.1:9/charge"}}},
    {"id": "end", "task": {"kind": "mock", "params": {"output": "{{ vars.total }}"}}}
  ]}}
}"#;

/// What a trial ends with, and its steps that asked something of the outside.
async fn tried(door: &Door, flow: &str, body: Value) -> (Value, Vec<String>) {
    let begun = door.post(&format!("/api/flows/{flow}/try"), body.clone()).await.is(201);
    let run = begun["run"].as_str().expect("an id").to_owned();
    assert!(run.starts_with("trial-"), "{run}");
    door.ended(&run).await;
    let ended = door.get(&format!("/api/runs/{run}")).await.is(200);
    assert_eq!(ended["status"], "succeeded", "{body}: {ended:#}");
    let journal = door.get(&format!("/api/runs/{run}/journal")).await.is(200);
    let results =
        journal["items"].as_array().expect("records").iter().filter(|record| record["type"] == "task_finished");
    let paths = results.filter_map(|record| record["path"].as_str()).map(str::to_owned).collect();
    (ended["output"].clone(), paths)
}

#[tokio::test]
async fn one_step_runs_with_what_flows_into_it() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let sum = json!({"step": "sum", "data": 5, "pins": {"tax": 2}});
    assert_eq!(tried(&door, &flow, sum).await, (json!(7), vec!["trial/sum".to_owned()]));
    // Braces in data are data.
    let braces = json!({"step": "sum", "data": "{{ input }}", "pins": {"tax": ""}});
    assert_eq!(tried(&door, &flow, braces).await.0, "{{ input }}");
    let price = json!({"step": "price", "input": {"price": 3}});
    assert_eq!(tried(&door, &flow, price).await, (json!(3), vec!["trial/price".to_owned()]));
}

#[tokio::test]
async fn what_comes_after_is_cut_and_what_comes_before_is_pinned() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let up_to = json!({"to": "sum", "input": {"price": 3}});
    let first = door.post(&format!("/api/flows/{flow}/try"), up_to.clone()).await.is(201);
    let first = door.ended(first["run"].as_str().expect("an id")).await;
    let (output, paths) = tried(&door, &flow, up_to).await;
    assert_eq!((output, paths), (json!(12), vec!["all/price".into(), "all/g/tax".into(), "all/g/sum".into()]));
    // The pinned step still writes its variable.
    let on = json!({"from": "sum", "to": "late", "run": first, "input": {"price": 100}});
    assert_eq!(tried(&door, &flow, on).await, (json!("late"), vec!["all/g/sum".into(), "all/g/late".into()]));
    let pinned = json!({"from": "end", "pins": {"price": 9, "tax": 1, "sum": 2, "late": 3, "charge": {"status": 200}}});
    assert_eq!(tried(&door, &flow, pinned).await, (json!(9), vec!["all/end".into()]));
}

#[tokio::test]
async fn nothing_happens_that_must_not() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let path = format!("/api/flows/{flow}/try");
    let cases = [
        (json!({"to": "end", "input": {"price": 1}}), "TRIAL_STEP_NOT_PINNED"),
        (json!({"pins": {"price": 1}}), "TRIAL_STEP_NOT_PINNED"),
        (json!({"from": "end"}), "TRIAL_STEP_NOT_PINNED"),
        (json!({"step": "none"}), "STEP_UNKNOWN"),
        (json!({"to": "sum", "pins": {"none": 1}}), "STEP_UNKNOWN"),
        (json!({"step": "sum", "to": "late"}), "INVALID_TRIAL"),
        (json!({"to": "sum", "data": 1}), "INVALID_TRIAL"),
    ];
    for (body, code) in cases {
        door.post(&path, body).await.refused(422, code);
    }
    let runs = door.get("/api/runs").await.is(200);
    assert_eq!(runs["items"], json!([]), "nothing was started");
    door.post(&path, json!({"from": "sum", "run": "none"})).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn trials_are_told_apart() {
    let door = Door::open().await;
    let flow = door.flow(FLOW).await;
    let (_, _) = tried(&door, &flow, json!({"step": "price", "input": {"price": 1}})).await;
    let count = async |query: &str| {
        door.get(&format!("/api/runs?{query}")).await.is(200)["items"].as_array().expect("runs").len()
    };
    assert_eq!((count("").await, count("trials=only").await, count("trials=without").await), (1, 1, 0));
    assert_eq!(door.get("/api/analytics").await.is(200)["totalRuns"], 0);
    let once = json!({"step": "price", "input": {"price": 1}}).to_string();
    let path = format!("/api/flows/{flow}/try");
    let send = async || door.send(&door.key, "POST", &path, &[("idempotency-key", "k")], once.clone()).await.is(201);
    assert_eq!(send().await["run"], send().await["run"]);
}
