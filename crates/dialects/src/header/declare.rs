use crate::fields::{self, Field, Read, Shape, field, invalid, short};
use crate::text::{Doc, Entry};
use indexmap::IndexMap;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{SignalDecl, Trigger, VarType, Variable};

const TYPES: [(&str, VarType); 6] = [
    ("any", VarType::Any),
    ("string", VarType::String),
    ("number", VarType::Number),
    ("boolean", VarType::Boolean),
    ("array", VarType::Array),
    ("object", VarType::Object),
];

const SIGNAL: &[Field] = &[field("schema", Shape::Map), field("assign", Shape::Map)];

pub(super) const TRIGGER: &[Field] =
    &[field("id", Shape::Text), field("kind", Shape::Text), field("params", Shape::Map)];

fn entries(doc: Option<&Doc>) -> &[Entry] {
    doc.map_or(&[], Doc::entries)
}

pub(super) fn variables(doc: Option<&Doc>, out: &mut Vec<Diagnostic>) -> IndexMap<Text, Variable> {
    entries(doc).iter().map(|entry| (entry.key.clone(), variable(entry, out))).collect()
}

/// `{type, initial, description}`, or just the value the variable begins with.
fn variable(entry: &Entry, out: &mut Vec<Diagnostic>) -> Variable {
    let doc = &entry.value;
    if !is_declaration(doc) {
        return Variable { initial: Some(doc.to_value()).filter(|value| !value.is_null()), ..Variable::default() };
    }
    let path = format!("variables.{}", short(&entry.key));
    let ty = doc.text("type").unwrap_or("any");
    let found = TYPES.iter().find(|(name, _)| *name == ty);
    if found.is_none() {
        let span = doc.given("type").map_or(doc.span, |at| at.span);
        let message = format!("a variable's type is one of {}", fields::list(TYPES.map(|(name, _)| name)));
        out.push(invalid(span, &path, message));
    }
    let ty = found.map_or(VarType::Any, |(_, ty)| *ty);
    let initial = doc.get("initial");
    if let Some(initial) = initial.filter(|initial| !fits(&initial.to_value(), ty)) {
        out.push(invalid(
            initial.span,
            &path,
            format!("`{}` begins with {}, which is not of its type", short(&entry.key), initial.describe()),
        ));
    }
    Variable {
        ty,
        initial: initial.map(Doc::to_value).filter(|value| !value.is_null()),
        description: doc.text("description").map(str::to_owned),
    }
}

fn is_declaration(doc: &Doc) -> bool {
    let known = |entry: &Entry| matches!(&*entry.key, "type" | "initial" | "description");
    doc.entries().iter().all(known) && (doc.text("type").is_some() || doc.get("initial").is_some())
}

fn fits(value: &Value, ty: VarType) -> bool {
    match ty {
        VarType::Any => true,
        VarType::String => value.as_str().is_some(),
        VarType::Number => value.as_f64().is_some(),
        VarType::Boolean => value.as_bool().is_some(),
        VarType::Array => value.as_array().is_some(),
        VarType::Object => value.as_object().is_some(),
    }
}

pub(super) fn signals(doc: Option<&Doc>, out: &mut Vec<Diagnostic>) -> IndexMap<Text, SignalDecl> {
    entries(doc).iter().map(|entry| (entry.key.clone(), signal(entry, out))).collect()
}

fn signal(entry: &Entry, out: &mut Vec<Diagnostic>) -> SignalDecl {
    let path = format!("signals.{}", short(&entry.key));
    let doc = &entry.value;
    if !doc.is_null() {
        fields::check_section(doc, SIGNAL, &path, out);
    }
    let schema = doc.given("schema").filter(|schema| schema.is_map()).map(Doc::to_value);
    SignalDecl { schema, assign: expressions(doc.given("assign"), &path, out) }
}

pub(super) fn queries(doc: Option<&Doc>, out: &mut Vec<Diagnostic>) -> IndexMap<Text, Expr> {
    expressions(doc, "queries", out)
}

fn expressions(doc: Option<&Doc>, path: &str, out: &mut Vec<Diagnostic>) -> IndexMap<Text, Expr> {
    let each = entries(doc).iter();
    each.filter_map(|entry| Some((entry.key.clone(), expression(&entry.value, path, out)?))).collect()
}

/// An expression, bare or within `{{ }}`.
fn expression(doc: &Doc, path: &str, out: &mut Vec<Diagnostic>) -> Option<Expr> {
    let Some(text) = doc.as_str() else {
        out.push(invalid(doc.span, path, format!("an expression is text, not {}", doc.describe())));
        return None;
    };
    let whole = text.contains("{{").then(|| Template::parse_text(text)).and_then(Result::ok);
    let parsed = match whole {
        Some(Template::Expr(expr)) => Ok(expr),
        _ => Expr::parse(text),
    };
    let report =
        |problems: Vec<weir_expr::Problem>| out.extend(problems.iter().map(|p| p.to_diagnostic(Some(doc.span))));
    parsed.map(|expr| expr.at(doc.span)).map_err(report).ok()
}

pub(super) fn triggers(doc: Option<&Doc>, out: &mut Vec<Diagnostic>) -> Vec<Trigger> {
    let items = doc.map_or(&[][..], Doc::items).iter().enumerate();
    items.filter_map(|(index, item)| trigger(item, index, out)).collect()
}

fn trigger(doc: &Doc, index: usize, out: &mut Vec<Diagnostic>) -> Option<Trigger> {
    let Some(kind) = doc.text("kind") else {
        let missing = Diagnostic::error("MISSING_KEY", "this trigger names no `kind`").at(doc.span);
        out.extend((doc.is_map() && doc.given("kind").is_none()).then(|| missing.path(format!("triggers[{index}]"))));
        return None;
    };
    let empty = || Template::Value(Value::object([]));
    let params = doc.given("params").map_or_else(empty, |params| crate::template::of(params, out));
    let id = doc.text("id").map_or_else(|| format!("trigger-{}", index + 1), str::to_owned);
    Some(Trigger { id, kind: kind.into(), params })
}
