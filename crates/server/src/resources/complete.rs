use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::Body;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_control::{Completion, Permission};

/// A flow's text, and where the cursor stands in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompleteBody {
    text: String,
    /// In bytes from the beginning.
    offset: usize,
    /// Whose flows, variables and secrets can be named.
    #[serde(default = "default_project")]
    project: String,
}

fn default_project() -> String {
    "default".to_owned()
}

#[derive(Serialize, JsonSchema)]
struct CompletionsView {
    /// The text from here to the cursor is replaced.
    from: usize,
    items: Vec<CompletionView>,
}

#[derive(Serialize, JsonSchema)]
struct CompletionView {
    label: String,
    /// `kind`, `parameter`, `value`, `flow`, `name` or `method`.
    sort: String,
    /// A type, or a title.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    detail: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    docs: String,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/complete", "complete", "What could be written at a place of a flow's text")
            .needs(Permission::FlowsRead)
            .takes::<CompleteBody>()
            .gives::<CompletionsView>(200, "What could stand there, by name")
            .or(&[422])
            .handler(complete),
    ]
}

async fn complete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<CompleteBody>,
) -> Result<Json<CompletionsView>, Problem> {
    let found = app.control.complete(&caller, &body.project, &body.text, body.offset).await?;
    let view = |one: Completion| CompletionView {
        label: one.label.to_string(),
        sort: one.sort.to_owned(),
        detail: one.detail,
        docs: one.docs,
    };
    Ok(Json(CompletionsView { from: found.from, items: found.items.into_iter().map(view).collect() }))
}
