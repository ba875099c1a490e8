//! What every request leaves behind: a line in the log, a count, a span, and the headers that say so to the client.

use crate::limits::Allowance;
use crate::problem::Problem;
use crate::state::{App, Phase};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};
use weir_base::{Micros, Text};
use weir_control::{Actor, Caller};
use weir_runs::{Distribution, Meter};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Paths that are answered whatever the server is busy with.
const ALWAYS: [&str; 3] = ["/health", "/ready", "/metrics"];

/// What is found out about a request on its way, for whoever looks at it from outside.
#[derive(Default)]
pub struct Trail {
    who: OnceLock<(Text, Text)>,
    run: OnceLock<Text>,
    allowance: OnceLock<Allowance>,
}

impl Trail {
    pub fn caller(&self, caller: &Caller) {
        let actor = match &caller.actor {
            Actor::User { id, .. } | Actor::Key { id, .. } => id.clone(),
            Actor::System(what) => (*what).into(),
        };
        self.who(&caller.tenant, actor);
    }

    pub fn who(&self, tenant: &Text, actor: Text) {
        let _ = self.who.set((tenant.clone(), actor));
    }

    /// The run that was started.
    pub fn run(&self, run: &Text) {
        let _ = self.run.set(run.clone());
    }

    pub fn allowance(&self, allowance: Allowance) {
        let _ = self.allowance.set(allowance);
    }
}

/// The trail of a request; one that nobody follows where there is none.
pub fn trail(extensions: &axum::http::Extensions) -> Arc<Trail> {
    extensions.get::<Arc<Trail>>().cloned().unwrap_or_default()
}

/// Told of every request that was answered. What it does must be quick.
pub trait Requests: Send + Sync {
    fn answered(&self, request: &Answered<'_>);
}

/// A request and its answer, without anything a client has sent but the method and the two ids.
#[derive(Debug)]
pub struct Answered<'a> {
    pub id: &'a str,
    pub method: &'a Method,
    /// As axum writes it: `/api/flows/{id}`. Tokens in paths never show.
    pub route: &'a str,
    pub status: u16,
    pub tenant: &'a str,
    pub actor: &'a str,
    /// The run it has started.
    pub run: Option<&'a str>,
    /// The `traceparent` it came with, unread.
    pub parent: Option<&'a str>,
    pub began_at: Micros,
    pub took: Duration,
}

/// Counts of requests by method, route and status. Routes are those there are, so their number is bounded.
#[derive(Default)]
pub struct HttpMeters {
    routes: RwLock<HashMap<Box<str>, Vec<Counted>>>,
}

struct Counted {
    method: Method,
    status: u16,
    meter: Arc<Meter>,
}

/// How long requests of one method, route and status took, in microseconds.
pub struct HttpLoad {
    pub method: Method,
    pub route: String,
    pub status: u16,
    pub durations: Distribution,
}

impl HttpMeters {
    fn record(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.meter(method, route, status).record(micros);
    }

    fn meter(&self, method: &Method, route: &str, status: u16) -> Arc<Meter> {
        let fits = |known: &&Counted| known.status == status && known.method == method;
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = routes.get(route).and_then(|all| all.iter().find(fits)) {
            return known.meter.clone();
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let all = routes.entry(route.into()).or_default();
        if let Some(known) = all.iter().find(fits) {
            return known.meter.clone();
        }
        let meter = Arc::new(Meter::of_durations());
        all.push(Counted { method: method.clone(), status, meter: meter.clone() });
        meter
    }

    pub fn read(&self) -> Vec<HttpLoad> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let of = |(route, all): (&str, &Vec<Counted>)| {
            let load = |known: &Counted| HttpLoad {
                method: known.method.clone(),
                route: route.to_string(),
                status: known.status,
                durations: known.meter.read(),
            };
            all.iter().map(load).collect::<Vec<_>>()
        };
        let mut found: Vec<HttpLoad> = routes.iter().map(|(route, all)| (&**route, all)).flat_map(of).collect();
        drop(routes);
        found.sort_by(|a, b| (&a.route, a.method.as_str(), a.status).cmp(&(&b.route, b.method.as_str(), b.status)));
        found
    }
}

/// The outermost layer.
pub async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = (Instant::now(), app.control.now());
    let id = request_id(&app, request.headers());
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let parent = request.headers().get("traceparent").cloned().filter(|_| app.requests.is_some());
    let trail: Arc<Trail> = Arc::default();
    request.extensions_mut().insert(trail.clone());
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let mut response = match app.phase() == Phase::Starting && !ALWAYS.contains(&route) {
        true => starting().into_response(),
        false => next.run(request).await,
    };
    let took = begun.0.elapsed();
    let status = response.status().as_u16();
    app.http.record(&method, route, status, took);
    set_headers(response.headers_mut(), &id, trail.allowance.get());
    let (tenant, actor) = trail.who.get().map_or(("", ""), |(tenant, actor)| (&**tenant, &**actor));
    let ms = took.as_micros() as f64 / 1_000.0;
    tracing::info!(target: "weir::http", %method, route, status, ms, request = &*id, tenant, actor, "answered");
    if let Some(requests) = &app.requests {
        requests.answered(&Answered {
            id: &id,
            method: &method,
            route,
            status,
            tenant,
            actor,
            run: trail.run.get().map(|run| &**run),
            parent: parent.as_ref().and_then(|value| value.to_str().ok()),
            began_at: begun.1,
            took,
        });
    }
    response
}

/// A client may make up methods; all of those are one.
fn known_method(method: &Method) -> Method {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
    match known.contains(method) {
        true => method.clone(),
        false => Method::from_bytes(b"OTHER").unwrap_or_default(),
    }
}

fn starting() -> Problem {
    let detail = "the server is starting: runs from before are being taken up again";
    Problem { retry_after: Some(1), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", detail) }
}

fn set_headers(headers: &mut HeaderMap, id: &str, allowance: Option<&Allowance>) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let Some(Allowance { limit, remaining, reset, .. }) = allowance else { return };
    let numbers = [
        ("ratelimit-limit", u64::from(*limit)),
        ("ratelimit-remaining", u64::from(*remaining)),
        ("ratelimit-reset", *reset),
    ];
    for (name, number) in numbers {
        headers.insert(name, HeaderValue::from(number));
    }
}

/// The client's own, if it is one, so that its log and ours can be laid side by side; else a new one, which counts nothing.
fn request_id(app: &App, headers: &HeaderMap) -> Text {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    match given.filter(|id| is_sane(id)) {
        Some(id) => id.into(),
        None => app.control.random_id(),
    }
}

fn is_sane(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_mean_something_else_are_not_taken() {
        for (id, expected) in [("a-1_B.2", true), ("", false), ("a b", false), ("a\"b", false), ("ü", false)] {
            assert_eq!(is_sane(id), expected, "{id}");
        }
        assert!(is_sane(&"a".repeat(64)) && !is_sane(&"a".repeat(65)));
    }

    #[test]
    fn requests_are_counted_by_method_route_and_status() {
        let meters = HttpMeters::default();
        let took = Duration::from_millis(3);
        for (method, status) in [(Method::GET, 200), (Method::GET, 200), (Method::GET, 404), (Method::PUT, 200)] {
            meters.record(&method, "/api/flows/{id}", status, took);
        }
        meters.record(&Method::GET, "none", 404, took);
        let shown =
            |load: HttpLoad| format!("{} {} {} {}", load.method, load.route, load.status, load.durations.count());
        let found: Vec<String> = meters.read().into_iter().map(shown).collect();
        let expected =
            ["GET /api/flows/{id} 200 2", "GET /api/flows/{id} 404 1", "PUT /api/flows/{id} 200 1", "GET none 404 1"];
        assert_eq!(found, expected);
    }

    #[test]
    fn methods_somebody_made_up_are_one() {
        assert_eq!(known_method(&Method::from_bytes(b"MAKEUP").unwrap()).as_str(), "OTHER");
        assert_eq!(known_method(&Method::DELETE), Method::DELETE);
    }
}
