//! What a server shows of itself: health, readiness, numbers, and the ids of requests.

mod door;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use door::Door;
use http_body_util::BodyExt;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use weir_server::{Answered, App, Dependency, Options, Phase, Requests};

async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let text = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
    (parts.status, parts.headers, text)
}

fn site(door: &Door, change: impl FnOnce(&mut App)) -> (Arc<App>, Router) {
    let options = Options { metrics_token: Some(weir_vault::Secret::new("t0ken")), ..Options::default() };
    let mut app = App::new(door.control.clone(), options);
    change(&mut app);
    let app = Arc::new(app);
    (app.clone(), weir_server::router(app))
}

#[tokio::test]
async fn who_starts_or_stops_is_healthy_and_not_ready() {
    let door = Door::open().await;
    let (app, router) = site(&door, |_| ());
    let key = format!("Bearer {}", door.key);
    let status = async |path: &str| ask(&router, path, &[("authorization", &key)]).await.0.as_u16();
    for (phase, expected) in
        [(Phase::Starting, [200, 503, 503]), (Phase::Serving, [200, 200, 200]), (Phase::Stopping, [200, 503, 200])]
    {
        app.enter(phase);
        let found = [status("/health").await, status("/ready").await, status("/api/flows").await];
        assert_eq!(found, expected, "{phase:?}");
    }
    app.enter(Phase::Starting);
    let (_, headers, body) = ask(&router, "/api/flows", &[]).await;
    assert!(body.contains("BUSY") && headers["retry-after"] == "1", "{body}");
}

struct Gone;

#[async_trait::async_trait]
impl Dependency for Gone {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    async fn check(&self) -> Result<(), String> {
        Err("it is gone".to_owned())
    }
}

#[tokio::test]
async fn what_is_gone_is_named() {
    let door = Door::open().await;
    let (_, router) = site(&door, |app| app.dependencies.push(Arc::new(Gone)));
    for path in ["/health", "/ready"] {
        let (status, _, body) = ask(&router, path, &[]).await;
        assert_eq!(status, 503, "{body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["dependencies"], json!({"elsewhere": "it is gone", "journal": "available"}));
    }
}

#[tokio::test]
async fn numbers_are_there_for_whoever_has_the_token() {
    let door = Door::open().await;
    let (_, router) = site(&door, |_| ());
    let flow =
        door.flow("type: Sequence\nid: counted\nchildren:\n  - {type: PrintAction, props: {message: hi}}\n").await;
    door.switch_on(&flow).await;
    door.fired(&flow, json!({})).await;
    assert_eq!(ask(&router, "/metrics", &[]).await.0, 401);
    let (status, headers, text) = ask(&router, "/metrics", &[("authorization", "Bearer t0ken")]).await;
    assert_eq!(
        (status.as_u16(), headers["content-type"].to_str().unwrap().split(';').next()),
        (200, Some("application/openmetrics-text"))
    );
    let has = |begin: &str, end: &str| text.lines().any(|line| line.starts_with(begin) && line.ends_with(end));
    for (begin, end) in [
        ("nextra_flows_total{status=\"running\"}", " 1.0"),
        ("nextra_executions_total{", "flow=\"counted\",status=\"succeeded\"} 1.0"),
        ("weir_runs_started_total{", " 1.0"),
        ("weir_run_duration_seconds_count{status=\"succeeded\"}", " 1"),
        ("weir_tenant_limit_used{", "limit=\"executions\"} 1.0"),
        ("weir_runs_pending", " 0.0"),
        ("weir_journal_commit_failures_total", " 0.0"),
    ] {
        assert!(has(begin, end), "{begin} … {end} is not in:\n{text}");
    }
    assert!(!text.contains("weir_journal_commit_seconds_count 0\n"), "commits were counted:\n{text}");
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Requests for Heard {
    fn answered(&self, request: &Answered<'_>) {
        let Answered { id, method, route, status, run, parent, .. } = request;
        let line = format!("{id} {method} {route} {status} {} {}", run.is_some(), parent.is_some());
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn requests_have_an_id_and_show_no_token() {
    let door = Door::open().await;
    let heard = Arc::new(Heard::default());
    let (_, router) = site(&door, |app| app.requests = Some(heard.clone()));
    for (path, id) in [("/api/triggers/f/webhook/weirh_x", "mine"), ("/sign-in/weirc_x", "a b"), ("/no/such", "")] {
        let (_, headers, _) = ask(&router, path, &[("x-request-id", id), ("traceparent", "x")]).await;
        let given = headers["x-request-id"].to_str().unwrap();
        assert_eq!(given == id, id == "mine", "{path}: {given}");
    }
    let lines = heard.0.lock().unwrap().clone();
    assert!(lines[0].starts_with("mine GET /api/triggers/{flow_id}/webhook/{token} 405 false true"), "{lines:?}");
    assert!(lines[1].contains(" /sign-in/{token} ") && lines[2].contains(" none 404 "), "{lines:?}");
    assert!(!lines.concat().contains("weirc_x") && !lines.concat().contains("weirh_x"));
}
