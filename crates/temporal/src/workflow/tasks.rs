use super::drive::{Driver, MOST_OPEN, Phase, Sort};
use super::happened::{Answer, Happened, answer};
use super::{lock, weights};
use crate::names;
use crate::wire::{Beat, Context, Facts, TaskDone, TaskFailed, TaskInput};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::time::Duration;
use temporalio_common::{ActivityDefinition, RetryPolicy};
use temporalio_sdk::{ActivityOptions, WorkflowCancellationToken};
use weir_base::{Micros, Text};
use weir_engine::{Decision, EventBody, RunTask, StepError, TaskResult, sealed_to_json};
use weir_ir::{Flow, UnknownPolicy};
use weir_kind::{Category, Effect, TaskError};
use weir_runtime::policy::{self, OUTCOME_UNKNOWN, noise, retries, step_error};
use weir_store::Place;

/// How much longer than an attempt's own time Temporal waits for a worker that should have ended it.
const GRACE: Duration = Duration::from_secs(30);

/// By these names the cluster knows an attempt that has fallen silent, and one that has not ended in its time. The run
/// hears of the first of them at once, and asks for another: a wait of the cluster's own, be it of a millisecond, takes a
/// second where it is busy. A step that is the end of everybody who tries it is left to the cluster from then on, so that
/// it makes no history longer.
pub const LOST: [&str; 2] = ["TemporalTimeout:Heartbeat", "TemporalTimeout:StartToClose"];

/// How soon an attempt is made again that failed without saying when. It is as soon each time: the cluster counts
/// attempts that have failed in an orderly way too, and after many of those a wait that grows would be hours. It may cut
/// the waits an attempt asks for itself at the longest one.
const AGAIN: Duration = Duration::from_millis(200);
const GROWING: f64 = 1.0;
const LONGEST: Duration = Duration::from_hours(24);

/// An activity by its name, as it is called.
pub struct Called(pub String);

impl ActivityDefinition for Called {
    type Input = Given;
    type Output = TaskDone;

    fn name(&self) -> &str {
        &self.0
    }
}

/// A task as it is asked for: its parameters are written once, and what all tasks of a run are given once a link.
type Given = TaskInput<Box<RawValue>, Box<RawValue>>;

/// A task the machine waits for.
pub struct Open {
    task: RunTask,
    /// Its parameters in JSON, from when they are measured until they are sent.
    params: Option<Box<RawValue>>,
    effect: Effect,
    /// The attempt under way, or the next one.
    attempt: u32,
    /// Whoever made an attempt was lost before.
    was_lost: bool,
    /// A worker elsewhere did not know a secret of it.
    needs_secrets: bool,
    state: OpenState,
    asked_at: Micros,
    token: WorkflowCancellationToken,
}

enum OpenState {
    Queued,
    UnderWay,
    BackingOff(Micros),
    /// The outcome is unknown, and somebody has to say what to do.
    Asking,
}

impl Open {
    /// How large the parameters are.
    fn measured(&mut self) -> usize {
        self.params.get_or_insert_with(|| written(&sealed_to_json(&self.task.params))).get().len()
    }

    /// The parameters as they are sent.
    fn take_params(&mut self) -> Box<RawValue> {
        self.params.take().unwrap_or_else(|| written(&sealed_to_json(&self.task.params)))
    }

    /// Whether nothing of it is under way.
    pub fn rests(&self) -> bool {
        matches!(self.state, OpenState::BackingOff(_) | OpenState::Asking)
    }

    pub fn next_at(&self) -> Option<Micros> {
        match self.state {
            OpenState::BackingOff(at) => Some(at),
            _ => None,
        }
    }

    pub fn waits_for(&self, path: &str) -> Option<String> {
        match self.state {
            OpenState::BackingOff(_) => Some(format!("retry {path}")),
            OpenState::Asking => Some(format!("decision {path}")),
            _ => None,
        }
    }
}

impl<'a> Driver<'a> {
    pub fn open_task(&mut self, task: RunTask) {
        let path = task.path.clone();
        let effect = self.facts(&task.spec.kind).map_or(Effect::NonIdempotent, |facts| facts.effect_of(&task.params));
        let (asked_at, token) = (self.now(), WorkflowCancellationToken::new());
        let (params, state, was_lost) = (None, OpenState::Queued, false);
        let needs_secrets = !self.with_secrets.is_empty() && self.with_secrets.contains(&without_indices(&path));
        let open = Open { task, params, effect, attempt: 1, was_lost, needs_secrets, state, asked_at, token };
        self.tasks.insert(path.clone(), open);
        self.queued.push_back(path);
    }

    fn facts(&self, kind: &str) -> Option<&Facts> {
        self.input.kinds.get(kind)
    }

    /// Begins tasks that wait for a place, in order. Near the end of what a history may hold none is begun.
    pub fn begin_queued(&mut self) {
        if self.input.interpreter >= 2 {
            self.hand_over_first();
        }
        while matches!(self.phase, Phase::Running)
            && self.activities() < MOST_OPEN
            && self.cx.history_length() < self.input.rules.max_events
        {
            let Some(path) = self.queued.front().cloned() else { return };
            if self.input.interpreter >= 5 && !self.has_room_for(&path) {
                return;
            }
            self.queued.pop_front();
            self.dispatch(path);
        }
    }

    fn has_room_for(&mut self, path: &Text) -> bool {
        let Some(params) = self.tasks.get_mut(path).map(Open::measured) else { return true };
        self.has_room(weights::of_step(params, path, self.around_steps))
    }

    /// One that must not be made twice unawares leaves a mark first (semantics 5.7).
    fn dispatch(&mut self, path: Text) {
        let Some(open) = self.tasks.get_mut(&path).filter(|open| matches!(open.state, OpenState::Queued)) else {
            return;
        };
        open.state = OpenState::UnderWay;
        let attempt = open.attempt;
        if open.effect == Effect::NonIdempotent {
            self.apply(EventBody::Dispatched { path: path.clone(), attempt });
        }
        self.launch(path, attempt);
    }

    fn launch(&mut self, path: Text, attempt: u32) {
        let Some(params) = self.tasks.get_mut(&path).map(Open::take_params) else { return };
        if let Some(most) = self.beyond(&path, params.get().len()) {
            return self.settle(path, failure(too_large("what the step is given", most)));
        }
        let Some(open) = self.tasks.get(&path) else { return };
        let (options, input) = (self.options_of(open), self.task_input(open, params));
        let activity = Called(open.task.spec.kind.to_string());
        let call = self.cx.execute_activity(activity, input, options);
        let told = call.map(move |result| Happened::Task { path, attempt, answer: answer(result) });
        self.push(Sort::Activity, told.boxed_local());
    }

    /// The limit that what a step is given is beyond, if it is. Earlier rules look at its parameters alone.
    fn beyond(&self, path: &str, params: usize) -> Option<u64> {
        let size = match self.input.interpreter >= 5 {
            true => weights::of_step(params, path, self.around_steps),
            false => params as u64,
        };
        self.input.rules.max_payload.filter(|most| size > *most)
    }

    fn task_input(&self, open: &Open, params: Box<RawValue>) -> Given {
        let run = lock(&self.fold).machine().run_id().clone();
        let idempotent = open.effect != Effect::NonIdempotent;
        TaskInput {
            run,
            path: open.task.path.clone(),
            params,
            timeout: self.timeout_of(&open.task),
            attempt: open.attempt,
            retry: Some(self.retry_of(&open.task).unwrap_or_else(weir_ir::RetryPolicy::none)).filter(|_| idempotent),
            context: self.context.clone(),
            max_payload: self.input.rules.max_payload,
        }
    }

    fn timeout_of(&self, task: &RunTask) -> weir_base::Duration {
        policy::timeout_of(self.facts(&task.spec.kind).and_then(|facts| facts.timeout), task)
    }

    fn retry_of(&self, task: &RunTask) -> Option<weir_ir::RetryPolicy> {
        policy::retry_policy(self.facts(&task.spec.kind).and_then(|facts| facts.retry.as_ref()), task)
    }

    fn options_of(&self, open: &Open) -> ActivityOptions {
        let rules = &self.input.rules;
        let own = Duration::from_millis(self.timeout_of(&open.task).millis);
        ActivityOptions::with_start_to_close_timeout(own + GRACE)
            .heartbeat_timeout(Duration::from_millis(rules.heartbeat.millis))
            .cancellation_token(open.token.clone())
            .maybe_task_queue(self.queue_of(open))
            .summary(open.task.path.to_string())
            .retry_policy(policy_of(open.effect, open.was_lost))
            .build()
    }

    /// The kind's own queue, else the store's where it needs one, else the run's; where whoever has the store performs
    /// steps, for one that needs the secrets of its project.
    fn queue_of(&self, open: &Open) -> Option<String> {
        let (rules, kind) = (&self.input.rules, &*open.task.spec.kind);
        if open.needs_secrets {
            return rules.store_queue.as_deref().map(names::steps_queue);
        }
        let of_store = || rules.store_queue.clone().filter(|_| self.facts(kind).is_some_and(|facts| facts.needs_store));
        rules.queue_of(kind).cloned().or_else(of_store)
    }

    /// Whether the attempt is made once more where the secrets of projects are, as a worker elsewhere has those of its
    /// environment alone. Nothing has been done yet by an attempt that lacks one.
    fn lacks_secret(&self, open: &Open, error: &TaskError) -> bool {
        let store = self.input.rules.store_queue.as_ref();
        self.input.interpreter >= 6
            && &*error.code == "SECRET_UNKNOWN"
            && !open.needs_secrets
            && store.is_some_and(|store| self.queue_of(open).as_ref() != Some(store))
    }

    pub fn task_answered(&mut self, path: Text, attempt: u32, answer: Answer) {
        let current = self.tasks.get(&path).is_some_and(|open| open.attempt == attempt);
        if !current || !lock(&self.fold).machine().expects(&path) {
            return self.late(path, answer);
        }
        match answer {
            Answer::Done(done) => self.done(path, done),
            Answer::Failed(failed) => self.attempt_failed(path, *failed),
            Answer::Lost { message, beat } => self.lost(path, &message, beat.as_ref()),
            Answer::Cancelled => self.settle(path, failure(ended_outside())),
            Answer::Broken(message) => {
                let error = StepError::new("TASK_BROKEN", Category::Internal.as_str(), message);
                self.settle(path, failure(error));
            }
        }
    }

    /// A result nobody waits for any more is kept, because it was paid for (semantics 5.8).
    fn late(&mut self, path: Text, answer: Answer) {
        if let Answer::Done(TaskDone { output, handle, usage, attempt, .. }) = answer {
            let result = TaskResult { output, handle, usage, attempts: attempt, ..TaskResult::default() };
            self.apply(EventBody::Late { path, result: Box::new(result) });
        }
    }

    fn done(&mut self, path: Text, done: TaskDone) {
        let TaskDone { output, handle, usage, attempt, began_at, logs } = done;
        lock(&self.fold).add_logs(logs);
        if let Some(open) = self.tasks.get_mut(&path) {
            open.attempt = attempt;
        }
        let started_at = self.began_late(&path, began_at);
        self.settle(path, TaskResult { output, handle, usage, started_at, ..TaskResult::default() });
    }

    fn began_late(&self, path: &Text, began_at: Micros) -> Option<Micros> {
        let asked_at = self.tasks.get(path)?.asked_at;
        Some(began_at).filter(|began| began.saturating_sub(asked_at) >= 1_000)
    }

    /// Of an idempotent kind every attempt was made already; of any other the next one is decided here.
    fn attempt_failed(&mut self, path: Text, failed: TaskFailed) {
        let TaskFailed { error, attempt, began_at, logs } = failed;
        lock(&self.fold).add_logs(logs);
        if self.tasks.get(&path).is_some_and(|open| self.lacks_secret(open, &error)) {
            return self.look_for_secrets(path, attempt);
        }
        let Some(open) = self.tasks.get_mut(&path) else { return };
        open.attempt = attempt;
        let careful = open.effect == Effect::NonIdempotent;
        let task = open.task.clone();
        let timed_out = careful && error.category == Category::Timeout;
        let unknown = self.unknown_policy(&task);
        if timed_out && unknown == UnknownPolicy::Ask {
            return self.ask(&path);
        }
        let keep = careful && (!timed_out || unknown == UnknownPolicy::Retry);
        let policy = self.retry_of(&task);
        if let Some(policy) = policy.filter(|policy| keep && retries(policy, attempt, &error)) {
            let run = lock(&self.fold).machine().run_id().clone();
            let wait = policy.delay_after(attempt, noise(&run, &path, attempt));
            return self.back_off(path, attempt + 1, wait.max(error.retry_after.unwrap_or_default()));
        }
        let started_at = self.began_late(&path, began_at);
        self.settle(path, TaskResult { error: Some(step_error(error)), started_at, ..TaskResult::default() });
    }

    fn look_for_secrets(&mut self, path: Text, attempt: u32) {
        let Some(open) = self.tasks.get_mut(&path) else { return };
        (open.attempt, open.needs_secrets, open.state) = (attempt, true, OpenState::Queued);
        self.with_secrets.insert(without_indices(&path));
        self.queued.push_back(path);
    }

    fn back_off(&mut self, path: Text, attempt: u32, wait: weir_base::Duration) {
        let not_before = self.now().saturating_add(wait.micros());
        let Some(open) = self.tasks.get_mut(&path) else { return };
        (open.attempt, open.state) = (attempt, OpenState::BackingOff(not_before));
        let token = open.token.clone();
        let timer = self.timer(Duration::from_millis(wait.millis.max(1)), &path, token);
        let told = timer.map(move |fired| if fired { Happened::Retry { path, attempt } } else { Happened::Nothing });
        self.push(Sort::Timer, told.boxed_local());
    }

    pub fn next_attempt(&mut self, path: Text, attempt: u32) {
        if let Some(open) = self.tasks.get_mut(&path).filter(|open| open.attempt == attempt) {
            open.state = OpenState::Queued;
            self.queued.push_back(path);
        }
    }

    /// Whoever performed it was lost. What may be done twice is; about the rest the policy decides.
    fn lost(&mut self, path: Text, message: &str, beat: Option<&Beat>) {
        let Some(open) = self.tasks.get_mut(&path) else { return };
        if open.effect != Effect::NonIdempotent {
            open.attempt = beat.map_or(open.attempt, |beat| beat.next_of(open.attempt));
            (open.was_lost, open.state) = (true, OpenState::Queued);
            return self.queued.push_back(path);
        }
        tracing::warn!(path = &*path, "the outcome of a step is unknown: {message}");
        let task = open.task.clone();
        match self.unknown_policy(&task) {
            UnknownPolicy::Retry => self.decide(path, Decision::Retry),
            UnknownPolicy::Fail => self.decide(path, Decision::Fail),
            UnknownPolicy::Ask => self.ask(&path),
        }
    }

    fn unknown_policy(&self, task: &RunTask) -> UnknownPolicy {
        policy::unknown_policy(self.facts(&task.spec.kind).map(|facts| facts.on_unknown), task)
    }

    fn ask(&mut self, path: &Text) {
        if let Some(open) = self.tasks.get_mut(path) {
            open.state = OpenState::Asking;
        }
    }

    pub fn asks(&self, path: &Text) -> bool {
        self.tasks.get(path).is_some_and(|open| matches!(open.state, OpenState::Asking))
    }

    /// Journals the decision and acts on it.
    pub fn decide(&mut self, path: Text, decision: Decision) {
        self.apply(EventBody::Decided { path: path.clone(), decision });
        if decision == Decision::Retry {
            let Some(open) = self.tasks.get_mut(&path) else { return };
            (open.attempt, open.state) = (open.attempt + 1, OpenState::Queued);
            return self.queued.push_back(path);
        }
        let message = "whoever performed the step was lost, and nothing tells whether it was carried out";
        self.settle(path, failure(StepError::new(OUTCOME_UNKNOWN, Category::Internal.as_str(), message)));
    }

    /// The final result.
    fn settle(&mut self, path: Text, result: TaskResult) {
        let Some(open) = self.tasks.remove(&path) else { return };
        let (params_hash, attempts) = (open.task.params_hash(), open.attempt);
        let result = Box::new(TaskResult { params_hash, attempts, ..result });
        self.apply(EventBody::TaskFinished { path, result });
    }

    /// Ends whatever is open under this path. The fold has closed it already (semantics 5.8).
    pub fn cancel(&mut self, path: &Text) {
        self.stop_timer(path);
        self.overdue.retain(|(_, overdue)| overdue != path);
        if let Some(open) = self.tasks.remove(path) {
            open.token.cancel();
        }
        self.cancel_child(path);
    }

    /// Whether a task has been begun: only those that have not are asked for again in the next link.
    pub fn has_begun_tasks(&self) -> bool {
        self.tasks.values().any(|open| !matches!(open.state, OpenState::Queued))
    }
}

/// Temporal makes further attempts of what may be done twice. How many, and when, each attempt decides itself by how it
/// failed; the waits given here are for one that failed without saying so.
fn policy_of(effect: Effect, was_lost: bool) -> RetryPolicy {
    let told: &[&str] = if was_lost { &[] } else { &LOST };
    RetryPolicy::builder()
        .initial_interval(AGAIN)
        .backoff_coefficient(GROWING)
        .maximum_interval(LONGEST)
        .maximum_attempts(u32::from(effect == Effect::NonIdempotent))
        .non_retryable_error_types(told.iter().copied())
        .build()
}

/// What every step of a run is told about the flow.
pub fn context_of(flow: &Flow, place: &Place) -> Box<RawValue> {
    let files = std::path::PathBuf::new();
    written(&Context::from(weir_runtime::flow_context(flow, place, Some(&files))))
}

fn written(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("what a step is given is always JSON")
}

fn failure(error: StepError) -> TaskResult {
    TaskResult { error: Some(error), ..TaskResult::default() }
}

pub fn too_large(what: &str, most: u64) -> StepError {
    let message = format!(
        "{what} is larger than the {most} bytes Temporal takes; keep large values elsewhere, or give the workers a blob store"
    );
    StepError::new("PAYLOAD_TOO_LARGE", Category::Limit.as_str(), message)
}

fn ended_outside() -> StepError {
    StepError::new("TASK_CANCELLED", Category::Cancelled.as_str(), "the step was cancelled at the cluster")
}

/// The same for each turn of a loop.
fn without_indices(path: &str) -> String {
    let mut inside = false;
    let kept = |c: &char| {
        inside = *c == '[' || (inside && *c != ']');
        !inside && *c != ']'
    };
    path.chars().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::data_converters::{
        GenericPayloadConverter, PayloadConverter, SerializationContext, SerializationContextData,
    };
    use weir_base::Value;

    /// Failures that were in order count as attempts, too: after a hundred of them a wait that grows would be hours.
    #[test]
    fn waits_of_the_clusters_own_do_not_grow() {
        let policy = policy_of(Effect::Idempotent, false);
        assert_eq!((policy.initial_interval(), policy.backoff_coefficient()), (Duration::from_millis(200), 1.0));
        assert_eq!(
            (policy.maximum_interval(), policy.maximum_attempts()),
            (Some(LONGEST), 0),
            "waits that are asked for"
        );
        assert_eq!(policy_of(Effect::NonIdempotent, false).maximum_attempts(), 1);
    }

    /// Or a step that kills whoever makes it would fill history after history.
    #[test]
    fn a_run_hears_of_the_first_attempt_that_is_lost() {
        assert_eq!(policy_of(Effect::Idempotent, false).non_retryable_error_types(), LOST);
        assert!(policy_of(Effect::Idempotent, true).non_retryable_error_types().is_empty());
    }

    #[test]
    fn what_is_sent_reads_as_what_is_performed() {
        let params = Value::object([("text", "\"é\"".into()), ("list", Value::array([1.into(), Value::Null]))]);
        let flow =
            weir_ir::from_json(r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"main","sequence":{"children":[]}}}"#);
        let given = Given {
            run: "r".into(),
            path: "main/a".into(),
            params: written(&params),
            timeout: weir_base::Duration::from_secs(1),
            attempt: 2,
            retry: None,
            context: context_of(&flow.unwrap(), &Place::default()),
            max_payload: Some(10),
        };
        let converter = PayloadConverter::default();
        let (data, of) = (SerializationContextData::None, |data| SerializationContext::new(data, &converter));
        let payload = converter.to_payload(&of(&data), &given).unwrap();
        let read: TaskInput = converter.from_payload(&of(&data), payload).unwrap();
        assert_eq!((read.params, &*read.context.flow, read.attempt, read.max_payload), (params, "f", 2, Some(10)));
    }

    #[test]
    fn a_step_of_a_loop_is_one() {
        for (path, step) in [("main/a", "main/a"), ("m/each[12]/say", "m/each/say"), ("a[0]/b[1]", "a/b")] {
            assert_eq!(without_indices(path), step);
        }
    }
}
