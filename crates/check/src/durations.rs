use weir_base::{Diagnostic, Duration, Value};
use weir_expr::Template;
use weir_ir::{Decorator, Flow, Node, NodeKind, Wait};

/// Times that are written down must be times.
pub(crate) fn check(flow: &Flow, found: &mut Vec<Diagnostic>) {
    flow.for_each_node(&mut |node| {
        for (name, template) in times(node) {
            let Some(message) = template.constant().as_ref().and_then(problem) else { continue };
            let problem = Diagnostic::error("INVALID_DURATION", message).path(format!("{}.{name}", node.id));
            found.push(problem.maybe_at(node.origin.prop(name)));
        }
    });
}

/// The times a node names, with the property they most likely stand under.
fn times(node: &Node) -> Vec<(&'static str, &Template)> {
    match &node.kind {
        NodeKind::Decorate { with: Decorator::Timeout { after }, .. } => vec![("timeoutMs", after)],
        NodeKind::Decorate { with: Decorator::Delay { by }, .. } => vec![("delayMs", by)],
        NodeKind::Wait(Wait::Timer { after }) => vec![("waitMs", after)],
        NodeKind::Wait(Wait::Signal { timeout, .. } | Wait::Approval { timeout, .. }) => {
            timeout.iter().map(|timeout| ("timeout", timeout)).collect()
        }
        NodeKind::Task(task) => task.timeout.iter().map(|timeout| ("timeout", timeout)).collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with a constant time, if anything.
pub(crate) fn problem(constant: &Value) -> Option<String> {
    match constant {
        Value::Number(millis) if *millis >= 0.0 => None,
        Value::String(text) => Duration::parse(text).err().map(|error| error.0),
        other => Some(format!("`{other}` is not a duration; write milliseconds, or text such as `30s`")),
    }
}
