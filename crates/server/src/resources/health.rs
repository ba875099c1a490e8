use crate::endpoint::Endpoint;
use crate::state::{App, Phase};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How the server stands.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// `healthy` or `unhealthy`; of `/ready` also `starting` and `stopping`.
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
            .handler(ready),
    ]
}

/// How long one of them may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(5);

async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    look(&app).await
}

/// As `/health`, and not while the server starts or stops: then others should answer.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let (status, mut health) = look(&app).await;
    let phase = match app.phase() {
        Phase::Serving => return (status, health),
        Phase::Starting => "starting",
        Phase::Stopping => "stopping",
    };
    health.status = phase.to_owned();
    (StatusCode::SERVICE_UNAVAILABLE, health)
}

async fn look(app: &App) -> (StatusCode, Json<Health>) {
    let mut dependencies = BTreeMap::new();
    let load = app.control.load();
    dependencies.insert("journal".to_owned(), load.failure.or(load.stalled).or(load.trouble));
    for dependency in &app.dependencies {
        let found = tokio::time::timeout(PATIENCE, dependency.check()).await;
        let found = found.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())));
        dependencies.insert(dependency.name().to_owned(), found.err());
    }
    let well = dependencies.values().all(Option::is_none);
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let said = |(name, problem): (String, Option<String>)| (name, problem.unwrap_or_else(|| "available".to_owned()));
    let health = Health {
        status: if well { "healthy" } else { "unhealthy" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime: app.started.elapsed().as_secs(),
        dependencies: dependencies.into_iter().map(said).collect(),
    };
    (status, Json(health))
}
