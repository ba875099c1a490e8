//! What is due when, for those who want to see it.

use super::plan::{Plan, Planned};
use crate::caller::Caller;
use crate::control::Control;
use crate::model::{Trigger, TriggerState};
use crate::records::{self, Kept, Listed};
use crate::{ControlError, Result};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use weir_base::{Duration, Micros, Text};
use weir_schedule::When;

/// Which ticks are shown: from `from` on, before `until`.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarQuery {
    pub from: Micros,
    pub until: Micros,
    pub project: Option<Text>,
    /// A flow's id.
    pub flow: Option<Text>,
}

/// A tick to come.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarTick {
    pub at: Micros,
    /// When it fires, which jitter may hold back.
    pub fires_at: Micros,
    pub trigger: Text,
    pub trigger_name: Text,
    pub project: Text,
    pub flow: Text,
    pub flow_name: Text,
    /// Whose clock is meant, where the schedule is by a clock.
    pub zone: Option<Text>,
    /// Whether the flow is switched on; if not, it does not fire.
    pub running: bool,
}

/// How a trigger stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TriggerProgress {
    /// The next tick of a schedule that fires.
    pub next: Option<Micros>,
    pub state: TriggerState,
}

impl Control {
    /// The ticks to come of every schedule that is switched on, in the order of time. One that jitter holds back is still
    /// to come; what has fired is not, whatever is asked for.
    pub async fn calendar(
        &self,
        caller: &Caller,
        query: &CalendarQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Listed<CalendarTick>> {
        let wrong = || ControlError::invalid("INVALID_CURSOR", "this is no cursor; take the `next` of the page before");
        let after = after.map(|text| read_cursor(text).ok_or_else(wrong)).transpose()?;
        self.refresh_triggers().await?;
        let inner = self.automatic.inner();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let asked = Asked { tenant: &caller.tenant, query, now: self.now() };
        let mut items = ticks(&inner.plan, &asked, after, limit.saturating_add(1));
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| format!("{}.{}", last.at, last.trigger).into());
        Ok(Listed { items, next })
    }

    /// When a trigger fires next, and what it did last.
    pub async fn trigger_progress(&self, trigger: &Kept<Trigger>) -> Result<TriggerProgress> {
        self.refresh_triggers().await?;
        let now = self.now();
        let (next, known) = {
            let inner = self.automatic.inner();
            let planned = inner.plan.get(&trigger.id).filter(|planned| planned.target.running.is_some());
            let next = planned.and_then(Planned::scheduled).and_then(|scheduled| scheduled.schedule.next_after(now));
            (next, inner.progress.of(&trigger.id).cloned())
        };
        let state = match known {
            Some(state) => state,
            None => {
                let scope = weir_store::Scope::Tenant(trigger.tenant.clone());
                let found = records::find::<TriggerState>(&*self.documents, &scope, &trigger.id).await?;
                found.map(|found| found.value).unwrap_or_default()
            }
        };
        Ok(TriggerProgress { next, state })
    }
}

fn read_cursor(text: &str) -> Option<(Micros, Text)> {
    let (at, trigger) = text.split_once('.')?;
    Some((at.parse().ok()?, trigger.into()))
}

/// Whose ticks are asked for, which, and when.
#[derive(Clone, Copy)]
struct Asked<'a> {
    tenant: &'a Text,
    query: &'a CalendarQuery,
    now: Micros,
}

/// The first ticks of a plan that are asked for: of each schedule its next one, always the earliest of these.
fn ticks(plan: &Plan, asked: &Asked<'_>, after: Option<(Micros, Text)>, limit: usize) -> Vec<CalendarTick> {
    let Asked { tenant, query, now } = *asked;
    let wanted = |planned: &&Planned| {
        let target = &planned.target;
        target.tenant == *tenant
            && query.project.as_ref().is_none_or(|project| target.project == *project)
            && query.flow.as_ref().is_none_or(|flow| target.flow == *flow)
    };
    let first = |planned: &Planned| {
        let schedule = &planned.scheduled()?.schedule;
        let earliest = now.saturating_sub(schedule.jitter.map_or(0, Duration::micros));
        let from = query.from.max(earliest).saturating_sub(1);
        match &after {
            None => schedule.next_after(from),
            Some((at, trigger)) if planned.id > *trigger => schedule.next_after(from.max(at.saturating_sub(1))),
            Some((at, _)) => schedule.next_after(from.max(*at)),
        }
    };
    let mut heap: BinaryHeap<_> = plan
        .all()
        .filter(wanted)
        .filter_map(|planned| Some(Reverse((first(planned)?, planned.id.clone()))))
        .filter(|Reverse((at, _))| *at < query.until)
        .collect();
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(Reverse((at, id))) = heap.pop()
    {
        let Some(planned) = plan.get(&id) else { continue };
        let Some(scheduled) = planned.scheduled() else { continue };
        found.extend(Some(tick(planned, &scheduled.schedule, at)).filter(|tick| tick.fires_at >= now));
        heap.extend(
            scheduled.schedule.next_after(at).filter(|next| *next < query.until).map(|next| Reverse((next, id))),
        );
    }
    found
}

fn tick(planned: &Planned, schedule: &weir_schedule::Schedule, at: Micros) -> CalendarTick {
    let target = &planned.target;
    CalendarTick {
        at,
        fires_at: schedule.fires_at(&planned.id, at),
        trigger: planned.id.clone(),
        trigger_name: planned.name.clone(),
        project: target.project.clone(),
        flow: target.flow.clone(),
        flow_name: target.name.clone(),
        zone: match &schedule.when {
            When::Cron(cron) => Some(cron.zone().name().into()),
            When::Every(_) | When::At(_) => None,
        },
        running: target.running.is_some(),
    }
}

/// A time as flows get it: RFC 3339 in UTC.
pub(super) fn moment(at: Micros) -> String {
    let bound = if at < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(at).unwrap_or(bound).to_string()
}
