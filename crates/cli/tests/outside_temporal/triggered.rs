//! What starts runs by itself, and what goes on with one that failed, of flows whose runs Temporal carries.

use crate::deployed::{come, serving, start_on};
use crate::dovecot::Dovecot;
use crate::support::process::{Place, text};
use crate::support::server::{PATIENCE, Server};
use weir_base::Value;
use weir_testkit::temporal::Server as Temporal;
use weir_testkit::until;

/// Gives what it was started with.
const GIVES: &str = r#"{"ir": 1, "name": "NAME", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "say", "task": {"kind": "log", "params": {"message": "hello"}}},
    {"id": "end", "task": {"kind": "transform", "params": {"value": "{{ input }}"}}}
]}}}"#;

/// The second step fails for good as it stands.
const BREAKS: &str = r#"{"ir": 1, "name": "breaks", "dialect": "ir", "root": {"id": "all", "sequence": {"children": [
    {"id": "say", "task": {"kind": "log", "params": {"message": "once"}}},
    {"id": "call", "task": {"kind": "mock", "params": {"returnStatus": "FAILURE"}}}
]}}}"#;

fn on_temporal(server: &Server, name: &str, source: &str) -> String {
    let flow = server.running(name, &source.replace("NAME", name));
    assert_eq!(start_on(server, &flow, "temporal:main").0, 200);
    flow
}

fn trigger(server: &Server, flow: &str, name: &str, spec: &str) {
    let body = format!(r#"{{"name": "{name}", "spec": {spec}}}"#);
    server.ask("POST", &format!("/api/flows/{flow}/triggers"), &body);
}

/// The first run of a flow, once there is one, at its end.
#[track_caller]
fn fired(server: &Server, flow: &str) -> Value {
    let first = until(PATIENCE, || {
        let page = server.ask("GET", &format!("/api/runs?flow={flow}&limit=200"), "");
        page.get("items").and_then(Value::as_array).unwrap().last().map(|first| text(first, "run"))
    });
    let first = first.unwrap_or_else(|| panic!("nothing has started {flow}"));
    come(server, &first, &["succeeded", "failed"])
}

fn output(run: &Value, member: &str) -> Value {
    assert_eq!(text(run, "status"), "succeeded", "{}", run.to_json());
    run.get("output").and_then(|output| output.get(member)).cloned().unwrap_or_default()
}

fn logs(server: &Server, run: &str) -> usize {
    server.ask("GET", &format!("/api/runs/{run}/logs"), "").to_json().matches("once").count()
}

#[test]
fn what_starts_runs_and_mends_them_does_so_there_too() {
    let (temporal, place, dovecot) = (Temporal::start(), Place::new(&[]), Dovecot::start());
    let server = serving(&place, &temporal.address(), "privateMailHosts: localhost\n");
    a_schedule(&server);
    an_end(&server);
    a_letter(&server, &dovecot);
    a_failed_run_goes_on(&server);
    server.stop();
}

fn a_schedule(server: &Server) {
    let flow = on_temporal(server, "ticks", GIVES);
    trigger(server, &flow, "tick", r#"{"type": "schedule", "schedule": {"cron": {"expression": "* * * * * *"}}}"#);
    let run = fired(server, &flow);
    assert!(!output(&run, "scheduledAt").is_null(), "{}", run.to_json());
    server.ask("POST", &format!("/api/flows/{flow}/stop"), "");
}

fn an_end(server: &Server) {
    let (first, second) = (on_temporal(server, "first", GIVES), on_temporal(server, "second", GIVES));
    trigger(server, &second, "after", r#"{"type": "event", "flow": "first", "on": ["succeeded"]}"#);
    let run = server.inject(&first, Value::object([("n", Value::from(7.0))]));
    come(server, &run, &["succeeded"]);
    let event = output(&fired(server, &second), "event");
    assert_eq!((text(&event, "flow"), text(&event, "run")), ("first".to_owned(), run), "{}", event.to_json());
    assert_eq!(event.get("output").map(Value::to_json).as_deref(), Some(r#"{"n":7}"#));
}

fn a_letter(server: &Server, dovecot: &Dovecot) {
    let flow = on_temporal(server, "letters", GIVES);
    server.ask("PUT", "/api/projects/default/secrets/mailbox", r#"{"value": "hush"}"#);
    dovecot.deliver("1", b"From: Ada <ada@a.test>\r\nTo: weir@a.test\r\nSubject: greetings\r\n\r\nHello.\r\n");
    let spec = format!(
        r#"{{"type": "email", "host": "localhost", "port": {}, "tls": "none", "user": "weir",
            "passwordSecret": "mailbox", "folder": "INBOX", "every": "10s"}}"#,
        dovecot.plain
    );
    trigger(server, &flow, "inbox", &spec);
    assert_eq!(output(&fired(server, &flow), "subject"), "greetings".into(), "{}", dovecot.log());
    // It is marked as read after the run has begun, and may be so after the run's end.
    dovecot.until_seen(1);
}

/// On the copy of its journal, which is here: what was done is not done again.
fn a_failed_run_goes_on(server: &Server) {
    let flow = on_temporal(server, "breaks", BREAKS);
    let run = server.inject(&flow, Value::object([]));
    come(server, &run, &["failed"]);
    let mended = BREAKS.replace(r#""returnStatus": "FAILURE""#, r#""output": "mended""#);
    server.ask("PUT", &format!("/api/flows/{flow}"), &Value::object([("source", mended.into())]).to_json());
    let offer = server.ask("POST", &format!("/api/runs/{run}/fix"), "{}");
    assert_eq!(text(&offer, "verdict"), "compatible", "{}", offer.to_json());
    let ended = come(server, &run, &["succeeded", "failed"]);
    assert_eq!(text(&ended, "output"), "mended", "{}", ended.to_json());
    assert_eq!(logs(server, &run), 1, "the first step was done once");
}
