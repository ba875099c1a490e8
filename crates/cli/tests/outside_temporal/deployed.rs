//! Flows of a server that are started on Temporal: to whoever asks the server, their runs are like any other.

use crate::support::process::{Place, text};
use crate::support::server::{PATIENCE, Server};
use crate::support::stub::{Reply, stub};
use weir_base::Value;
use weir_testkit::temporal::Server as Temporal;
use weir_testkit::until;

pub const WAITS: &str = r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "say", "task": {"kind": "log", "params": {"message": "hello {{ input.who }}"}}},
    {"id": "rest", "wait": {"signal": {"name": "go"}}},
    {"id": "again", "task": {"kind": "log", "params": {"message": "and again"}}},
    {"id": "end", "task": {"kind": "transform", "params": {"value": "{{ input }}"}}}
]}}}"#;

const ECHO: &str = r#"{"ir": 1, "name": "echo", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "say", "task": {"kind": "log", "params": {"message": "hello"}}},
    {"id": "end", "task": {"kind": "transform", "params": {"value": "{{ input.body }}"}}}
]}}}"#;

/// It waits for a person, for a signal and for a time.
const ASKS: &str = r#"{"ir": 1, "name": "asks", "dialect": "ir", "root": {"id": "all", "parallel": {"children": [
    {"id": "ask", "wait": {"approval": {"message": "may it?"}}},
    {"id": "rest", "wait": {"signal": {"name": "go"}}},
    {"id": "sleep", "wait": {"timer": {"after": "1h"}}}
]}}}"#;

pub fn serving(place: &Place, address: &str, more: &str) -> Server {
    Server::configured(
        place,
        &format!(
            "{more}temporal:\n  main: {{address: \"{address}\", worker: true}}\n  \
             gone: {{address: \"127.0.0.1:1\"}}\n  \
             other: {{address: \"{address}\", namespace: nowhere}}\n"
        ),
    )
}

/// A run once it has come to one of these states.
#[track_caller]
pub fn come(server: &Server, run: &str, wanted: &[&str]) -> Value {
    let is_end = !wanted.iter().any(|status| ["pending", "waiting", "paused"].contains(status));
    // The end is waited for there; other states are asked for again and again.
    let path = format!("/api/runs/{run}{}", if is_end { "?wait=60" } else { "" });
    let mut found = Value::Null;
    let came = until(PATIENCE, || {
        found = server.ask("GET", &path, "");
        wanted.contains(&&*text(&found, "status")).then_some(())
    });
    assert!(came.is_some(), "not {wanted:?}: {}", found.to_json());
    found
}

pub fn start_on(server: &Server, flow: &str, runtime: &str) -> (u16, Value) {
    let body = Value::object([("runtime", runtime.into())]).to_json();
    server.answer("POST", &format!("/api/flows/{flow}/start"), &body)
}

fn ask(server: &Server, run: &str, what: &str, body: &str) {
    server.ask("POST", &format!("/api/runs/{run}/{what}"), body);
}

/// Types and paths of a run's records: what does not differ from run to run.
fn journal(server: &Server, run: &str) -> Vec<(String, String)> {
    let found = server.ask("GET", &format!("/api/runs/{run}/journal"), "");
    let items = found.get("items").and_then(Value::as_array).unwrap();
    let member = |item: &Value, name| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    items.iter().map(|item| (member(item, "type"), member(item, "path"))).collect()
}

pub fn whole(server: &Server, flow: &str) -> Vec<(String, String)> {
    let run = server.inject(flow, Value::object([("who", "Ada".into())]));
    come(server, &run, &["waiting"]);
    ask(server, &run, "signal", r#"{"name": "go", "payload": {}}"#);
    let ended = come(server, &run, &["succeeded", "failed"]);
    assert_eq!(ended.get("output").map(Value::to_json).as_deref(), Some(r#"{"who":"Ada"}"#), "{}", ended.to_json());
    let logs = server.ask("GET", &format!("/api/runs/{run}/logs"), "").to_json();
    assert!(logs.contains("hello Ada") && logs.contains("and again"), "{logs}");
    journal(server, &run)
}

#[test]
fn a_run_on_temporal_is_like_one_here() {
    let (temporal, place) = (Temporal::start(), Place::new(&[]));
    let server = serving(&place, &temporal.address(), "");
    let flow = server.running("waits", WAITS);
    let here = whole(&server, &flow);
    let (status, answer) = start_on(&server, &flow, "temporal:main");
    assert_eq!((status, &*text(&answer, "runtime")), (200, "temporal:main"), "{}", answer.to_json());
    assert_eq!(whole(&server, &flow), here, "the journals");
    held_ended_and_forked(&server, &flow);
    a_webhook_waits(&server);
    one_without_a_place_is_cancelled_before_it_begins(&server);
    another_installation_is_refused(&server, &temporal.address());
    server.stop();
}

fn held_ended_and_forked(server: &Server, flow: &str) {
    let run = server.inject(flow, Value::object([("who", "Bea".into())]));
    come(server, &run, &["waiting"]);
    ask(server, &run, "pause", "{}");
    come(server, &run, &["paused"]);
    ask(server, &run, "resume", "{}");
    come(server, &run, &["waiting"]);
    let forked = text(&server.ask("POST", &format!("/api/runs/{run}/fork"), r#"{"at": 2}"#), "run");
    ask(server, &run, "cancel", r#"{"reason": "enough"}"#);
    come(server, &run, &["cancelled"]);
    come(server, &forked, &["waiting"]);
    ask(server, &forked, "signal", r#"{"name": "go", "payload": {}}"#);
    come(server, &forked, &["succeeded"]);
    let (status, answer) =
        server.answer("POST", &format!("/api/runs/{run}/signal"), r#"{"name": "go", "payload": {}}"#);
    assert_eq!((status, &*text(&answer, "code")), (409, "RUN_ENDED"));
    let (_, events) = server.text("GET", &format!("/api/runs/{run}/events"));
    assert!(events.contains("task_finished") && events.contains("cancelled"), "{events}");
}

/// It asks for workers of another queue, too: on a connection it is the connection's that count.
fn one_without_a_place_is_cancelled_before_it_begins(server: &Server) {
    let settings = r#""settings": {"concurrency": {"limit": 1}, "taskQueue": "of-nobody"}, "root""#;
    let flow = server.running("narrow", &WAITS.replace("\"root\"", settings).replace("\"waits\"", "\"narrow\""));
    assert_eq!(start_on(server, &flow, "temporal:main").0, 200);
    let [first, second, third] = [1, 2, 3].map(|_| server.inject(&flow, Value::object([("who", "Eve".into())])));
    come(server, &first, &["waiting"]);
    come(server, &second, &["pending"]);
    ask(server, &second, "cancel", r#"{"reason": "no need"}"#);
    come(server, &second, &["cancelled"]);
    assert_eq!(journal(server, &second).iter().map(|(ty, _)| &**ty).collect::<Vec<_>>(), ["started", "cancel"]);
    for run in [first, third] {
        come(server, &run, &["waiting"]);
        ask(server, &run, "signal", r#"{"name": "go", "payload": {}}"#);
        come(server, &run, &["succeeded"]);
    }
}

/// It would keep some of this one's journals, and perform steps of its runs.
fn another_installation_is_refused(server: &Server, address: &str) {
    let place = Place::new(&[]);
    let other = serving(&place, address, "");
    let flow = Value::object([("name", "echo".into()), ("source", ECHO.into())]).to_json();
    let flow = text(&other.ask("POST", "/api/flows", &flow), "id");
    let (status, answer) = start_on(&other, &flow, "temporal:main");
    assert_eq!((status, &*text(&answer, "code")), (502, "TEMPORAL_QUEUE_SHARED"), "{}", answer.to_json());
    other.stop();
    let found = server.ask("POST", "/api/runtimes/main/check", "").to_json();
    assert!(found.contains("\"reachable\":true"), "{found}");
}

fn a_webhook_waits(server: &Server) {
    let flow = server.running("echo", ECHO);
    assert_eq!(start_on(server, &flow, "temporal:main").0, 200);
    let spec = r#"{"name": "door", "spec": {"type": "webhook", "answer": "result"}}"#;
    let trigger = server.ask("POST", &format!("/api/flows/{flow}/triggers"), spec);
    let url = text(&trigger, "url");
    let path = &url[url.find("/api/").unwrap()..];
    let answer = server.ask("POST", path, r#"{"n": 1}"#);
    assert_eq!(text(&answer, "status"), "succeeded", "{}", answer.to_json());
    assert_eq!(answer.get("output").map(Value::to_json).as_deref(), Some(r#"{"n":1}"#));
}

/// What a run's page says that it waits for, and how it stands in the list of runs.
fn waits(server: &Server, run: &str) -> [String; 2] {
    let page = server.ask("GET", &format!("/api/runs/{run}"), "");
    let list = server.ask("GET", "/api/runs", "");
    let items = list.get("items").and_then(Value::as_array).unwrap();
    let item = items.iter().find(|item| text(item, "run") == run).unwrap();
    [page.get("waiting").map(Value::to_json).unwrap_or_default(), text(item, "status")]
}

/// A run that waits, then paused, then going on.
fn waits_of(server: &Server, flow: &str) -> Vec<[String; 2]> {
    let run = server.inject(flow, Value::object([]));
    let mut found = Vec::new();
    for (asked, wanted) in [("", "waiting"), ("pause", "paused"), ("resume", "waiting")] {
        if !asked.is_empty() {
            ask(server, &run, asked, "{}");
        }
        come(server, &run, &[wanted]);
        found.push(waits(server, &run));
    }
    // An answer is taken while it is paused, and what is left is shown.
    ask(server, &run, "pause", "{}");
    come(server, &run, &["paused"]);
    ask(server, &run, "signal", r#"{"name": "go", "payload": {}}"#);
    until(PATIENCE, || (!waits(server, &run)[0].contains("signal go")).then_some(())).expect("it is taken");
    found.push(waits(server, &run));
    ask(server, &run, "cancel", r#"{"reason": "enough"}"#);
    come(server, &run, &["cancelled"]);
    found
}

#[test]
fn what_a_run_waits_for_is_shown_while_it_is_paused_too() {
    let (temporal, place) = (Temporal::start(), Place::new(&[]));
    let server = serving(&place, &temporal.address(), "");
    let flow = server.running("asks", ASKS);
    let here = waits_of(&server, &flow);
    assert_eq!(start_on(&server, &flow, "temporal:main").0, 200);
    let there = waits_of(&server, &flow);
    assert_eq!(there, here);
    let all = r#"["signal approve:all/ask","signal go","timer"]"#;
    assert_eq!(there[..2], [[all, "waiting"], [all, "paused"]]);
    server.stop();
}

/// What begins to wait without a record of the run's: for a decision, as nobody knows whether the step was carried out; long
/// for the next attempt; and for a run it has called.
const UNRECORDED: [(&str, &str, &str); 3] = [
    (
        "decides",
        r#""task": {"kind": "http.request", "params": {"url": "URL/silent", "method": "POST"},
            "timeout": 500, "onUnknown": "ask"}"#,
        r#"["decision pay"]"#,
    ),
    (
        "retries",
        r#""task": {"kind": "http.request", "params": {"url": "URL/busy", "method": "POST"},
            "retry": {"strategy": "fail-after-x", "maxAttempts": 3, "initial": 3600000, "coefficient": 1}}"#,
        r#"["retry pay"]"#,
    ),
    ("calls", r#""call": {"flow": "waits", "input": {"who": "Ada"}}"#, r#"["child pay"]"#),
];

#[test]
fn what_a_run_waits_for_is_shown_where_no_record_says_it() {
    let (temporal, place) = (Temporal::start(), Place::new(&[]));
    let server = serving(&place, &temporal.address(), "");
    let stub = stub(|question, _| match question {
        "POST /silent" => Reply::Silence(""),
        _ => Reply::Json(503, "{}".to_owned()),
    });
    server.running("waits", WAITS);
    for (name, step, wanted) in UNRECORDED {
        let head = r#"{"ir": 1, "dialect": "ir", "settings": {"egress": {"private": ["127.0.0.1"]}}, "name": "#;
        let step = step.replace("URL", &stub.url);
        let flow = server.running(name, &format!(r#"{head}"{name}", "root": {{"id": "pay", {step}}}}}"#));
        let comes_to = |runtime: &str| {
            assert_eq!(start_on(&server, &flow, runtime).0, 200);
            let run = server.inject(&flow, Value::object([]));
            let mut found = Default::default();
            let came = until(PATIENCE, || {
                found = waits(&server, &run);
                (found == [wanted, "waiting"]).then_some(())
            });
            assert!(came.is_some(), "{name} on {runtime}: {found:?}");
            run
        };
        comes_to("embedded");
        let run = comes_to("temporal:main");
        let history = temporal.ask(&["workflow", "show", "--workflow-id", &run, "--output", "json"]).unwrap();
        // One with the records, and one for what it waits for.
        assert_eq!(history.matches("\"weir.journal\"").count(), 2, "{name}: {history}");
        if name == "decides" {
            ask(&server, &run, "decide", r#"{"path": "pay", "decision": "fail"}"#);
            come(&server, &run, &["failed"]);
        }
    }
    server.stop();
}

#[test]
fn nothing_is_half_started_and_nothing_is_lost() {
    let (mut temporal, place) = (Temporal::start(), Place::new(&[]));
    let mut server = serving(&place, &temporal.address(), "");
    let flow = text(
        &server.ask("POST", "/api/flows", &Value::object([("name", "echo".into()), ("source", ECHO.into())]).to_json()),
        "id",
    );
    for (runtime, status, code) in [
        ("temporal:gone", 502, "TEMPORAL_UNREACHABLE"),
        ("temporal:other", 502, "TEMPORAL_NO_NAMESPACE"),
        ("temporal:none", 422, "RUNTIME_UNKNOWN"),
        ("elsewhere", 422, "RUNTIME_UNKNOWN"),
    ] {
        let (found, answer) = start_on(&server, &flow, runtime);
        assert_eq!((found, &*text(&answer, "code")), (status, code), "{runtime}: {}", answer.to_json());
        assert_eq!(text(&server.ask("GET", &format!("/api/flows/{flow}/status"), ""), "status"), "stopped");
    }
    assert_eq!(start_on(&server, &flow, "temporal:main").0, 200);
    temporal.kill();
    let body = |n: i64| Value::object([("body", Value::from(n as f64))]);
    let runs: Vec<String> = (0..3).map(|n| server.inject(&flow, body(n))).collect();
    ask(&server, &runs[2], "cancel", r#"{"reason": "too late"}"#);
    server = server.killed(&place);
    runs.iter().for_each(|run| drop(come(&server, run, &["pending"])));
    temporal.start_again();
    runs[..2].iter().for_each(|run| drop(come(&server, run, &["succeeded"])));
    come(&server, &runs[2], &["cancelled", "succeeded"]);
    // Nor in the middle.
    let more: Vec<String> = (3..8).map(|n| server.inject(&flow, body(n))).collect();
    server = server.killed(&place);
    more.iter().for_each(|run| drop(come(&server, run, &["succeeded"])));
    server.stop();
}
