use super::drive::{Driver, Sort};
use super::happened::Happened;
use super::lock;
use futures_util::FutureExt;
use std::time::Duration;
use temporalio_sdk::{TimerOptions, TimerResult, WorkflowCancellationToken};
use weir_base::{Micros, Text};
use weir_engine::EventBody;

/// How late a cluster's timers may be.
const GRAIN: Duration = Duration::from_secs(2);

/// A timer that is set.
pub struct Armed {
    pub due: Micros,
    pub deadline: bool,
    set: u64,
    token: WorkflowCancellationToken,
}

impl<'a> Driver<'a> {
    /// Timers are set from their absolute deadlines, so that a hand-over moves none.
    pub fn start_timer(&mut self, path: Text, due: Micros, deadline: bool) {
        self.stop_timer(&path);
        if let Some(at) = self.overdue.iter().position(|(_, overdue)| *overdue == path) {
            if lock(&self.fold).is_paused() {
                return;
            }
            self.overdue.remove(at);
        }
        self.timers_set += 1;
        let (set, token) = (self.timers_set, WorkflowCancellationToken::new());
        self.timers.insert(path.clone(), Armed { due, deadline, set, token: token.clone() });
        let left = due.saturating_sub(self.now());
        if left <= 0 && self.may_hurry() {
            return self.ready.push_back(Happened::Timer { path, set });
        }
        let wait = Duration::from_micros(u64::try_from(left).unwrap_or(0)).max(Duration::from_millis(1));
        let timer = self.timer(wait, &path, token);
        self.push(
            Sort::Timer,
            timer.map(move |fired| if fired { Happened::Timer { path, set } } else { Happened::Nothing }).boxed_local(),
        );
    }

    /// Whether it fired, rather than being cancelled.
    pub fn timer(
        &self,
        wait: Duration,
        path: &str,
        token: WorkflowCancellationToken,
    ) -> impl Future<Output = bool> + use<'a> {
        let options = TimerOptions::builder(wait).cancellation_token(token).summary(path.to_owned()).build();
        self.cx.timer(options).map(|result| result == TimerResult::Fired)
    }

    /// While a run is paused only deadlines run on (semantics 5.9).
    pub fn timer_fired(&mut self, path: Text, set: u64) {
        let Some(due) = self.timers.get(&path).filter(|armed| armed.set == set).map(|armed| armed.due) else { return };
        if self.wait_for_earlier(due, &path, set) {
            return;
        }
        let Some(armed) = self.timers.remove(&path) else { return };
        if !armed.deadline && lock(&self.fold).is_paused() {
            return self.overdue.push((armed.due, path));
        }
        let at = self.fired_at(armed.due);
        self.apply_at(at, EventBody::TimerFired { path });
    }

    /// No timer fires before it is due, whatever the clock says by now; and one that is late by the grain of a cluster's
    /// timers is not late, or what follows from it would be later with each.
    fn fired_at(&self, due: Micros) -> Micros {
        let (now, grain) = (self.now(), i64::try_from(GRAIN.as_micros()).unwrap_or(0));
        match self.input.interpreter >= 2 && now.saturating_sub(due) <= grain {
            true => due.max(lock(&self.fold).at),
            false => now.max(due),
        }
    }

    /// A cluster may fire several timers at once, and tell of them in any order: those that came due before this one
    /// have their turn before it, whoever has told of them. Whether there are any.
    fn wait_for_earlier(&mut self, due: Micros, path: &Text, set: u64) -> bool {
        let before = self.timers.iter().filter(|(_, armed)| (armed.due, armed.set) < (due, set));
        let mut before: Vec<_> = before.map(|(path, armed)| (armed.due, armed.set, path.clone())).collect();
        before.sort();
        let waits = !before.is_empty();
        if waits {
            let fired = |path: Text, set| Happened::Timer { path, set };
            self.ready.push_front(fired(path.clone(), set));
            before.into_iter().rev().for_each(|(_, set, path)| self.ready.push_front(fired(path, set)));
        }
        waits
    }

    /// Timers that came due during a pause fire now, in the order of their deadlines.
    pub fn rearm_overdue(&mut self) {
        let mut overdue = std::mem::take(&mut self.overdue);
        overdue.sort();
        overdue.into_iter().for_each(|(due, path)| self.start_timer(path, due, false));
    }

    pub fn stop_timer(&mut self, path: &Text) {
        if let Some(armed) = self.timers.remove(path) {
            armed.token.cancel();
        }
    }
}
