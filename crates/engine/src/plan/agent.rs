use super::NodeIx;
use weir_base::{Text, Value};
use weir_expr::Template;
use weir_ir::{Assign, Limits};

#[derive(Debug)]
pub(crate) struct AgentPlan {
    pub model: Template,
    pub prompt: Template,
    pub input: Template,
    pub tools: Box<[ToolPlan]>,
    pub limits: Limits,
    pub options: Value,
    pub output: Option<Value>,
    pub assign: Vec<Assign>,
    /// The task that asks the model: kind `model.chat`.
    pub ask: NodeIx,
    /// What the model is told about its tools: `[{name, description, schema}]`.
    pub tool_list: Value,
}

#[derive(Debug)]
pub(crate) struct ToolPlan {
    pub name: Text,
    pub target: ToolTarget,
}

#[derive(Clone, Debug)]
pub(crate) enum ToolTarget {
    /// A step that runs.
    Step(NodeIx),
    /// A peer of the mailbox around the agent: the call is a message to it.
    Peer(Text),
}
