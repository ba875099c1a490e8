//! What is said to the model, and what its reply means.
//!
//! Parameters of the model task: the agent's options, and `{model?, system?, messages, tools?, output?}`.
//! `messages` holds
//! - `{role: "user", content}`: the input, and reminders of open todos;
//! - `{$ref: path}`: the recorded output of an earlier turn's model task;
//! - `{$tool: path, id}`: the recorded output of the task at `path`, as the result of the call `id`;
//! - `{role: "tool", toolCallId, content}`: the result of a call that has no record of its own.
//!
//! A reply is `{text, toolCalls: [{id, name, arguments}], usage: {inputTokens, outputTokens}, …}`.

use super::tools::{Given, ToolCall};
use super::{seat_of, state};
use crate::arena::Ix;
use crate::core::Core;
use crate::event::Usage;
use crate::plan::{AgentPlan, Op, Plan, ToolTarget};
use crate::step::mailbox;
use weir_base::{Text, Value};

/// The most bytes of one result that are carried in the parameters, and of all of them in one agent.
const INLINE_BYTES: usize = 64 << 10;
const INLINE_TOTAL: usize = 1 << 20;

/// The parameters of the model task for the current turn of the agent at `ix`.
pub(super) fn params(core: &Core, plan: &Plan, ix: Ix) -> Value {
    let Op::Agent(agent) = &plan.node(core.frames[ix].node).op else { return Value::Null };
    let state = state(core, ix);
    let reminder = seat_of(core, ix).and_then(|seat| mailbox::reminder(core, &seat));
    let input = user(state.input.clone());
    let messages = std::iter::once(input).chain(state.told.iter().cloned()).chain(reminder.map(user));
    let members = [
        ("model", state.model.clone()),
        ("system", state.system.clone()),
        ("messages", Value::array(messages)),
        ("tools", tool_list(core, ix, agent)),
        ("output", agent.output.clone().unwrap_or_default()),
    ];
    let given = members.into_iter().filter(|(_, value)| !is_empty(value));
    let mut params = agent.options.as_object().cloned().unwrap_or_default();
    params.extend(given.map(|(name, value)| (Text::from(name), value)));
    params.into()
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(<[Value]>::is_empty)
}

fn user(content: Value) -> Value {
    Value::object([("role", "user".into()), ("content", content)])
}

/// The agent's own tools, and where it can write to somebody, those that keep its todos.
fn tool_list(core: &Core, ix: Ix, agent: &AgentPlan) -> Value {
    if !keeps_todos(core, ix, agent) {
        return agent.tool_list.clone();
    }
    let own = agent.tool_list.as_array().unwrap_or_default();
    let free =
        |tool: &Value| agent.tools.iter().all(|own| tool.get("name").and_then(Value::as_str) != Some(&*own.name));
    Value::array(own.iter().cloned().chain(mailbox::todo_tools().into_iter().filter(free)))
}

pub(super) fn keeps_todos(core: &Core, ix: Ix, agent: &AgentPlan) -> bool {
    agent.tools.iter().any(|tool| matches!(tool.target, ToolTarget::Peer { .. })) && seat_of(core, ix).is_some()
}

pub(super) fn turn_reference(turn: &str) -> Value {
    Value::object([("$ref", format!("{turn}/model").into())])
}

/// The result of a call as the next turn's message. `inline` counts the bytes carried so far.
pub(super) fn result_message(call: &ToolCall, inline: &mut usize) -> Value {
    match &call.given {
        Given::Recorded(path) => Value::object([("$tool", path.clone().into()), ("id", call.id.clone())]),
        Given::Value(value) => {
            let content = bounded(value, inline);
            Value::object([("role", "tool".into()), ("toolCallId", call.id.clone()), ("content", content)])
        }
        // Only a turn whose calls all have results is over.
        Given::Nothing(_) => Value::Null,
    }
}

/// The value where it is small enough, else the beginning of its text.
fn bounded(value: &Value, inline: &mut usize) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_json().into(),
    };
    let room = INLINE_BYTES.min(INLINE_TOTAL - *inline);
    *inline += text.len().min(room);
    if text.len() <= room {
        return value.clone();
    }
    let cut = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… (cut off: {} of {} bytes)", &text[..cut], cut, text.len()).into()
}

pub(super) fn text_of(reply: &Value) -> Text {
    let text = reply.as_str().or_else(|| reply.get("text").and_then(Value::as_str));
    text.unwrap_or_default().into()
}

pub(super) fn calls_of(reply: &Value) -> &[Value] {
    reply.get("toolCalls").and_then(Value::as_array).unwrap_or_default()
}

/// What the reply itself says it used, for a result that says nothing.
pub(super) fn usage_of(reply: &Value) -> Usage {
    let count = |name: &str| reply.get("usage").and_then(|usage| usage.get(name)).and_then(Value::as_u64).unwrap_or(0);
    Usage { tokens_in: count("inputTokens"), tokens_out: count("outputTokens"), micros: count("micros") }
}
