use crate::auth::{From_, limit};
use crate::endpoint::Endpoint;
use crate::extract::{Key, Place, whole_body};
use crate::observe::trail;
use crate::problem::Problem;
use crate::resources::runs::{RunSummary, summary};
use crate::state::App;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use weir_base::{Map, Text, Value};
use weir_control::model::WebhookAnswer;
use weir_control::{ControlError, Door};
use weir_runs::{RunView, Until};
use weir_vault::signature::{Message, Scheme};

type Answer<T> = Result<T, Problem>;

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/triggers/{flow_id}/webhook/{token}", "webhook", "Starts a flow from outside")
            .open()
            .webhook()
            .header("Idempotency-Key")
            .gives::<RunSummary>(200, "The run's result, where the webhook waits for it and it succeeded")
            .gives::<RunSummary>(202, "The run is on disk; its result is not there yet, or is not waited for")
            .gives::<RunSummary>(502, "The run's result, where it did not succeed")
            .or(&[400, 401, 402, 404, 408, 409, 413, 422, 429])
            .handler(knock),
    ]
}

async fn knock(
    State(app): State<Arc<App>>,
    Place((flow, token)): Place<(String, String)>,
    From_(origin): From_,
    Key(key): Key,
    request: Request,
) -> Answer<Response> {
    let door = app.control.door(&flow, &token).await?;
    let trail = trail(request.extensions());
    trail.who(&door.tenant, "webhook".into());
    limit(&app, &trail, &door.tenant, format!("webhook {}/{}", door.tenant, door.flow.id).into()).await?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let body = whole_body(request, &app).await?;
    check_signature(&app, &door, &headers, &body).await?;
    let input = input(&headers, &uri, &body, &origin.address)?;
    let view = app.control.knock(&door, input, key).await?;
    trail.run(&view.run);
    match door.answer {
        WebhookAnswer::AtOnce => Ok((StatusCode::ACCEPTED, Json(summary(view))).into_response()),
        WebhookAnswer::Result => Ok(result(&app, &door, view).await?),
        WebhookAnswer::Stream => Ok(crate::resources::events::of_run(&app, &door.tenant, view.run).await?),
    }
}

async fn check_signature(app: &App, door: &Door, headers: &HeaderMap, body: &[u8]) -> Answer<()> {
    let Some((scheme, secret)) = &door.signature else { return Ok(()) };
    let scheme = match &**scheme {
        "stripe" => Scheme::Stripe,
        "github" => Scheme::GitHub,
        "slack" => Scheme::Slack,
        _ => Scheme::Standard,
    };
    let secret = weir_vault::Secret::new(app.control.door_secret(door, secret).await?.as_bytes());
    verify(app, scheme, &secret, headers, body)
}

/// Whether a message was signed with the secret, a moment ago.
pub(crate) fn verify(
    app: &App,
    scheme: Scheme,
    secret: &weir_vault::Secret,
    headers: &HeaderMap,
    body: &[u8],
) -> Answer<()> {
    let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let owned: Vec<(String, String)> = headers.iter().filter_map(text).collect();
    let headers: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (&**name, &**value)).collect();
    scheme.verify(secret, Message { headers: &headers, body }, app.control.now()).map_err(|error| {
        let detail = format!("the signature is not taken: {error}");
        Problem::new(StatusCode::UNAUTHORIZED, "SIGNATURE_REFUSED", detail)
    })
}

/// Waits for the end; what takes longer than the deadline is answered with the run's id.
async fn result(app: &App, door: &Door, begun: RunView) -> Result<Response, ControlError> {
    let caller = weir_control::Caller::system(door.tenant.clone(), "webhook");
    let ended = app.control.wait(&caller, &begun.run, Until::Ended);
    match tokio::time::timeout(Duration::from_millis(door.deadline), ended).await {
        Ok(view) => {
            let view = view?;
            let good = view.status == weir_engine::Status::Succeeded;
            let status = if good { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
            Ok((status, Json(summary(view))).into_response())
        }
        Err(_) => Ok((StatusCode::ACCEPTED, Json(summary(begun))).into_response()),
    }
}

/// What a flow gets to see of a request: method, query, headers, client and body.
fn input(headers: &HeaderMap, uri: &Uri, body: &[u8], client: &Text) -> Answer<Value> {
    // What lets somebody in is nobody else's to read.
    const KEPT_BACK: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
    let header = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        (Text::from(name.as_str()), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
    };
    let shown: Map = headers.iter().filter(|(name, _)| !KEPT_BACK.contains(&name.as_str())).map(header).collect();
    Ok(Value::object([
        ("method", "POST".into()),
        ("query", pairs(uri.query().unwrap_or_default().as_bytes())),
        ("headers", Value::from(shown)),
        ("client", client.clone().into()),
        ("body", read_body(headers, body)?),
    ]))
}

/// A field that comes twice counts as it came last.
fn pairs(text: &[u8]) -> Value {
    let fields = url::form_urlencoded::parse(text);
    Value::from(fields.map(|(name, value)| (Text::from(&*name), Value::from(&*value))).collect::<Map>())
}

/// JSON and forms as values, other text as text, everything else in base64.
fn read_body(headers: &HeaderMap, body: &[u8]) -> Answer<Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(body).ok();
    let wrong = |code: &str, detail: String| Problem::new(StatusCode::BAD_REQUEST, code, detail);
    match &*essence {
        "application/x-www-form-urlencoded" if !looks_like_json(body) => Ok(pairs(body)),
        "multipart/form-data" => {
            crate::resources::multipart::read(kind, body).map_err(|detail| wrong("INVALID_MULTIPART", detail))
        }
        essence if essence == "application/json" || essence.ends_with("+json") => {
            let text = text.ok_or_else(|| wrong("NOT_UTF8", "the body is not UTF-8".to_owned()))?;
            Value::from_json(text).map_err(|error| wrong("JSON_SYNTAX", format!("the body: {error}")))
        }
        // Nobody said what it is: JSON if it is JSON.
        "" | "application/x-www-form-urlencoded" => {
            Ok(text.and_then(|text| Value::from_json(text).ok()).unwrap_or_else(|| raw(body)))
        }
        _ => Ok(raw(body)),
    }
}

/// curl calls whatever it sends a form.
fn looks_like_json(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte))
}

pub(crate) fn raw(body: &[u8]) -> Value {
    use base64::Engine;
    match std::str::from_utf8(body) {
        Ok(text) => Value::from(text),
        Err(_) => Value::object([("base64", base64::engine::general_purpose::STANDARD.encode(body).into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, body: &[u8], expected: Result<&str, &str>) {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        let found = read_body(&headers, body).map(|value| value.to_json()).map_err(|problem| problem.code);
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{kind}");
    }

    #[test]
    fn bodies() {
        check("application/json", br#"{"a": 1}"#, Ok(r#"{"a":1}"#));
        check("application/vnd.x+json; charset=utf-8", b"[1]", Ok("[1]"));
        check("application/json", b"{", Err("JSON_SYNTAX"));
        check("application/json", b"\"\xff\"", Err("NOT_UTF8"));
        check("application/x-www-form-urlencoded", b"a=1&b=x+y%21&c", Ok(r#"{"a":"1","b":"x y!","c":""}"#));
        check("application/x-www-form-urlencoded", br#"{"a":1}"#, Ok(r#"{"a":1}"#));
        check("text/plain", b"hello", Ok("\"hello\""));
        check("application/octet-stream", b"\xff\x00", Ok(r#"{"base64":"/wA="}"#));
        check("", br#"{"a":1}"#, Ok(r#"{"a":1}"#));
        check("", b"hello", Ok("\"hello\""));
        check("", b"", Ok("null"));
    }

    #[test]
    fn percent_signs() {
        for (text, expected) in [
            ("x=a%20b", "a b"),
            ("x=%", "%"),
            ("x=%2", "%2"),
            ("x=%zz", "%zz"),
            ("x=%C3%BC", "ü"),
            ("x=ü%41+", "üA "),
            ("x=1&&x=2&", "2"),
            ("x", ""),
        ] {
            assert_eq!(pairs(text.as_bytes()).get("x").and_then(Value::as_str), Some(expected), "{text}");
        }
        assert_eq!(pairs(b"").to_json(), "{}");
    }
}
