//! The tool calls of one turn: who answers them, and their results.

use super::{next_turn, read_json, request, seat_of, state, state_mut, turn_path};
use crate::arena::Ix;
use crate::core::{Core, indexed, join};
use crate::env::EnvKind;
use crate::frame::{Outcome, State};
use crate::plan::{AgentPlan, NodeIx, Op, PAYLOAD, Plan, ToolTarget};
use crate::step::mailbox::{self, PeerCall};
use serde::{Deserialize, Serialize};
use weir_base::{Text, Value};

/// The most calls of one reply that are run.
const CALLS_PER_TURN: usize = 128;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ToolCall {
    /// The provider's id: carried back, never part of a path.
    pub id: Value,
    pub name: Text,
    pub given: Given,
}

/// The result of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Given {
    /// Not yet; the answers so far, one place for each listener that was asked.
    Nothing(Vec<Option<Value>>),
    /// The journal holds it, as the result of the task with this path.
    Recorded(Text),
    /// A result that is not in the journal as such: of a region, a pure step or a peer, or an error.
    Value(Value),
}

/// What a call starts.
enum Way {
    Step(NodeIx, Value),
    Peer(Text, Value),
    Answered(Value),
}

/// Starts every tool the reply names; the first is entered first.
pub(super) fn start(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, calls: &[Value]) {
    let ways: Vec<Way> = calls.iter().enumerate().map(|(at, call)| way(core, plan, ix, agent, at, call)).collect();
    let state = state_mut(core, ix);
    state.calls = calls.iter().map(call_of).collect();
    state.pending = calls.len() as u32;
    let mut peers = Vec::new();
    let mut steps = Vec::new();
    for (at, way) in ways.into_iter().enumerate() {
        match way {
            Way::Step(node, args) => steps.push((at as u32, node, args)),
            Way::Peer(peer, args) => peers.push(PeerCall { tool: at as u32, peer, args }),
            Way::Answered(value) => give(core, ix, at as u32, Given::Value(value)),
        }
    }
    call_peers(core, plan, ix, peers);
    for (at, node, args) in steps.into_iter().rev() {
        run_step(core, ix, at, node, args);
    }
    go_on(core, plan, ix, agent);
}

fn call_of(call: &Value) -> ToolCall {
    let name = call.get("name").and_then(Value::as_str).unwrap_or_default().into();
    ToolCall { id: call.get("id").cloned().unwrap_or_default(), name, given: Given::Nothing(Vec::new()) }
}

fn way(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, at: usize, call: &Value) -> Way {
    if at >= CALLS_PER_TURN {
        let message = format!("At most {CALLS_PER_TURN} tools run in one turn.");
        return Way::Answered(error("TOO_MANY_CALLS", message.as_str().into()));
    }
    let Some(args) = arguments(core, call) else {
        return Way::Answered(error("INVALID_ARGUMENTS", "The arguments of a tool are a JSON object.".into()));
    };
    let name = call.get("name").and_then(Value::as_str).unwrap_or_default();
    match agent.tools.iter().find(|tool| *tool.name == *name).map(|tool| &tool.target) {
        Some(ToolTarget::Step(node)) => Way::Step(*node, args),
        Some(ToolTarget::Peer { peer, wrapped: false }) => Way::Peer(peer.clone(), args),
        Some(ToolTarget::Peer { peer, wrapped: true }) => match args.get(PAYLOAD) {
            Some(payload) => Way::Peer(peer.clone(), payload.clone()),
            None => {
                let message = format!("The arguments of this tool are an object with `{PAYLOAD}`.");
                Way::Answered(error("INVALID_ARGUMENTS", message.as_str().into()))
            }
        },
        None => Way::Answered(todo(core, plan, ix, agent, name, &args).unwrap_or_else(no_such_tool)),
    }
}

/// An object, also one written as text; nothing is an empty one.
fn arguments(core: &Core, call: &Value) -> Option<Value> {
    let read = match call.get("arguments") {
        None | Some(Value::Null) => return Some(Value::object([])),
        Some(Value::String(text)) if text.trim().is_empty() => return Some(Value::object([])),
        Some(Value::String(text)) => read_json(core, text).ok()?,
        Some(other) => other.clone(),
    };
    read.as_object().is_some().then_some(read)
}

fn todo(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, name: &str, args: &Value) -> Option<Value> {
    let seat = seat_of(core, ix).filter(|_| request::keeps_todos(core, ix, agent))?;
    mailbox::todo_call(core, plan, &seat, name, args)
}

/// The same words whether the tool exists or not.
fn no_such_tool() -> Value {
    error("UNKNOWN_TOOL", "This tool cannot be used. Please verify its name and try again.".into())
}

fn error(code: &str, message: Value) -> Value {
    Value::object([("error", Value::object([("code", code.into()), ("message", message)]))])
}

fn run_step(core: &mut Core, ix: Ix, at: u32, node: NodeIx, args: Value) {
    let env = core.envs.push(core.frames[ix].env, EnvKind::Args(args), true);
    let base = tool_path(core, ix, at);
    core.spawn_in(ix, at, node, env, base);
    core.envs.release(env);
}

fn tool_path(core: &Core, ix: Ix, at: u32) -> Text {
    indexed(&join(&turn_path(core, ix), "tool"), u64::from(at))
}

/// Sends the calls to peers. Each waits for as many answers as there are listeners behind the name.
fn call_peers(core: &mut Core, plan: &Plan, ix: Ix, calls: Vec<PeerCall>) {
    if calls.is_empty() {
        return;
    }
    let tools: Vec<u32> = calls.iter().map(|call| call.tool).collect();
    let asked = match seat_of(core, ix) {
        Some(seat) => mailbox::call_peers(core, plan, &seat, ix, calls),
        None => vec![0; tools.len()],
    };
    for (tool, listeners) in tools.into_iter().zip(asked) {
        match listeners {
            0 => give(core, ix, tool, Given::Value(no_such_tool())),
            _ => state_mut(core, ix).calls[tool as usize].given = Given::Nothing(vec![None; listeners]),
        }
    }
}

pub(super) fn step_done(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan, slot: u32, outcome: Outcome) {
    let given = match outcome {
        Outcome::Success { output, .. } => result_of(core, plan, ix, agent, slot, output),
        Outcome::Failure(error) => Given::Value(Value::object([("error", error.to_value())])),
        Outcome::Cancelled => Given::Value(Value::Null),
    };
    give(core, ix, slot, given);
    go_on(core, plan, ix, agent);
}

/// A task's output has a record of its own; any other output is carried along.
fn result_of(core: &Core, plan: &Plan, ix: Ix, agent: &AgentPlan, slot: u32, output: Value) -> Given {
    let name = &state(core, ix).calls[slot as usize].name;
    let step = agent.tools.iter().find(|tool| tool.name == *name).map(|tool| &tool.target);
    match step {
        Some(ToolTarget::Step(node)) if matches!(plan.node(*node).op, Op::Task(_)) => {
            Given::Recorded(join(&tool_path(core, ix, slot), &plan.node(*node).id))
        }
        _ => Given::Value(output),
    }
}

/// A peer's answer to part of a call, or why there is none. An agent that is gone, or going, needs none.
pub(crate) fn peer_answered(core: &mut Core, plan: &Plan, ix: Ix, tool: u32, part: u32, answer: Value) {
    let Some(frame) = core.frames.get_mut(ix).filter(|frame| frame.closing.is_none()) else { return };
    let (State::Agent(state), Op::Agent(agent)) = (&mut frame.state, &plan.node(frame.node).op) else { return };
    let Some(Given::Nothing(parts)) = state.calls.get_mut(tool as usize).map(|call| &mut call.given) else { return };
    let Some(place) = parts.get_mut(part as usize) else { return };
    place.get_or_insert(answer);
    let Some(mut answers) = parts.iter().cloned().collect::<Option<Vec<Value>>>() else { return };
    let answer = if answers.len() == 1 { answers.remove(0) } else { Value::from(answers) };
    give(core, ix, tool, Given::Value(answer));
    go_on(core, plan, ix, agent);
}

fn give(core: &mut Core, ix: Ix, tool: u32, given: Given) {
    let state = state_mut(core, ix);
    state.calls[tool as usize].given = given;
    state.pending -= 1;
}

fn go_on(core: &mut Core, plan: &Plan, ix: Ix, agent: &AgentPlan) {
    if state(core, ix).pending == 0 {
        next_turn(core, plan, ix, agent);
    }
}
