//! What is computed from a run's data, as TypeScript.

use crate::activities::{js_string, one_line};
use weir_base::{Text, Value};
use weir_expr::{Expr, Part, Template};

/// A function `(at) => Json`.
pub(crate) fn compute(template: &Template) -> String {
    match template.constant() {
        Some(value) => constant(&one_line(&value)),
        None => format!("(at) => x.json({}, {})", value(template), js_string(&described(template))),
    }
}

/// The same from one expression.
pub(crate) fn compute_expr(expr: &Expr) -> String {
    format!("(at) => x.json({}, {})", expr.to_calls(), js_string(&expr.quoted()))
}

/// A function `(at) => boolean`.
pub(crate) fn test(expr: &Expr) -> String {
    format!("(at) => x.truthy({})", expr.to_calls())
}

/// An object literal after an arrow needs parentheses, else it is a block.
fn constant(text: &str) -> String {
    if text.starts_with('{') { format!("() => ({text})") } else { format!("() => {text}") }
}

/// What an error calls the whole.
fn described(template: &Template) -> String {
    match template {
        Template::Expr(expr) => expr.quoted(),
        _ => "the value".to_owned(),
    }
}

fn value(template: &Template) -> String {
    match template {
        Template::Value(value) => constant_value(value),
        Template::Expr(expr) => expr.to_calls(),
        Template::Text(parts) => text(parts),
        Template::Array(items) => format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(", ")),
        Template::Object(members) => {
            let pair = |(key, member): &(Text, Template)| format!("[{}, {}]", js_string(key), value(member));
            format!("x.object({})", members.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

fn constant_value(value: &Value) -> String {
    Expr::constant(value.clone()).to_calls()
}

/// Texts and values in turn, a text first and last.
fn text(parts: &[Part]) -> String {
    let (mut texts, mut values) = (vec![String::new()], Vec::new());
    for part in parts {
        match part {
            Part::Text(text) => texts.iter_mut().last().into_iter().for_each(|last| last.push_str(text)),
            Part::Expr(expr) => {
                values.push(expr.to_calls());
                texts.push(String::new());
            }
        }
    }
    let texts: Vec<String> = texts.iter().map(|text| js_string(text)).collect();
    format!("x.filled([{}], [{}])", texts.join(", "), values.join(", "))
}
