use crate::arena::Ix;
use crate::core::Core;
use crate::frame::{Outcome, State};
use crate::plan::{Check, Plan, Way};
use crate::scope::View;

/// Slots: `2·case` for a condition that is a region, `2·case + 1` for a body; `otherwise` counts as one more case.
pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, cases: &[(Check, Way)], otherwise: Option<&Way>) {
    try_case(core, plan, ix, cases, otherwise, 0);
}

fn try_case(core: &mut Core, plan: &Plan, ix: Ix, cases: &[(Check, Way)], otherwise: Option<&Way>, from: u32) {
    for at in from..cases.len() as u32 {
        let (check, way) = &cases[at as usize];
        match check {
            Check::Region(node) => {
                core.frames[ix].state = State::Branch { case: at };
                return core.spawn(ix, 2 * at, *node);
            }
            Check::Expr(expr) => match View::new(core, plan, core.frames[ix].env).test(expr) {
                Ok(true) => return take(core, plan, ix, at, way),
                Ok(false) => {}
                Err(error) => return core.settle(plan, ix, Outcome::failure(error)),
            },
        }
    }
    match otherwise {
        Some(way) => take(core, plan, ix, cases.len() as u32, way),
        None => core.settle(plan, ix, Outcome::success(weir_base::Value::Null)),
    }
}

/// A way without a body hands on what flows in.
fn take(core: &mut Core, plan: &Plan, ix: Ix, case: u32, way: &Way) {
    core.frames[ix].state = State::Branch { case };
    match way.body {
        Some(body) => core.spawn(ix, 2 * case + 1, body),
        None => {
            let output = core.data(core.frames[ix].env);
            core.settle(plan, ix, Outcome::Success { output, handle: way.handle.clone() });
        }
    }
}

pub(super) fn child_done(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    cases: &[(Check, Way)],
    otherwise: Option<&Way>,
    slot: u32,
    outcome: Outcome,
) {
    let case = slot / 2;
    let way = cases.get(case as usize).map(|(_, way)| way).or(otherwise);
    match (slot % 2, outcome, way) {
        (0, Outcome::Success { .. }, Some(way)) => take(core, plan, ix, case, way),
        (0, Outcome::Failure(_), _) => try_case(core, plan, ix, cases, otherwise, case + 1),
        (1, Outcome::Success { output, handle }, Some(way)) => {
            core.settle(plan, ix, Outcome::Success { output, handle: way.handle.clone().or(handle) });
        }
        (_, outcome, _) => core.settle(plan, ix, outcome),
    }
}
