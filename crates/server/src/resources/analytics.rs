use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Params, Place};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{since_until, time};
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::{Micros, Text};
use weir_control::{Analytics, AnalyticsQuery, Caller, Permission, Quantiles};

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RangeQuery {
    /// Runs that ended then or later, as RFC 3339; a day before `until` where absent.
    since: Option<String>,
    /// Runs that ended before; now where absent.
    until: Option<String>,
    /// How many seconds a part of the series is long; a 24th of the range where absent, never less than a 500th.
    bucket: Option<u32>,
}

/// Figures about runs that ended in a time range. Times are in milliseconds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AnalyticsBody {
    since: String,
    until: String,
    /// Every one is counted.
    total_runs: u64,
    /// 0 to 1.
    success_rate: f64,
    avg_duration: f64,
    p50_duration: f64,
    p95_duration: f64,
    p99_duration: f64,
    max_duration: f64,
    /// In the account's currency. Extrapolated where not every journal was read.
    total_cost: f64,
    top_errors: Vec<ErrorBody>,
    slowest_nodes: Vec<NodeBody>,
    /// Seconds that a part of the series is long.
    bucket: f64,
    series: Vec<PartBody>,
    heatmap: Heatmap,
    read: Read,
}

/// What these figures were made from.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Read {
    /// Runs whose durations and errors were read.
    runs: u64,
    /// Runs whose steps and costs were read: the newest.
    journals: u64,
    /// Not every run was read: durations and errors are those of every n-th run.
    sampled: bool,
    /// The quantiles are exact for what was read, and not within 1 %.
    exact: bool,
}

#[derive(Serialize, JsonSchema)]
struct ErrorBody {
    code: String,
    /// Of the newest.
    message: String,
    count: u64,
    /// The newest run that failed so.
    run: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NodeBody {
    flow: String,
    /// The step's path; rounds of loops are one node: `items[]/charge`.
    node: String,
    kind: String,
    count: u64,
    failed: u64,
    avg_duration: f64,
    p95_duration: f64,
    p99_duration: f64,
    cost: f64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PartBody {
    at: String,
    runs: u64,
    failed: u64,
    /// Runs that ended in a second.
    throughput: f64,
    avg_duration: f64,
    p50_duration: f64,
    p95_duration: f64,
    p99_duration: f64,
}

/// How many runs took how long, for each part of the series.
#[derive(Serialize, JsonSchema)]
struct Heatmap {
    /// Upper ends of the classes; one more class holds what took longer.
    classes: Vec<f64>,
    rows: Vec<Vec<u64>>,
}

pub fn routes() -> Vec<Endpoint> {
    let about = |endpoint: Endpoint| {
        endpoint
            .needs(Permission::RunsRead)
            .query::<RangeQuery>()
            .gives::<AnalyticsBody>(200, "Figures, and how much was read for them")
            .or(&[422])
    };
    vec![
        about(Endpoint::get("/api/analytics", "analytics", "How runs of the organisation went")).handler(of_all),
        about(Endpoint::get("/api/flows/{id}/analytics", "flowAnalytics", "How runs of a flow went")).handler(of_flow),
        about(Endpoint::get("/api/projects/{project}/analytics", "projectAnalytics", "How runs of a project went"))
            .handler(of_project),
    ]
}

async fn of_all(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(range): Params<RangeQuery>,
) -> Result<Json<AnalyticsBody>, Problem> {
    answer(&app, &caller, range, AnalyticsQuery::default()).await
}

async fn of_flow(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(range): Params<RangeQuery>,
) -> Result<Json<AnalyticsBody>, Problem> {
    let wanted = AnalyticsQuery { flow: Some(Text::from(id)), ..AnalyticsQuery::default() };
    answer(&app, &caller, range, wanted).await
}

async fn of_project(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(project): Place<String>,
    Params(range): Params<RangeQuery>,
) -> Result<Json<AnalyticsBody>, Problem> {
    let wanted = AnalyticsQuery { project: Some(Text::from(project)), ..AnalyticsQuery::default() };
    answer(&app, &caller, range, wanted).await
}

async fn answer(
    app: &App,
    caller: &Caller,
    range: RangeQuery,
    wanted: AnalyticsQuery,
) -> Result<Json<AnalyticsBody>, Problem> {
    let (since, until) = since_until(range.since.as_deref(), range.until.as_deref())?;
    let part = range.bucket.map(|seconds| Micros::from(seconds) * 1_000_000);
    let query = AnalyticsQuery { since, until, part, ..wanted };
    Ok(Json(body(app.control.analytics(caller, &query).await?)))
}

fn body(found: Analytics) -> AnalyticsBody {
    let Quantiles { mean, p50, p95, p99, most, exact } = found.duration;
    let bucket = found.part as f64 / 1_000_000.0;
    let rows = found.series.iter().map(|part| part.classes.clone()).collect();
    let part = |part: weir_control::Part| PartBody {
        at: time(part.at),
        runs: part.runs,
        failed: part.failed,
        throughput: part.runs as f64 / bucket,
        avg_duration: part.duration.mean,
        p50_duration: part.duration.p50,
        p95_duration: part.duration.p95,
        p99_duration: part.duration.p99,
    };
    AnalyticsBody {
        since: time(found.since),
        until: time(found.until),
        total_runs: found.total_runs,
        success_rate: found.success_rate,
        avg_duration: mean,
        p50_duration: p50,
        p95_duration: p95,
        p99_duration: p99,
        max_duration: most,
        total_cost: found.total_cost,
        top_errors: found.top_errors.into_iter().map(error).collect(),
        slowest_nodes: found.slowest_nodes.into_iter().map(node).collect(),
        bucket,
        series: found.series.into_iter().map(part).collect(),
        heatmap: Heatmap { classes: weir_control::CLASSES.to_vec(), rows },
        read: Read {
            runs: found.runs_read,
            journals: found.journals_read,
            sampled: found.runs_read < found.total_runs,
            exact,
        },
    }
}

fn error(error: weir_control::ErrorFrequency) -> ErrorBody {
    ErrorBody {
        code: error.code.to_string(),
        message: error.message.to_string(),
        count: error.count,
        run: error.newest.to_string(),
    }
}

fn node(node: weir_control::NodePerformance) -> NodeBody {
    NodeBody {
        flow: node.flow.to_string(),
        node: node.node.to_string(),
        kind: node.kind.to_string(),
        count: node.count,
        failed: node.failed,
        avg_duration: node.duration.mean,
        p95_duration: node.duration.p95,
        p99_duration: node.duration.p99,
        cost: node.cost,
    }
}
