use crate::arena::Ix;
use crate::core::Core;
use crate::env::EnvKind;
use crate::frame::{Outcome, State, TryPhase};
use crate::plan::{NodeIx, Op, Plan};

pub(super) fn enter(core: &mut Core, ix: Ix, body: NodeIx) {
    core.frames[ix].state = State::Try { phase: TryPhase::Body, result: None };
    core.spawn(ix, 0, body);
}

pub(super) fn child_done(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    catch: Option<NodeIx>,
    finally: Option<NodeIx>,
    outcome: Outcome,
) {
    let State::Try { phase, result } = &mut core.frames[ix].state else { return };
    match (*phase, outcome, catch) {
        (TryPhase::Body, Outcome::Failure(error), Some(catch)) => {
            *phase = TryPhase::Catch;
            let (outer, base) = (core.frames[ix].env, core.frames[ix].path.clone());
            let env = core.envs.push(outer, EnvKind::Error(error.to_value()), false);
            core.spawn_in(ix, 1, catch, env, base);
            core.envs.release(env);
        }
        (TryPhase::Finally, outcome, _) => {
            let kept = result.take().unwrap_or(Outcome::Cancelled);
            if let Outcome::Failure(error) = outcome {
                let path = core.frames[ix].path.clone();
                core.warn(path, format!("the finally step failed, which changes nothing: {error}").into());
            }
            core.settle(plan, ix, kept);
        }
        (_, outcome, _) => match finally {
            Some(finally) => run_finally(core, ix, finally, outcome),
            None => core.settle(plan, ix, outcome),
        },
    }
}

fn run_finally(core: &mut Core, ix: Ix, finally: NodeIx, outcome: Outcome) {
    core.frames[ix].state = State::Try { phase: TryPhase::Finally, result: Some(outcome) };
    core.spawn(ix, 2, finally);
}

/// A frame that is being ended and has no children left: a try whose finally has not run yet runs it now.
pub(crate) fn begin_finally(core: &mut Core, plan: &Plan, ix: Ix, outcome: &Outcome) -> bool {
    let Op::Try { finally: Some(finally), .. } = plan.node(core.frames[ix].node).op else { return false };
    if !matches!(core.frames[ix].state, State::Try { phase: TryPhase::Body | TryPhase::Catch, .. }) {
        return false;
    }
    run_finally(core, ix, finally, outcome.clone());
    true
}
