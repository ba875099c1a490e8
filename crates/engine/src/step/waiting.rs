use super::Wake;
use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::frame::{Open, Outcome, State};
use crate::plan::{APPROVE, Plan};
use crate::scope::{View, time_of};
use crate::{StepError, TraceBody, category, code};
use weir_base::{Text, Value};
use weir_expr::Template;
use weir_ir::Wait;

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, wait: &Wait) {
    if let Err(error) = begin(core, plan, ix, wait) {
        core.settle(plan, ix, Outcome::failure(error));
    }
}

fn begin(core: &mut Core, plan: &Plan, ix: Ix, wait: &Wait) -> Result<(), StepError> {
    let (env, path) = (core.frames[ix].env, core.frames[ix].path.clone());
    let view = View::new(core, plan, env);
    match wait {
        Wait::Timer { after } => {
            let after = view.duration(after)?;
            core.start_timer(ix, path.clone(), after, false);
            tell(core, path, "timer");
        }
        Wait::Until { at } => {
            let due = time_of(&view.template(at)?)?;
            let due = due.max(core.now);
            core.start_timer_at(ix, path.clone(), due, false);
            tell(core, path, "timer");
        }
        Wait::Yield { turns } => {
            let left = view.count(turns)?;
            turn(core, plan, ix, left);
        }
        Wait::Signal { name, timeout, .. } => return await_signal(core, plan, ix, name.clone(), timeout.as_ref()),
        Wait::Approval { timeout, .. } => {
            return await_signal(core, plan, ix, format!("{APPROVE}{path}").into(), timeout.as_ref());
        }
        Wait::Forever => core.frames[ix].open = Open::Never,
    }
    Ok(())
}

fn tell(core: &mut Core, path: Text, reason: &str) {
    if core.traces() {
        core.tell(path, TraceBody::Waiting { reason: reason.into() });
    }
}

/// A signal that came early is taken at once.
fn await_signal(core: &mut Core, plan: &Plan, ix: Ix, name: Text, timeout: Option<&Template>) -> Result<(), StepError> {
    if let Some(payload) = core.take_buffered(&name) {
        answered(core, plan, ix, &payload);
        return Ok(());
    }
    let (env, path) = (core.frames[ix].env, core.frames[ix].path.clone());
    if let Some(timeout) = timeout {
        let after = View::new(core, plan, env).duration(timeout)?;
        core.start_timer(ix, path.clone(), after, true);
    }
    tell(core, path, &format!("signal {name}"));
    core.wait_for_signal(ix, name);
    Ok(())
}

/// Each turn is a timer of length zero with a name of its own.
fn turn(core: &mut Core, plan: &Plan, ix: Ix, left: u64) {
    if left == 0 {
        return core.settle(plan, ix, Outcome::success(Value::Null));
    }
    core.frames[ix].state = State::Yield { left };
    let path = indexed(&core.frames[ix].path, left - 1);
    core.start_timer(ix, path, weir_base::Duration::from_millis(0), false);
}

pub(super) fn woken(core: &mut Core, plan: &Plan, ix: Ix, wait: &Wait, wake: Wake<'_>) {
    match (wait, wake) {
        (Wait::Timer { .. } | Wait::Until { .. }, Wake::Timer) => core.settle(plan, ix, Outcome::success(Value::Null)),
        (Wait::Yield { .. }, Wake::Timer) => {
            if let State::Yield { left } = core.frames[ix].state {
                turn(core, plan, ix, left - 1);
            }
        }
        (Wait::Signal { .. } | Wait::Approval { .. }, Wake::Signal(payload)) => answered(core, plan, ix, payload),
        (Wait::Signal { routes, .. } | Wait::Approval { routes, .. }, Wake::Timer) => {
            timed_out(core, plan, ix, *routes)
        }
        _ => {}
    }
}

fn answered(core: &mut Core, plan: &Plan, ix: Ix, payload: &Value) {
    let node = plan.node(core.frames[ix].node);
    let crate::plan::Op::Wait(Wait::Approval { routes, .. }) = &node.op else {
        return core.settle(plan, ix, Outcome::success(payload.clone()));
    };
    let approved = payload.get("approved").and_then(Value::as_bool).unwrap_or(false);
    let outcome = match (approved, *routes) {
        (true, routes) => Outcome::Success { output: payload.clone(), handle: routes.then(|| "approved".into()) },
        (false, true) => Outcome::Success { output: payload.clone(), handle: Some("rejected".into()) },
        (false, false) => Outcome::failure(StepError::verdict(code::REJECTED, "a person rejected this step")),
    };
    core.settle(plan, ix, outcome);
}

fn timed_out(core: &mut Core, plan: &Plan, ix: Ix, routes: bool) {
    let outcome = match routes {
        true => Outcome::Success { output: Value::Null, handle: Some("timeout".into()) },
        false => Outcome::failure(StepError::new(code::TIMEOUT, category::TIMEOUT, "nothing came before the deadline")),
    };
    core.settle(plan, ix, outcome);
}
