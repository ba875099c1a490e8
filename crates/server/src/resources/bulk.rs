use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::Body;
use crate::problem::Problem;
use crate::resources::runs::{Filter, wanted};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::Text;
use weir_control::{Act, Done, Fix, Meant, Permission};

type Answer<T> = Result<T, Problem>;

/// The most runs of one request.
const MOST: usize = 500;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BulkBody {
    /// These runs, at most 500; or a `filter`.
    runs: Option<Vec<String>>,
    /// All runs that pass, the newest first. It names something: nobody means every run there is.
    filter: Option<Filter>,
    action: BulkAction,
    /// Only count the runs a filter means and the action fits.
    #[serde(default)]
    dry_run: bool,
    /// Why they are cancelled.
    #[serde(default)]
    reason: String,
    /// With `fix`: under this version of their flow, which the filter names; under its draft where absent.
    version: Option<u64>,
    /// With `fix` and `retry`: also where steps ran because of the failure; they are not undone.
    #[serde(default)]
    force: bool,
    /// With a filter: the `next` of the part before.
    after: Option<String>,
    /// With a filter: 1 to 500; 500 where absent.
    limit: Option<u32>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum BulkAction {
    Cancel,
    Pause,
    Resume,
    /// Goes on with failed runs under the newest draft of their flow, or under a version.
    Fix,
    /// Does the failed steps of failed runs again, under the version they ran under.
    Retry,
}

#[derive(Serialize, JsonSchema)]
struct BulkView {
    /// How many runs this was about, or would be.
    count: u64,
    /// There are more than were counted.
    more: bool,
    items: Vec<BulkLine>,
    /// Where a filter goes on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct BulkLine {
    run: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/runs/bulk", "bulkRuns", "Cancels, pauses, resumes, fixes or retries many runs")
            .needs(Permission::RunsControl)
            .takes::<BulkBody>()
            .gives::<BulkView>(200, "Per run what came of it, or how many it would be about")
            .or(&[422])
            .handler(bulk),
    ]
}

fn wrong(code: &str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

fn act(body: &BulkBody) -> Act {
    match body.action {
        BulkAction::Cancel => Act::Cancel { reason: body.reason.as_str().into() },
        BulkAction::Pause => Act::Pause,
        BulkAction::Resume => Act::Resume,
        BulkAction::Fix => Act::Fix(Fix { release: body.version, dry_run: false, force: body.force }),
        BulkAction::Retry => Act::Retry { force: body.force },
    }
}

async fn bulk(State(app): State<Arc<App>>, By(caller): By, Body(body): Body<BulkBody>) -> Answer<Json<BulkView>> {
    let act = act(&body);
    if body.version.is_some() && body.filter.as_ref().is_none_or(|filter| filter.flow.is_none()) {
        return Err(wrong("INVALID_BULK", "a `version` is one of a flow: name the `flow` in the filter"));
    }
    let (runs, filter) = match (body.runs, body.filter) {
        (Some(runs), None) => (runs, None),
        (None, Some(filter)) if !filter.is_empty() => (Vec::new(), Some(filter)),
        (None, Some(_)) => return Err(wrong("INVALID_BULK", "the filter is empty: say which runs are meant")),
        _ => return Err(wrong("INVALID_BULK", "say which runs are meant: either `runs` or a `filter`")),
    };
    if runs.len() > MOST {
        return Err(wrong("TOO_MANY_RUNS", "at most 500 runs at a time"));
    }
    let Some(filter) = filter else {
        if body.dry_run {
            return Ok(Json(counted(Meant { count: runs.len() as u64, more: false })));
        }
        let runs: Vec<Text> = runs.into_iter().map(Text::from).collect();
        return Ok(Json(view(app.control.do_to_each(&caller, &runs, &act).await, None)));
    };
    let query = wanted(filter)?;
    if body.dry_run {
        return Ok(Json(counted(app.control.count_meant(&caller, &query, &act).await?)));
    }
    let limit = body.limit.unwrap_or(MOST as u32).clamp(1, MOST as u32);
    let done = app.control.do_to_all(&caller, &query, &act, body.after.as_deref(), limit).await?;
    Ok(Json(view(done.items, done.next)))
}

fn counted(meant: Meant) -> BulkView {
    BulkView { count: meant.count, more: meant.more, items: Vec::new(), next: None }
}

fn view(done: Vec<Done>, next: Option<Text>) -> BulkView {
    let line = |(run, done): Done| {
        let problem = done.err().map(Problem::from);
        let (code, problem) = problem.map(|problem| (problem.code, problem.detail)).unzip();
        BulkLine { run: run.to_string(), ok: code.is_none(), code, problem }
    };
    let items: Vec<BulkLine> = done.into_iter().map(line).collect();
    BulkView { count: items.len() as u64, more: false, items, next: next.map(|next| next.to_string()) }
}
