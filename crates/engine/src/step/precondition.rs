use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::frame::{Outcome, State};
use crate::plan::{Check, NodeIx, Plan, PrecheckPlan};
use crate::scope::View;
use crate::{StepError, code};

const CHECK: u32 = 0;
const RESOLVER: u32 = 1;
const BODY: u32 = 2;

/// Checks in order; a failed one runs its resolver and is checked once more. Every run of a region has its own index.
pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, checks: &[PrecheckPlan], body: NodeIx) {
    core.frames[ix].state = State::Precondition { check: 0, runs: 0, resolved: false };
    check_from(core, plan, ix, checks, body);
}

fn check_from(core: &mut Core, plan: &Plan, ix: Ix, checks: &[PrecheckPlan], body: NodeIx) {
    loop {
        let State::Precondition { check, .. } = core.frames[ix].state else { return };
        let Some(precheck) = checks.get(check as usize) else { return core.spawn(ix, BODY, body) };
        let holds = match &precheck.check {
            Check::Region(node) => return run_region(core, ix, CHECK, *node),
            Check::Expr(expr) => View::new(core, plan, core.frames[ix].env).test(expr),
        };
        match holds {
            Ok(true) => pass(core, ix),
            Ok(false) if try_resolver(core, ix, precheck) => return,
            Ok(false) if precheck.required => return fail(core, plan, ix, check),
            Ok(false) => pass(core, ix),
            Err(error) => return core.settle(plan, ix, Outcome::failure(error)),
        }
    }
}

fn run_region(core: &mut Core, ix: Ix, slot: u32, node: NodeIx) {
    let State::Precondition { runs, .. } = &mut core.frames[ix].state else { return };
    let index = u64::from(*runs);
    *runs += 1;
    let (env, base) = (core.frames[ix].env, indexed(&core.frames[ix].path, index));
    core.spawn_in(ix, slot, node, env, base);
}

fn try_resolver(core: &mut Core, ix: Ix, precheck: &PrecheckPlan) -> bool {
    let State::Precondition { resolved, .. } = &mut core.frames[ix].state else { return false };
    match precheck.resolver {
        Some(resolver) if !*resolved => {
            *resolved = true;
            run_region(core, ix, RESOLVER, resolver);
            true
        }
        _ => false,
    }
}

fn pass(core: &mut Core, ix: Ix) {
    if let State::Precondition { check, resolved, .. } = &mut core.frames[ix].state {
        *check += 1;
        *resolved = false;
    }
}

fn fail(core: &mut Core, plan: &Plan, ix: Ix, check: u32) {
    let message = format!("precondition {} does not hold", check + 1);
    core.settle(plan, ix, Outcome::failure(StepError::verdict(code::PRECONDITION_FAILED, message)));
}

pub(super) fn child_done(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    checks: &[PrecheckPlan],
    body: NodeIx,
    slot: u32,
    outcome: Outcome,
) {
    let State::Precondition { check, .. } = core.frames[ix].state else { return };
    let (Some(precheck), true) = (checks.get(check as usize), slot != BODY) else {
        return core.settle(plan, ix, outcome);
    };
    match (slot, outcome) {
        (_, Outcome::Cancelled) => core.settle(plan, ix, Outcome::Cancelled),
        (CHECK, Outcome::Success { .. }) => {
            pass(core, ix);
            check_from(core, plan, ix, checks, body);
        }
        // A resolver that succeeded is followed by another check, one that failed decides.
        (RESOLVER, Outcome::Success { .. }) => check_from(core, plan, ix, checks, body),
        (CHECK, _) if try_resolver(core, ix, precheck) => {}
        _ if precheck.required => fail(core, plan, ix, check),
        _ => {
            pass(core, ix);
            check_from(core, plan, ix, checks, body);
        }
    }
}
