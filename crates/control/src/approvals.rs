//! Answers to steps that wait for a person.

use crate::caller::Caller;
use crate::control::Control;
use crate::{ControlError, Result};
use weir_base::{Text, Value};
use weir_ir::{APPROVE, Flow, SignalNames};
use weir_runs::{Request, RunView, StepView};
use weir_store::Run;

impl Control {
    /// Answers a step that waits for a person, or will: by its path, by its signal, or by what `waiting` says of it.
    pub async fn approve(
        &self,
        caller: &Caller,
        run: &str,
        named: &str,
        approved: bool,
        comment: &str,
    ) -> Result<RunView> {
        let (row, view) = self.run(caller, run).await?;
        let signal = self.signal_of(&row, &view, named).await?;
        let payload = Value::object([
            ("approved", approved.into()),
            ("comment", comment.into()),
            ("by", caller.actor.name().into()),
        ]);
        self.ask_run(caller, run, Request::Signal { name: signal, id: None, payload }).await
    }

    /// A signal to a run. One that answers a person names the whole path of the step: at half of it nobody would take it.
    pub async fn signal(
        &self,
        caller: &Caller,
        run: &str,
        name: Text,
        id: Option<Text>,
        payload: Value,
    ) -> Result<RunView> {
        if let Some(path) = name.strip_prefix(APPROVE) {
            let (row, view) = self.run(caller, run).await?;
            // Of a version that is not kept here nobody knows where its steps stand.
            let flow = self.own_source(&row).await.ok().map(|source| source.flow);
            let nobody = |flow: &Flow| {
                let takes = SignalNames::of(flow);
                takes.take(&name) && !takes.is_given(&name) && !flow.has_approval_at(path)
            };
            if !waits(&view, &name) && flow.as_ref().is_some_and(nobody) {
                return Err(half_a_path(path));
            }
        }
        self.ask_run(caller, run, Request::Signal { name, id, payload }).await
    }

    /// What the run waits for goes first. An answer may come before its step, but only to a step that is still to come:
    /// nobody would ever take another, though it would be kept.
    async fn signal_of(&self, row: &Run, view: &RunView, named: &str) -> Result<Text> {
        let signal = named.strip_prefix("signal ").unwrap_or(named);
        let path = signal.strip_prefix(APPROVE).unwrap_or(signal);
        let of_step = format!("{APPROVE}{path}");
        if let Some(waits) = [&*of_step, signal].into_iter().find(|signal| waits(view, signal)) {
            return Ok(waits.into());
        }
        let flow = self.own_source(row).await?.flow;
        if flow.has_approval_at(path) {
            self.check_not_over(view, path).await?;
            return Ok(of_step.into());
        }
        let takes = SignalNames::of(&flow);
        let known = takes.take(signal) && signal != of_step;
        if known || !takes.take(&of_step) { Ok(signal.into()) } else { Err(half_a_path(path)) }
    }

    /// A path comes once in a run. A journal that cannot be read says nothing, and the step may well be to come.
    async fn check_not_over(&self, view: &RunView, path: &str) -> Result<()> {
        let over = |step: &StepView| &*step.path == path && step.ended_at.is_some();
        if view.status.is_final() || !self.runs.steps(&view.run).await.is_ok_and(|steps| steps.iter().any(over)) {
            return Ok(());
        }
        let message = format!("the step `{path}` waits no longer: it has its answer, or its time is over");
        Err(ControlError::state("STEP_NOT_OPEN", message))
    }
}

fn waits(view: &RunView, signal: &str) -> bool {
    view.waiting.iter().any(|one| one.strip_prefix("signal ") == Some(signal))
}

fn half_a_path(path: &str) -> ControlError {
    let message =
        format!("no step that waits for a person can stand at `{path}`: give its whole path, as `waiting` does");
    ControlError::invalid("SIGNAL_UNKNOWN", message)
}
