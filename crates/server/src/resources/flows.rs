use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Key, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::resources::runs::{Json_, RunSummary, summary};
use crate::state::App;
use crate::wire::{Page, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_base::{Diagnostic, Map, Text};
use weir_control::model::{FlowDraft, FlowFile};
use weir_control::{
    Compiled, ControlError, FlowPatch, FlowQuery, FlowStatus, Kept, NewFlow, NewRun, Permission, Trial,
};

type Answer<T> = Result<T, Problem>;

/// A file of a flow.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileBody {
    pub name: String,
    pub text: String,
}

impl From<FileBody> for FlowFile {
    fn from(file: FileBody) -> FlowFile {
        FlowFile { name: file.name.into(), text: file.text.into() }
    }
}

pub fn files_view(files: &[FlowFile]) -> Vec<FileBody> {
    files.iter().map(|file| FileBody { name: file.name.to_string(), text: file.text.to_string() }).collect()
}

/// A flow's text: `source` for one file, or `files`, of which the first is the flow itself.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewFlowBody {
    /// `default` where absent.
    project: Option<String>,
    /// `default` where absent.
    service: Option<String>,
    /// By which other flows call it; made from the title or the text where absent. It never changes.
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    /// The flow as YAML or JSON, in any dialect.
    source: Option<String>,
    /// The same under the name it had before.
    organism_yaml: Option<String>,
    files: Option<Vec<FileBody>>,
    /// What handler names stand for: `kind:X`, `flow:X`, or JSON.
    #[serde(default)]
    bindings: BTreeMap<String, String>,
    /// Where things lie on the canvas; kept as it is.
    #[serde(default)]
    canvas: serde_json::Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChangeFlowBody {
    service: Option<String>,
    title: Option<String>,
    description: Option<String>,
    source: Option<String>,
    organism_yaml: Option<String>,
    files: Option<Vec<FileBody>>,
    bindings: Option<BTreeMap<String, String>>,
    canvas: Option<serde_json::Value>,
}

/// A flow as it is edited.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowView {
    #[serde(flatten)]
    line: FlowLine,
    files: Vec<FileBody>,
    bindings: BTreeMap<String, String>,
    canvas: serde_json::Value,
}

/// A flow in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowLine {
    id: String,
    project: String,
    service: String,
    name: String,
    title: String,
    description: String,
    status: StatusView,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// Whether a flow is switched on, and with what.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    /// `stopped`, `starting`, `running` or `error`.
    status: String,
    /// The version new runs get.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The newest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<u64>,
    /// Why it is in error.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// What carries new runs: `embedded`, or `temporal:` and the name of a connection.
    runtime: String,
    /// It runs, but nobody has used it for a while and nothing of it is in memory. What starts it wakes it.
    asleep: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    project: Option<String>,
    service: Option<String>,
    /// Found in the name, the title, the description or the text.
    text: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StartBody {
    /// Which version; the newest where absent.
    version: Option<u64>,
    /// What carries its new runs: `embedded`, or `temporal:NAME` with the name of a connection of `/api/runtimes`. What
    /// it was before where absent, and `embedded` where it was nothing.
    runtime: Option<String>,
}

/// What is wrong with a flow.
#[derive(Serialize, JsonSchema)]
pub struct CheckView {
    /// Whether it can run.
    pub valid: bool,
    /// All that was found, by place.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub diagnostics: Vec<Diagnostic>,
    /// Names of the files, by the numbers in the diagnostics' spans.
    pub files: Vec<String>,
}

/// Which part of the draft is tried, with what. Steps are named by their ids; where none is named, all of it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TrialBody {
    #[serde(default)]
    input: Json_,
    /// Higher goes first among those that wait.
    #[serde(default)]
    priority: i32,
    /// Only this step runs.
    step: Option<String>,
    /// What flows into `step`.
    data: Option<Json_>,
    /// Steps before this one do not run: they give what they gave in `run`, or what `pins` says.
    from: Option<String>,
    /// Steps after this one are cut off.
    to: Option<String>,
    /// A run whose results stand in for the steps before `from`.
    run: Option<String>,
    /// Steps that do not run, and what they give instead.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pins: Map,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/flows", "flows", "The organisation's flows")
            .needs(Permission::FlowsRead)
            .query::<ListQuery>()
            .gives::<Page<FlowLine>>(200, "Flows, the newest first")
            .handler(list),
        Endpoint::post("/api/flows", "createFlow", "Makes a flow from its text")
            .needs(Permission::FlowsWrite)
            .takes::<NewFlowBody>()
            .gives::<FlowView>(201, "Made, as a draft")
            .or(&[402, 409, 422])
            .handler(create),
        Endpoint::get("/api/flows/{id}", "flow", "A flow as it is edited")
            .needs(Permission::FlowsRead)
            .gives::<FlowView>(200, "The draft")
            .handler(show),
        Endpoint::put("/api/flows/{id}", "changeFlow", "Changes a flow's draft; what is absent stays")
            .needs(Permission::FlowsWrite)
            .takes::<ChangeFlowBody>()
            .revised()
            .gives::<FlowView>(200, "Changed")
            .or(&[422])
            .handler(change),
        Endpoint::delete(
            "/api/flows/{id}",
            "deleteFlow",
            "Deletes a stopped flow; its runs stay, and as many flows as the tier allows, 10 at least and 200 at most, can come back for 30 days",
        )
        .needs(Permission::FlowsWrite)
        .revised()
        .gives_nothing("Deleted")
        .handler(delete),
        Endpoint::post("/api/flows/{id}/start", "startFlow", "Switches a flow on; publishes it first if it never was")
            .needs(Permission::FlowsDeploy)
            .may_take::<StartBody>()
            .gives::<StatusView>(200, "Switched on")
            .or(&[409, 422, 502])
            .handler(start),
        Endpoint::post("/api/flows/{id}/stop", "stopFlow", "Switches a flow off; open runs go on to their end")
            .needs(Permission::FlowsDeploy)
            .gives::<StatusView>(200, "Switched off")
            .or(&[409])
            .handler(stop),
        Endpoint::get("/api/flows/{id}/status", "flowStatus", "Whether a flow is switched on")
            .needs(Permission::FlowsRead)
            .gives::<StatusView>(200, "How it stands")
            .handler(status),
        Endpoint::get("/api/flows/{id}/check", "checkFlow", "Everything that is wrong with a flow's draft")
            .needs(Permission::FlowsRead)
            .gives::<CheckView>(200, "What was found")
            .handler(check),
        Endpoint::post(
            "/api/flows/{id}/try",
            "tryFlow",
            "Runs the draft, or part of it, whether it is switched on or not",
        )
        .needs(Permission::RunsStart)
        .may_take::<TrialBody>()
        .header("Idempotency-Key")
        .gives::<RunSummary>(201, "Started; the run is on disk")
        .or(&[402, 422])
        .handler(try_draft),
    ]
}

pub fn line((flow, status): (Kept<FlowDraft>, FlowStatus)) -> FlowLine {
    FlowLine {
        status: status_view(status),
        id: flow.id.to_string(),
        project: flow.value.project.to_string(),
        service: flow.value.service.to_string(),
        name: flow.value.name.to_string(),
        title: flow.value.title.to_string(),
        description: flow.value.description.to_string(),
        revision: flow.revision,
        created_at: time(flow.created_at),
        updated_at: time(flow.updated_at),
    }
}

pub fn view(flow: Kept<FlowDraft>, status: FlowStatus) -> FlowView {
    let text = |(name, meaning): (&Text, &Text)| (name.to_string(), meaning.to_string());
    FlowView {
        files: files_view(&flow.value.files),
        bindings: flow.value.bindings.iter().map(text).collect(),
        canvas: flow.value.canvas.clone(),
        line: line((flow, status)),
    }
}

fn status_view(status: FlowStatus) -> StatusView {
    StatusView {
        status: status.state.as_str().to_owned(),
        version: status.release,
        published: status.published,
        problem: status.problem.map(|problem| problem.to_string()),
        since: status.since.map(time),
        runtime: status.runtime.to_string(),
        asleep: status.asleep,
    }
}

pub fn check_view(compiled: &Compiled) -> CheckView {
    let diagnostics = compiled.for_running();
    CheckView {
        valid: compiled.flow.is_some() && !weir_base::has_errors(&diagnostics),
        diagnostics,
        files: compiled.files.iter().map(|file| file.name.clone()).collect(),
    }
}

/// The files somebody gave, in whichever of the three ways.
fn files(
    source: Option<String>,
    organism: Option<String>,
    files: Option<Vec<FileBody>>,
) -> Answer<Option<Vec<FlowFile>>> {
    let one = |text: String| {
        let name = if text.trim_start().starts_with('{') { "flow.json" } else { "flow.yaml" };
        vec![FlowFile { name: name.into(), text: text.into() }]
    };
    match (source.or(organism), files) {
        (Some(_), Some(_)) => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_FILES", "send `source` or `files`, not both"))
        }
        (Some(text), None) => Ok(Some(one(text))),
        (None, files) => Ok(files.map(|files| files.into_iter().map(FlowFile::from).collect())),
    }
}

fn bindings(given: BTreeMap<String, String>) -> BTreeMap<Text, Text> {
    given.into_iter().map(|(name, meaning)| (name.into(), meaning.into())).collect()
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<ListQuery>,
) -> Answer<Json<Page<FlowLine>>> {
    let ListQuery { project, service, text, after, limit } = query;
    let wanted = FlowQuery { project, service, text };
    Ok(Page::of(app.control.list_flows_with_status(&caller, &wanted, &page(after, limit)).await?, line))
}

async fn create(
    State(app): State<Arc<App>>,
    By(caller): By,
    Body(body): Body<NewFlowBody>,
) -> Answer<(StatusCode, HeaderMap, Json<FlowView>)> {
    let or_default = |name: Option<String>| name.unwrap_or_else(|| "default".to_owned());
    let new = NewFlow {
        project: or_default(body.project),
        service: or_default(body.service),
        name: body.name,
        title: body.title,
        description: body.description,
        files: files(body.source, body.organism_yaml, body.files)?.unwrap_or_default(),
        bindings: bindings(body.bindings),
        canvas: body.canvas,
    };
    let flow = app.control.create_flow(&caller, new).await?;
    let status = app.control.flow_status(&caller, &flow.id).await?;
    Ok((StatusCode::CREATED, etag(&flow), Json(view(flow, status))))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
) -> Answer<(HeaderMap, Json<FlowView>)> {
    let flow = app.control.flow(&caller, &id).await?;
    let status = app.control.flow_status(&caller, &flow.id).await?;
    Ok((etag(&flow), Json(view(flow, status))))
}

async fn change(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Seen(seen): Seen,
    Body(body): Body<ChangeFlowBody>,
) -> Answer<(HeaderMap, Json<FlowView>)> {
    let patch = FlowPatch {
        service: body.service,
        title: body.title,
        description: body.description,
        files: files(body.source, body.organism_yaml, body.files)?,
        bindings: body.bindings.map(bindings),
        canvas: body.canvas,
    };
    let flow = app.control.change_flow(&caller, &id, patch, seen).await?;
    let status = app.control.flow_status(&caller, &flow.id).await?;
    Ok((etag(&flow), Json(view(flow, status))))
}

async fn delete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.delete_flow(&caller, &id, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn start(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Body(body): Body<StartBody>,
) -> Answer<Json<StatusView>> {
    let runtime = body.runtime.as_deref().map(str::parse).transpose().map_err(ControlError::from)?;
    Ok(Json(status_view(app.control.start_flow_on(&caller, &id, body.version, runtime).await?)))
}

async fn stop(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<Json<StatusView>> {
    Ok(Json(status_view(app.control.stop_flow(&caller, &id).await?)))
}

async fn status(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<Json<StatusView>> {
    Ok(Json(status_view(app.control.flow_status(&caller, &id).await?)))
}

async fn check(State(app): State<Arc<App>>, By(caller): By, Place(id): Place<String>) -> Answer<Json<CheckView>> {
    Ok(Json(check_view(&app.control.check_flow(&caller, &id).await?)))
}

async fn try_draft(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Key(idempotency_key): Key,
    Body(body): Body<TrialBody>,
) -> Answer<(StatusCode, Json<RunSummary>)> {
    let text = |given: Option<String>| given.map(Text::from);
    let trial = Trial {
        step: text(body.step),
        data: body.data.map(|data| data.0),
        from: text(body.from),
        to: text(body.to),
        run: text(body.run),
        pins: body.pins.into_iter().collect(),
    };
    let new = NewRun { input: body.input.0, idempotency_key, priority: body.priority, ..NewRun::default() };
    let view = app.control.try_flow(&caller, &id, new, &trial).await?;
    Ok((StatusCode::CREATED, Json(summary(view))))
}
