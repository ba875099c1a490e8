//! A run as one JSON object: what `weir run --json` and `weir runs show --json` print.

use crate::show;
use weir_base::{Micros, Value};
use weir_engine::StepError;
use weir_runs::{LogView, ReplayView, RunView, StepView};

pub fn of_run(replay: &ReplayView, logs: &[LogView]) -> Value {
    Value::object([
        ("run", replay.run.clone().into()),
        ("status", replay.status.as_str().into()),
        ("output", replay.output.clone()),
        ("error", replay.error.as_ref().map(StepError::to_value).into()),
        ("steps", Value::array(replay.steps.iter().map(|one| Value::object(step(one))))),
        ("variables", replay.variables.clone()),
        ("logs", Value::array(logs.iter().map(log))),
    ])
}

/// Of a run whose journal cannot be followed: what its row says.
pub fn of_view(view: &RunView, logs: &[LogView]) -> Value {
    Value::object([
        ("run", view.run.clone().into()),
        ("status", view.status.as_str().into()),
        ("output", view.output.clone()),
        ("error", view.error.as_ref().map(StepError::to_value).into()),
        ("steps", Value::array([])),
        ("variables", Value::object([])),
        ("logs", Value::array(logs.iter().map(log))),
    ])
}

/// What the object has no place for: warnings of the run, and that it has more steps than are listed.
pub fn warn(replay: &ReplayView) {
    replay.warnings.iter().for_each(|warning| crate::errln!("warning: {}", show::short(warning, 400)));
}

fn step(step: &StepView) -> [(&'static str, Value); 7] {
    let time = |at: Option<Micros>| Value::from(at.map(show::time));
    [
        ("path", step.path.clone().into()),
        ("kind", step.kind.clone().into()),
        ("status", status_name(step).into()),
        ("attempts", step.attempts.into()),
        ("startedAt", time(step.started_at)),
        ("endedAt", time(step.ended_at)),
        ("output", step.output.clone()),
    ]
}

fn step_with_error(one: &StepView) -> Value {
    let error = Value::from(one.error.as_ref().map(StepError::to_value));
    Value::object(step(one).into_iter().chain([("error", error)]))
}

fn status_name(step: &StepView) -> String {
    format!("{:?}", step.status).to_lowercase()
}

fn log(log: &LogView) -> Value {
    Value::object([
        ("at", show::time(log.at).into()),
        ("path", log.path.clone().into()),
        ("level", log.level.clone().into()),
        ("message", log.message.clone().into()),
        ("metadata", log.metadata.clone()),
    ])
}

/// A run as it was after one of its records.
pub fn of_replay(replay: &ReplayView) -> Value {
    let open = |open: &weir_runs::OpenView| {
        let due = Value::from(open.due.map(show::time));
        Value::object([("what", open.what.clone().into()), ("path", open.path.clone().into()), ("due", due)])
    };
    Value::object([
        ("run", replay.run.clone().into()),
        ("seq", replay.seq.into()),
        ("at", show::time(replay.at).into()),
        ("status", replay.status.as_str().into()),
        ("output", replay.output.clone()),
        ("error", replay.error.as_ref().map(StepError::to_value).into()),
        ("steps", Value::array(replay.steps.iter().map(step_with_error))),
        ("variables", replay.variables.clone()),
        ("signals", Value::array(replay.signals.iter().map(|name| Value::from(name.clone())))),
        ("open", Value::array(replay.open.iter().map(open))),
    ])
}
