use super::{NodeIx, TaskSpec};
use std::sync::Arc;
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
    pub ask: Arc<TaskSpec>,
    /// What the model is told about its tools: `[{name, description, schema}]`.
    pub tool_list: Value,
}

#[derive(Debug)]
pub(crate) struct ToolPlan {
    pub name: Text,
    /// The step that runs, or the peer the call is a message to.
    pub target: Result<NodeIx, Text>,
}
