use super::Printer;
use super::node::Parts;
use super::script::script_text;
use crate::tree::leaves::{failure, placeholder_key, real_zero, success};
use crate::tree::names::{variable, variable_key};
use crate::{header, tree::types};
use weir_base::{Map, Text, Value};
use weir_expr::{Expr, Part, Template};
use weir_ir::{Call, Node, NodeKind, SetOp, Target, Task, UnknownPolicy, VarScope, Wait, Write};

type Answer<'n> = Result<Parts<'n>, &'static str>;

impl Printer<'_> {
    pub(super) fn leaf<'n>(&mut self, node: &Node) -> Answer<'n> {
        match &node.kind {
            NodeKind::Sequence { children, .. } => mock(node, children),
            NodeKind::Wait(Wait::Timer { after }) => {
                Ok(Parts::new(node, &["WaitAction"]).template("waitMs", &real_zero(after)))
            }
            NodeKind::Wait(Wait::Forever) => Ok(with_status(node, "RunningNode", "RUNNING")),
            NodeKind::Wait(_) => Err("a tree waits for a time only"),
            NodeKind::Call(call) => sub_tree(node, call),
            NodeKind::Fail(_) if node.kind == failure() => Ok(with_status(node, "FailureNode", "FAILURE")),
            NodeKind::Fail(_) => Err("a FailureNode has no code or message of its own"),
            NodeKind::Set { writes } => self.set(node, writes),
            NodeKind::Task(task) => self.task(node, task),
            _ => Err("it is not a leaf"),
        }
    }

    fn set<'n>(&mut self, node: &Node, writes: &[Write]) -> Answer<'n> {
        match writes {
            [] => Ok(with_status(node, "SuccessNode", "SUCCESS")),
            [Write { target: None, op: SetOp::Check, value: Template::Expr(expr) }] => Ok(check(node, expr)),
            [Write { target: Some(Target { scope: VarScope::Run, name }), op: SetOp::Increment, value }]
                if self.kind_of(node) != Some("set".into()) =>
            {
                Ok(Parts::new(node, &["CounterAction"])
                    .template("counterKey", name)
                    .template("increment", &real_zero(value)))
            }
            writes if writes.iter().all(|write| write.op == SetOp::Script) => {
                let text = script_text(writes).ok_or("it computes what a script cannot")?;
                Ok(Parts::new(node, &["Script"]).prop("textContent", text))
            }
            [write] => self.pure(node, write),
            [write, second] if is_copy(write, second) => {
                let parts = self.pure(node, write)?;
                Ok(parts.maybe("outputKey", second.target.as_ref().map(|target| target.name.to_value())))
            }
            _ => Err("it writes several variables at once"),
        }
    }

    /// A write as a leaf of the kind `set` or `transform`.
    fn pure<'n>(&mut self, node: &Node, write: &Write) -> Answer<'n> {
        const WHY: &str = "there is no leaf that writes a variable in this way";
        let op = match write.op {
            SetOp::Set => "set",
            SetOp::Append => "append",
            SetOp::Increment => "increment",
            SetOp::Decrement => "decrement",
            SetOp::Get => "get",
            SetOp::Check | SetOp::Script => return Err(WHY),
        };
        let kind =
            self.kind_of(node).unwrap_or_else(|| if write.target.is_some() { "set" } else { "transform" }.into());
        let leaf = self.names.by_kind(&kind).ok_or(WHY)?;
        let mut props = Map::default();
        match (&*kind, &write.target, &write.value) {
            ("transform", target, value) if write.op == SetOp::Set => {
                match value {
                    Template::Expr(expr) if leaf.params.iter().any(|param| &**param == "expression") => {
                        props.insert("expression".into(), expr.source().into())
                    }
                    value => props.insert("value".into(), value.to_value()),
                };
                target.iter().for_each(|target| drop(props.insert("outputKey".into(), target.name.to_value())));
            }
            ("set", Some(target), value) => {
                props.insert("name".into(), target.name.to_value());
                props.insert("op".into(), op.into());
                if write.op != SetOp::Get {
                    props.insert("value".into(), value.to_value());
                }
            }
            _ => return Err(WHY),
        }
        Ok(Parts { ty: leaf.tree, props, children: Vec::new() })
    }

    /// The kind the source named, where the node came from a leaf of one.
    fn kind_of(&self, node: &Node) -> Option<Text> {
        if types::find(&node.origin.ty).is_some() {
            return None;
        }
        self.names.by_tree(&node.origin.ty).map(|leaf| leaf.kind)
    }

    fn task<'n>(&mut self, node: &Node, task: &Task) -> Answer<'n> {
        let (mut parts, default) = match &*task.kind {
            "print" => (Parts::new(node, &["PrintAction"]).params(&task.params, &["message"])?, None),
            "log" => (log(Parts::new(node, &["LogMessage"]), &task.params)?, None),
            "regex.extract" => (regex(Parts::new(node, &["RegexExtract"]), &task.params)?, None),
            _ => self.open(node, task)?,
        };
        output_key(&mut parts, task, default)?;
        if let Some(timeout) = &task.timeout {
            parts = parts.template("timeout", timeout);
        }
        if let Some(policy) = &task.retry {
            parts = parts.prop("retry", header::retry_value(policy));
        }
        let policy = task.on_unknown.map(|policy| match policy {
            UnknownPolicy::Retry => "retry",
            UnknownPolicy::Ask => "ask",
            UnknownPolicy::Fail => "fail",
        });
        Ok(parts.maybe("onUnknown", policy))
    }

    fn open<'n>(&mut self, node: &Node, task: &Task) -> Result<(Parts<'n>, Option<Text>), &'static str> {
        let written = self.names.by_tree(&node.origin.ty).filter(|leaf| leaf.kind == task.kind);
        let leaf = written.or_else(|| self.names.by_kind(&task.kind).filter(|leaf| leaf.kind == task.kind));
        let default = leaf.as_ref().and_then(|leaf| leaf.output_key.clone());
        let ty = leaf.map_or_else(|| task.kind.clone(), |leaf| leaf.tree);
        let parts = Parts { ty, props: Map::default(), children: Vec::new() };
        Ok((parts.params(&task.params, &[])?, default))
    }
}

impl Parts<'_> {
    /// Parameters as props; only those of `allowed` where that names any.
    fn params(mut self, params: &Template, allowed: &[&str]) -> Result<Self, &'static str> {
        let value = params.to_value();
        let Some(map) = value.as_object() else {
            return Err("its parameters are computed as a whole");
        };
        if !allowed.is_empty() && map.keys().any(|key| !allowed.contains(&&**key)) {
            return Err("it has parameters its type does not take");
        }
        self.props.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        Ok(self)
    }
}

/// Whether the second write is what the first one's variable then holds.
fn is_copy(first: &Write, second: &Write) -> bool {
    let name = first.target.as_ref().and_then(|target| target.name.constant());
    let (Some(Value::String(name)), Template::Expr(expr)) = (name, &second.value) else {
        return false;
    };
    second.op == SetOp::Set && second.target.is_some() && expr.source() == variable(&name)
}

/// A step that ends at once or never, under whichever of its names the source used.
fn with_status<'n>(node: &Node, name: &'static str, status: &str) -> Parts<'n> {
    let parts = Parts::new(node, &[name, "AlwaysCondition", "MockAction"]);
    if &*parts.ty == name { parts } else { parts.prop("returnStatus", status) }
}

fn check<'n>(node: &Node, expr: &Expr) -> Parts<'n> {
    let parts = Parts::new(node, &["CheckCondition", "AlwaysCondition", "MockAction"]);
    match computed(expr).filter(|_| &*parts.ty != "CheckCondition") {
        Some(status) => parts.prop("returnStatus", status),
        None => Parts::new(node, &["CheckCondition"]).prop("expression", expr.source()),
    }
}

/// The prop of a status that is computed.
fn computed(expr: &Expr) -> Option<String> {
    let inner = expr.source().strip_prefix('(')?.strip_suffix(") === 'SUCCESS'")?;
    Some(format!("{{{{ {inner} }}}}"))
}

fn computed_status(kind: &NodeKind) -> Option<String> {
    let NodeKind::Set { writes } = kind else { return None };
    match writes.as_slice() {
        [Write { target: None, op: SetOp::Check, value: Template::Expr(expr) }] => computed(expr),
        _ => None,
    }
}

fn mock<'n>(node: &Node, children: &[Node]) -> Answer<'n> {
    let [Node { kind: NodeKind::Wait(Wait::Yield { turns }), .. }, result] = children else {
        return Err("it is not a MockAction");
    };
    let status = match &result.kind {
        kind if *kind == success() => "SUCCESS".to_owned(),
        kind if *kind == failure() => "FAILURE".to_owned(),
        NodeKind::Wait(Wait::Forever) => "RUNNING".to_owned(),
        kind => computed_status(kind).ok_or("it waits for turns of the engine")?,
    };
    let ticks: Value = match turns {
        Template::Value(value) => value.as_u64().map(|turns| turns + 1).into(),
        Template::Expr(expr) => {
            let inner = expr.source().strip_prefix('(').and_then(|rest| rest.strip_suffix(") - 1"));
            inner.map(|inner| format!("{{{{ {inner} }}}}")).into()
        }
        _ => Value::Null,
    };
    Ok(Parts::new(node, &["MockAction"]).prop("returnStatus", status).prop("ticksBeforeComplete", ticks))
}

fn sub_tree<'n>(node: &Node, call: &Call) -> Answer<'n> {
    let is_plain = call.version.is_none() && !call.detached && call.assign.is_empty();
    let passes_variables = matches!(&call.input, Template::Expr(expr) if expr.source() == "vars");
    match call.flow.constant() {
        Some(Value::String(flow)) if is_plain && passes_variables => {
            Ok(Parts::new(node, &["SubTree"]).prop("treeId", flow))
        }
        _ => Err("a SubTree names its flow, gets the variables and is waited for"),
    }
}

fn output_key(parts: &mut Parts<'_>, task: &Task, default: Option<Text>) -> Result<(), &'static str> {
    match task.assign.as_slice() {
        [] if default.is_some() => Err("it writes its output nowhere"),
        [] => Ok(()),
        [assign] if assign.value.source() == "output" => {
            if default.as_ref() != Some(&assign.var) {
                parts.props.insert("outputKey".into(), assign.var.clone().into());
            }
            Ok(())
        }
        _ => Err("it writes several variables, or parts of its output"),
    }
}

/// Messages with placeholders in the form they were written in.
fn log<'n>(parts: Parts<'n>, params: &Template) -> Answer<'n> {
    let Template::Object(members) = params else {
        return parts.params(params, &["message", "level", "metadata"]);
    };
    let mut parts = parts;
    for (key, value) in members {
        let value = if &**key == "message" { message(value) } else { value.to_value() };
        parts = parts.prop(key, value);
    }
    Ok(parts)
}

fn message(template: &Template) -> Value {
    let written = |part: &Part| match part {
        Part::Text(text) => Part::Text(text.clone()),
        Part::Expr(expr) => match placeholder_key(expr.source()) {
            Some(key) => Part::Text(format!("${{{key}}}").into()),
            None => Part::Expr(expr.clone()),
        },
    };
    match template {
        Template::Text(parts) => Template::Text(parts.iter().map(written).collect()).to_value(),
        Template::Expr(expr) => match written(&Part::Expr(expr.clone())) {
            Part::Text(text) => text.into(),
            Part::Expr(_) => template.to_value(),
        },
        other => other.to_value(),
    }
}

/// The variable a pattern is looked for in is written as its name.
fn regex<'n>(parts: Parts<'n>, params: &Template) -> Answer<'n> {
    let mut parts = parts.params(params, &["input", "pattern", "flags", "matchIndex"])?;
    if let Template::Object(members) = params {
        let input = members.iter().find(|(key, _)| &**key == "input");
        if let Some((_, Template::Expr(expr))) = input {
            let key = variable_key(expr.source());
            key.into_iter().for_each(|key| drop(parts.props.insert("input".into(), key.into())));
        }
    }
    Ok(parts)
}
