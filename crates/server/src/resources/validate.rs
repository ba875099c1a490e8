use crate::endpoint::Endpoint;
use crate::extract::{Body, FlowBody};
use crate::problem::Problem;
use crate::resources::flows::{CheckView, FileBody, check_view};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_base::{Diagnostic, Severity, Text};
use weir_control::model::FlowFile;
use weir_control::{Compiled, Permission};

/// A workflow's verdict: every problem, each with its code and, where it has one, its node.
#[derive(Serialize, JsonSchema)]
struct Verdict {
    valid: bool,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    suggestions: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub code: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    pub severity: String,
    /// Where in the flow.
    pub path: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckBody {
    source: Option<String>,
    files: Option<Vec<FileBody>>,
    #[serde(default)]
    bindings: BTreeMap<String, String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConvertBody {
    source: String,
    /// `tree`, `organism`, `graph` or `ir`.
    to: String,
}

#[derive(Serialize, JsonSchema)]
struct Converted {
    source: String,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/validate", "validate", "Checks a workflow, bare or as {\"workflow\": …}")
            .needs(Permission::FlowsRead)
            .takes::<serde_json::Value>()
            .gives::<Verdict>(200, "The verdict")
            .handler(validate),
        Endpoint::post("/api/check", "check", "Checks a flow's text without keeping it")
            .needs(Permission::FlowsRead)
            .takes::<CheckBody>()
            .gives::<CheckView>(200, "What was found")
            .or(&[422])
            .handler(check),
        Endpoint::post("/api/convert", "convert", "Writes a flow in another dialect")
            .needs(Permission::FlowsRead)
            .takes::<ConvertBody>()
            .gives::<Converted>(200, "The same flow")
            .or(&[422])
            .handler(convert),
    ]
}

pub fn finding(found: &Diagnostic, text: &serde_json::Value) -> Finding {
    Finding {
        code: found.code.clone(),
        message: found.message.clone(),
        node_id: node_of(&found.path, text),
        severity: format!("{:?}", found.severity).to_lowercase(),
        path: found.path.clone(),
    }
}

/// The id of the node a path names, as `nodes[3].data` or as the id itself.
fn node_of(path: &str, workflow: &serde_json::Value) -> Option<String> {
    let nodes = workflow.get("nodes").or_else(|| workflow.get("definition")?.get("nodes"))?.as_array()?;
    let id = |node: &serde_json::Value| node.get("id").and_then(|id| id.as_str()).map(str::to_owned);
    let index = path.strip_prefix("nodes[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    match index {
        Some(index) => nodes.get(index).and_then(id),
        None => {
            let first = path.split(['/', '.', '[']).next().unwrap_or_default();
            nodes.iter().filter_map(id).find(|id| id == path || id == first)
        }
    }
}

/// What stands around a workflow.
#[derive(Deserialize)]
struct Around {
    workflow: Box<RawValue>,
}

async fn validate(State(app): State<Arc<App>>, body: FlowBody) -> Result<Json<Verdict>, Problem> {
    let wrapped = body.json.get("workflow").filter(|_| body.json.get("nodes").is_none());
    let written: Box<RawValue> = if wrapped.is_some() { body.read::<Around>()?.workflow } else { body.read()? };
    let compiled = app.control.validate(&[workflow_file(&written)], &BTreeMap::new());
    Ok(Json(verdict(&compiled, wrapped.unwrap_or(&body.json))))
}

/// A workflow as it was sent, with every digit.
pub fn workflow_file(written: &RawValue) -> FlowFile {
    FlowFile { name: "workflow.json".into(), text: written.get().into() }
}

fn verdict(compiled: &Compiled, workflow: &serde_json::Value) -> Verdict {
    let diagnostics = compiled.for_running();
    let of = |wanted: Severity| {
        let found = diagnostics.iter().filter(|found| found.severity == wanted);
        found.map(|found| finding(found, workflow)).collect::<Vec<_>>()
    };
    let errors = of(Severity::Error);
    let suggestions = diagnostics.iter().filter_map(|found| found.help.clone()).collect();
    Verdict {
        valid: errors.is_empty() && compiled.flow.is_some(),
        errors,
        warnings: of(Severity::Warning),
        suggestions,
    }
}

async fn check(State(app): State<Arc<App>>, Body(body): Body<CheckBody>) -> Result<Json<CheckView>, Problem> {
    let files: Vec<FlowFile> = match (body.source, body.files) {
        (Some(text), None) => vec![FlowFile { name: "flow.yaml".into(), text: text.into() }],
        (None, Some(files)) if !files.is_empty() => files.into_iter().map(FlowFile::from).collect(),
        _ => {
            let detail = "send either `source` or `files`";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_FILES", detail));
        }
    };
    let text = |(name, meaning): (String, String)| (Text::from(name), Text::from(meaning));
    let bindings = body.bindings.into_iter().map(text).collect();
    Ok(Json(check_view(&app.control.validate(&files, &bindings))))
}

async fn convert(State(app): State<Arc<App>>, Body(body): Body<ConvertBody>) -> Result<Json<Converted>, Problem> {
    let file = FlowFile { name: "flow.yaml".into(), text: body.source.into() };
    let source = app.control.convert(&[file], &body.to)?;
    Ok(Json(Converted { source }))
}
