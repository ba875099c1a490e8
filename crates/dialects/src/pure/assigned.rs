//! What a step says is to be done with its output, as writes of its own.

use super::run_variable;
use crate::tree::{as_source, variable};
use weir_base::Value;
use weir_expr::{Expr, Template};
use weir_ir::{Assign, Node, NodeKind, Order, SetOp, Wait, Write};

/// The writes of a step, then those of its `assign`. The output stays that of the step.
///
/// `None` where an expression over the output cannot be written again as one.
pub(super) fn after(mut writes: Vec<Write>, assign: &[Assign]) -> Option<Vec<Write>> {
    let mut rest: Vec<&Assign> = assign.iter().collect();
    rest.sort_by_key(|assign| assign.value.source() != "output");
    if rest.is_empty() {
        return Some(writes);
    }
    if let Some(last) = writes.last_mut().filter(|last| last.target.is_none())
        && rest[0].value.source() == "output"
    {
        last.target = Some(run_variable(Template::Value(rest.remove(0).var.clone().into())));
    }
    let output = output_of(writes.last())?;
    let whole = rest.iter().all(|assign| assign.value.source() == "output");
    for assign in rest {
        let value = Template::Expr(over(&assign.value, &output)?);
        let target = Some(run_variable(Template::Value(assign.var.clone().into())));
        writes.push(Write { target, op: SetOp::Set, value });
    }
    if !whole {
        writes.push(Write { target: None, op: SetOp::Set, value: Template::Expr(Expr::parse(&output).ok()?) });
    }
    Some(writes)
}

/// A wait gives null, and so may what is written after it.
pub(super) fn after_timer(node: &Node, after: Template, assign: &[Assign]) -> Option<NodeKind> {
    let wait = NodeKind::Wait(Wait::Timer { after });
    if assign.is_empty() {
        return Some(wait);
    }
    let nothing = Write { target: None, op: SetOp::Set, value: Template::Value(Value::Null) };
    let writes = self::after(vec![nothing], assign)?;
    let child = |id: &str, kind| Node { origin: node.origin.clone(), ..Node::new(id, kind) };
    let children = vec![child("time", wait), child("assign", NodeKind::Set { writes })];
    Some(NodeKind::Sequence { order: Order::Plain, children })
}

/// An expression that reads what a write gave.
fn output_of(last: Option<&Write>) -> Option<String> {
    let Some(last) = last else { return Some("null".to_owned()) };
    let Some(target) = &last.target else { return Some(format!("({})", as_source(&last.value))) };
    Some(match target.name.constant() {
        Some(name) => variable(name.as_str()?),
        None => format!("vars[{}]", as_source(&target.name)),
    })
}

fn over(value: &Expr, output: &str) -> Option<Expr> {
    let renamed = value.rename_free(&|name| (name == "output").then(|| output.to_owned()));
    // An expression that could not be renamed still reads `output`.
    let done = renamed.references().iter().all(|reference| &*reference.root != "output");
    done.then(|| value.span().map_or(renamed.clone(), |span| renamed.at(span)))
}
