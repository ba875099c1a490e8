use crate::arena::Ix;
use crate::core::Core;
use crate::event::TaskResult;
use crate::frame::{Open, Outcome, State};
use crate::plan::{NodeIx, Op, Plan, TaskSpec};
use crate::scope::View;
use crate::{Command, RunTask, StepError};
use std::sync::Arc;
use weir_base::{Duration, Value};
use weir_ir::Assign;

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, spec: &Arc<TaskSpec>) {
    match evaluate(core, plan, ix, spec) {
        Ok((params, timeout)) => issue(core, ix, spec.clone(), params, timeout),
        Err(error) => core.settle(plan, ix, Outcome::failure(error)),
    }
}

fn evaluate(core: &Core, plan: &Plan, ix: Ix, spec: &TaskSpec) -> Result<(Value, Option<Duration>), StepError> {
    let view = View::new(core, plan, core.frames[ix].env);
    let timeout = match &spec.timeout_expr {
        Some(template) => Some(view.duration(template)?),
        None => spec.timeout,
    };
    Ok((view.template(&spec.params)?, timeout))
}

/// Asks for a task and remembers what was asked, so that recovery can ask again.
pub(super) fn issue(core: &mut Core, ix: Ix, spec: Arc<TaskSpec>, params: Value, timeout: Option<Duration>) {
    let frame = &mut core.frames[ix];
    frame.open = Open::Task;
    frame.state = State::Task { params: params.clone(), timeout: timeout.map(|timeout| timeout.millis) };
    let path = frame.path.clone();
    core.tasks.insert(path.clone(), ix);
    core.command(Command::Run(RunTask { path, params, timeout, spec }));
}

pub(super) fn finished(core: &mut Core, plan: &Plan, ix: Ix, spec: &TaskSpec, result: &TaskResult) {
    if let Some(usage) = result.usage {
        super::agent::charge(core, ix, usage);
    }
    let outcome = match &result.error {
        Some(error) => Outcome::failure(error.clone()),
        None => match assign(core, plan, ix, &spec.assign, &result.output) {
            Ok(()) => Outcome::Success { output: result.output.clone(), handle: result.handle.clone() },
            Err(error) => Outcome::failure(error),
        },
    };
    core.settle(plan, ix, outcome);
}

/// Writes the variables a result is assigned to, in order.
pub(super) fn assign(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    assigns: &[Assign],
    output: &Value,
) -> Result<(), StepError> {
    for assign in assigns {
        let (env, parent, slot) = (core.frames[ix].env, core.frames[ix].parent, core.frames[ix].slot);
        let value = View::new(core, plan, env).with_output(output).expr(&assign.value)?;
        super::pure::refuse_sealed(&value)?;
        core.write(parent, slot, env, assign.var.clone(), value);
    }
    Ok(())
}

/// The task a node asks for.
pub(crate) fn spec_of(plan: &Plan, node: NodeIx) -> Option<Arc<TaskSpec>> {
    match &plan.node(node).op {
        Op::Task(spec) | Op::Ask(spec) => Some(spec.clone()),
        _ => None,
    }
}
