use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::env::EnvKind;
use crate::frame::{Outcome, State};
use crate::plan::{Check, LoopModePlan, LoopPlan, Op, Plan};
use crate::scope::{View, shown};
use crate::weight::joined;
use crate::{StepError, code};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::{Text, Value};
use weir_ir::OnLimit;

/// The slot of a condition that is a region; iterations have their index modulo this.
const CHECK: u32 = u32::MAX;
pub(super) const DONE: &str = "done";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LoopState {
    /// Iterations entered so far; the index of the next one.
    next: u64,
    running: u32,
    max: Option<u64>,
    count: Option<u64>,
    items: Option<Value>,
    last: Value,
    /// Outputs by index, where something reads them.
    outputs: BTreeMap<u64, Value>,
    /// The environment of the iteration whose condition is being checked.
    checking: Option<Ix>,
}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan) {
    match prepare(core, plan, ix, looped) {
        Ok(state) => {
            core.frames[ix].state = State::Loop(Box::new(state));
            next(core, plan, ix, looped);
        }
        Err(error) => core.settle(plan, ix, Outcome::failure(error)),
    }
}

fn prepare(core: &Core, plan: &Plan, ix: Ix, looped: &LoopPlan) -> Result<LoopState, StepError> {
    let view = View::new(core, plan, core.frames[ix].env);
    let max = looped.max.as_ref().map(|max| view.count(max)).transpose()?;
    let mut state = LoopState { max, ..LoopState::default() };
    match &looped.mode {
        LoopModePlan::Repeat(count) => state.count = Some(view.count(count)?),
        LoopModePlan::ForEach { items, .. } => match view.template(items)? {
            Value::Array(items) => {
                items.iter().try_for_each(super::pure::refuse_sealed)?;
                state.count = Some(items.len() as u64);
                state.items = Some(Value::Array(items));
            }
            other => {
                let message = format!("expected a list to go through, found {}", shown(&other));
                return Err(StepError::verdict(code::NOT_A_LIST, message));
            }
        },
        LoopModePlan::While(_) | LoopModePlan::Forever => {}
    }
    Ok(state)
}

/// Starts the next iterations, as many as may run at once, or ends the loop.
pub(super) fn next(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan) {
    let limit = concurrency(looped);
    let mut begun = Vec::new();
    while state(core, ix).running < limit && !exhausted(state(core, ix)) {
        match count_iteration(core, looped, ix) {
            Ok(()) => begun.push(begin(core, ix, looped)),
            Err(error) if state(core, ix).running == 0 => return end_at_limit(core, plan, ix, looped, error),
            // Those under way end first.
            Err(_) => break,
        }
    }
    if begun.is_empty() && state(core, ix).running == 0 {
        let outcome = done(state(core, ix), looped);
        return core.settle(plan, ix, outcome);
    }
    for (index, env) in begun.into_iter().rev() {
        iterate(core, plan, ix, looped, index, env);
        core.envs.release(env);
    }
}

fn exhausted(state: &LoopState) -> bool {
    state.count.is_some_and(|count| state.next >= count)
}

fn concurrency(looped: &LoopPlan) -> u32 {
    match looped.mode {
        LoopModePlan::ForEach { concurrency, .. } => concurrency,
        _ => 1,
    }
}

fn count_iteration(core: &mut Core, looped: &LoopPlan, ix: Ix) -> Result<(), StepError> {
    core.count_idle("this loop does not end")?;
    match state(core, ix).max {
        Some(max) if state(core, ix).next >= max => {
            let kind =
                if matches!(looped.mode, LoopModePlan::While(_)) { "condition still holds" } else { "loop goes on" };
            let message = format!("the limit of {max} iterations is reached and the {kind}");
            Err(StepError::verdict(code::ITERATION_LIMIT, message))
        }
        _ => Ok(()),
    }
}

/// A bound that was reached ends the loop as it says; the engine's own always fails it.
fn end_at_limit(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan, error: StepError) {
    let outcome = match (looped.on_limit, &*error.code) {
        (OnLimit::Done, code::ITERATION_LIMIT) => done(state(core, ix), looped),
        _ => Outcome::failure(error),
    };
    core.settle(plan, ix, outcome);
}

/// Every iteration is a fresh instance.
fn begin(core: &mut Core, ix: Ix, looped: &LoopPlan) -> (u64, Ix) {
    let outer = core.frames[ix].env;
    let state = state_mut(core, ix);
    let index = state.next;
    state.next += 1;
    state.running += 1;
    let item = state.items.as_ref().and_then(|items| items.at(index as usize)).cloned().unwrap_or_default();
    if let LoopModePlan::ForEach { item_var, index_var, .. } = &looped.mode {
        for (name, value) in [(item_var, item.clone()), (index_var, Value::from(index))] {
            if let Some(name) = name {
                core.write(ix, slot_of(index), outer, name.clone(), value);
            }
        }
    }
    (index, core.envs.push(outer, EnvKind::Item { item, index }, true))
}

fn iterate(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan, index: u64, env: Ix) {
    let base = indexed(&core.frames[ix].path, index);
    match &looped.mode {
        LoopModePlan::While(Check::Expr(expr)) => match View::new(core, plan, env).test(expr) {
            Ok(true) => enter_body(core, ix, looped, index, env, base),
            Ok(false) => finish(core, plan, ix, looped),
            Err(error) => core.settle(plan, ix, Outcome::failure(error)),
        },
        LoopModePlan::While(Check::Region(check)) => {
            core.envs.retain(env);
            state_mut(core, ix).checking = Some(env);
            core.spawn_in(ix, CHECK, *check, env, base);
        }
        _ => enter_body(core, ix, looped, index, env, base),
    }
}

/// The output before is let go of: this iteration gives another, or the loop ends without one.
fn enter_body(core: &mut Core, ix: Ix, looped: &LoopPlan, index: u64, env: Ix, base: Text) {
    state_mut(core, ix).last = Value::Null;
    core.spawn_in(ix, slot_of(index), looped.body, env, base);
}

fn slot_of(index: u64) -> u32 {
    (index % u64::from(CHECK)) as u32
}

/// The condition no longer holds.
fn finish(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan) {
    let outcome = done(state(core, ix), looped);
    core.settle(plan, ix, outcome);
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan, slot: u32, outcome: Outcome) {
    if slot == CHECK {
        return check_done(core, plan, ix, looped, outcome);
    }
    state_mut(core, ix).running -= 1;
    match outcome {
        Outcome::Success { output, handle: Some(handle) } if leaves(plan, looped, &handle) => {
            core.close(plan, ix, Outcome::Success { output, handle: Some(handle) });
        }
        Outcome::Success { output, .. } => {
            keep(core, ix, looped, slot, output);
            if due_for_handover(core, ix, looped) {
                core.handover.push(ix);
                return;
            }
            next(core, plan, ix, looped);
        }
        other => core.close(plan, ix, other),
    }
}

fn check_done(core: &mut Core, plan: &Plan, ix: Ix, looped: &LoopPlan, outcome: Outcome) {
    let Some(env) = state_mut(core, ix).checking.take() else { return };
    let index = state(core, ix).next - 1;
    match outcome {
        Outcome::Success { .. } => {
            let base = indexed(&core.frames[ix].path, index);
            enter_body(core, ix, looped, index, env, base);
        }
        Outcome::Failure(error) if !error.is_verdict() => core.settle(plan, ix, Outcome::Failure(error)),
        Outcome::Failure(_) => finish(core, plan, ix, looped),
        Outcome::Cancelled => core.settle(plan, ix, Outcome::Cancelled),
    }
    core.envs.release(env);
}

/// Whether this handle is an edge out of the body, which ends the loop.
fn leaves(plan: &Plan, looped: &LoopPlan, handle: &Text) -> bool {
    match &plan.node(looped.body).op {
        Op::Graph(graph) => graph.steps.iter().any(|step| step.exits.iter().any(|(_, name)| name == handle)),
        _ => false,
    }
}

fn keep(core: &mut Core, ix: Ix, looped: &LoopPlan, slot: u32, output: Value) {
    let state = state_mut(core, ix);
    if looped.collect {
        state.outputs.insert(u64::from(slot), output.clone());
    }
    state.last = output;
}

/// The loop has run its course: the list of outputs where something reads it, else the last one.
fn done(state: &LoopState, looped: &LoopPlan) -> Outcome {
    let output = match looped.collect {
        true => joined(Value::array(state.outputs.values().cloned())),
        false => Ok(state.last.clone()),
    };
    output.map_or_else(Outcome::failure, |output| Outcome::Success { output, handle: Some(DONE.into()) })
}

fn due_for_handover(core: &Core, ix: Ix, looped: &LoopPlan) -> bool {
    let state = state(core, ix);
    state.running == 0 && looped.continue_as_new.is_some_and(|period| state.next.is_multiple_of(period))
}

fn state(core: &Core, ix: Ix) -> &LoopState {
    match &core.frames[ix].state {
        State::Loop(state) => state,
        _ => unreachable!("a loop keeps its own state"),
    }
}

fn state_mut(core: &mut Core, ix: Ix) -> &mut LoopState {
    match &mut core.frames[ix].state {
        State::Loop(state) => state,
        _ => unreachable!("a loop keeps its own state"),
    }
}
