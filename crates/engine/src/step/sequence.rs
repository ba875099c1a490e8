use crate::arena::Ix;
use crate::core::{Core, indexed};
use crate::env::Memory;
use crate::frame::{Outcome, State};
use crate::plan::{NodeIx, Op, Plan};
use crate::{StepError, code};
use std::collections::BTreeMap;
use weir_base::Value;
use weir_ir::Order;

/// A sequence stops at the first failure, a select at the first success; otherwise they are the same.
pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, order: Order, children: &[NodeIx], sequence: bool) {
    core.frames[ix].state =
        State::Sequence { at: 0, pass: 0, check: None, held: None, dirty: false, own: false, since: core.turn };
    if order == Order::Reactive {
        core.reactive.push(ix);
    }
    advance(core, plan, ix, order, children, sequence, 0, None);
}

pub(super) fn child_done(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    order: Order,
    children: &[NodeIx],
    slot: u32,
    outcome: Outcome,
) {
    let sequence = is_sequence(plan, core, ix);
    let State::Sequence { at, check, held, dirty, own, .. } = &mut core.frames[ix].state else { return };
    if *check != Some(slot) {
        if check.is_some() {
            *held = Some(outcome);
            return;
        }
        return child_settled(core, plan, ix, order, children, sequence, slot, outcome);
    }
    if outcome.is_success() != sequence {
        return guard_failed(core, plan, ix, outcome);
    }
    let next = slot + 1;
    if next < *at {
        *check = Some(next);
        return spawn_child(core, ix, order, children, next);
    }
    *check = None;
    if *dirty || *own {
        return;
    }
    if let Some(outcome) = held.take() {
        let at = *at;
        child_settled(core, plan, ix, order, children, sequence, at, outcome);
    }
}

/// A guard no longer holds: what runs behind it ends, and the guard's outcome is the region's.
fn guard_failed(core: &mut Core, plan: &Plan, ix: Ix, outcome: Outcome) {
    let outcome = match outcome {
        Outcome::Success { output, .. } => Outcome::success(output),
        other => other,
    };
    core.close(plan, ix, outcome);
}

#[allow(clippy::too_many_arguments)]
fn child_settled(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    order: Order,
    children: &[NodeIx],
    sequence: bool,
    slot: u32,
    outcome: Outcome,
) {
    match outcome {
        Outcome::Success { output, .. } if sequence => {
            if order == Order::Memory {
                remember(core, ix, slot, output.clone());
            }
            advance(core, plan, ix, order, children, sequence, slot + 1, Some(Outcome::success(output)));
        }
        Outcome::Failure(error) if !sequence => {
            if order == Order::Memory {
                remember(core, ix, slot, Value::Null);
            }
            advance(core, plan, ix, order, children, sequence, slot + 1, Some(Outcome::Failure(error)));
        }
        Outcome::Success { output, .. } => core.settle(plan, ix, Outcome::success(output)),
        other => core.settle(plan, ix, other),
    }
}

/// Goes on with the child at `from`, over those a memory region has behind it.
#[allow(clippy::too_many_arguments)]
fn advance(
    core: &mut Core,
    plan: &Plan,
    ix: Ix,
    order: Order,
    children: &[NodeIx],
    sequence: bool,
    from: u32,
    last: Option<Outcome>,
) {
    let (mut next, mut last) = (from, last);
    while let Some(output) = remembered(core, ix, order, next) {
        if sequence {
            last = Some(Outcome::success(output));
        }
        next += 1;
    }
    if (next as usize) < children.len() {
        move_on(core, ix, next);
        return spawn_child(core, ix, order, children, next);
    }
    let none = || match sequence {
        true => Outcome::success(Value::Null),
        false => Outcome::failure(StepError::verdict(code::NO_CHILD_SUCCEEDED, "no child succeeded")),
    };
    core.settle(plan, ix, last.unwrap_or_else(none));
}

/// The child before has become a guard. What it wrote within one event is a guard's own writing; what it wrote
/// after the region was suspended is not.
fn move_on(core: &mut Core, ix: Ix, next: u32) {
    let turn = core.turn;
    if let State::Sequence { at, dirty, own, since, .. } = &mut core.frames[ix].state {
        *dirty |= std::mem::take(own) && *since != turn;
        (*at, *since) = (next, turn);
    }
}

fn spawn_child(core: &mut Core, ix: Ix, order: Order, children: &[NodeIx], slot: u32) {
    let frame = &core.frames[ix];
    let base = match (&frame.state, order) {
        (State::Sequence { pass, .. }, Order::Reactive) => indexed(&frame.path, u64::from(*pass)),
        _ => frame.path.clone(),
    };
    let env = frame.env;
    core.spawn_in(ix, slot, children[slot as usize], env, base);
}

fn remembered(core: &Core, ix: Ix, order: Order, slot: u32) -> Option<Value> {
    if order != Order::Memory {
        return None;
    }
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

fn is_sequence(plan: &Plan, core: &Core, ix: Ix) -> bool {
    matches!(plan.node(core.frames[ix].node).op, Op::Sequence { .. })
}

/// Notes that something a reactive region can see has changed while a later child of it is suspended.
pub(crate) fn mark_dirty(core: &mut Core, ix: Ix) {
    if let Some(State::Sequence { at, dirty, .. }) = core.frames.get_mut(ix).map(|frame| &mut frame.state) {
        *dirty |= *at > 0;
    }
}

/// A write to `scope` by child `slot` of `writer`: every reactive region that sees it is to check its guards
/// again, unless a guard of its own did the writing.
pub(crate) fn note_write(core: &mut Core, writer: Ix, slot: u32, scope: Ix) {
    for ix in core.reactive.clone() {
        if !core.frames.get(ix).is_some_and(|frame| core.envs.sees(frame.env, scope)) {
            continue;
        }
        match child_that_wrote(core, ix, writer, slot) {
            None => mark_dirty(core, ix),
            Some(child) => mark_own(core, ix, child),
        }
    }
}

/// The child of `region` that child `slot` of `writer` is in, if it is in one.
fn child_that_wrote(core: &Core, region: Ix, writer: Ix, slot: u32) -> Option<u32> {
    let (mut parent, mut slot) = (writer, slot);
    while let Some(frame) = core.frames.get(parent) {
        if parent == region {
            return Some(slot);
        }
        (parent, slot) = (frame.parent, frame.slot);
    }
    None
}

fn mark_own(core: &mut Core, ix: Ix, child: u32) {
    if let Some(State::Sequence { at, own, .. }) = core.frames.get_mut(ix).map(|frame| &mut frame.state) {
        *own |= child == *at && child > 0;
    }
}

/// Starts a new pass of the first reactive region whose guards are due. False where none is.
pub(crate) fn recheck(core: &mut Core, plan: &Plan) -> bool {
    let due = core.reactive.iter().copied().find(|ix| is_due(core, *ix));
    let Some(ix) = due else { return false };
    let (Op::Sequence { order, children } | Op::Select { order, children }) = &plan.node(core.frames[ix].node).op
    else {
        return false;
    };
    if let Err(error) = core.count_idle("the guards of this region are checked over and over") {
        core.close(plan, ix, Outcome::failure(error));
        return true;
    }
    if let State::Sequence { pass, check, dirty, own, .. } = &mut core.frames[ix].state {
        *pass += 1;
        *check = Some(0);
        (*dirty, *own) = (false, false);
    }
    spawn_child(core, ix, *order, children, 0);
    true
}

fn is_due(core: &Core, ix: Ix) -> bool {
    core.frames.get(ix).is_some_and(|frame| {
        let wanted = matches!(
            frame.state,
            State::Sequence { dirty: true, check: None, .. } | State::Sequence { own: true, check: None, .. }
        );
        frame.closing.is_none() && wanted
    })
}
