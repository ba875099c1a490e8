use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Params, page};
use crate::problem::Problem;
use crate::state::App;
use crate::wire::{Page, read_time, time};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::{Duration, Micros};
use weir_control::{CalendarQuery, CalendarTick, Permission};

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/schedule", "schedule", "The ticks to come of all schedules that are switched on, in order")
            .needs(Permission::TriggersRead)
            .query::<ScheduleQuery>()
            .gives::<Page<TickView>>(200, "Ticks")
            .or(&[422])
            .handler(list),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScheduleQuery {
    /// The first moment shown; now where absent.
    from: Option<String>,
    /// Ticks before it are shown; a week after `from` where absent.
    until: Option<String>,
    project: Option<String>,
    /// A flow's id.
    flow: Option<String>,
    /// The `next` of the part before.
    after: Option<String>,
    /// 1 to 200; 50 where absent.
    limit: Option<u32>,
}

/// A moment at which a schedule is due.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TickView {
    at: String,
    /// When the run starts; jitter may hold it back.
    fires_at: String,
    trigger: String,
    trigger_name: String,
    project: String,
    flow: String,
    flow_name: String,
    /// Whose clock is meant; absent for what goes by elapsed time.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// Whether the flow is switched on; if not, nothing starts.
    running: bool,
}

fn view(tick: CalendarTick) -> TickView {
    TickView {
        at: time(tick.at),
        fires_at: time(tick.fires_at),
        trigger: tick.trigger.to_string(),
        trigger_name: tick.trigger_name.to_string(),
        project: tick.project.to_string(),
        flow: tick.flow.to_string(),
        flow_name: tick.flow_name.to_string(),
        time_zone: tick.zone.map(|zone| zone.to_string()),
        running: tick.running,
    }
}

fn moment(name: &str, given: Option<&str>, usual: Micros) -> Result<Micros, Problem> {
    let Some(text) = given else { return Ok(usual) };
    read_time(text).ok_or_else(|| {
        let detail = format!("{name}: write a time such as 2026-01-31T09:00:00Z");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_TIME", detail)
    })
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Params(query): Params<ScheduleQuery>,
) -> Result<Json<Page<TickView>>, Problem> {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);
    let from = moment("from", query.from.as_deref(), app.control.now())?;
    let until = moment("until", query.until.as_deref(), from.saturating_add(WEEK.micros()))?;
    let wanted =
        CalendarQuery { from, until, project: query.project.map(Into::into), flow: query.flow.map(Into::into) };
    let page = page(query.after, query.limit);
    let found = app.control.calendar(&caller, &wanted, page.after.as_deref(), page.limit).await?;
    Ok(Page::of(found, view))
}
