//! The mailbox: listeners that send each other messages within threads, until none is queued or in work.
//!
//! A thread is a frame of conversation: one listener that was called once. Sending to another listener opens a thread
//! below; answering goes to whoever opened the thread; sending to oneself stays in it. Thread `t3` is the fourth that
//! was opened, in fold order, and the n-th message to its listener is handled below `t3/listener[n]`.
//!
//! `round.rs` decides what follows from a cause; this file starts handlers and passes on what concerns others.

mod action;
mod queue;
mod round;
mod seat;
mod state;
mod todo;
mod weight;

pub(crate) use seat::Seat;
pub(crate) use state::MailboxState;
pub(crate) use todo::todo_tools;

use crate::arena::Ix;
use crate::core::{Core, indexed, join};
use crate::env::EnvKind;
use crate::frame::{Outcome, State};
use crate::plan::{MailboxPlan, Plan};
use crate::{StepError, category, code};
use round::{Effects, ROUTING_MESSAGE, Round};
use seat::mailbox_of;
use state::{Delivery, Message};
use std::borrow::Cow;
use weir_base::{Map, Text, Value};

/// A message an agent sends as a tool call.
pub(crate) struct PeerCall {
    /// The call's place in the reply.
    pub tool: u32,
    pub peer: Text,
    pub args: Value,
}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, mailbox: &MailboxPlan) {
    let data = core.data(core.frames[ix].env);
    core.frames[ix].state = State::Mailbox(Box::default());
    match addressed(mailbox, &data) {
        Ok((listeners, payload)) => {
            let mut round = Round::new(state_mut(core, ix), mailbox);
            round.outside(listeners, payload);
            let effects = round.finish();
            apply(core, plan, ix, mailbox, effects);
        }
        Err(error) => core.settle(plan, ix, Outcome::failure(error)),
    }
}

/// Who gets a message from outside: `{to, payload}`, or a bare payload for the entry.
fn addressed<'a>(mailbox: &'a MailboxPlan, data: &'a Value) -> Result<(&'a [u32], &'a Value), StepError> {
    let (listeners, payload) = match (data.get("to").and_then(Value::as_str), data.get("payload")) {
        (Some(to), Some(payload)) => (mailbox.reach_from_outside(to), payload),
        _ => (mailbox.entry.as_ref().map(std::slice::from_ref), data),
    };
    let listeners = listeners.ok_or_else(|| StepError::input(code::ROUTING, ROUTING_MESSAGE))?;
    Ok((listeners, payload))
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, mailbox: &MailboxPlan, slot: u32, outcome: Outcome) {
    if matches!(outcome, Outcome::Cancelled) {
        return core.close(plan, ix, Outcome::Cancelled);
    }
    let mut round = Round::new(state_mut(core, ix), mailbox);
    round.handled(slot, outcome);
    let effects = round.finish();
    apply(core, plan, ix, mailbox, effects);
}

/// Passes on what a round decided, then starts what may start, or ends the mailbox.
fn apply(core: &mut Core, plan: &Plan, ix: Ix, mailbox: &MailboxPlan, effects: Effects) {
    for (thread, message) in effects.warnings {
        let path = join(&core.frames[ix].path, &thread_name(thread));
        core.warn(path, message);
    }
    if let Some(error) = effects.failure {
        return core.close(plan, ix, Outcome::failure(error));
    }
    for answer in effects.answers {
        super::agent::peer_answered(core, plan, answer.agent, answer.tool, answer.part, answer.value);
    }
    start_more(core, ix, mailbox);
    let state = state_mut(core, ix);
    if state.queue.is_empty() && state.working.is_empty() {
        let output = output_of(std::mem::take(&mut state.outputs));
        core.settle(plan, ix, Outcome::success(output));
    }
}

fn output_of(mut outputs: Vec<Value>) -> Value {
    match outputs.len() {
        0 => Value::Null,
        1 => outputs.remove(0),
        _ => Value::from(outputs),
    }
}

/// Starts handlers for queued messages, as many as the limits let work at once.
fn start_more(core: &mut Core, ix: Ix, mailbox: &MailboxPlan) {
    let mut begun = Vec::new();
    while let Some((listener, message)) = take(core, ix, mailbox) {
        begun.push((begin(core, ix, mailbox, listener, &message), listener, message));
    }
    // The work list is a stack: the first handler is pushed last.
    for (seat, listener, message) in begun.into_iter().rev() {
        start(core, ix, mailbox, seat, listener, message);
    }
}

fn take(core: &mut Core, ix: Ix, mailbox: &MailboxPlan) -> Option<(u32, Message)> {
    let MailboxState { queue, at_work, at_work_by, .. } = state_mut(core, ix);
    if *at_work >= mailbox.max_concurrent {
        return None;
    }
    let busy = |listener: u32| at_work_by.get(&listener).copied().unwrap_or(0);
    queue.take(|listener| !mailbox.listener(listener).agent || busy(listener) < mailbox.max_concurrent_per_agent)
}

fn begin(core: &mut Core, ix: Ix, mailbox: &MailboxPlan, listener: u32, message: &Message) -> Seat {
    let state = state_mut(core, ix);
    let slot = state.slots;
    state.slots = state.slots.wrapping_add(1);
    state.begin_work(listener);
    state.working.insert(slot, Delivery { thread: message.thread, listener, waiting: 0 });
    state.bytes -= message.letter.bytes;
    let seen = state.thread(message.thread).seen();
    state.remember(message.thread, message.letter.clone(), mailbox.context_slots);
    Seat { mailbox: ix, slot, thread: message.thread, seen }
}

fn start(core: &mut Core, ix: Ix, mailbox: &MailboxPlan, seat: Seat, listener: u32, message: Message) {
    let planned = mailbox.listener(listener);
    let base = message_path(core, ix, &planned.name, &message);
    let Some(handler) = planned.handler else {
        core.frames[ix].children += 1;
        let error = StepError { path: base, ..unbound(&planned.name, planned.binding.as_ref()) };
        return core.report(ix, seat.slot, Outcome::failure(error));
    };
    let message = with_reminder(core, &seat, message.letter.value);
    let env = core.envs.push(core.frames[ix].env, EnvKind::Message { message, seat }, true);
    core.spawn_in(ix, seat.slot, handler, env, base);
    core.envs.release(env);
}

fn message_path(core: &Core, ix: Ix, listener: &str, message: &Message) -> Text {
    let thread = join(&core.frames[ix].path, &thread_name(message.thread));
    indexed(&join(&thread, &segment(listener)), message.index)
}

/// A name as one segment of a path.
fn segment(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', '/', '[', ']']) {
        return Cow::Borrowed(name);
    }
    let escape = |c: char| match c {
        '%' | '/' | '[' | ']' => format!("%{:02X}", u32::from(c)),
        other => other.to_string(),
    };
    name.chars().map(escape).collect::<String>().into()
}

fn unbound(listener: &str, binding: Option<&Text>) -> StepError {
    let name = binding.map_or(listener, |binding| &**binding);
    let message = format!("nothing is bound to `{name}`, the handler of `{listener}`");
    StepError::new(code::UNBOUND_HANDLER, category::INPUT, message)
}

/// Open todos are mentioned with every message: `message.todoNudge`.
fn with_reminder(core: &Core, seat: &Seat, message: Value) -> Value {
    let (Some(nudge), Some(map)) = (reminder(core, seat), message.as_object()) else { return message };
    let mut map: Map = map.clone();
    map.insert("todoNudge".into(), nudge);
    map.into()
}

/// The text that reminds a handler of the todos open in its thread.
pub(crate) fn reminder(core: &Core, seat: &Seat) -> Option<Value> {
    todo::nudge(&state_of(core, seat.mailbox)?.threads.get(&seat.thread)?.todos)
}

/// Sends an agent's tool calls to its peers. Gives for each how many listeners will answer; none where the name is
/// unknown or not the agent's to use.
pub(crate) fn call_peers(core: &mut Core, plan: &Plan, seat: &Seat, agent: Ix, calls: Vec<PeerCall>) -> Vec<usize> {
    let Some(mailbox) = open_mailbox(core, plan, seat) else { return vec![0; calls.len()] };
    let mut round = Round::new(state_mut(core, seat.mailbox), mailbox);
    let asked = round.call(seat, agent, calls);
    let effects = round.finish();
    apply(core, plan, seat.mailbox, mailbox, effects);
    asked
}

/// Performs a tool that keeps todos; `None` for any other.
pub(crate) fn todo_call(core: &mut Core, plan: &Plan, seat: &Seat, tool: &str, args: &Value) -> Option<Value> {
    let mailbox = open_mailbox(core, plan, seat)?;
    let mut round = Round::new(state_mut(core, seat.mailbox), mailbox);
    let result = match tool {
        todo::TODO => Value::object([("id", round.note(seat.thread, args).into())]),
        todo::TODO_DONE => {
            let id = args.get("id").and_then(Value::as_str).unwrap_or_default();
            Value::object([("id", id.into()), ("wasRaised", round.strike(seat.thread, id).into())])
        }
        _ => return None,
    };
    let effects = round.finish();
    apply(core, plan, seat.mailbox, mailbox, effects);
    Some(result)
}

/// The mailbox of a seat that is still taken.
fn open_mailbox<'a>(core: &Core, plan: &'a Plan, seat: &Seat) -> Option<&'a MailboxPlan> {
    core.frames.get(seat.mailbox).filter(|frame| frame.closing.is_none())?;
    state_of(core, seat.mailbox).filter(|state| state.working.contains_key(&seat.slot))?;
    mailbox_of(core, plan, seat.mailbox)
}

pub(super) fn thread_name(thread: u64) -> String {
    format!("t{thread}")
}

fn state_of(core: &Core, ix: Ix) -> Option<&MailboxState> {
    match &core.frames.get(ix)?.state {
        State::Mailbox(state) => Some(state),
        _ => None,
    }
}

fn state_mut(core: &mut Core, ix: Ix) -> &mut MailboxState {
    match &mut core.frames[ix].state {
        State::Mailbox(state) => state,
        _ => unreachable!("a mailbox keeps its own state"),
    }
}
