use crate::endpoint::Endpoint;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the server stands.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// `healthy` or `unhealthy`.
    status: String,
    version: String,
    /// Seconds since it was started.
    uptime: u64,
    /// What it stands on: `available`, or what is wrong.
    dependencies: BTreeMap<String, String>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/health", "health", "Whether the server and what it stands on are well")
            .open()
            .gives::<Health>(200, "All is well")
            .gives::<Health>(503, "Something is wrong, and this says what")
            .handler(health),
        Endpoint::get("/ready", "ready", "Whether requests are answered")
            .open()
            .gives::<Health>(200, "They are")
            .gives::<Health>(503, "Not now")
            .handler(health),
    ]
}

async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let mut dependencies = BTreeMap::new();
    let mut well = true;
    for dependency in &app.dependencies {
        let found = dependency.check().await;
        well &= found.is_ok();
        dependencies.insert(dependency.name().to_owned(), found.err().unwrap_or_else(|| "available".to_owned()));
    }
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let health = Health {
        status: if well { "healthy" } else { "unhealthy" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime: app.started.elapsed().as_secs(),
        dependencies,
    };
    (status, Json(health))
}
