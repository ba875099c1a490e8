//! Answers to steps that wait for a person.

use crate::Result;
use crate::caller::Caller;
use crate::control::Control;
use weir_base::{Text, Value};
use weir_ir::{APPROVE, SignalNames};
use weir_runs::{Request, RunView};

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
        let row = self.row(caller, run).await?;
        let takes = SignalNames::of(&self.own_source(&row).await?.flow);
        let payload = Value::object([
            ("approved", approved.into()),
            ("comment", comment.into()),
            ("by", caller.actor.name().into()),
        ]);
        self.ask_run(caller, run, Request::Signal { name: signal_of(&takes, named), id: None, payload }).await
    }
}

/// What is meant goes by the flow, not by what the run waits for just now: an answer may come early.
fn signal_of(takes: &SignalNames, named: &str) -> Text {
    let signal = named.strip_prefix("signal ").unwrap_or(named);
    let of_step = format!("{APPROVE}{signal}");
    if !takes.take(signal) && takes.take(&of_step) { of_step.into() } else { signal.into() }
}
