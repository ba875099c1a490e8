//! Fires schedules at their ticks.

use super::fire::{Fired, run_of_tick};
use super::plan::{Done, Work};
use super::progress::skip;
use super::timer::Timer;
use crate::control::Control;
use crate::model::FiredRun;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use tokio::sync::watch;
use weir_base::{Micros, Text, Value};
use weir_schedule::Skipped;
use weir_store::Scope;

/// Schedules that are fired at the same time.
const MANY: usize = 256;
const SECOND: Micros = 1_000_000;

/// The code of ticks nobody saw.
const TICKS_MISSED: &str = "TICKS_MISSED";

impl Control {
    pub(super) async fn run_schedules(self: &Arc<Self>, timer: &dyn Timer, mut stop: watch::Receiver<bool>) {
        let mut changes = self.automatic.changes.subscribe();
        let mut seen = Micros::MAX;
        let (mut firing, mut saving) = (FuturesUnordered::new(), FuturesUnordered::new());
        while !*stop.borrow_and_update() {
            let read = self.refresh_triggers().await;
            let now = self.now();
            if now < seen {
                self.clock_went_back(now);
            }
            seen = if read.is_ok() { now } else { seen.max(now) };
            if let Err(error) = &read {
                tracing::warn!("schedules could not be read: {error}");
            }
            while firing.len() < MANY
                && let Some(work) = self.next_work(now)
            {
                firing.push(self.fire_ticks(work));
            }
            if saving.is_empty() && self.automatic.inner().progress.due().is_some_and(|due| due <= now) {
                saving.push(self.save_part());
            }
            let wake = self.next_wake(firing.len() < MANY, saving.is_empty());
            let wake = if read.is_err() { wake.min(now + SECOND) } else { wake };
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Some((id, done)) = firing.next() => self.finish(&id, done),
                Some(_) = saving.next() => {}
                _ = changes.changed() => {}
                () = timer.until(wake) => {}
            }
        }
        while let Some((id, done)) = firing.next().await {
            self.finish(&id, done);
        }
        while saving.next().await.is_some() {}
    }

    /// At the start, too: it may have been put back while nothing was running.
    fn clock_went_back(&self, now: Micros) {
        let mut inner = self.automatic.inner();
        inner.progress.put_back(now);
        let ahead = inner.plan.put_back(now);
        if !ahead.is_empty() {
            tracing::warn!("the clock was put back: {} schedules go on from now", ahead.len());
        }
        for (tenant, trigger) in ahead {
            inner.progress.note(&tenant, &trigger, now, |state| state.last = state.last.min(now));
        }
    }

    fn next_work(&self, now: Micros) -> Option<Work> {
        self.automatic.inner().plan.take_due(now)
    }

    fn finish(&self, id: &Text, done: Done) {
        let now = self.now();
        self.automatic.inner().plan.finish(id, done, now);
    }

    fn next_wake(&self, room: bool, idle: bool) -> Micros {
        let inner = self.automatic.inner();
        let due = inner.plan.next_wake().filter(|_| room);
        let save = inner.progress.due().filter(|_| idle);
        due.into_iter().chain(save).min().unwrap_or(Micros::MAX)
    }

    /// Starts the runs of one schedule's ticks, one after the other.
    async fn fire_ticks(&self, work: Work) -> (Text, Done) {
        let mut last = None;
        for tick in &work.ticks {
            let run = run_of_tick(&work.id, *tick);
            let input = input_of(&work.input, *tick, &work.name);
            let cause = crate::runs::cause("schedule", &work.id);
            match self.fire(&work.target, cause, &run, input, work.unsure).await {
                Fired::Started | Fired::Known => self.note_fired(&work, *tick, run),
                Fired::Refused { code, message } => self.note_refused(&work, *tick, code, &message),
                Fired::Later(why) => {
                    let (tenant, flow, trigger) = (&work.target.tenant, &work.target.name, &work.id);
                    tracing::warn!(%tenant, %flow, %trigger, "a scheduled run did not start and is tried again: {why}");
                    return (work.id, Done::Only(last));
                }
            }
            last = Some(*tick);
        }
        self.note_passed(&work);
        (work.id, Done::Until(work.last))
    }

    fn note_fired(&self, work: &Work, tick: Micros, run: Text) {
        let now = self.now();
        self.automatic.inner().progress.note(&work.target.tenant, &work.id, now, |state| {
            state.last = state.last.max(tick);
            state.fired = Some(FiredRun { at: tick, run });
        });
    }

    fn note_refused(&self, work: &Work, tick: Micros, code: &str, message: &str) {
        let (tenant, flow, trigger) = (&work.target.tenant, &work.target.name, &work.id);
        tracing::warn!(%tenant, %flow, %trigger, code, "a scheduled run was skipped: {message}");
        let now = self.now();
        self.automatic.inner().progress.note(tenant, trigger, now, |state| {
            state.last = state.last.max(tick);
            skip(state, tick, 1, code, message);
        });
    }

    fn note_passed(&self, work: &Work) {
        let now = self.now();
        self.automatic.inner().progress.note(&work.target.tenant, &work.id, now, |state| {
            state.last = state.last.max(work.last);
            if let Some(Skipped { last, count, .. }) = &work.missed {
                let count = u64::try_from(*count).unwrap_or(u64::MAX);
                skip(state, *last, count, TICKS_MISSED, "nothing was running when they were due");
            }
        });
        if let Some(missed) = &work.missed {
            let (tenant, flow, trigger) = (&work.target.tenant, &work.target.name, &work.id);
            tracing::info!(%tenant, %flow, %trigger, "{} missed ticks were passed over", missed.count);
        }
    }

    /// Writes how far triggers have come: many of them in one change. False where it did not work.
    async fn save_part(&self) -> bool {
        let part = self.automatic.inner().progress.take(self.now());
        let (ids, changes): (Vec<Text>, Vec<_>) = part.into_iter().unzip();
        if ids.is_empty() {
            return true;
        }
        match self.documents.change(&Scope::System, changes.clone()).await {
            Ok(()) => {
                self.automatic.inner().progress.written(&ids);
                true
            }
            // One of them was deleted meanwhile, or has got a row: each by itself then.
            Err(weir_store::ChangeError::Missing { .. } | weir_store::ChangeError::Taken { .. }) => {
                for (id, change) in ids.iter().zip(changes) {
                    if self.documents.change(&Scope::System, vec![change]).await.is_ok() {
                        self.automatic.inner().progress.written(std::slice::from_ref(id));
                    }
                }
                true
            }
            Err(error) => {
                tracing::warn!("how far triggers have come was not written and is tried again: {error}");
                let now = self.now();
                self.automatic.inner().progress.not_written(ids, now);
                false
            }
        }
    }

    /// Writes all there is to write, as far as it can be.
    pub(super) async fn save_progress(&self) {
        while self.automatic.inner().progress.due().is_some() {
            if !self.save_part().await {
                return;
            }
        }
    }
}

/// The trigger's input, and with it when the run was due and by which trigger.
fn input_of(input: &Value, tick: Micros, trigger: &Text) -> Value {
    let mut members = input.as_object().cloned().unwrap_or_default();
    members.insert("scheduledAt".into(), super::calendar::moment(tick).into());
    members.insert("trigger".into(), trigger.clone().into());
    Value::from(members)
}
