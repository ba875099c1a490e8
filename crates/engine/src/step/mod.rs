//! What each control node does: one file each, and the three doors through which the machine calls them.
//!
//! A step is *entered*, is told of each *child* that ended and of each *answer* from outside, and says
//! what follows by spawning children, sending commands, settling (no children left) or closing (ends the
//! children first). Nothing here recurses: everything that follows is work for the machine's list.

pub(crate) mod agent;
mod branch;
mod calling;
mod decorate;
pub(crate) mod graph;
pub(crate) mod looping;
pub(crate) mod mailbox;
pub(crate) mod parallel;
mod precondition;
pub(crate) mod pure;
mod retry;
mod scoping;
pub(crate) mod sequence;
pub(crate) mod task;
pub(crate) mod trying;
mod until_failure;
mod waiting;

use crate::StepError;
use crate::arena::Ix;
use crate::core::Core;
use crate::event::TaskResult;
use crate::frame::Outcome;
use crate::plan::{Op, Plan};
use weir_base::{Text, Value};
use weir_ir::Order;

/// An answer from outside.
pub(crate) enum Wake<'a> {
    Task(&'a TaskResult),
    Timer,
    Signal(&'a Value),
    Child {
        output: &'a Value,
        error: Option<&'a StepError>,
    },
    /// A fresh journal link has been opened.
    HandedOver,
}

/// Whether a step changes nothing outside and ends at once: it gets no frame.
pub(crate) fn is_pure(op: &Op) -> bool {
    matches!(op, Op::Set(_) | Op::Return { .. } | Op::Fail(_))
}

/// The handle a step leaves by where a person has ended it without naming one.
pub(crate) fn usual_handle(op: &Op) -> Option<Text> {
    matches!(op, Op::Loop(_)).then(|| looping::DONE.into())
}

pub(crate) fn enter(core: &mut Core, plan: &Plan, ix: Ix) {
    match &plan.node(core.frames[ix].node).op {
        Op::Sequence { order, children } => sequence::enter(core, plan, ix, *order, children, true),
        Op::Select { order, children } => sequence::enter(core, plan, ix, *order, children, false),
        Op::Parallel(parallel) => parallel::enter(core, plan, ix, parallel),
        Op::Graph(graph) => graph::enter(core, plan, ix, graph),
        Op::Branch { cases, otherwise } => branch::enter(core, plan, ix, cases, otherwise.as_ref()),
        Op::Loop(looped) => looping::enter(core, plan, ix, looped),
        Op::Try { body, .. } => trying::enter(core, ix, *body),
        Op::Timeout { after, body } => decorate::enter_timeout(core, plan, ix, after, *body),
        Op::Delay { by, body } => decorate::enter_delay(core, plan, ix, by, *body),
        Op::Invert { body } | Op::Force { body, .. } | Op::SoftAssert { body } => core.spawn(ix, 0, *body),
        Op::RunOnce { body } => decorate::enter_once(core, plan, ix, *body),
        Op::Retry { body, .. } => retry::enter(core, ix, *body),
        Op::UntilFailure { body } => until_failure::enter(core, plan, ix, *body),
        Op::Precondition { checks, body } => precondition::enter(core, plan, ix, checks, *body),
        Op::Scope { body } => scoping::enter_scope(core, ix, *body),
        Op::Use { body } => scoping::enter_use(core, ix, *body),
        Op::Wait(wait) => waiting::enter(core, plan, ix, wait),
        Op::Call(call) => calling::enter(core, plan, ix, call),
        Op::Mailbox(mailbox) => mailbox::enter(core, plan, ix, mailbox),
        Op::Agent(agent) => agent::enter(core, plan, ix, agent),
        Op::Ask(spec) => agent::enter_ask(core, plan, ix, spec),
        Op::Task(spec) => task::enter(core, plan, ix, spec),
        Op::Set(_) | Op::Return { .. } | Op::Fail(_) => pure::perform_framed(core, plan, ix),
    }
}

pub(crate) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, slot: u32, outcome: Outcome) {
    match &plan.node(core.frames[ix].node).op {
        Op::Sequence { order, children } => sequence::child_done(core, plan, ix, *order, children, slot, outcome),
        Op::Select { order, children } => sequence::child_done(core, plan, ix, *order, children, slot, outcome),
        Op::Parallel(parallel) => parallel::child_done(core, plan, ix, parallel, slot, outcome),
        Op::Graph(graph) => graph::child_done(core, plan, ix, graph, slot, outcome),
        Op::Branch { cases, otherwise } => branch::child_done(core, plan, ix, cases, otherwise.as_ref(), slot, outcome),
        Op::Loop(looped) => looping::child_done(core, plan, ix, looped, slot, outcome),
        Op::Try { catch, finally, .. } => trying::child_done(core, plan, ix, *catch, *finally, outcome),
        Op::Invert { .. } => decorate::invert(core, plan, ix, outcome),
        Op::Force { success, .. } => decorate::force(core, plan, ix, *success, outcome),
        Op::SoftAssert { .. } => decorate::soften(core, plan, ix, outcome),
        Op::RunOnce { .. } => decorate::once_done(core, plan, ix, outcome),
        Op::Retry { policy, body } => retry::child_done(core, plan, ix, policy, *body, outcome),
        Op::UntilFailure { body } => until_failure::child_done(core, plan, ix, *body, outcome),
        Op::Precondition { checks, body } => precondition::child_done(core, plan, ix, checks, *body, slot, outcome),
        Op::Mailbox(mailbox) => mailbox::child_done(core, plan, ix, mailbox, slot, outcome),
        Op::Agent(agent) => agent::child_done(core, plan, ix, agent, slot, outcome),
        _ => core.settle(plan, ix, outcome),
    }
}

pub(crate) fn woken(core: &mut Core, plan: &Plan, ix: Ix, wake: Wake<'_>) {
    if core.frames.get(ix).is_none_or(|frame| frame.closing.is_some()) {
        return;
    }
    match (&plan.node(core.frames[ix].node).op, wake) {
        (Op::Task(spec), Wake::Task(result)) => task::finished(core, plan, ix, spec, result),
        (Op::Ask(_), Wake::Task(result)) => agent::asked(core, plan, ix, result),
        (Op::Timeout { .. }, Wake::Timer) => decorate::timed_out(core, plan, ix),
        (Op::Delay { body, .. }, Wake::Timer) => core.spawn(ix, 0, *body),
        (Op::Retry { body, .. }, Wake::Timer) => retry::again(core, ix, *body),
        (Op::Wait(wait), wake) => waiting::woken(core, plan, ix, wait, wake),
        (Op::Call(call), Wake::Child { output, error }) => calling::finished(core, plan, ix, call, output, error),
        (Op::Loop(looped), Wake::HandedOver) => looping::next(core, plan, ix, looped),
        _ => {}
    }
}

/// The last thing before a frame goes.
pub(crate) fn leave(core: &mut Core, plan: &Plan, ix: Ix, outcome: &Outcome) {
    let _ = outcome;
    match &plan.node(core.frames[ix].node).op {
        Op::Scope { .. } => scoping::leave_scope(core, ix),
        Op::Use { .. } => scoping::leave_use(core, ix),
        Op::Sequence { order: Order::Reactive, .. } | Op::Select { order: Order::Reactive, .. } => {
            core.reactive.retain(|live| *live != ix);
        }
        Op::Graph(_) => graph::leave(core, ix),
        _ => {}
    }
}
