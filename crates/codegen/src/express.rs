//! What is computed from a run's variables, as TypeScript.

use crate::activities::{js_string, literal};
use weir_base::Text;
use weir_expr::{Expr, Template};
use weir_ir::Flow;

/// A function `(at) => Json`, or `None` where the template holds an expression that cannot be written yet.
pub(crate) fn template(flow: &Flow, template: &Template, indent: usize) -> Option<String> {
    if let Some(value) = template.constant() {
        return Some(constant(&literal(&value, indent)));
    }
    match template {
        Template::Expr(expr) => expression(flow, expr, indent),
        _ => None,
    }
}

/// A constant, or a variable the flow declares: any other name may be undefined, which JSON does not have.
pub(crate) fn expression(flow: &Flow, expr: &Expr, indent: usize) -> Option<String> {
    if let Some(value) = expr.as_constant() {
        return Some(constant(&literal(value, indent)));
    }
    let name = expr.source().trim().strip_prefix("vars.")?;
    // Any name may be declared, and `a + vars.b` read as one would be another expression.
    let is_plain = name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    let declared = is_plain && flow.variables.contains_key(&Text::from(name));
    declared.then(|| format!("(at) => at.run.variables.get({}) ?? null", js_string(name)))
}

/// An object literal after an arrow needs parentheses, else it is a block.
fn constant(text: &str) -> String {
    if text.starts_with('{') { format!("() => ({text})") } else { format!("() => {text}") }
}
