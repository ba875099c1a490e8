//! Starts flows when runs of other flows end.
//!
//! While this process lives, the runtime tells of every end. What ended before it was heard is found in the store, from
//! somewhat before the mark on: all that ended before the mark has been seen to. A run's time of end is taken a moment
//! before the end is on disk, which is why it is somewhat before.

use super::fire::{Fired, run_of_end};
use super::plan::{Planned, What};
use super::progress::skip;
use super::timer::Timer;
use crate::Result;
use crate::control::Control;
use crate::model::FiredRun;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use weir_base::{Micros, Text, Value};
use weir_runs::{End, Ends};
use weir_store::{EndedFilter, Run, RunKey};

/// Where the mark is kept, among how far triggers have come.
const MARK: &str = "events";
/// How long before the mark is looked.
const BEFORE: Micros = 5 * 60 * 1_000_000;
/// Runs started at the same time.
const MANY: usize = 32;
const SECOND: Micros = 1_000_000;
const PAGE: u32 = 500;

/// So many ends may start one another; then it is taken for a circle.
const DEEPEST: u32 = 16;
/// The code of a start that would be one more.
const EVENT_DEPTH: &str = "EVENT_DEPTH";

/// What is heard of ends.
#[derive(Default)]
struct Hearing {
    ends: Option<Ends>,
    /// Ends may have been missed: the store is to be looked through.
    behind: bool,
}

impl Control {
    pub(super) async fn run_events(self: &Arc<Self>, timer: &dyn Timer, mut stop: watch::Receiver<bool>) {
        let mut changes = self.automatic.changes.subscribe();
        let mut hearing = Hearing::default();
        while !*stop.borrow_and_update() {
            if self.refresh_triggers().await.is_err() {
                // The schedules say so in the log.
                self.pause(timer, &mut stop).await;
                continue;
            }
            if !self.automatic.inner().plan.watches() {
                hearing = Hearing::default();
                tokio::select! {
                    _ = stop.changed() => {}
                    _ = changes.changed() => {}
                }
                continue;
            }
            if hearing.ends.is_none() {
                hearing = Hearing { ends: Some(self.runs.ended()), behind: true };
            }
            let began = self.now();
            if hearing.behind {
                hearing.behind = !self.catch_up().await;
                if hearing.behind {
                    self.pause(timer, &mut stop).await;
                    continue;
                }
                self.set_mark(began);
            }
            let Some(ends) = &mut hearing.ends else { continue };
            let heard = tokio::select! {
                biased;
                _ = stop.changed() => continue,
                _ = changes.changed() => continue,
                heard = ends.next() => heard,
            };
            let Some(first) = heard else {
                // The runtime is gone, and with it whatever could end.
                let _ = stop.changed().await;
                continue;
            };
            let began = self.now();
            let batch = more(first, ends);
            hearing.behind = !self.see_to(batch).await;
            if !hearing.behind {
                self.set_mark(began);
            }
        }
    }

    async fn pause(&self, timer: &dyn Timer, stop: &mut watch::Receiver<bool>) {
        let from = self.now();
        let until = from + SECOND;
        // A clock that is put back ends the pause as well.
        while (from..until).contains(&self.now()) && !*stop.borrow() {
            tokio::select! {
                _ = stop.changed() => return,
                () = timer.until(until) => {}
            }
        }
    }

    fn set_mark(&self, mark: Micros) {
        self.automatic.inner().progress.note(&Text::default(), &MARK.into(), mark, |state| state.last = mark);
    }

    /// Sees to ends that were heard. False where some must be looked for again.
    async fn see_to(&self, batch: Vec<End>) -> bool {
        if self.refresh_triggers().await.is_err() {
            return false;
        }
        let mut wanted = Vec::new();
        for end in batch {
            match end {
                End::Missed(_) => return false,
                End::Run { run, tenant, project } => {
                    if is_own(&run) && self.automatic.inner().plan.watches_project(&tenant, &project) {
                        wanted.push(run);
                    }
                }
            }
        }
        let all = stream::iter(wanted).map(async |run: Text| match self.store.run(&run).await {
            Ok(Some(row)) => self.see_to_run(&row, None).await,
            Ok(None) => true,
            Err(error) => {
                tracing::warn!(%run, "the end of a run could not be read and is tried again: {error}");
                false
            }
        });
        all.buffer_unordered(MANY).fold(true, async |all, good| all && good).await
    }

    /// Looks through the store for ends that were not heard. False where that is to be done again.
    async fn catch_up(&self) -> bool {
        match self.missed_ends().await {
            Ok(found) => {
                let all = stream::iter(found).map(async |row: Run| self.see_to_run(&row, row.ended_at).await);
                all.buffer_unordered(MANY).fold(true, async |all, good| all && good).await
            }
            Err(error) => {
                tracing::warn!("ended runs could not be read and are read again: {error}");
                false
            }
        }
    }

    /// What may have ended unheard, the oldest first.
    async fn missed_ends(&self) -> Result<Vec<Run>> {
        let (watched, mark) = {
            let inner = self.automatic.inner();
            let mark = inner.progress.of(MARK).map_or(Micros::MIN, |state| state.last);
            // A mark that is ahead was set before the clock was put back.
            (inner.plan.watched(), mark.min(self.now()))
        };
        let mut found = BTreeMap::new();
        for ((tenant, project, flow), since) in watched {
            let filter = EndedFilter {
                tenant,
                project: Some(project),
                flow: Some(flow),
                from: since.max(mark.saturating_sub(BEFORE)),
                until: Micros::MAX,
                ..EndedFilter::default()
            };
            let mut before: Option<(Micros, RunKey)> = None;
            loop {
                let page = self.store.ended_runs(&filter, before, PAGE).await?;
                before = page.last().map(|run| (run.ended_at.unwrap_or_default(), run.key));
                let whole = page.len() < PAGE as usize;
                found.extend(page.into_iter().filter(|run| is_own(&run.id)).map(|run| ((run.ended_at, run.key), run)));
                if whole {
                    break;
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// Starts whatever the end of a run starts; of what was not heard, only what is younger than the trigger.
    async fn see_to_run(&self, run: &Run, unheard: Option<Micros>) -> bool {
        if !run.status.is_final() {
            return true;
        }
        let place = &run.place;
        let waiting = self.automatic.inner().plan.waiting_for(&place.tenant, &place.project, &run.flow, run.status);
        let mut good = true;
        for planned in waiting.iter().filter(|planned| unheard.is_none_or(|ended| ended >= planned.from)) {
            good &= self.start_after(run, planned).await;
        }
        good
    }

    async fn start_after(&self, run: &Run, planned: &Planned) -> bool {
        let What::Event(watching) = &planned.what else { return true };
        let target = &planned.target;
        if target.running.is_none() || (target.name == run.flow && !watching.allow_self) {
            return true;
        }
        let (id, depth) = run_of_end(&planned.id, &run.id);
        if depth > DEEPEST {
            let message =
                format!("{DEEPEST} ends of runs have led to this one, each by an event: the flows go in a circle");
            self.note_unstarted(run, planned, EVENT_DEPTH, &message);
            return true;
        }
        let output = match self.store.run_output(run.key).await {
            Ok(output) => output,
            Err(error) => {
                tracing::warn!(run = %run.id, "the output of a run could not be read and is read again: {error}");
                return false;
            }
        };
        let cause = crate::runs::cause("event", &planned.id);
        match self.fire(target, cause, &id, input_of(run, output, depth), true).await {
            Fired::Known => {}
            Fired::Started => {
                let (now, at) = (self.now(), run.ended_at.unwrap_or_default());
                self.automatic.inner().progress.note(&target.tenant, &planned.id, now, |state| {
                    state.fired = Some(FiredRun { at, run: id });
                });
            }
            Fired::Refused { code, message } => self.note_unstarted(run, planned, code, &message),
            Fired::Later(why) => {
                let (tenant, flow, trigger) = (&target.tenant, &target.name, &planned.id);
                tracing::warn!(%tenant, %flow, %trigger, "an event did not start a run and is tried again: {why}");
                return false;
            }
        }
        true
    }

    fn note_unstarted(&self, run: &Run, planned: &Planned, code: &str, message: &str) {
        let (tenant, flow, trigger) = (&planned.target.tenant, &planned.target.name, &planned.id);
        tracing::warn!(%tenant, %flow, %trigger, cause = %run.id, code, "an event started no run: {message}");
        let (now, at) = (self.now(), run.ended_at.unwrap_or_default());
        self.automatic.inner().progress.note(tenant, trigger, now, |state| skip(state, at, 1, code, message));
    }
}

/// Whatever else has been heard by now.
fn more(first: End, ends: &mut Ends) -> Vec<End> {
    let mut batch = vec![first];
    while batch.len() < 2 * MANY
        && let Some(Some(end)) = ends.next().now_or_never()
    {
        batch.push(end);
    }
    batch
}

/// A flow that another calls is part of it: its end is told to the caller, and is no event. Nor is that of a trial.
fn is_own(run: &str) -> bool {
    !run.contains('/') && !run.starts_with(crate::TRIAL)
}

fn input_of(run: &Run, output: Value, depth: u32) -> Value {
    let event = Value::object([
        ("flow", run.flow.clone().into()),
        ("run", run.id.clone().into()),
        ("status", run.status.as_str().into()),
        ("output", output),
        ("error", run.error.as_ref().map_or(Value::Null, weir_engine::StepError::to_value)),
        ("endedAt", run.ended_at.map_or(Value::Null, |at| super::calendar::moment(at).into())),
        ("depth", i64::from(depth).into()),
    ]);
    Value::object([("event", event)])
}
