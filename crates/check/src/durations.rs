use weir_base::{Diagnostic, Duration, Value};
use weir_ir::Flow;

/// Properties that are times.
const TIMES: [&str; 4] = ["timeoutMs", "delayMs", "waitMs", "timeout"];

/// Times that are written down must be times.
pub(crate) fn check(flow: &Flow, found: &mut Vec<Diagnostic>) {
    flow.for_each_node(&mut |node| {
        node.kind.for_each_template(&mut |name, template| {
            let constant = template.constant().filter(|_| TIMES.contains(&name));
            let Some(message) = constant.as_ref().and_then(problem) else { return };
            let problem = Diagnostic::error("INVALID_DURATION", message).path(format!("{}.{name}", node.id));
            found.push(problem.maybe_at(node.origin.prop(name)));
        });
    });
}

/// What is wrong with a constant time, if anything.
pub(crate) fn problem(constant: &Value) -> Option<String> {
    match constant {
        Value::Number(millis) if *millis >= 0.0 => None,
        Value::String(text) => Duration::parse(text).err().map(|error| error.0),
        other => Some(format!("`{other}` is not a duration; write milliseconds, or text such as `30s`")),
    }
}
