use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::FlowBody;
use crate::problem::Problem;
use crate::resources::validate::{Finding, finding, workflow_file};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use weir_base::Diagnostic;
use weir_control::{Code, CodeError, CodeFinding, CodeOptions, CodeVerdict, Permission};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CompileBody {
    /// A workflow of nodes and edges; any other dialect as JSON will do, too.
    #[schemars(with = "serde_json::Value")]
    workflow: Box<RawValue>,
    #[serde(default)]
    options: CompileOptions,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CompileOptions {
    /// The code is always strict; `false` changes nothing.
    strict_mode: bool,
    /// Whether every function says which step it is.
    include_comments: bool,
    /// Leaves the compilers out.
    skip_verification: bool,
    /// The project whose flows it may call, and whose variables and memory the steps use; `default` where absent.
    project: Option<String>,
    /// The task queue of the worker; the workflow's own, else one after its name, where absent.
    task_queue: Option<String>,
    /// The task queue of Weir's own worker, which performs kinds without TypeScript; that of the server's connection
    /// to Temporal where there is exactly one, else `weir`, where absent.
    worker_queue: Option<String>,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            strict_mode: true,
            include_comments: true,
            skip_verification: false,
            project: None,
            task_queue: None,
            worker_queue: None,
        }
    }
}

/// Code and verdict, or every problem.
#[derive(Serialize, JsonSchema)]
struct Answer {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeParts>,
    /// The whole project, text by file name.
    files: BTreeMap<String, String>,
    /// Kinds without TypeScript, whose steps Weir's own worker performs.
    proxied: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification>,
    errors: Vec<Finding>,
}

#[derive(Serialize, JsonSchema)]
struct CodeParts {
    workflow: String,
    activities: String,
    worker: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    node_count: usize,
    edge_count: usize,
    compilation_time_ms: u64,
    version: String,
}

/// Null where the compilers were not asked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Verification {
    tsc_passed: Option<bool>,
    eslint_passed: Option<bool>,
    any_types_found: Option<u64>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/compile", "compile", "Writes a workflow as TypeScript for Temporal, checked by the compilers")
            .needs(Permission::FlowsRead)
            .takes::<CompileBody>()
            .gives::<Answer>(200, "The code and the compilers' verdict, or what stands in the way")
            .handler(compile),
    ]
}

async fn compile(State(app): State<Arc<App>>, By(caller): By, body: FlowBody) -> Result<Json<Answer>, Problem> {
    let begun = Instant::now();
    let CompileBody { workflow: written, options } = body.read()?;
    let workflow = &body.json["workflow"];
    let compiled = app.control.validate(&[workflow_file(&written)], &BTreeMap::new());
    let options = CodeOptions {
        verify: !options.skip_verification,
        comments: options.include_comments,
        library: app.control.library(&caller, &compiled, options.project.as_deref()).await?,
        project: options.project,
        task_queue: options.task_queue,
        worker_queue: app.control.worker_queue(options.worker_queue, None),
        tenant: caller.tenant.clone(),
    };
    Ok(Json(match app.control.write_code(&compiled, options).await {
        Ok(code) => {
            let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            answer(code, metadata(workflow, compiled.steps(), millis))
        }
        Err(CodeError::Flow(problems)) => refused(errors(&problems, workflow), None),
        Err(CodeError::Compilers { code, message }) => refused(vec![error(code, message, "")], None),
    }))
}

/// Counted as they are drawn; of a dialect that draws nothing, its steps.
fn metadata(workflow: &serde_json::Value, steps: usize, millis: u64) -> Metadata {
    let drawn = |key: &str| {
        let parts = workflow.get(key).or_else(|| workflow.get("definition")?.get(key));
        parts.and_then(serde_json::Value::as_array).map(Vec::len)
    };
    Metadata {
        node_count: drawn("nodes").unwrap_or(steps),
        edge_count: drawn("edges").unwrap_or_default(),
        compilation_time_ms: millis,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn answer(code: Code, metadata: Metadata) -> Answer {
    let verification = verification(code.verdict.as_ref());
    let errors = code.verdict.as_ref().map(faults).unwrap_or_default();
    if !errors.is_empty() {
        return refused(errors, Some(verification));
    }
    let part = |name: &str| code.files.get(name).cloned().unwrap_or_default();
    let parts =
        CodeParts { workflow: part("workflow.ts"), activities: part("activities.ts"), worker: part("worker.ts") };
    Answer {
        success: true,
        code: Some(parts),
        files: code.files,
        proxied: code.proxied.iter().map(|kind| kind.to_string()).collect(),
        metadata: Some(metadata),
        verification: Some(verification),
        errors: Vec::new(),
    }
}

fn verification(verdict: Option<&CodeVerdict>) -> Verification {
    Verification {
        tsc_passed: verdict.map(|verdict| verdict.compiler.is_empty()),
        eslint_passed: verdict.map(|verdict| verdict.linter.is_empty()),
        any_types_found: verdict.map(|verdict| verdict.any_types),
    }
}

/// Of the code, which is ours to mend: the place is one in it.
fn faults(verdict: &CodeVerdict) -> Vec<Finding> {
    let fault = |found: &CodeFinding| error(&found.code, found.message.clone(), &found.place);
    verdict.compiler.iter().chain(&verdict.linter).map(fault).collect()
}

fn refused(errors: Vec<Finding>, verification: Option<Verification>) -> Answer {
    let (files, proxied) = (BTreeMap::new(), Vec::new());
    Answer { success: false, code: None, files, proxied, metadata: None, verification, errors }
}

fn errors(problems: &[Diagnostic], workflow: &serde_json::Value) -> Vec<Finding> {
    problems.iter().map(|problem| finding(problem, workflow)).collect()
}

fn error(code: &str, message: String, path: &str) -> Finding {
    Finding { code: code.to_owned(), message, node_id: None, severity: "error".to_owned(), path: path.to_owned() }
}
