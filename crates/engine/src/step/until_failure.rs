use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::env::EnvKind;
use crate::frame::{Outcome, State};
use crate::plan::{NodeIx, Plan};

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, body: NodeIx) {
    begin(core, plan, ix, body, 0);
}

/// A fresh instance for every pass.
fn begin(core: &mut Core, plan: &Plan, ix: Ix, body: NodeIx, pass: u64) {
    if let Err(error) = core.count_idle("this step never fails") {
        return core.settle(plan, ix, Outcome::failure(error));
    }
    core.frames[ix].state = State::UntilFailure { pass };
    let (outer, base) = (core.frames[ix].env, indexed(&core.frames[ix].path, pass));
    let env = core.envs.push(outer, EnvKind::Instance, true);
    core.spawn_in(ix, 0, body, env, base);
    core.envs.release(env);
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, body: NodeIx, outcome: Outcome) {
    let State::UntilFailure { pass } = core.frames[ix].state else { return };
    match outcome {
        Outcome::Success { .. } => begin(core, plan, ix, body, pass + 1),
        Outcome::Failure(error) => core.settle(plan, ix, Outcome::success(error.to_value())),
        Outcome::Cancelled => core.settle(plan, ix, Outcome::Cancelled),
    }
}
