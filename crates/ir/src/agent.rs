use crate::Node;
use serde::{Deserialize, Serialize};
use weir_base::{Text, Value};
use weir_expr::Template;

/// A model loop: ask the model, run the tools it names, repeat.
///
/// Turn t is `agent[t]`: the model task is `agent[t]/model`, tool k of its reply `agent[t]/tool[k]`.
/// The output is the last reply: its text, or the parsed object where `output` is a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agent {
    /// The kind that asks the model.
    #[serde(default = "default_kind", skip_serializing_if = "is_default_kind")]
    pub kind: Text,
    /// The model's name; the backend's default where null.
    pub model: Template,
    /// The system prompt.
    pub prompt: Template,
    /// What the user says: text, or any value, sent as JSON.
    pub input: Template,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<AgentTool>,
    #[serde(default)]
    pub limits: Limits,
    /// Passed to the model task as they are: `temperature`, `maxTokens` and the like.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub options: Value,
    /// JSON Schema of the final answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assign: Vec<crate::Assign>,
}

impl Agent {
    /// The kind that asks a model, where a flow names none.
    pub const KIND: &str = "model.chat";
}

fn default_kind() -> Text {
    Agent::KIND.into()
}

fn is_default_kind(kind: &Text) -> bool {
    **kind == *Agent::KIND
}

/// A tool the model may call. Inside, expressions see the model's arguments as `args`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentTool {
    pub name: Text,
    pub description: Text,
    /// JSON Schema of the arguments.
    pub schema: Value,
    pub target: ToolTarget,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolTarget {
    /// A step of its own; its output is the tool's result.
    Step(Box<Node>),
    /// A peer of the mailbox the agent lives in: the call is a message, the peer's answer the result.
    Peer(Text),
}

/// Checked when a model reply is folded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    pub turns: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// In millionths of the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micros: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { turns: 20, tokens: None, micros: None }
    }
}
