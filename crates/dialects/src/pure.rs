//! Kinds the engine performs itself, in whatever dialect a step names them (semantics 2.4).
//!
//! A dialect reads such a step as it reads any task. Here the task becomes the step of the engine that it stands
//! for. One whose parameters do not fit stays a task, for the check against its record to say what is wrong.

mod assigned;
mod params;

use crate::Names;
use params::Params;
use weir_base::{Diagnostic, Duration, Text, Value};
use weir_expr::Template;
use weir_ir::{Flow, Node, NodeKind, SetOp, Target, Task, VarScope, Write};

const KINDS: [&str; 5] = ["set", "transform", "counter", "wait", "script"];

/// What a task's parameters make of it.
enum Step {
    Writes(Vec<Write>),
    Timer(Template),
    /// Not a step of the engine, or not a right one.
    Stays,
}

/// Puts steps of the engine in the place of the tasks that name them.
pub(crate) fn lower(flow: &mut Flow, names: &dyn Names, out: &mut Vec<Diagnostic>) {
    flow.for_each_node_mut(&mut |node| {
        let NodeKind::Task(task) = &node.kind else { return };
        let Some(kind) = KINDS.into_iter().find(|kind| **kind == *task.kind) else { return };
        let engine = |leaf: &crate::Leaf| leaf.engine && *leaf.kind == *kind;
        if names.by_kind(kind).as_ref().is_some_and(engine)
            && let Some(lowered) = step_of(node, task, out)
        {
            node.kind = lowered;
        }
    });
}

fn step_of(node: &Node, task: &Task, out: &mut Vec<Diagnostic>) -> Option<NodeKind> {
    let step = match &*task.kind {
        "set" => set_write(&task.params).map_or(Step::Stays, |write| Step::Writes(vec![write])),
        "transform" => transform(&task.params),
        "counter" => counter(node, &task.params, out),
        "wait" => wait(&task.params),
        _ => script(node, &task.params, out),
    };
    let lowered = match step {
        Step::Writes(writes) => NodeKind::Set { writes: assigned::after(writes, &task.assign)? },
        Step::Timer(after) => assigned::after_timer(node, after, &task.assign)?,
        Step::Stays => return None,
    };
    no_effect(node, task, out);
    Some(lowered)
}

/// What is computed at once is never tried again, and takes no time.
fn no_effect(node: &Node, task: &Task, out: &mut Vec<Diagnostic>) {
    let given = [
        ("retryPolicy", task.retry.is_some()),
        ("timeout", task.timeout.is_some()),
        ("onUnknown", task.on_unknown.is_some()),
    ];
    for (name, _) in given.into_iter().filter(|(_, given)| *given) {
        let message = format!("`{name}` has no effect here: `{}` is performed by the engine itself", task.kind);
        let found = Diagnostic::warning("INVALID_CONFIG", message).maybe_at(node.origin.prop(name));
        out.push(found.path(&*node.id).help("remove it"));
    }
}

fn invalid(node: &Node, name: &str, wanted: &str) -> Diagnostic {
    let found = Diagnostic::error("INVALID_PROP", format!("`{name}` must be {wanted}"));
    found.maybe_at(node.origin.prop(name)).path(format!("{}.{name}", node.id))
}

/// `{scope?, name, op?, value?}`; a variable that lives outside the run is a task's business.
pub(crate) fn set_write(params: &Template) -> Option<Write> {
    let params = Params::written(params, &["scope", "name", "op", "value"])?;
    let word = |name: &str| params.get(name).map(|value| value.constant().and_then(|v| v.as_str().map(str::to_owned)));
    if !matches!(word("scope"), None | Some(Some(_))) || word("scope").flatten().is_some_and(|scope| scope != "run") {
        return None;
    }
    let op = match word("op") {
        None => SetOp::Set,
        Some(op) => match op?.as_str() {
            "set" => SetOp::Set,
            "append" => SetOp::Append,
            "increment" => SetOp::Increment,
            "decrement" => SetOp::Decrement,
            "get" => SetOp::Get,
            _ => return None,
        },
    };
    let name = params.get("name").filter(|name| name.constant().is_none_or(|name| name.as_str().is_some()))?;
    let unit = if matches!(op, SetOp::Increment | SetOp::Decrement) { Value::from(1) } else { Value::Null };
    let value = params.get("value").unwrap_or(Template::Value(unit));
    Some(Write { target: Some(run_variable(name)), op, value })
}

pub(crate) fn run_variable(name: Template) -> Target {
    Target { scope: VarScope::Run, name }
}

fn transform(params: &Template) -> Step {
    match Params::written(params, &["value"]).and_then(|params| params.get("value")) {
        Some(value) => Step::Writes(vec![Write { target: None, op: SetOp::Set, value }]),
        None => Step::Stays,
    }
}

/// An increment of 0 leaves the counter as it is.
fn counter(node: &Node, params: &Template, out: &mut Vec<Diagnostic>) -> Step {
    let Some(params) = Params::of(params, &["counterKey", "increment"]) else { return Step::Stays };
    let name = params.or("counterKey", "counter".into());
    let value = params.or("increment", 1.into());
    match name.constant() {
        Some(Value::String(name)) if name.is_empty() => out.push(invalid(node, "counterKey", "the name of a variable")),
        Some(Value::String(_)) | None => {}
        Some(_) => return Step::Stays,
    }
    if value.constant().is_some_and(|value| value.as_f64().is_none()) {
        return Step::Stays;
    }
    Step::Writes(vec![Write { target: Some(run_variable(name)), op: SetOp::Increment, value }])
}

/// A wait of 0 ms is over at once.
fn wait(params: &Template) -> Step {
    let Some(params) = Params::of(params, &["waitMs"]) else { return Step::Stays };
    let after = params.or("waitMs", 1_000.into());
    let readable = match after.constant() {
        None => true,
        Some(Value::String(text)) => Duration::parse(&text).is_ok(),
        Some(other) => other.as_u64().is_some(),
    };
    if readable { Step::Timer(after) } else { Step::Stays }
}

fn script(node: &Node, params: &Template, out: &mut Vec<Diagnostic>) -> Step {
    let written = Params::written(params, &["textContent"]);
    let text = match written.as_ref().map(|params| params.get("textContent").map(|text| text.constant())) {
        Some(None) => return Step::Stays,
        Some(Some(Some(Value::String(text)))) => text,
        Some(Some(Some(_))) => return Step::Stays,
        None if params.constant().is_some() || matches!(params, Template::Object(_)) => return Step::Stays,
        Some(Some(None)) | None => {
            out.push(invalid(node, "textContent", "a script that is known before the run"));
            return Step::Stays;
        }
    };
    if text.trim().is_empty() {
        out.push(invalid(node, "textContent", "a script that says something"));
        return Step::Stays;
    }
    match weir_expr::parse_script(&text) {
        Ok(script) => Step::Writes(script.statements.into_iter().map(statement).collect()),
        Err(problems) => {
            let place = node.origin.prop("textContent");
            let found = problems.into_iter().map(|problem| problem.to_diagnostic(None).maybe_at(place));
            out.extend(found.map(|found| found.path(format!("{}.textContent", node.id))));
            Step::Writes(Vec::new())
        }
    }
}

fn statement(statement: weir_expr::Statement) -> Write {
    let target = statement.target.map(|name: Text| run_variable(Template::Value(name.into())));
    Write { target, op: SetOp::Script, value: Template::Expr(statement.expr) }
}
