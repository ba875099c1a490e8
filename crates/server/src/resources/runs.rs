use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Params, Place};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, since_until, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::{Map, Text, Value};
use weir_control::model::FlowFile;
use weir_control::{Fix, Permission, RunQuery};
use weir_engine::{Decision, Record, Status, StepError};
use weir_runs::{Change, LogView, Offer, Request, RunView, StepView, Until, Verdict};
use weir_store::Run;

type Answer<T> = Result<T, Problem>;

/// Any JSON.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Json_(#[schemars(with = "serde_json::Value")] pub Value);

/// What a run starts with.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    #[serde(default)]
    pub input: Json_,
    /// Higher goes first among those that wait.
    #[serde(default)]
    pub priority: i32,
}

/// A run as it is now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    pub run: String,
    pub flow: String,
    /// Content hash of its version.
    pub version: String,
    pub status: String,
    pub output: Json_,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorView>,
    /// What it waits for.
    pub waiting: Vec<String>,
    pub created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<StartedBy>,
}

/// What started a run.
#[derive(Serialize, JsonSchema)]
pub struct StartedBy {
    /// `webhook`, `interface`, `schedule`, `event`, `email`, `manual`, `trial`, `fork` or `system`.
    #[serde(rename = "type")]
    sort: String,
    /// The trigger's id, where it was a trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// Why something failed.
#[derive(Serialize, JsonSchema)]
pub struct ErrorView {
    code: String,
    message: String,
    path: String,
    #[schemars(with = "serde_json::Value")]
    whole: Value,
}

/// A run in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RunLine {
    run: String,
    project: String,
    service: String,
    flow: String,
    version: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<StartedBy>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trials {
    Only,
    Without,
}

/// Which runs are meant; all conditions at once.
#[derive(Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Filter {
    pub project: Option<String>,
    pub service: Option<String>,
    /// A flow's id.
    pub flow: Option<String>,
    /// One or several, with commas between.
    pub status: Option<String>,
    /// Found in the id, the flow's name, the error, or an output of up to 64 KiB.
    pub text: Option<String>,
    /// What started them: `webhook`, `interface`, `schedule`, `event`, `email`, `manual`, `trial`, `fork` or `system`; or the id of
    /// one trigger.
    pub trigger: Option<String>,
    /// The runs Weir has made for the organisation by itself, such as those that send its letters; all others where
    /// absent.
    #[serde(default)]
    pub system: bool,
    /// `only` those that try part of a draft, or runs `without` them; both where absent.
    pub trials: Option<Trials>,
    /// Created then or later, as RFC 3339.
    pub since: Option<String>,
    /// Created before.
    pub until: Option<String>,
    /// Ended, and took at least so many milliseconds.
    pub min_duration: Option<u64>,
    /// Ended, and took at most so many milliseconds.
    pub max_duration: Option<u64>,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListQuery {
    project: Option<String>,
    service: Option<String>,
    /// A flow's id.
    flow: Option<String>,
    /// One or several, with commas between.
    status: Option<String>,
    /// Found in the id, the flow's name, the error, or an output of up to 64 KiB.
    text: Option<String>,
    /// What started them: `webhook`, `interface`, `schedule`, `event`, `email`, `manual`, `trial`, `fork` or `system`; or the id of
    /// one trigger.
    trigger: Option<String>,
    /// The runs Weir has made for the organisation by itself, such as those that send its letters; all others where
    /// absent.
    #[serde(default)]
    system: bool,
    /// `only` those that try part of a draft, or runs `without` them; both where absent.
    trials: Option<Trials>,
    /// Created then or later, as RFC 3339.
    since: Option<String>,
    /// Created before.
    until: Option<String>,
    /// Ended, and took at least so many milliseconds.
    min_duration: Option<u64>,
    /// Ended, and took at most so many milliseconds.
    max_duration: Option<u64>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StepLine {
    path: String,
    kind: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    region: bool,
    status: String,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    output: Json_,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Steps {
    items: Vec<StepLine>,
}

#[derive(Serialize, JsonSchema)]
struct LogLine {
    at: String,
    path: String,
    kind: String,
    attempt: u32,
    level: String,
    message: String,
    metadata: Json_,
}

#[derive(Serialize, JsonSchema)]
struct Logs {
    items: Vec<LogLine>,
}

/// A record of the journal.
#[derive(Serialize, JsonSchema)]
struct RecordView {
    seq: u64,
    at: String,
    #[serde(rename = "type")]
    kind: String,
    path: String,
    payload: Json_,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JournalQuery {
    /// The first record that is shown; 1 where absent. The `next` of the part before.
    after: Option<u64>,
    /// 1 to 1000; 200 where absent.
    limit: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReplayQuery {
    /// After which record; after the newest where absent.
    to: Option<u64>,
}

/// A run as it was after a record, made from its journal alone.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReplayBody {
    run: String,
    seq: u64,
    at: String,
    status: String,
    output: Json_,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView>,
    variables: Json_,
    /// Signals some step waits for.
    signals: Vec<String>,
    /// Steps without an answer.
    open: Vec<String>,
    steps: Vec<StepLine>,
    warnings: Vec<String>,
}

/// The flow that a run runs under: of a run that goes on under a mended one, that.
#[derive(Serialize, JsonSchema)]
struct TextOfRun {
    /// The flow's own text first, then what it brings in.
    files: Vec<TestFile>,
}

/// A run as a test. Every result from outside comes from the journal; nothing is asked when the test runs.
#[derive(Serialize, JsonSchema)]
struct TestOfRun {
    /// The flow first, then `journal.jsonl` and `expected.json`. One flat folder holds them.
    files: Vec<TestFile>,
}

#[derive(Serialize, JsonSchema)]
struct TestFile {
    name: String,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WaitQuery {
    /// Wait so many seconds at most for the run to end or to come to rest; 0 where absent, 60 at most.
    wait: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignalBody {
    name: String,
    /// Delivered once per id.
    id: Option<String>,
    #[serde(default)]
    payload: Json_,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CancelBody {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ApproveBody {
    /// The step that waits, by its path; or the signal it waits for, as `waiting` names it.
    name: String,
    approved: bool,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecideBody {
    path: String,
    decision: DecisionName,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum DecisionName {
    /// Do it again, with the same idempotency key.
    Retry,
    /// Count it as failed.
    Fail,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ForkBody {
    /// Only say which steps would run again; nothing is started, and the answer has no `run`.
    #[serde(default, rename = "dryRun")]
    dry_run: bool,
    /// After which record of the journal.
    at: u64,
    /// `vars.NAME` or `input.NAME`, and the new values.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    set: Map,
    /// Something that happens at once, as the journal has it: `{"type": …, "path": …, …}`.
    event: Option<Json_>,
}

#[derive(Serialize, JsonSchema)]
struct ForkView {
    /// The new run; absent where it was only asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// Steps that run again because they had no result yet.
    again: Vec<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FixBody {
    /// Under this version; under the draft where absent.
    version: Option<u64>,
    /// Only say what would come of it.
    #[serde(default)]
    dry_run: bool,
    /// Also where steps ran because of the failure; they are not undone.
    #[serde(default)]
    force: bool,
}

#[derive(Serialize, JsonSchema)]
struct OfferView {
    run: String,
    /// `compatible`, `diverges`, `ends_again` or `refused`.
    verdict: String,
    /// Where it goes on, or where the two part ways.
    paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Steps that ran because of the failure.
    compensated: Vec<String>,
    resumed: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FixQuery {
    after: Option<String>,
    limit: Option<u32>,
}

pub fn routes() -> Vec<Endpoint> {
    let ask = |path, name, about| {
        Endpoint::post(path, name, about)
            .needs(Permission::RunsControl)
            .gives::<RunSummary>(200, "Taken up, and on disk")
            .or(&[409, 422])
    };
    vec![
        Endpoint::get("/api/runs", "runs", "The organisation's runs")
            .needs(Permission::RunsRead)
            .query::<ListQuery>()
            .gives::<Page<RunLine>>(200, "Runs, the newest first")
            .or(&[422])
            .handler(list),
        Endpoint::get("/api/runs/{run}", "run", "A run as it is now")
            .needs(Permission::RunsRead)
            .query::<WaitQuery>()
            .gives::<RunSummary>(200, "The run")
            .handler(show),
        Endpoint::get("/api/runs/{run}/steps", "steps", "Every step of a run so far")
            .needs(Permission::RunsRead)
            .gives::<Steps>(200, "Steps, in the order of entering")
            .or(&[422])
            .handler(steps),
        Endpoint::get("/api/runs/{run}/logs", "runLogs", "What a run's steps have logged")
            .needs(Permission::RunsRead)
            .gives::<Logs>(200, "Lines, in order")
            .handler(logs),
        Endpoint::get("/api/runs/{run}/journal", "journal", "A run's journal")
            .needs(Permission::RunsRead)
            .query::<JournalQuery>()
            .gives::<Page<RecordView>>(200, "Records, in order")
            .handler(journal),
        Endpoint::get("/api/runs/{run}/replay", "replay", "A run as it was after any of its records")
            .needs(Permission::RunsRead)
            .query::<ReplayQuery>()
            .gives::<ReplayBody>(200, "Made from the journal alone")
            .or(&[422])
            .handler(replay),
        Endpoint::get("/api/runs/{run}/text", "textOfRun", "The flow that a run runs under, as it is written")
            .needs(Permission::RunsRead)
            .gives::<TextOfRun>(200, "Its files")
            .handler(text_of_run),
        Endpoint::get("/api/runs/{run}/test", "testOfRun", "A run as a test that `weir test` runs")
            .needs(Permission::RunsRead)
            .gives::<TestOfRun>(200, "The files of the test's folder")
            .or(&[422])
            .handler(test_of_run),
        Endpoint::get("/api/runs/{run}/queries/{name}", "queryRun", "The value of a query the flow declares")
            .needs(Permission::RunsRead)
            .gives::<Json_>(200, "Its value")
            .or(&[422])
            .handler(query),
        ask("/api/runs/{run}/cancel", "cancelRun", "Cancels a run").may_take::<CancelBody>().handler(cancel),
        ask("/api/runs/{run}/pause", "pauseRun", "Holds a run: nothing new is started").handler(pause),
        ask("/api/runs/{run}/resume", "resumeRun", "Lets a paused run go on").handler(resume),
        ask("/api/runs/{run}/signal", "signalRun", "Sends a signal to a run").takes::<SignalBody>().handler(signal),
        ask("/api/runs/{run}/approve", "approveRun", "Answers a step that waits for a person's approval")
            .takes::<ApproveBody>()
            .handler(approve),
        ask("/api/runs/{run}/decide", "decideRun", "Decides about a step whose outcome is unknown")
            .takes::<DecideBody>()
            .handler(decide),
        Endpoint::post("/api/runs/{run}/fork", "forkRun", "Starts a new run from a record of this one")
            .needs(Permission::RunsStart)
            .takes::<ForkBody>()
            .gives::<ForkView>(200, "What would run again")
            .gives::<ForkView>(201, "Started")
            .or(&[402, 422])
            .handler(fork),
        Endpoint::post("/api/runs/{run}/fix", "fixRun", "Goes on with a failed run under a changed flow")
            .needs(Permission::RunsControl)
            .may_take::<FixBody>()
            .gives::<OfferView>(200, "What came of it, or would")
            .or(&[422])
            .handler(fix),
        Endpoint::post("/api/flows/{id}/fix", "fixRuns", "Goes on with a flow's failed runs under a changed flow")
            .needs(Permission::RunsControl)
            .query::<FixQuery>()
            .may_take::<FixBody>()
            .gives::<Page<OfferView>>(200, "Per run what came of it, or would; `next` for those that follow")
            .or(&[422])
            .handler(fix_all),
    ]
}

pub fn error_view(error: &StepError) -> ErrorView {
    let (code, message, path) = (error.code.to_string(), error.message.to_string(), error.path.to_string());
    ErrorView { code, message, path, whole: error.to_value() }
}

pub fn summary(view: RunView) -> RunSummary {
    RunSummary {
        run: view.run.to_string(),
        flow: view.flow.to_string(),
        version: view.version.to_string(),
        status: view.status.as_str().to_owned(),
        output: Json_(view.output),
        error: view.error.as_ref().map(error_view),
        waiting: texts(&view.waiting),
        created_at: time(view.created_at),
        started_at: view.started_at.map(time),
        ended_at: view.ended_at.map(time),
        wake_at: view.wake_at.map(time),
        trigger: view.cause.as_deref().map(started_by),
    }
}

fn line(run: Run) -> RunLine {
    RunLine {
        run: run.id.to_string(),
        project: run.place.project.to_string(),
        service: run.place.service.to_string(),
        flow: run.flow.to_string(),
        version: run.version.to_string(),
        status: run.status.as_str().to_owned(),
        error: run.error.as_ref().map(error_view),
        created_at: time(run.created_at),
        started_at: run.started_at.map(time),
        ended_at: run.ended_at.map(time),
        trigger: run.cause.as_deref().map(started_by),
    }
}

fn started_by(cause: &str) -> StartedBy {
    match cause.split_once('/') {
        Some((sort, id)) => StartedBy { sort: sort.to_owned(), id: Some(id.to_owned()) },
        None => StartedBy { sort: cause.to_owned(), id: None },
    }
}

fn texts(all: &[Text]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn step_line(step: StepView) -> StepLine {
    StepLine {
        path: step.path.to_string(),
        kind: step.kind.to_string(),
        title: step.title.to_string(),
        phase: step.phase.map(|phase| phase.to_string()),
        region: step.region,
        status: format!("{:?}", step.status).to_lowercase(),
        attempts: step.attempts,
        started_at: step.started_at.map(time),
        ended_at: step.ended_at.map(time),
        output: Json_(step.output),
        error: step.error.as_ref().map(error_view),
        handle: step.handle.map(|handle| handle.to_string()),
        waiting: step.waiting.map(|waiting| waiting.to_string()),
    }
}

fn log_line(log: LogView) -> LogLine {
    LogLine {
        at: time(log.at),
        path: log.path.to_string(),
        kind: log.kind.to_string(),
        attempt: log.attempt,
        level: log.level.to_string(),
        message: log.message.to_string(),
        metadata: Json_(log.metadata),
    }
}

fn record_view(record: Record) -> RecordView {
    RecordView {
        seq: record.seq,
        at: time(record.at),
        kind: record.ty.to_string(),
        path: record.path.to_string(),
        payload: Json_(Value::from_json(&record.payload).unwrap_or_default()),
    }
}

fn offer_view(offer: Offer) -> OfferView {
    let (verdict, paths, why) = match offer.verdict {
        Verdict::Compatible { resume } => ("compatible", texts(&resume), None),
        Verdict::Diverges { path, why } => ("diverges", vec![path.to_string()], Some(why)),
        Verdict::EndsAgain { status, path, why } => {
            ("ends_again", vec![path.to_string()], Some(format!("it is {} again: {why}", status.as_str())))
        }
        Verdict::Refused { why } => ("refused", Vec::new(), Some(why)),
    };
    OfferView {
        run: offer.run.to_string(),
        verdict: verdict.to_owned(),
        paths,
        why,
        compensated: texts(&offer.compensated),
        resumed: offer.resumed,
    }
}

fn statuses(given: Option<&str>) -> Answer<Vec<Status>> {
    let names = given.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let parse = |name: &str| {
        Status::parse(name).ok_or_else(|| {
            let detail = "a status is pending, running, waiting, paused, succeeded, failed, cancelled or timed_out";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_STATUS", detail)
        })
    };
    names.map(parse).collect()
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<ListQuery>,
) -> Answer<Json<Page<RunLine>>> {
    let ListQuery { after, limit, .. } = &query;
    let (after, limit) = (after.clone(), limit.unwrap_or(crate::extract::PAGE_USUAL));
    let limit = limit.clamp(1, crate::extract::PAGE_LIMIT);
    let found = app.control.list_runs(&caller, &wanted(query.filter())?, after.as_deref(), limit).await?;
    Ok(Page::of(found, line))
}

impl ListQuery {
    fn filter(self) -> Filter {
        let ListQuery { project, service, flow, status, text, trigger, system, trials, since, until, .. } = self;
        let (min_duration, max_duration) = (self.min_duration, self.max_duration);
        Filter {
            project,
            service,
            flow,
            status,
            text,
            trigger,
            system,
            trials,
            since,
            until,
            min_duration,
            max_duration,
        }
    }
}

/// The filter as the control plane takes it.
pub fn wanted(filter: Filter) -> Answer<RunQuery> {
    let text = |given: Option<String>| given.map(Text::from);
    let (since, until) = since_until(filter.since.as_deref(), filter.until.as_deref())?;
    let micros = |millis: u64| i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000);
    Ok(RunQuery {
        trigger: text(filter.trigger),
        system: filter.system,
        trials: filter.trials.map(|trials| trials == Trials::Only),
        since,
        until,
        at_least: filter.min_duration.map(micros),
        at_most: filter.max_duration.map(micros),
        project: text(filter.project),
        service: text(filter.service),
        flow: text(filter.flow),
        statuses: statuses(filter.status.as_deref())?,
        text: filter.text,
    })
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Params(query): Params<WaitQuery>,
) -> Answer<Json<RunSummary>> {
    let seconds = query.wait.unwrap_or_default().min(60);
    if seconds > 0 {
        let patience = std::time::Duration::from_secs(seconds);
        if let Ok(view) = tokio::time::timeout(patience, app.control.wait(&caller, &run, Until::Ended)).await {
            return Ok(Json(summary(view?)));
        }
    }
    Ok(Json(summary(app.control.run(&caller, &run).await?.1)))
}

async fn steps(State(app): State<Arc<App>>, By(caller): By, Place(run): Place<String>) -> Answer<Json<Steps>> {
    let steps = app.control.steps(&caller, &run).await?;
    Ok(Json(Steps { items: steps.into_iter().map(step_line).collect() }))
}

async fn logs(State(app): State<Arc<App>>, By(caller): By, Place(run): Place<String>) -> Answer<Json<Logs>> {
    let logs = app.control.logs(&caller, &run).await?;
    Ok(Json(Logs { items: logs.into_iter().map(log_line).collect() }))
}

async fn journal(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Params(query): Params<JournalQuery>,
) -> Answer<Json<Page<RecordView>>> {
    let part = app.control.journal(&caller, &run, query.after.unwrap_or(1), query.limit.unwrap_or(200)).await?;
    let next = part.next.map(|next| next.to_string());
    Ok(Json(Page { items: part.records.into_iter().map(record_view).collect(), next }))
}

async fn replay(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Params(query): Params<ReplayQuery>,
) -> Answer<Json<ReplayBody>> {
    let view = app.control.replay(&caller, &run, query.to).await?;
    Ok(Json(ReplayBody {
        run: view.run.to_string(),
        seq: view.seq,
        at: time(view.at),
        status: view.status.as_str().to_owned(),
        output: Json_(view.output),
        error: view.error.as_ref().map(error_view),
        variables: Json_(view.variables),
        signals: texts(&view.signals),
        open: view.open.iter().map(|open| format!("{} {}", open.what, open.path)).collect(),
        steps: view.steps.into_iter().map(step_line).collect(),
        warnings: texts(&view.warnings),
    }))
}

async fn text_of_run(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
) -> Answer<Json<TextOfRun>> {
    let files = app.control.text_of_run(&caller, &run).await?.into_iter().map(file_of_run).collect();
    Ok(Json(TextOfRun { files }))
}

fn file_of_run(file: FlowFile) -> TestFile {
    TestFile { name: file.name.to_string(), text: file.text.to_string() }
}

async fn test_of_run(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
) -> Answer<Json<TestOfRun>> {
    let files = app.control.save_test(&caller, &run).await?;
    Ok(Json(TestOfRun { files: files.into_iter().map(file_of_run).collect() }))
}

async fn query(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((run, name)): Place<(String, String)>,
) -> Answer<Json<Json_>> {
    Ok(Json(Json_(app.control.query_run(&caller, &run, &name).await?)))
}

async fn ask(app: &App, caller: &weir_control::Caller, run: &str, request: Request) -> Answer<Json<RunSummary>> {
    Ok(Json(summary(app.control.ask_run(caller, run, request).await?)))
}

async fn cancel(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<CancelBody>,
) -> Answer<Json<RunSummary>> {
    ask(&app, &caller, &run, Request::Cancel { reason: body.reason.into() }).await
}

async fn pause(State(app): State<Arc<App>>, By(caller): By, Place(run): Place<String>) -> Answer<Json<RunSummary>> {
    ask(&app, &caller, &run, Request::Pause).await
}

async fn resume(State(app): State<Arc<App>>, By(caller): By, Place(run): Place<String>) -> Answer<Json<RunSummary>> {
    ask(&app, &caller, &run, Request::Resume).await
}

async fn signal(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<SignalBody>,
) -> Answer<Json<RunSummary>> {
    let (name, id, payload) = (body.name.into(), body.id.map(Text::from), body.payload.0);
    Ok(Json(summary(app.control.signal(&caller, &run, name, id, payload).await?)))
}

async fn approve(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<ApproveBody>,
) -> Answer<Json<RunSummary>> {
    let ApproveBody { name, approved, comment } = body;
    Ok(Json(summary(app.control.approve(&caller, &run, &name, approved, &comment).await?)))
}

async fn decide(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<DecideBody>,
) -> Answer<Json<RunSummary>> {
    let decision = match body.decision {
        DecisionName::Retry => Decision::Retry,
        DecisionName::Fail => Decision::Fail,
    };
    ask(&app, &caller, &run, Request::Decide { path: body.path.into(), decision }).await
}

async fn fork(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<ForkBody>,
) -> Answer<(StatusCode, Json<ForkView>)> {
    let set = |(path, value): (Text, Value)| Change::Set { path: path.to_string(), value };
    let mut changes: Vec<Change> = body.set.into_iter().map(set).collect();
    if let Some(event) = body.event {
        let wrong = |detail| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_EVENT", detail);
        changes.push(Change::event(&event.0).map_err(wrong)?);
    }
    if body.dry_run {
        let again = app.control.rehearse_fork(&caller, &run, body.at, &changes).await?;
        return Ok((StatusCode::OK, Json(ForkView { run: None, again: texts(&again) })));
    }
    let forked = app.control.fork(&caller, &run, body.at, &changes).await?;
    let view = ForkView { run: Some(forked.run.to_string()), again: texts(&forked.again) };
    Ok((StatusCode::CREATED, Json(view)))
}

fn fix_of(body: FixBody) -> Fix {
    Fix { release: body.version, dry_run: body.dry_run, force: body.force }
}

async fn fix(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(run): Place<String>,
    Body(body): Body<FixBody>,
) -> Answer<Json<OfferView>> {
    Ok(Json(offer_view(app.control.fix_forward(&caller, &run, &fix_of(body)).await?)))
}

async fn fix_all(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<FixQuery>,
    Body(body): Body<FixBody>,
) -> Answer<Json<Page<OfferView>>> {
    let limit = query.limit.unwrap_or(crate::extract::PAGE_USUAL).clamp(1, crate::extract::PAGE_LIMIT);
    let found = app.control.fix_all(&caller, &id, &fix_of(body), query.after.as_deref(), limit).await?;
    Ok(Page::of(found, offer_view))
}
