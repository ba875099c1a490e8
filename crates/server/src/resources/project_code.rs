use crate::auth::By;
use crate::code_readers::Wanted;
use crate::endpoint::Endpoint;
use crate::extract::{Params, Place};
use crate::problem::Problem;
use crate::state::{App, Phase};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use weir_control::{Permission, ProjectCode};

/// The newest code of each flow of a project.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectCodeView {
    /// To be sent back as `known`.
    revision: String,
    /// Flows that are compiled, those included that are deleted and can come back.
    flows: Vec<FlowCodeView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FlowCodeView {
    /// The flow's id, and its name.
    flow: String,
    name: String,
    /// Its newest compilation, and the hash of that one's files.
    number: u64,
    hash: String,
    /// Whether the flow is deleted: no new runs go to its code, and those that have begun end on it.
    ending: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProjectCodeQuery {
    /// The `revision` that was seen last: only something else is of interest.
    known: Option<String>,
    /// How many seconds to wait for it: 0 to 30, 0 where absent.
    wait: Option<u64>,
}

/// The longest wait, in seconds.
const PATIENCE: u64 = 30;
/// Other servers compile, too, and do not tell. As what is just as old may be taken, their code is seen within twice
/// that.
const AGAIN: Duration = Duration::from_secs(2);

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/projects/{project}/code",
            "projectCode",
            "Which code is the newest of each of a project's flows",
        )
        .needs_either(Permission::FlowsRead, Permission::HostsServe)
        .query::<ProjectCodeQuery>()
        .gives::<ProjectCodeView>(200, "The newest compilation of each flow that has one")
        .gives_nothing("Nothing else than what is known within that time")
        .or(&[422])
        .handler(newest),
    ]
}

fn view(code: &ProjectCode) -> ProjectCodeView {
    let flows = code.flows.iter().map(|(flow, (name, newest))| FlowCodeView {
        ending: code.ending.contains_key(flow),
        flow: flow.to_string(),
        name: name.to_string(),
        number: newest.value.number,
        hash: newest.value.hash.to_string(),
    });
    ProjectCodeView { revision: code.revision.clone(), flows: flows.collect() }
}

/// Waits, so that a host has newer code at once. Who begins to ask is told what is there; while they wait, all who do
/// look together.
async fn newest(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(query): Params<ProjectCodeQuery>,
) -> Result<Response, Problem> {
    let wait = query.wait.unwrap_or_default();
    if wait > PATIENCE {
        let detail = format!("`wait` is 0 to {PATIENCE} seconds");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_QUERY", detail));
    }
    let (until, mut news) = (Instant::now() + Duration::from_secs(wait), app.control.code_news());
    let (reader, mut age) = (app.code_readers.of(&caller.tenant, &project), Duration::ZERO);
    loop {
        let wanted = Wanted { now: Instant::now(), age, news: *news.borrow_and_update() };
        let found = reader.read(wanted, app.control.project_code(&caller, &project)).await?;
        if query.known.as_ref() != Some(&found.revision) {
            return Ok(Json(view(&found)).into_response());
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || app.phase() == Phase::Stopping {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        // Over or not, it is looked for again.
        let _ = timeout(left.min(AGAIN), news.changed()).await;
        age = AGAIN;
    }
}
