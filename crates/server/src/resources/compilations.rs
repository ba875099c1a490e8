use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place, page};
use crate::problem::Problem;
use crate::state::{App, Phase};
use crate::wire::{Page, PageQuery, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use weir_control::model::Compilation;
use weir_control::{Caller, Kept, NewCompilation, Permission};

type Answer<T> = Result<T, Problem>;

/// A version of a flow as TypeScript that the compilers passed. It never changes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompilationView {
    number: u64,
    /// The published version it was made from, and that version's content hash.
    version: u64,
    version_hash: String,
    /// Content hash of all files: the same hash is the same code.
    hash: String,
    /// What made it, such as `weir 1.0.0`.
    generator: String,
    files: u64,
    bytes: u64,
    steps: u64,
    /// Kinds without TypeScript, whose steps Weir's own worker performs.
    proxied: Vec<String>,
    compiled_by: String,
    compiled_at: String,
    verification: Passed,
}

/// What the compilers said. Code that they refuse is not kept.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Passed {
    tsc_passed: bool,
    eslint_passed: bool,
    any_types_found: u64,
}

/// A compilation with its files.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CodeView {
    compilation: CompilationView,
    /// Text by file name.
    files: BTreeMap<String, String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CompileVersion {
    /// A published version; the newest where absent.
    version: Option<u64>,
    /// The task queue of the worker; the flow's own, else one after its name, where absent.
    task_queue: Option<String>,
    /// The task queue of Weir's own worker, which performs kinds without TypeScript; that of the connection to Temporal
    /// the flow runs on, or of the only one, else `weir`, where absent.
    worker_queue: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CodeQuery {
    /// Only code with a higher number than this.
    after: Option<u64>,
    /// The hash of the code of that number: then whatever other code is the newest is given, whatever its number.
    hash: Option<String>,
    /// How many seconds to wait for it: 0 to 30, 0 where absent.
    wait: Option<u64>,
}

/// The longest wait for new code, in seconds.
const PATIENCE: u64 = 30;
/// Other servers compile, too, and do not tell.
const AGAIN: Duration = Duration::from_secs(2);

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/flows/{id}/compilations", "compilations", "A flow's versions as TypeScript")
            .needs(Permission::FlowsRead)
            .query::<PageQuery>()
            .gives::<Page<CompilationView>>(200, "Compilations, the newest first")
            .handler(list),
        Endpoint::post("/api/flows/{id}/compilations", "compileVersion", "Compiles a published version, and keeps it")
            .needs(Permission::FlowsPublish)
            .may_take::<CompileVersion>()
            .gives::<CompilationView>(
                201,
                "Passed by the compilers and kept; the same code as the newest is the newest",
            )
            .or(&[409, 422])
            .handler(create),
        Endpoint::get("/api/flows/{id}/compilations/{number}", "compilation", "A version as TypeScript")
            .needs(Permission::FlowsRead)
            .gives::<CompilationView>(200, "The compilation")
            .handler(show),
        Endpoint::get("/api/flows/{id}/compilations/{number}/code", "compiledCode", "The files of a compilation")
            .needs_either(Permission::FlowsRead, Permission::HostsServe)
            .gives::<CodeView>(200, "The compilation with its files")
            .handler(code),
        Endpoint::get("/api/flows/{id}/code", "newestCode", "The newest code of a flow, as soon as there is some")
            .needs_either(Permission::FlowsRead, Permission::HostsServe)
            .query::<CodeQuery>()
            .gives::<CodeView>(200, "The newest compilation with its files")
            .gives_nothing("None within that time")
            .or(&[422])
            .handler(newest),
    ]
}

fn view(kept: Kept<Compilation>) -> CompilationView {
    let Compilation { number, release, version, hash, generator, files, bytes, steps, proxied, by, .. } = kept.value;
    CompilationView {
        number,
        version: release,
        version_hash: version.to_string(),
        hash: hash.to_string(),
        generator: generator.to_string(),
        files,
        bytes,
        steps,
        proxied: proxied.iter().map(ToString::to_string).collect(),
        compiled_by: by.to_string(),
        compiled_at: time(kept.created_at),
        verification: Passed { tsc_passed: true, eslint_passed: true, any_types_found: 0 },
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<CompilationView>>> {
    Ok(Page::of(app.control.compilations(&caller, &id, &page(query.after, query.limit)).await?, view))
}

async fn create(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Body(body): Body<CompileVersion>,
) -> Answer<(StatusCode, Json<CompilationView>)> {
    let new = NewCompilation { release: body.version, task_queue: body.task_queue, worker_queue: body.worker_queue };
    let made = app.control.compile_version(&caller, &id, new).await?;
    Ok((StatusCode::CREATED, Json(view(made))))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, number)): Place<(String, u64)>,
) -> Answer<Json<CompilationView>> {
    Ok(Json(view(app.control.show_compilation(&caller, &id, number).await?)))
}

async fn code(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, number)): Place<(String, u64)>,
) -> Answer<Json<CodeView>> {
    let found = app.control.code_to_run(&caller, &id, number).await?;
    whole(&app, &caller, found).await
}

async fn whole(app: &App, caller: &Caller, found: Kept<Compilation>) -> Answer<Json<CodeView>> {
    let files = app.control.files_of(caller, &found.value).await?;
    Ok(Json(CodeView { compilation: view(found), files }))
}

/// Waits, so that whoever runs the code has it at once and need not ask again and again.
async fn newest(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<CodeQuery>,
) -> Answer<Response> {
    let wait = query.wait.unwrap_or_default();
    if wait > PATIENCE {
        let detail = format!("`wait` is 0 to {PATIENCE} seconds");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_QUERY", detail));
    }
    let (until, mut news) = (Instant::now() + Duration::from_secs(wait), app.control.code_news());
    loop {
        let after = query.after.unwrap_or_default();
        if let Some(found) = app.control.code_after(&caller, &id, after, query.hash.as_deref()).await? {
            return Ok(whole(&app, &caller, found).await?.into_response());
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || app.phase() == Phase::Stopping {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        // Over or not, it is looked for again.
        let _ = timeout(left.min(AGAIN), news.changed()).await;
    }
}
