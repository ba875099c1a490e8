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
use weir_base::Diagnostic;
use weir_control::Permission;
use weir_engine::Preview;

/// What is looked at: `expression` or `template`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreviewBody {
    /// Without `{{ }}`.
    expression: Option<String>,
    /// Any JSON with `{{ expression }}` in its strings.
    template: Option<Json_>,
    /// The path of a step, whose names are seen: `nodes`, `data`, `item` and others. Without, those of the run.
    step: Option<String>,
    /// After which record of the journal. Without, as the step saw it; where there is no step, after the newest.
    at: Option<u64>,
}

/// What it gives: `value`, or `diagnostics` that say why there is none.
#[derive(Serialize, JsonSchema)]
struct PreviewView {
    /// The last record that was folded.
    seq: u64,
    /// The step, or the region around it, whose names were seen; empty for the run itself.
    path: String,
    /// `undefined`, or the type of the value; absent where there are problems.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Json_>,
    /// Spans count bytes of the expression, or of a template that is one text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, with = "Vec<serde_json::Value>")]
    diagnostics: Vec<Diagnostic>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/runs/{run}/preview", "previewExpression", "What an expression gives in a stored run")
            .needs(Permission::RunsRead)
            .takes::<PreviewBody>()
            .gives::<PreviewView>(200, "The value, or what is wrong")
            .or(&[422])
            .handler(preview),
    ]
}

async fn preview(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<PreviewBody>,
) -> Result<Json<PreviewView>, Problem> {
    let what = match (body.expression, body.template) {
        (Some(expression), None) => Preview::Expression(expression.into()),
        (None, Some(template)) => Preview::Template(template.0),
        _ => {
            let detail = "send `expression` or `template`, and not both";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_PREVIEW", detail));
        }
    };
    let seen = app.control.preview(&caller, &run, &what, body.step.as_deref(), body.at).await?;
    let (kind, value, diagnostics) = match seen.value {
        Ok(Some(value)) => (Some(value.type_name()), Some(Json_(value)), Vec::new()),
        Ok(None) => (Some("undefined"), None, Vec::new()),
        Err(diagnostics) => (None, None, diagnostics),
    };
    let (seq, path, kind) = (seen.seq, seen.path.to_string(), kind.map(str::to_owned));
    Ok(Json(PreviewView { seq, path, kind, value, diagnostics }))
}
