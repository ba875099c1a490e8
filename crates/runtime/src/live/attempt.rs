use super::{Held, Live, Phase};
use crate::message::{Attempted, Message};
use crate::meters::UnderWay;
use crate::policy::{OUTCOME_UNKNOWN, noise, retries, retry_policy, step_error, timeout_of, unknown_policy, usage_of};
use crate::ports::ATTEMPT_FAILED;
use crate::shard::Cx;
use crate::timers::{Due, TimerKey};
use std::future::Future;
use std::task::{Context, Poll, Waker};
use tokio_util::sync::{CancellationToken, DropGuard};
use weir_base::{Duration, Micros, Text, Value};
use weir_engine::{Decision, EventBody, RunTask, StepError, TaskResult};
use weir_ir::UnknownPolicy;
use weir_kind::{Category, Effect, TaskError, TaskRequest};
use weir_runs::{ProgressBody, StepEnded};
use weir_store::{Attempt, NewObservation};

/// A task the machine waits for.
pub(super) struct Open {
    task: RunTask,
    effect: Effect,
    /// The attempt under way, or the next one.
    attempt: u32,
    state: OpenState,
    began_at: Option<Micros>,
    asked_at: Micros,
    /// Whether the store has a row of attempts for it.
    pub has_row: bool,
}

enum OpenState {
    /// Waits for its cause to be on disk, or for a place.
    Ready,
    /// Ends the attempt when dropped.
    UnderWay(#[expect(dead_code, reason = "dropping it cancels the attempt")] DropGuard),
    /// Until this time, by the clock.
    BackingOff(TimerKey, Micros),
    /// The outcome of the attempt is unknown, and someone has to say what to do.
    Asking,
}

impl Open {
    /// Ends the attempt or the wait for the next one.
    pub fn stop(&mut self, cx: &mut Cx) {
        if let OpenState::BackingOff(timer, _) = self.state {
            cx.timers.unset(timer);
        }
        self.state = OpenState::Ready;
    }

    /// Whether nothing happens here until a timer or a person comes.
    pub fn rests(&self) -> bool {
        matches!(self.state, OpenState::BackingOff(..) | OpenState::Asking)
    }

    pub fn is_asking(&self) -> bool {
        matches!(self.state, OpenState::Asking)
    }

    /// When the next attempt is due, and which comes first of those that are due together.
    pub fn turn(&self) -> Option<TimerKey> {
        match self.state {
            OpenState::BackingOff((_, number), at) => Some((at, number)),
            _ => None,
        }
    }
}

impl Live {
    pub(super) fn open_task(&mut self, cx: &mut Cx, task: RunTask) {
        let path = task.path.clone();
        let effect = cx.inner.host.effect(&task.spec.kind, &task.params);
        let row = self.resumed.remove(&path);
        let attempt = row.as_ref().map_or(1, |row| row.attempt);
        let (began_at, asked_at, has_row) = (None, self.machine.now(), row.is_some());
        self.tasks
            .insert(path.clone(), Open { task, effect, attempt, state: OpenState::Ready, began_at, asked_at, has_row });
        if self.marks.get(&path).is_some_and(|mark| *mark >= attempt) {
            return self.outcome_unknown(cx, path);
        }
        match row {
            Some(row) => self.hold_or_perform(cx, Held::Backoff { path, attempt, not_before: row.not_before }),
            None => self.dispatch(cx, path),
        }
    }

    /// Starts the attempt; one that must not be made twice unawares leaves a mark on disk first (semantics 5.7).
    fn dispatch(&mut self, cx: &mut Cx, path: Text) {
        let Some(open) = self.tasks.get(&path) else { return };
        if open.effect == Effect::NonIdempotent {
            let attempt = open.attempt;
            self.marks.insert(path.clone(), attempt);
            self.apply(cx, EventBody::Dispatched { path: path.clone(), attempt }, true);
        }
        self.hold_or_perform(cx, Held::Launch { path });
    }

    /// Makes the attempt. It is polled once here, so that what is over at once costs no task of its own.
    pub fn launch(&mut self, cx: &mut Cx, path: Text) {
        let (key, id) = (self.key, self.id.clone());
        let Some(mut open) = self.tasks.get_mut(&path).filter(|open| matches!(open.state, OpenState::Ready)) else {
            return;
        };
        if self.phase != Phase::Active && self.phase != Phase::Parking {
            return;
        }
        let now = cx.now().max(self.at);
        open.began_at.get_or_insert(now);
        let kind = open.task.spec.kind.clone();
        let request = TaskRequest {
            run: id.clone(),
            path: path.clone(),
            params: open.task.params.clone(),
            key: format!("{id}/{path}"),
            attempt: open.attempt,
            timeout: timeout_of(component(cx, &open.task).and_then(|kind| kind.timeout), &open.task),
            now,
            flow: self.context.clone(),
            kind,
        };
        let (attempt, token) = (open.attempt, CancellationToken::new());
        let mut future = Box::pin(perform(cx.inner.clone(), request, token.clone()));
        if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return cx.finished.push_back((key, path, attempt, result));
        }
        open.state = OpenState::UnderWay(token.drop_guard());
        self.under_way += 1;
        cx.attempts_under_way += 1;
        let (to, generation, counted) = (cx.to.clone(), self.generation, UnderWay::new(&self.meter));
        tokio::spawn(async move {
            let result = future.await;
            drop(counted);
            let _ = to.send(Message::Finished { key, generation, path, attempt, result });
        });
    }

    /// An attempt that did not end at once is over.
    pub fn ended_attempt(&mut self, cx: &mut Cx, generation: u64, path: Text, attempt: u32, result: Attempted) {
        if generation == self.generation {
            self.under_way = self.under_way.saturating_sub(1);
            self.finished(cx, path, attempt, result);
        }
    }

    /// An attempt is over.
    pub fn finished(&mut self, cx: &mut Cx, path: Text, attempt: u32, result: Attempted) {
        self.visit(cx);
        let carried = matches!(self.phase, Phase::Active | Phase::Parking);
        let current = |open: &Open| open.attempt == attempt && !open.rests();
        // The fold may have closed the step while the command that says so still waits for the disk.
        if !carried || !self.tasks.get(&path).is_some_and(current) || !self.machine.expects(&path) {
            return self.late(cx, path, attempt, result);
        }
        match result {
            Ok(output) => {
                let (handle, usage) = (output.handle, output.usage.map(usage_of));
                self.settle_task(
                    cx,
                    path,
                    TaskResult { output: output.output, handle, usage, ..TaskResult::default() },
                );
            }
            Err(error) => self.attempt_failed(cx, path, error),
        }
        self.drain(cx);
    }

    /// A result nobody waits for any more is kept, because it was paid for (semantics 5.8).
    fn late(&mut self, cx: &mut Cx, path: Text, attempts: u32, result: Attempted) {
        let result = match result {
            Ok(output) => {
                let (handle, usage) = (output.handle, output.usage.map(usage_of));
                TaskResult { output: output.output, handle, usage, attempts, ..TaskResult::default() }
            }
            Err(error) if error.category == Category::Cancelled => return,
            Err(error) => TaskResult { error: Some(step_error(error)), attempts, ..TaskResult::default() },
        };
        if self.phase != Phase::Broken && !cx.draining {
            self.apply(cx, EventBody::Late { path, result: Box::new(result) }, false);
        }
    }

    fn attempt_failed(&mut self, cx: &mut Cx, path: Text, error: TaskError) {
        let Some(open) = self.tasks.get(&path) else { return };
        if cx.draining && error.category == Category::Cancelled {
            return;
        }
        let timed_out = error.category == Category::Timeout && open.effect == Effect::NonIdempotent;
        if timed_out && self.unknown_policy(cx, &path) == UnknownPolicy::Ask {
            return self.ask(cx, path);
        }
        let keep = !timed_out || self.unknown_policy(cx, &path) == UnknownPolicy::Retry;
        let (attempt, policy) =
            (open.attempt, retry_policy(component(cx, &open.task).and_then(|kind| kind.retry.as_ref()), &open.task));
        let wait = policy.filter(|policy| keep && retries(policy, attempt, &error)).map(|policy| {
            let delay = policy.delay_after(attempt, noise(&self.id, &path, attempt));
            delay.max(error.retry_after.unwrap_or_default())
        });
        self.observe_failure(cx, &path, attempt, &error, wait);
        match wait {
            Some(wait) => self.try_again(cx, path, attempt + 1, wait),
            None => self.settle_task(cx, path, TaskResult { error: Some(step_error(error)), ..TaskResult::default() }),
        }
    }

    /// Remembers the next attempt on disk and waits for its time (semantics 5.6).
    fn try_again(&mut self, cx: &mut Cx, path: Text, attempt: u32, wait: Duration) {
        let not_before = cx.now().max(self.at).saturating_add(wait.micros());
        let Some(mut open) = self.tasks.get_mut(&path) else { return };
        (open.attempt, open.state, open.has_row) = (attempt, OpenState::Ready, true);
        drop(open);
        self.batch.attempts.push(Attempt { run: self.key, path: path.clone(), attempt, not_before });
        self.touch(cx, self.is_hard());
        self.hold_or_perform(cx, Held::Backoff { path, attempt, not_before });
    }

    pub(super) fn back_off(&mut self, cx: &mut Cx, path: Text, attempt: u32, not_before: Micros) {
        let Some(mut open) = self.tasks.get_mut(&path).filter(|open| open.attempt == attempt) else { return };
        let timer = cx.set_timer(not_before, self.at, self.key, Due::Attempt { path, attempt });
        open.state = OpenState::BackingOff(timer, not_before);
    }

    /// The time of the next attempt has come.
    pub(super) fn next_attempt(&mut self, cx: &mut Cx, path: Text, attempt: u32) {
        self.visit(cx);
        let Some(mut open) = self.tasks.get_mut(&path).filter(|open| open.attempt == attempt && open.rests()) else {
            return;
        };
        open.state = OpenState::Ready;
        drop(open);
        self.active_at = cx.now().max(self.active_at);
        self.dispatch(cx, path);
    }

    /// The final result: one row, and the row of attempts goes.
    fn settle_task(&mut self, cx: &mut Cx, path: Text, result: TaskResult) {
        let Some(open) = self.tasks.remove(&path) else { return };
        self.marks.remove(&path);
        if open.has_row {
            self.batch.attempts_done.push((self.key, path.clone()));
        }
        let began_late = |began: &Micros| began.saturating_sub(open.asked_at) >= 1_000;
        let result = TaskResult {
            params_hash: open.task.params_hash(),
            attempts: open.attempt,
            started_at: open.began_at.filter(began_late),
            ..result
        };
        self.tell_step(cx, &path, &open, &result);
        // What touches nothing outside comes out the same again: nothing waits for it (semantics 5.10).
        let hard = self.is_hard() && open.effect != Effect::Pure;
        self.apply(cx, EventBody::TaskFinished { path, result: Box::new(result) }, hard);
    }

    /// The numbers, and whoever observes. A step that never began took no time.
    fn tell_step(&self, cx: &Cx, path: &Text, open: &Open, result: &TaskResult) {
        let Some(began_at) = open.began_at else { return };
        let (meters, ended_at) = (&cx.inner.shared.meters, cx.now().max(self.at));
        let code = result.error.as_ref().map(|error| &*error.code);
        meters.step_ended(&open.task.spec.kind, code.is_some(), ended_at.saturating_sub(began_at));
        if let Some(observer) = &meters.observer {
            observer.step(&StepEnded {
                run: &self.id,
                tenant: &self.place.tenant,
                project: &self.place.project,
                flow: &self.flow.name,
                path,
                kind: &open.task.spec.kind,
                attempts: open.attempt,
                code,
                began_at,
                ended_at,
            });
        }
    }

    fn observe_failure(&mut self, cx: &mut Cx, path: &Text, attempt: u32, error: &TaskError, wait: Option<Duration>) {
        let at = cx.now().max(self.at);
        let next_at = wait.map(|wait| at.saturating_add(wait.micros()));
        let failure = step_error(error.clone());
        let payload = Value::object([("error", failure.to_value()), ("nextAt", next_at.into())]).to_json();
        let (run, kind) = (self.key, ATTEMPT_FAILED.into());
        self.batch.observations.push(NewObservation { run, path: path.clone(), attempt, at, kind, payload });
        self.touch(cx, false);
        if self.traced {
            cx.tell(&self.id, at, ProgressBody::AttemptFailed { path: path.clone(), attempt, error: failure, next_at });
        }
    }

    fn unknown_policy(&self, cx: &Cx, path: &Text) -> UnknownPolicy {
        let Some(open) = self.tasks.get(path) else { return UnknownPolicy::Ask };
        unknown_policy(component(cx, &open.task).map(|kind| kind.on_unknown), &open.task)
    }

    /// A crash came between the mark and the result (semantics 5.7).
    fn outcome_unknown(&mut self, cx: &mut Cx, path: Text) {
        match self.unknown_policy(cx, &path) {
            UnknownPolicy::Retry => self.decide(cx, path, Decision::Retry),
            UnknownPolicy::Fail => self.decide(cx, path, Decision::Fail),
            UnknownPolicy::Ask => self.ask(cx, path),
        }
    }

    fn ask(&mut self, cx: &mut Cx, path: Text) {
        if let Some(mut open) = self.tasks.get_mut(&path) {
            open.state = OpenState::Asking;
        }
        self.visit(cx);
    }

    pub(super) fn asks(&self, path: &Text) -> bool {
        self.tasks.get(path).is_some_and(Open::is_asking)
    }

    /// Journals the decision and acts on it.
    pub(super) fn decide(&mut self, cx: &mut Cx, path: Text, decision: Decision) {
        self.apply(cx, EventBody::Decided { path: path.clone(), decision }, true);
        let mark = self.marks.remove(&path).unwrap_or(0);
        let Some(mut open) = self.tasks.get_mut(&path) else { return };
        open.state = OpenState::Ready;
        if decision == Decision::Retry {
            open.attempt = open.attempt.max(mark + 1);
            drop(open);
            return self.dispatch(cx, path);
        }
        drop(open);
        let message = "the program ended during an attempt, and nothing tells whether it was carried out";
        let error = StepError::new(OUTCOME_UNKNOWN, Category::Internal.as_str(), message);
        self.settle_task(cx, path, TaskResult { error: Some(error), ..TaskResult::default() });
    }
}

async fn perform(
    inner: std::sync::Arc<crate::inner::Inner>,
    request: TaskRequest,
    cancel: CancellationToken,
) -> Attempted {
    inner.shared.faults.at("effect.before");
    let result = inner.host.perform(&request, &cancel).await;
    inner.shared.faults.at("effect.after");
    result
}

fn component<'a>(cx: &'a Cx, task: &RunTask) -> Option<&'a weir_catalog::Component> {
    cx.inner.host.component(&task.spec.kind)
}
