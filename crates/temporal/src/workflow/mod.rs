//! The one workflow: it hosts a machine and translates between it and Temporal.
//!
//! `fold.rs` holds the run, `drive.rs` the loop; the other files each translate one sort of command. Everything here
//! is deterministic: no clock but the workflow's, no order but that of lists and ordered maps.

mod children;
mod drive;
mod ends;
mod fold;
mod happened;
mod plans;
mod requests;
mod ship;
mod tasks;
mod timers;
mod turn;
mod variables;
mod weights;

use crate::names;
use crate::wire::{JournalPage, Row, RunInput, State};
use drive::Driver;
use fold::Fold;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use temporalio_common::data_converters::{MultiArgs2, RawValue};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult};
use weir_base::{Text, Value};
use weir_runs::StepView;

pub(crate) use children::Deliver;
pub(crate) use plans::of as plan_of;
pub(crate) use tasks::too_large;

/// The run, shared between the loop that works on it and the questions that are asked about it.
type Shared = Arc<Mutex<Fold>>;

fn lock(fold: &Shared) -> MutexGuard<'_, Fold> {
    fold.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A signal that has arrived.
pub(crate) struct Mail {
    pub name: String,
    pub payload: Value,
}

type Refusal = Box<dyn std::error::Error + Send + Sync>;

#[workflow]
pub struct RunFlow {
    input: Option<Box<RunInput>>,
    fold: Option<Shared>,
    inbox: VecDeque<Mail>,
    /// How many signals were put into the inbox, and how many taken out again and folded.
    put: u64,
    taken: u64,
}

impl RunFlow {
    fn put(&mut self, name: String, payload: Value) -> u64 {
        self.inbox.push_back(Mail { name, payload });
        self.put += 1;
        self.put
    }

    fn read<T>(&self, read: impl FnOnce(&Fold) -> T) -> Option<T> {
        self.fold.as_ref().map(|fold| read(&lock(fold)))
    }

    fn shown(&self) -> Result<State, Refusal> {
        self.read(Fold::state).ok_or_else(|| "the run has not begun".into())
    }

    /// As an update is answered with.
    fn told(&self) -> Result<State, Refusal> {
        self.read(Fold::told).ok_or_else(|| "the run has not begun".into())
    }

    /// A run that is over takes nothing any more.
    fn check_open(&self) -> Result<(), Refusal> {
        match self.read(|fold| fold.machine().status()).is_some_and(|status| status.is_final()) {
            true => Err("the run is over".into()),
            false => Ok(()),
        }
    }

    fn check_size(&self, payload: &Value) -> Result<(), Refusal> {
        match self.read(|fold| fold.is_too_large(payload)) {
            Some(true) => Err("PAYLOAD_TOO_LARGE: what is sent is larger than Temporal takes".into()),
            _ => Ok(()),
        }
    }
}

#[workflow_methods]
impl RunFlow {
    #[init]
    fn new(_cx: &WorkflowContextView, input: RunInput) -> Self {
        Self { input: Some(Box::new(input)), fold: None, inbox: VecDeque::new(), put: 0, taken: 0 }
    }

    #[run(name = "weir.run")]
    pub async fn run(cx: &mut WorkflowContext<Self>) -> WorkflowResult<Value> {
        let cx = &*cx;
        let refuse = |message: String| ApplicationFailure::non_retryable(Refusal::from(message));
        let input = cx.state_mut(|run| run.input.take()).ok_or_else(|| refuse("there is no input".to_owned()))?;
        if input.interpreter > crate::wire::INTERPRETER {
            // A newer worker goes on with it; this one must not guess.
            cx.force_task_fail(newer(input.interpreter));
            std::future::pending::<()>().await;
        }
        let fold = Arc::new(Mutex::new(Fold::begin(&input).map_err(refuse)?));
        cx.state_mut(|run| run.fold = Some(fold.clone()));
        Driver::new(cx, *input, fold).run().await
    }

    /// A signal of the flow, or one of Weir's own; see [`crate::names`].
    #[signal(name = "deliver")]
    pub fn deliver(&mut self, _cx: &mut SyncWorkflowContext<Self>, message: RawValue) {
        match mail_of(&message) {
            Some((name, payload)) => drop(self.put(name, payload)),
            None => drop(self.put(names::OWN.to_owned(), Value::Null)),
        }
    }

    #[query(name = "state")]
    pub fn state(&self, _cx: &WorkflowContextView) -> Result<State, Refusal> {
        self.shown()
    }

    /// Steps of this link, from a place in the list on.
    #[query(name = "steps")]
    pub fn steps(&self, _cx: &WorkflowContextView, from: u64) -> Vec<StepView> {
        self.read(|fold| fold.steps(from as usize)).unwrap_or_default()
    }

    /// Records of this link from a number on, and log lines from another.
    #[query(name = "journal")]
    pub fn journal(&self, _cx: &WorkflowContextView, from: (u64, u64)) -> JournalPage {
        self.read(|fold| fold.page(from.0, from.1 as usize)).unwrap_or_default()
    }

    /// The flow, as JSON.
    #[query(name = "flow")]
    pub fn flow(&self, _cx: &WorkflowContextView) -> Result<String, Refusal> {
        self.read(|fold| fold.run.text.clone()).ok_or_else(|| "the run has not begun".into())
    }

    /// The newest result at a path, as a kind sees it; null where this link has none.
    #[query(name = "recorded")]
    pub fn recorded(&self, _cx: &WorkflowContextView, path: String) -> Option<Row> {
        self.read(|fold| fold.result_at(&path)).flatten()
    }

    /// A query the flow declares.
    #[query(name = "query")]
    pub fn query(&self, _cx: &WorkflowContextView, name: String) -> Result<Value, Refusal> {
        let answer = self.read(|fold| fold.machine().query(&name)).flatten();
        let answer = answer.ok_or_else(|| Refusal::from(format!("the flow declares no query `{name}`")))?;
        answer.map_err(|error| error.to_string().into())
    }

    /// Signals, and tells how the run stands once that has been folded; a large output and large variables are left out.
    #[update(name = "signal_and_wait")]
    pub async fn signal_and_wait(
        cx: &mut WorkflowContext<Self>,
        message: MultiArgs2<String, Value>,
    ) -> Result<State, Refusal> {
        let ticket = cx.state_mut(|run| run.put(message.0, message.1));
        let _ = cx.wait_condition(|run| run.taken >= ticket).await;
        cx.state(Self::told)
    }

    #[update_validator(signal_and_wait)]
    fn may_signal(&self, _cx: &WorkflowContextView, message: &MultiArgs2<String, Value>) -> Result<(), Refusal> {
        self.check_open()?;
        self.check_size(&message.1)?;
        let accepted = self.read(|fold| weir_runtime::accept_signal(&fold.run.flow, &message.0, &message.1));
        accepted.unwrap_or(Ok(())).map_err(|error| error.to_string().into())
    }

    /// Answers the approval a step waits for: its path, and whether or `{approved, …}`.
    #[update(name = "approve")]
    pub async fn approve(cx: &mut WorkflowContext<Self>, answer: MultiArgs2<String, Value>) -> Result<State, Refusal> {
        let payload = match answer.1 {
            Value::Bool(approved) => Value::object([("approved", approved.into())]),
            other => other,
        };
        let ticket = cx.state_mut(|run| run.put(format!("approve:{}", answer.0), payload));
        let _ = cx.wait_condition(|run| run.taken >= ticket).await;
        cx.state(Self::told)
    }

    #[update_validator(approve)]
    fn may_approve(&self, _cx: &WorkflowContextView, answer: &MultiArgs2<String, Value>) -> Result<(), Refusal> {
        self.check_open()?;
        self.check_size(&answer.1)?;
        let wanted = Text::from(format!("approve:{}", answer.0));
        match self.read(|fold| fold.machine().awaited_signals().contains(&wanted)) {
            Some(true) => Ok(()),
            _ => Err(format!("the step `{}` waits for no approval", answer.0).into()),
        }
    }
}

fn newer(interpreter: u32) -> Refusal {
    let (code, own) = ("WORKER_TOO_OLD", crate::wire::INTERPRETER);
    format!("{code}: the run follows rules {interpreter}, this worker knows them up to {own}; start a newer one").into()
}

/// The name and the payload, which may be left out. Anything else is nobody's signal.
fn mail_of(message: &RawValue) -> Option<(String, Value)> {
    let mut payloads = message.payloads.iter();
    let name = serde_json::from_slice(&payloads.next()?.data).ok()?;
    let payload = payloads.next().filter(|payload| !payload.data.is_empty());
    let text = payload.map(|payload| std::str::from_utf8(&payload.data)).transpose().ok()?;
    Some((name, text.map(weir_base::read_deep).transpose().ok()?.unwrap_or_default()))
}
