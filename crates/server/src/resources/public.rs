//! Flows that are open at a path.

use crate::auth::{From_, bearer, limit_each};
use crate::endpoint::Endpoint;
use crate::extract::{Key, Place, whole_body};
use crate::observe::trail;
use crate::problem::Problem;
use crate::resources::incoming::Incoming;
use crate::state::App;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_control::model::{InterfaceAuth, WebhookAnswer};
use weir_control::{OpenInterface, Visitor};
use weir_runs::RunView;

type Answer<T> = Result<T, Problem>;

/// In every answer to a request that has started a run, or found the one it had started before.
const RUN: &str = "weir-run";

/// A run that is on disk, and whose result is not there yet.
#[derive(Serialize, JsonSchema)]
struct Begun {
    run: String,
    status: String,
}

pub fn routes() -> Vec<Endpoint> {
    const PATH: &str = "/i/{tenant}/{project}/{interface}";
    const ABOUT: &str = "Calls a flow that is open at this path, as the interface declares it";
    let methods = [
        Endpoint::get(PATH, "callByGet", ABOUT),
        Endpoint::post(PATH, "callByPost", ABOUT).webhook(),
        Endpoint::put(PATH, "callByPut", ABOUT).webhook(),
        Endpoint::patch(PATH, "callByPatch", ABOUT).webhook(),
        Endpoint::delete(PATH, "callByDelete", ABOUT),
    ];
    let whole = |endpoint: Endpoint| {
        endpoint
            .open()
            .header("Authorization")
            .header("X-API-Key")
            .header("Idempotency-Key")
            .gives::<serde_json::Value>(200, "What the flow gave; the run is named in `Weir-Run`")
            .gives::<Begun>(202, "The run is on disk; its result is not there yet, or is not waited for")
            .or(&[400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 502])
            .handler(call)
    };
    methods.into_iter().map(whole).collect()
}

async fn call(
    State(app): State<Arc<App>>,
    Place((tenant, project, name)): Place<(String, String, String)>,
    From_(origin): From_,
    Key(key): Key,
    request: Request,
) -> Answer<Response> {
    let interface = app.control.open_interface(&tenant, &project, &name).await?;
    let trail = trail(request.extensions());
    trail.who(&interface.door.tenant, "interface".into());
    let looks = request.method() == Method::HEAD;
    if !interface.takes(if looks { "GET" } else { request.method().as_str() }) {
        return Ok(refuse_method(&interface, request.method()));
    }
    let visitor = app.control.admit(&interface, credential(request.headers()), &origin.address).await?;
    limit_each(&app, &trail, &limits(&app, &interface, &visitor).await?)?;
    let (method, headers, uri) = (request.method().clone(), request.headers().clone(), request.uri().clone());
    let body = body_of(request, &app, &interface).await?;
    let incoming =
        Incoming { method: method.as_str(), headers: &headers, uri: &uri, body: &body, client: &origin.address };
    let mut input = incoming.members()?;
    let (query, read) = (input.get("query").cloned(), input.get("body").cloned());
    interface.check_request(&query.unwrap_or_default(), &read.unwrap_or_default())?;
    if looks {
        // Who only looks whether it is open, and to them, starts nothing.
        return Ok(allow(&interface, StatusCode::OK.into_response()));
    }
    input.insert("auth".into(), visitor.shown.clone());
    let key = key.map(|key| key_of(&interface, &visitor, key));
    let view = app.control.knock(&interface.door, input.into(), key).await?;
    trail.run(&view.run);
    let run = view.run.clone();
    let mut response = answer(&app, &interface, view).await.unwrap_or_else(IntoResponse::into_response);
    if let Ok(run) = HeaderValue::from_str(&run) {
        response.headers_mut().insert(RUN, run);
    }
    Ok(response)
}

/// A key of one visitor means nothing to another. Of those who need not say who they are, all are one.
fn key_of(interface: &OpenInterface, visitor: &Visitor, key: Text) -> Text {
    match interface.open.auth {
        InterfaceAuth::None => key,
        _ => Value::array([visitor.name.clone(), key].map(Value::from)).to_json().into(),
    }
}

fn refuse_method(interface: &OpenInterface, method: &Method) -> Response {
    let allowed = interface.allowed();
    let detail = format!("this interface does not take {method}; it takes {allowed}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail);
    allow(interface, problem.into_response())
}

fn allow(interface: &OpenInterface, mut response: Response) -> Response {
    if let Ok(allowed) = HeaderValue::from_str(&interface.allowed()) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    bearer(headers).or_else(|| headers.get("x-api-key")?.to_str().ok())
}

/// The tier's rate or the interface's own, whichever is less; and that of one caller.
async fn limits(app: &App, interface: &OpenInterface, visitor: &Visitor) -> Answer<Vec<(Text, u32)>> {
    let tier = app.control.rate_of(&interface.door.tenant).await?;
    let own = tier.into_iter().chain(interface.open.rate).min();
    let id = &interface.id;
    let mut limits: Vec<(Text, u32)> = own.map(|rate| (format!("interface {id}").into(), rate)).into_iter().collect();
    limits.extend(interface.open.caller_rate.map(|rate| (format!("interface {id} {}", visitor.name).into(), rate)));
    Ok(limits)
}

/// A body that says it is too large is not waited for.
async fn body_of(request: Request, app: &Arc<App>, interface: &OpenInterface) -> Answer<Bytes> {
    let most = interface.open.largest_body.unwrap_or(u64::MAX);
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let too_large = || {
        let detail = format!("this interface takes bodies of at most {most} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", detail)
    };
    if said.is_some_and(|bytes: u64| bytes > most) {
        return Err(too_large());
    }
    let body = whole_body(request, app).await?;
    if body.len() as u64 > most { Err(too_large()) } else { Ok(body) }
}

async fn answer(app: &Arc<App>, interface: &OpenInterface, view: RunView) -> Answer<Response> {
    match interface.open.answer {
        WebhookAnswer::AtOnce => Ok(begun(&view)),
        WebhookAnswer::Result => result(interface, view),
        WebhookAnswer::Stream => crate::resources::events::outside(app, &interface.door.tenant, view.run).await,
    }
}

fn begun(view: &RunView) -> Response {
    let (run, status) = (view.run.to_string(), view.status.as_str().to_owned());
    (StatusCode::ACCEPTED, Json(Begun { run, status })).into_response()
}

/// What the flow gave, by itself. Why it failed is told as a code: the message may be about what is nobody's business.
fn result(interface: &OpenInterface, ended: RunView) -> Answer<Response> {
    if !ended.status.is_final() {
        return Ok(begun(&ended));
    }
    if ended.status == weir_engine::Status::Succeeded {
        interface.check_response(&ended.output)?;
        return Ok((StatusCode::OK, Json(crate::resources::runs::Json_(ended.output))).into_response());
    }
    let code = ended.error.map(|error| format!(", with {}", error.code)).unwrap_or_default();
    let detail = format!("the flow has not succeeded: its run {} is {}{code}", ended.run, ended.status.as_str());
    Err(Problem::new(StatusCode::BAD_GATEWAY, "FLOW_FAILED", detail))
}
