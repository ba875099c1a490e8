//! Steps with secrets of their project, of which workers elsewhere know nothing.

use crate::deployed::{come, start_on};
use crate::support::process::{Place, text};
use crate::support::server::Server;
use crate::support::stub::{Reply, stub};
use crate::{stop, worker};
use weir_base::Value;
use weir_testkit::temporal::Server as Temporal;

/// Asks, which may be done again, and tells, which may not.
const FLOW: &str = r#"{"ir": 1, "name": "asks", "dialect": "ir", "settings": {"egress": {"private": ["127.0.0.1"]}},
"root": {"id": "all", "sequence": {"children": [
    {"id": "ask", "task": {"kind": "http.request", "params": {"url": "URL", "method": "GET", "headers": {"x-key": "{{ secrets.word }}"}}}},
    {"id": "tell", "task": {"kind": "http.request", "params": {"url": "URL", "method": "POST", "body": {}, "headers": {"x-key": "{{ secrets.word }}"}}}}]}}}"#;

#[test]
fn a_step_with_a_secret_of_its_project_is_performed_where_that_is() {
    let (temporal, place, other) = (Temporal::start(), Place::new(&[]), Place::new(&[]));
    let (address, stub) = (temporal.address(), stub(|_, _| Reply::Json(200, "{}".to_owned())));
    let server = Server::configured(&place, &format!("temporal:\n  main: {{address: \"{address}\"}}\n"));
    let elsewhere = worker(&other, &address, &["--no-store"]);
    let flow = server.running("asks", &FLOW.replace("URL", &stub.url));
    let (status, answer) = start_on(&server, &flow, "temporal:main");
    assert_eq!(status, 200, "{}", answer.to_json());
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
    stop(elsewhere);
    server.stop();
}
