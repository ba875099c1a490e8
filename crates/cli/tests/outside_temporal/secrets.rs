//! Steps with secrets of their project, of which workers elsewhere know nothing.

use crate::deployed::{come, start_on};
use crate::support::process::{Place, text};
use crate::support::server::{PATIENCE, Server};
use crate::support::stub::{Reply, stub};
use crate::{stop, worker};
use weir_base::Value;
use weir_testkit::temporal::Server as Temporal;
use weir_testkit::until;

/// Asks, which may be done again, and tells, which may not.
const FLOW: &str = r#"{"ir": 1, "name": "asks", "dialect": "ir", "settings": {"egress": {"private": ["127.0.0.1"]}},
"root": {"id": "all", "sequence": {"children": [
    {"id": "ask", "task": {"kind": "http.request", "params": {"url": "URL", "method": "GET", "headers": {"x-key": "{{ secrets.word }}"}}}},
    {"id": "tell", "task": {"kind": "http.request", "params": {"url": "URL", "method": "POST", "body": {}, "headers": {"x-key": "{{ secrets.word }}"}}}}]}}}"#;

/// What a run of one step without a secret is.
const PLAIN: &str = r#"{"ir": 1, "name": "plain", "dialect": "ir", "root": {"id": "say", "task": {"kind": "print", "params": {"message": "done"}}}}"#;

/// So many steps at once that all answers are waited for for ever, more than a worker takes.
const HELD: usize = 120;

fn held(url: &str) -> String {
    let step = |number| {
        format!(
            r#"{{"id": "ask{number}", "task": {{"kind": "http.request", "params": {{"url": "{url}/held", "method": "GET", "headers": {{"x-key": "{{{{ secrets.word }}}}"}}}}}}}}"#
        )
    };
    let steps: Vec<String> = (0..HELD).map(step).collect();
    format!(
        r#"{{"ir": 1, "name": "held", "dialect": "ir", "settings": {{"egress": {{"private": ["127.0.0.1"]}}}},
            "root": {{"id": "all", "parallel": {{"children": [{}]}}}}}}"#,
        steps.join(",")
    )
}

fn reply(question: &str, _: usize) -> Reply {
    if question.ends_with("/held") { Reply::Silence("") } else { Reply::Json(200, "{}".to_owned()) }
}

#[test]
fn a_step_with_a_secret_of_its_project_is_performed_where_that_is() {
    let (temporal, place, other) = (Temporal::start(), Place::new(&[]), Place::new(&[]));
    let (address, stub) = (temporal.address(), stub(reply));
    let server = Server::configured(&place, &format!("temporal:\n  main: {{address: \"{address}\"}}\n"));
    let elsewhere = worker(&other, &address, &["--no-store"]);
    let running = |name: &str, source: &str| {
        let flow = server.running(name, source);
        let (status, answer) = start_on(&server, &flow, "temporal:main");
        assert_eq!(status, 200, "{}", answer.to_json());
        flow
    };
    let flow = running("asks", &FLOW.replace("URL", &stub.url));
    let ended = |wanted: &str| {
        let run = server.inject(&flow, Value::object([]));
        let ended = come(&server, &run, &["succeeded", "failed"]);
        assert_eq!(text(&ended, "status"), wanted, "{}", ended.to_json());
        ended
    };
    let failed = ended("failed");
    assert_eq!(failed.get("error").map(|error| text(error, "code")).as_deref(), Some("SECRET_UNKNOWN"));
    server.ask("PUT", "/api/projects/default/secrets/word", r#"{"value": "hush"}"#);
    ended("succeeded");
    // Steps that wait for ever hold nobody else up.
    let (held, plain) = (running("held", &held(&stub.url)), running("plain", PLAIN));
    let run = server.inject(&held, Value::object([]));
    assert!(until(PATIENCE, || (stub.asked() >= HELD).then_some(())).is_some(), "{} were asked", stub.asked());
    let other = server.inject(&plain, Value::object([]));
    come(&server, &other, &["succeeded"]);
    server.ask("POST", &format!("/api/runs/{run}/cancel"), r#"{"reason": "enough"}"#);
    come(&server, &run, &["cancelled"]);
    stop(elsewhere);
    server.stop();
}
