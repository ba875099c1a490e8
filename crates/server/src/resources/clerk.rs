use crate::endpoint::Endpoint;
use crate::extract::whole_body;
use crate::problem::{Problem, no_such_path};
use crate::resources::hooks::verify;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use std::sync::Arc;
use weir_control::Synced;
use weir_vault::signature::Scheme;

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/webhooks/clerk", "clerk", "Takes what Clerk tells of its users, where that is configured")
            .open()
            .webhook()
            .header("svix-id")
            .header("svix-timestamp")
            .header("svix-signature")
            .gives_nothing("Taken")
            .or(&[401, 404, 408, 413, 422])
            .handler(take),
    ]
}

async fn take(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Problem> {
    let Some(secret) = app.control.clerk_secret().cloned() else { return Err(no_such_path().await) };
    let headers = request.headers().clone();
    let body = whole_body(request, &app).await?;
    verify(&app, Scheme::Standard, &secret, &headers, &body)?;
    // What is signed is theirs, the id included.
    let id = ["svix-id", "webhook-id"].iter().find_map(|name| headers.get(*name)?.to_str().ok()).unwrap_or_default();
    let synced = app.control.clerk_event(id, &body).await?;
    if let Synced::Ignored(why) = synced {
        tracing::info!(event = id, "an event of Clerk's changes nothing: {why}");
    }
    Ok(StatusCode::NO_CONTENT)
}
