use crate::Node;
use serde::{Deserialize, Serialize};
use weir_base::{Span, Text, Value};

/// An organism: listeners that send each other messages within threads.
///
/// One outside message is one run. Its input is `{to, payload}`, or a bare payload for the `entry` listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mailbox {
    pub listeners: Vec<Listener>,
    /// The listener a message without a target goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Text>,
    #[serde(default)]
    pub scheduling: Scheduling,
    /// The most messages one run may carry.
    pub max_messages: u64,
    /// The most handlers at work at once in one run.
    pub max_concurrent: u32,
    pub max_concurrent_per_agent: u32,
    /// The most messages kept per thread in the context buffer; the oldest go first.
    pub context_slots: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduling {
    #[default]
    BreadthFirst,
    DepthFirst,
}

/// A named receiver. Its handler sees `message` `{from, to, payload, kind, thread, todoNudge?}` and `thread`
/// `{id, chain, history, todos}`.
///
/// What a handler's output means: null ends the branch; `{to, payload}` sends on; `{respond: value}` or any other value
/// answers whoever opened the thread; `{todo: {waitFor, from?, description?}}` and `{todoDone: id}` keep todos; a list
/// made only of these does several of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listener {
    pub name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Other names this listener shares with the like: a message to the name reaches every one, in file order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Text>,
    pub agent: bool,
    pub peers: Vec<Text>,
    /// JSON Schema of what it accepts; anything where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// The name of the payload's class, the `kind` of messages this listener takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_class: Option<Text>,
    /// What handles a message: a task, a sub-flow, an inline step or an agent node. Absent where unbound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Box<Node>>,
    /// The name in the source that a binding must give a meaning to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}
