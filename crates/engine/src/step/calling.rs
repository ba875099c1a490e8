use crate::arena::Ix;
use crate::core::Core;
use crate::frame::{Open, Outcome, State};
use crate::plan::Plan;
use crate::scope::{View, shown};
use crate::{Command, StartChild, StepError, TraceBody, category, code};
use weir_base::{Text, Value};
use weir_ir::Call;

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, call: &Call) {
    let (flow, input) = match evaluate(core, plan, ix, call) {
        Ok(both) => both,
        Err(error) => return core.settle(plan, ix, Outcome::failure(error)),
    };
    let path = core.frames[ix].path.clone();
    let run = core.child_run(&path);
    let (version, detached) = (call.version.clone(), call.detached);
    let child = StartChild {
        path: path.clone(),
        run: run.clone(),
        flow: flow.clone(),
        version,
        input: input.clone(),
        detached,
    };
    core.command(Command::StartChild(child));
    if detached {
        return finish(core, plan, ix, call, Value::from(run));
    }
    core.frames[ix].open = Open::Child;
    core.frames[ix].state = State::Child { flow: flow.clone(), version: call.version.clone(), input };
    core.children.insert(path.clone(), ix);
    if core.traces() {
        core.tell(path, TraceBody::Waiting { reason: format!("child {flow}").into() });
    }
}

fn evaluate(core: &Core, plan: &Plan, ix: Ix, call: &Call) -> Result<(Text, Value), StepError> {
    let view = View::new(core, plan, core.frames[ix].env);
    let input = view.template(&call.input)?;
    super::pure::refuse_sealed(&input)?;
    match view.template(&call.flow)? {
        Value::String(flow) => Ok((flow, input)),
        other => {
            Err(StepError::input(code::WRONG_TYPE, format!("a flow's name must be text, found {}", shown(&other))))
        }
    }
}

pub(super) fn finished(core: &mut Core, plan: &Plan, ix: Ix, call: &Call, output: &Value, error: Option<&StepError>) {
    match error {
        None => finish(core, plan, ix, call, output.clone()),
        Some(error) => {
            let path = core.frames[ix].path.clone();
            let error = StepError { category: category::CHILD.into(), path, ..error.clone() };
            core.settle(plan, ix, Outcome::failure(error));
        }
    }
}

fn finish(core: &mut Core, plan: &Plan, ix: Ix, call: &Call, output: Value) {
    let outcome = match super::task::assign(core, plan, ix, &call.assign, &output) {
        Ok(()) => Outcome::success(output),
        Err(error) => Outcome::failure(error),
    };
    core.settle(plan, ix, outcome);
}
