use super::{Call, Writer};
use crate::activities::{Proxied, js_string, one_line};
use std::fmt::Write as _;
use weir_base::Value;
use weir_expr::Template;
use weir_ir::{Agent, AgentTool, Limits, Node, NodeKind, ToolTarget};

/// The argument that holds the payload of a message where that is no object.
const PAYLOAD: &str = "payload";

impl Writer<'_> {
    /// A model, the tools it may call, and the limits it works within.
    pub(super) fn agent(&mut self, agent: &Agent, path: &str) -> Call {
        // Its worker asks the run for what the model was told before.
        if self.catalog.record(&agent.kind).and_then(Proxied::of).is_some() {
            return Err("a model that only Weir's own worker can ask");
        }
        let mut members = vec![
            ("kind", js_string(&agent.kind)),
            ("ask", self.spec(&agent.kind, &Template::Value(Value::Null), None, None, &[], None)?),
            ("model", self.template(&agent.model)?),
            ("prompt", self.template(&agent.prompt)?),
            ("input", self.template(&agent.input)?),
            ("tools", self.tools(&agent.tools, path)),
            ("limits", limits(&agent.limits)),
            ("options", options(&agent.options)),
            ("assign", self.assigns(&agent.assign)?),
        ];
        members.extend(agent.output.as_ref().map(|schema| ("output", one_line(schema))));
        let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Ok(format!("{}(at, {{ {} }})", self.uses("agent"), members.join(", ")))
    }

    fn tools(&mut self, tools: &[AgentTool], path: &str) -> String {
        let written: Vec<String> = tools.iter().map(|tool| self.tool(tool, path)).collect();
        format!("[{}]", written.join(", "))
    }

    fn tool(&mut self, tool: &AgentTool, path: &str) -> String {
        let (name, description) = (js_string(&tool.name), js_string(&tool.description));
        let (schema, target) = (one_line(&arguments(tool)), self.target(tool, path));
        format!("{{ name: {name}, description: {description}, schema: {schema}, {target} }}")
    }

    fn target(&mut self, tool: &AgentTool, path: &str) -> String {
        match &tool.target {
            ToolTarget::Peer(peer) => format!("peer: {}, wrapped: {}", js_string(peer), wraps(tool)),
            ToolTarget::Step(node) => {
                let step = self.node(node, path);
                format!("step: {step}{}", recorded(node))
            }
        }
    }
}

/// Only of a task the history has the result as such.
fn recorded(node: &Node) -> String {
    match &node.kind {
        NodeKind::Task(_) => format!(", task: {}", js_string(&node.id)),
        _ => String::new(),
    }
}

/// Whether the payload of a tool's messages is certainly no object; models give objects as arguments only.
fn wraps(tool: &AgentTool) -> bool {
    let other_type = match tool.schema.get("type") {
        Some(ty) => ty.as_str() != Some("object"),
        None => tool.schema.get("enum").or(tool.schema.get("const")).is_some(),
    };
    other_type && matches!(tool.target, ToolTarget::Peer(_))
}

/// JSON Schema of the arguments, as the model is told.
fn arguments(tool: &AgentTool) -> Value {
    if !wraps(tool) {
        return tool.schema.clone();
    }
    Value::object([
        ("type", "object".into()),
        ("properties", Value::object([(PAYLOAD, tool.schema.clone())])),
        ("required", Value::array([PAYLOAD.into()])),
    ])
}

fn limits(limits: &Limits) -> String {
    let mut out = format!("{{ turns: {}", limits.turns);
    for (name, limit) in [("tokens", limits.tokens), ("micros", limits.micros)] {
        if let Some(limit) = limit {
            let _ = write!(out, ", {name}: {limit}");
        }
    }
    out + " }"
}

fn options(options: &Value) -> String {
    match options {
        Value::Object(_) => one_line(options),
        _ => "{}".to_owned(),
    }
}
