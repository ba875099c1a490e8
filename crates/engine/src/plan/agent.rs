use super::NodeIx;
use weir_base::{Text, Value};
use weir_expr::Template;
use weir_ir::{Assign, Limits};

/// The argument that holds the payload of a message where that is no object.
pub(crate) const PAYLOAD: &str = "payload";

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
    /// A peer of the mailbox around the agent: the call is a message to it. Where its payload is no object, the
    /// call's arguments hold it as their one member [`PAYLOAD`].
    Peer { peer: Text, wrapped: bool },
}

impl ToolPlan {
    /// Whether the payload of a tool's messages is certainly no object; models give objects as arguments only.
    pub fn wraps(tool: &weir_ir::AgentTool) -> bool {
        let other_type = match tool.schema.get("type") {
            Some(ty) => ty.as_str() != Some("object"),
            None => tool.schema.get("enum").or(tool.schema.get("const")).is_some(),
        };
        other_type && matches!(tool.target, weir_ir::ToolTarget::Peer(_))
    }

    /// JSON Schema of the arguments, as the model is told.
    pub fn arguments(tool: &weir_ir::AgentTool) -> Value {
        if !Self::wraps(tool) {
            return tool.schema.clone();
        }
        Value::object([
            ("type", "object".into()),
            ("properties", Value::object([(PAYLOAD, tool.schema.clone())])),
            ("required", Value::array([PAYLOAD.into()])),
        ])
    }
}
