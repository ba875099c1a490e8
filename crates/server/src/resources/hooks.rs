use crate::auth::{From_, limit};
use crate::endpoint::Endpoint;
use crate::extract::{Key, Place, whole_body};
use crate::observe::trail;
use crate::problem::Problem;
use crate::resources::incoming::Incoming;
use crate::resources::runs::{RunSummary, summary};
use crate::state::App;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use weir_control::Webhook;
use weir_control::model::WebhookAnswer;
use weir_engine::Status;
use weir_runs::RunView;
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
    let webhook = app.control.webhook(&flow, &token).await?;
    let door = &webhook.door;
    let trail = trail(request.extensions());
    trail.who(&door.tenant, "webhook".into());
    limit(&app, &trail, &door.tenant, format!("webhook {}/{}", door.tenant, door.flow.id).into()).await?;
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let body = whole_body(request, &app).await?;
    check_signature(&app, &webhook, &headers, &body).await?;
    let incoming = Incoming { method: "POST", headers: &headers, uri: &uri, body: &body, client: &origin.address };
    let view = app.control.knock(door, incoming.input()?, key).await?;
    trail.run(&view.run);
    match door.answer {
        WebhookAnswer::AtOnce => Ok((StatusCode::ACCEPTED, Json(summary(view))).into_response()),
        WebhookAnswer::Result => Ok(result(view)),
        WebhookAnswer::Stream => Ok(crate::resources::events::of_run(&app, &door.tenant, view.run).await?),
    }
}

async fn check_signature(app: &App, webhook: &Webhook, headers: &HeaderMap, body: &[u8]) -> Answer<()> {
    let Some((scheme, secret)) = &webhook.signature else { return Ok(()) };
    let scheme = match &**scheme {
        "stripe" => Scheme::Stripe,
        "github" => Scheme::GitHub,
        "slack" => Scheme::Slack,
        _ => Scheme::Standard,
    };
    let secret = weir_vault::Secret::new(app.control.webhook_secret(&webhook.door, secret).await?.as_bytes());
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

/// What takes longer than the deadline is answered with the run's id.
fn result(view: RunView) -> Response {
    let status = match view.status {
        Status::Succeeded => StatusCode::OK,
        status if status.is_final() => StatusCode::BAD_GATEWAY,
        _ => StatusCode::ACCEPTED,
    };
    (status, Json(summary(view))).into_response()
}
