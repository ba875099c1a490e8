use super::flows::FileBody;
use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::Body;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_control::Permission;
use weir_control::model::FlowFile;

/// A flow, and a place in the text of its first file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScopeBody {
    files: Vec<FileBody>,
    #[serde(default)]
    bindings: BTreeMap<String, String>,
    /// In bytes from the beginning.
    offset: usize,
    /// Whose variables and secrets can be named.
    #[serde(default = "default_project")]
    project: String,
}

fn default_project() -> String {
    "default".to_owned()
}

#[derive(Serialize, JsonSchema)]
struct ScopeView {
    /// The names, each as a `declare const` of TypeScript.
    declarations: String,
    /// There may be other names too, which nothing is known of.
    open: bool,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/scope", "scope", "What an expression at a place of a flow can name, with types")
            .needs(Permission::FlowsRead)
            .takes::<ScopeBody>()
            .gives::<ScopeView>(200, "The names there")
            .or(&[422])
            .handler(scope),
    ]
}

async fn scope(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<ScopeBody>,
) -> Result<Json<ScopeView>, Problem> {
    let files: Vec<FlowFile> = body.files.into_iter().map(FlowFile::from).collect();
    let bindings = body.bindings.into_iter().map(|(name, meaning)| (name.into(), meaning.into())).collect();
    let found = app.control.names_at(&caller, &body.project, &files, &bindings, body.offset).await?;
    Ok(Json(ScopeView { declarations: found.declarations, open: found.open }))
}
