use crate::arena::Ix;
use crate::core::Core;
use crate::env::Memory;
use crate::frame::Outcome;
use crate::plan::{NodeIx, Plan};
use crate::scope::View;
use crate::{StepError, category, code};
use weir_expr::Template;

pub(super) fn enter_timeout(core: &mut Core, plan: &Plan, ix: Ix, after: &Template, body: NodeIx) {
    match View::new(core, plan, core.frames[ix].env).duration(after) {
        Ok(after) => {
            let path = core.frames[ix].path.clone();
            core.start_timer(ix, path, after, true);
            core.spawn(ix, 0, body);
        }
        Err(error) => core.settle(plan, ix, Outcome::failure(error)),
    }
}

pub(super) fn timed_out(core: &mut Core, plan: &Plan, ix: Ix) {
    let error = StepError::new(code::TIMEOUT, category::TIMEOUT, "the time for this part of the flow is up");
    core.close(plan, ix, Outcome::failure(error));
}

/// No time at all is no timer either.
pub(super) fn enter_delay(core: &mut Core, plan: &Plan, ix: Ix, by: &Template, body: NodeIx) {
    match View::new(core, plan, core.frames[ix].env).duration(by) {
        Ok(by) if by.millis == 0 => core.spawn(ix, 0, body),
        Ok(by) => {
            let path = core.frames[ix].path.clone();
            core.start_timer(ix, path, by, false);
        }
        Err(error) => core.settle(plan, ix, Outcome::failure(error)),
    }
}

pub(super) fn invert(core: &mut Core, plan: &Plan, ix: Ix, outcome: Outcome) {
    let outcome = match outcome {
        Outcome::Success { .. } => Outcome::failure(StepError::verdict(code::INVERTED, "the inverted step succeeded")),
        Outcome::Failure(error) => Outcome::success(error.to_value()),
        Outcome::Cancelled => Outcome::Cancelled,
    };
    core.settle(plan, ix, outcome);
}

pub(super) fn force(core: &mut Core, plan: &Plan, ix: Ix, success: bool, outcome: Outcome) {
    let outcome = match (outcome, success) {
        (Outcome::Failure(error), true) => Outcome::success(error.to_value()),
        (Outcome::Success { .. }, false) => {
            Outcome::failure(StepError::verdict(code::FORCED_FAILURE, "this step fails whatever its child gives"))
        }
        (other, _) => other,
    };
    core.settle(plan, ix, outcome);
}

pub(super) fn soften(core: &mut Core, plan: &Plan, ix: Ix, outcome: Outcome) {
    let Outcome::Failure(error) = outcome else { return core.settle(plan, ix, outcome) };
    let path = core.frames[ix].path.clone();
    core.warn(path, format!("a soft assertion failed: {error}").into());
    core.settle(plan, ix, Outcome::success(error.to_value()));
}

pub(super) fn enter_once(core: &mut Core, plan: &Plan, ix: Ix, body: NodeIx) {
    let frame = &core.frames[ix];
    let kept = match core.envs.memory(frame.env, frame.node) {
        Some(Memory::Once(outcome)) => Some(outcome.clone()),
        _ => None,
    };
    match kept {
        Some(outcome) => core.settle(plan, ix, outcome),
        None => core.spawn(ix, 0, body),
    }
}

pub(super) fn once_done(core: &mut Core, plan: &Plan, ix: Ix, outcome: Outcome) {
    if !matches!(outcome, Outcome::Cancelled) {
        let (env, node) = (core.frames[ix].env, core.frames[ix].node);
        core.envs.remember(env, node, Memory::Once(outcome.clone()));
    }
    core.settle(plan, ix, outcome);
}
