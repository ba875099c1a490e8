use super::runs::Json_;
use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Place};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::Text;
use weir_control::{Bundle, Permission};

/// What is to be made, and where.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ImportBody {
    /// As an export gives it.
    bundle: Json_,
    /// The bundle's own project where absent. One that is not there is made.
    project: Option<String>,
    /// Do it; without, it is only said what would be made.
    #[serde(default)]
    apply: bool,
    /// Pass over what is there already. Nothing is ever overwritten.
    #[serde(default)]
    skip_existing: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ImportView {
    made: Vec<String>,
    /// What is there already.
    conflicts: Vec<String>,
    /// Secrets to be set before the flows can use them.
    secrets_missing: Vec<String>,
    /// Whether it was done.
    applied: bool,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/flows/{id}/export", "exportFlow", "A flow with its versions and triggers, as a bundle")
            .needs(Permission::FlowsRead)
            .gives::<serde_json::Value>(200, "The bundle: no tokens, and of secrets the names")
            .handler(export_flow),
        Endpoint::get("/api/projects/{project}/export", "exportProject", "All flows of a project, as a bundle")
            .needs(Permission::FlowsRead)
            .gives::<serde_json::Value>(200, "The bundle: no tokens, and of secrets the names")
            .handler(export_project),
        Endpoint::post("/api/import", "import", "Makes what a bundle holds, or says what would be made")
            .needs(Permission::FlowsWrite)
            .takes::<ImportBody>()
            .gives::<ImportView>(200, "What was made, or would be")
            .or(&[402, 409, 422])
            .handler(import),
    ]
}

async fn export_flow(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
) -> Result<Json<Bundle>, Problem> {
    Ok(Json(app.control.export_flow(&caller, &id).await?))
}

async fn export_project(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
) -> Result<Json<Bundle>, Problem> {
    Ok(Json(app.control.export_project(&caller, &project).await?))
}

async fn import(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<ImportBody>,
) -> Result<Json<ImportView>, Problem> {
    let bundle: Bundle = serde_json::from_str(&body.bundle.0.to_json()).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_BUNDLE", format!("this is no bundle: {error}"))
    })?;
    let plan = app.control.import(&caller, body.project.as_deref(), &bundle, body.skip_existing, !body.apply).await?;
    let texts = |all: Vec<Text>| all.iter().map(ToString::to_string).collect();
    Ok(Json(ImportView {
        made: texts(plan.made),
        conflicts: texts(plan.conflicts),
        secrets_missing: texts(plan.secrets_missing),
        applied: plan.done,
    }))
}
