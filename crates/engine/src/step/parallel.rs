use crate::arena::Ix;
use crate::core::Core;
use crate::env::Memory;
use crate::frame::{Outcome, State};
use crate::plan::{ParallelPlan, Plan};
use crate::scope::View;
use crate::weight::joined;
use crate::{StepError, code};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::Value;
use weir_expr::Template;
use weir_ir::{Settle, Strategy};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ParallelState {
    outputs: Vec<Value>,
    /// The next child to enter, where only some may run at once.
    next: u32,
    running: u32,
    succeeded: u64,
    failed: u64,
    success: Option<u64>,
    failure: Option<u64>,
    first_error: Option<Box<StepError>>,
}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, parallel: &ParallelPlan) {
    let mut state = match thresholds(core, plan, ix, parallel) {
        Ok((success, failure)) => ParallelState { success, failure, ..ParallelState::default() },
        Err(error) => return core.settle(plan, ix, Outcome::failure(error)),
    };
    state.outputs = vec![Value::Null; parallel.children.len()];
    core.frames[ix].state = State::Parallel(Box::new(state));
    start_more(core, plan, ix, parallel);
    settle_if_decided(core, plan, ix, parallel);
}

/// Ends where all children have settled, or where the verdict cannot change and none is to be waited for.
fn settle_if_decided(core: &mut Core, plan: &Plan, ix: Ix, parallel: &ParallelPlan) {
    if parallel.settle == Settle::Early && decided(state(core, ix), parallel) {
        let outcome = verdict(state_mut(core, ix), parallel);
        return core.close(plan, ix, outcome);
    }
    finish_if_settled(core, plan, ix, parallel);
}

fn thresholds(
    core: &Core,
    plan: &Plan,
    ix: Ix,
    parallel: &ParallelPlan,
) -> Result<(Option<u64>, Option<u64>), StepError> {
    let view = View::new(core, plan, core.frames[ix].env);
    let count = |template: &Option<Template>| template.as_ref().map(|template| view.count(template)).transpose();
    Ok((count(&parallel.success)?, count(&parallel.failure)?))
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, parallel: &ParallelPlan, slot: u32, outcome: Outcome) {
    if let (Outcome::Success { output, .. }, true) = (&outcome, plan.reenters) {
        remember(core, ix, slot, output.clone());
    }
    note(state_mut(core, ix), slot, outcome);
    if parallel.settle == Settle::Early && decided(state(core, ix), parallel) {
        let outcome = verdict(state_mut(core, ix), parallel);
        return core.close(plan, ix, outcome);
    }
    start_more(core, plan, ix, parallel);
    finish_if_settled(core, plan, ix, parallel);
}

fn note(state: &mut ParallelState, slot: u32, outcome: Outcome) {
    state.running -= 1;
    match outcome {
        Outcome::Success { output, .. } => {
            state.succeeded += 1;
            state.outputs[slot as usize] = output;
        }
        Outcome::Failure(error) => {
            state.failed += 1;
            state.first_error.get_or_insert(error);
        }
        Outcome::Cancelled => state.failed += 1,
    }
}

/// Enters as many children as the limit lets run. Children whose result is remembered count at once.
fn start_more(core: &mut Core, plan: &Plan, ix: Ix, parallel: &ParallelPlan) {
    let limit = parallel.limit.unwrap_or(u32::MAX);
    let mut chosen = Vec::new();
    while (state(core, ix).next as usize) < parallel.children.len() && state(core, ix).running < limit {
        let slot = state(core, ix).next;
        let remembered = if plan.reenters { remembered(core, ix, slot) } else { None };
        let state = state_mut(core, ix);
        state.next += 1;
        match remembered {
            Some(output) => {
                state.succeeded += 1;
                state.outputs[slot as usize] = output;
            }
            None => {
                state.running += 1;
                chosen.push(slot);
            }
        }
    }
    // The work list is a stack: the first child is pushed last.
    for slot in chosen.into_iter().rev() {
        core.spawn(ix, slot, parallel.children[slot as usize]);
    }
}

fn finish_if_settled(core: &mut Core, plan: &Plan, ix: Ix, parallel: &ParallelPlan) {
    let state = state_mut(core, ix);
    if state.running == 0 && state.next as usize == parallel.children.len() {
        let outcome = verdict(state, parallel);
        core.settle(plan, ix, outcome);
    }
}

/// Looks at the success threshold, then the failure threshold, then the strategy.
fn passes(state: &ParallelState, parallel: &ParallelPlan, succeeded: u64, failed: u64) -> bool {
    let total = parallel.children.len();
    if total == 0 || state.success.is_some_and(|needed| succeeded >= needed) {
        return true;
    }
    if state.failure.is_some_and(|allowed| failed >= allowed) {
        return false;
    }
    match parallel.strategy {
        Strategy::All => failed == 0,
        Strategy::Any => succeeded > 0,
    }
}

/// Whether the verdict is the same if all the rest succeeds and if all the rest fails.
fn decided(state: &ParallelState, parallel: &ParallelPlan) -> bool {
    let left = parallel.children.len() as u64 - state.succeeded - state.failed;
    passes(state, parallel, state.succeeded + left, state.failed)
        == passes(state, parallel, state.succeeded, state.failed + left)
}

fn verdict(state: &mut ParallelState, parallel: &ParallelPlan) -> Outcome {
    let left = parallel.children.len() as u64 - state.succeeded - state.failed;
    if passes(state, parallel, state.succeeded, state.failed + left) {
        let outputs = joined(Value::from(std::mem::take(&mut state.outputs)));
        return outputs.map_or_else(Outcome::failure, Outcome::success);
    }
    match state.first_error.take() {
        Some(error) => Outcome::Failure(error),
        None => {
            let message = format!("{} of {} children succeeded", state.succeeded, parallel.children.len());
            Outcome::failure(StepError::verdict(code::PARALLEL_FAILED, message))
        }
    }
}

fn remembered(core: &Core, ix: Ix, slot: u32) -> Option<Value> {
    let frame = &core.frames[ix];
    match core.envs.memory(frame.env, frame.node)? {
        Memory::Children(children) => children.get(&slot).cloned(),
        _ => None,
    }
}

fn remember(core: &mut Core, ix: Ix, slot: u32, output: Value) {
    let (env, node) = (core.frames[ix].env, core.frames[ix].node);
    let Some(memories) = core.envs.memory_mut(env) else { return };
    let memory = memories.entry(node).or_insert_with(|| Memory::Children(BTreeMap::new()));
    if let Memory::Children(children) = memory {
        children.insert(slot, output);
    }
}

fn state(core: &Core, ix: Ix) -> &ParallelState {
    match &core.frames[ix].state {
        State::Parallel(state) => state,
        _ => unreachable!("a parallel keeps its own state"),
    }
}

fn state_mut(core: &mut Core, ix: Ix) -> &mut ParallelState {
    match &mut core.frames[ix].state {
        State::Parallel(state) => state,
        _ => unreachable!("a parallel keeps its own state"),
    }
}
