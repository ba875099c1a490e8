//! What flows remember, through kill -9 of the server.

mod support;

use std::time::Instant;
use support::process::{Place, text};
use support::server::{PATIENCE, Server};
use weir_base::Value;

/// Waits before it remembers, and after.
const WAITS: &str = r#"{"ir": 1, "name": "waits", "dialect": "ir", "settings": {"memory": {}},
  "root": {"id": "s", "sequence": {"children": [
    {"id": "before", "wait": {"signal": {"name": "go"}}},
    {"id": "keep", "task": {"kind": "memory", "params": {"op": "set", "key": "last", "value": "{{ input.n }}"}}},
    {"id": "count", "task": {"kind": "memory", "params": {"op": "increment", "key": "visits"}}},
    {"id": "after", "wait": {"signal": {"name": "end"}}}
  ]}}}"#;

const RUNS: usize = 4;
const COUNTS: usize = 30;

/// Counts so often, in steps of its own.
fn counts() -> String {
    let step = |n| {
        format!(r#"{{"id": "c{n}", "task": {{"kind": "memory", "params": {{"op": "increment", "key": "visits"}}}}}}"#)
    };
    let steps: Vec<String> = (0..COUNTS).map(step).collect();
    format!(
        r#"{{"ir": 1, "name": "counts", "dialect": "ir", "settings": {{"memory": {{}}}},
            "root": {{"id": "s", "sequence": {{"children": [{}]}}}}}}"#,
        steps.join(", ")
    )
}

/// An entry, if there is one.
#[track_caller]
fn remembered(server: &Server, flow: &str, key: &str) -> Option<Value> {
    match server.answer("GET", &format!("/api/flows/{flow}/memory/entries/{key}"), "") {
        (200, entry) => entry.get("value").cloned(),
        (404, _) => None,
        (status, answer) => panic!("{status} {}", answer.to_json()),
    }
}

fn visits(server: &Server, flow: &str) -> usize {
    remembered(server, flow, "visits").and_then(|count| count.as_u64()).unwrap_or_default() as usize
}

#[track_caller]
fn until_more_visits(server: &Server, flow: &str, than: usize) {
    let begun = Instant::now();
    while visits(server, flow) <= than {
        assert!(begun.elapsed() < PATIENCE, "no visit beyond {than}");
    }
}

fn signal(server: &Server, run: &str, name: &str) {
    server.ask("POST", &format!("/api/runs/{run}/signal"), &format!(r#"{{"name": "{name}"}}"#));
}

#[track_caller]
fn succeeds(server: &Server, run: &str) {
    let ended = server.ask("GET", &format!("/api/runs/{run}?wait=60"), "");
    assert_eq!(text(&ended, "status"), "succeeded", "{}", ended.to_json());
}

#[test]
fn what_was_done_is_remembered_after_kill_9_and_what_was_not_is_not() {
    let place = Place::new(&[]);
    let server = Server::first(&place);
    let flow = server.running("waits", WAITS);
    let run = |n: f64| server.inject(&flow, Value::object([("n", n.into())]));
    let (done, waiting) = (run(1.0), run(2.0));
    signal(&server, &done, "go");
    until_more_visits(&server, &flow, 0);

    let server = server.killed(&place);
    let found = |server: &Server| (remembered(server, &flow, "last"), visits(server, &flow));
    assert_eq!(found(&server), (Some(1.0.into()), 1), "one has done it, and the other has not come so far");
    for name in ["go", "end"] {
        signal(&server, &waiting, name);
    }
    signal(&server, &done, "end");
    [&done, &waiting].into_iter().for_each(|run| succeeds(&server, run));
    assert_eq!(found(&server), (Some(2.0.into()), 2));

    let server = server.killed(&place);
    assert_eq!(found(&server), (Some(2.0.into()), 2));
    server.ask("DELETE", &format!("/api/flows/{flow}/memory"), "");
    let server = server.killed(&place);
    assert_eq!(found(&server), (None, 0), "what was taken away stays away");
    server.stop();
}

/// However often the server is killed while they count, every step counts once.
#[test]
fn every_step_counts_once_through_kill_9() {
    let place = Place::new(&[]);
    let mut server = Server::first(&place);
    let flow = server.running("counts", &counts());
    let runs: Vec<String> = (0..RUNS).map(|_| server.inject(&flow, Value::Null)).collect();
    for so_many in [0, RUNS * COUNTS / 4, RUNS * COUNTS / 2] {
        until_more_visits(&server, &flow, so_many);
        server = server.killed(&place);
    }
    runs.iter().for_each(|run| succeeds(&server, run));
    assert_eq!(visits(&server, &flow), RUNS * COUNTS);
    server.stop();
}
