//! JSON Schema as a TypeScript type, as far as an editor is helped by it. What it does not understand is `any`.

use super::comment;
use super::types::docs;
use std::fmt::Write;
use weir_base::Value;

/// Levels of a schema that are told; nobody reads further.
const MAX_DEPTH: usize = 12;

/// Whether a value says of which type something is.
pub(super) fn is_schema(described: &Value) -> bool {
    ["type", "enum", "const", "anyOf", "oneOf"].iter().any(|keyword| described.get(keyword).is_some())
}

pub(super) fn type_of(schema: &Value, level: usize) -> String {
    if level > MAX_DEPTH || !is_schema(schema) {
        return "any".to_owned();
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return union(values.iter().map(literal));
    }
    let choices = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(keyword)?.as_array());
    match (choices, schema.get("type")) {
        (Some(choices), _) => union(choices.iter().map(|choice| type_of(choice, level + 1))),
        (None, Some(Value::Array(names))) => union(names.iter().map(|name| named(name, schema, level))),
        (None, Some(name)) => named(name, schema, level),
        (None, None) => "any".to_owned(),
    }
}

fn named(name: &Value, schema: &Value, level: usize) -> String {
    match name.as_str().unwrap_or_default() {
        "string" => "string".to_owned(),
        "number" | "integer" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "null" => "null".to_owned(),
        "array" => list(schema, level),
        "object" => object(schema, level),
        _ => "any".to_owned(),
    }
}

fn list(schema: &Value, level: usize) -> String {
    let item = schema.get("items").map_or_else(|| "any".to_owned(), |items| type_of(items, level + 1));
    if item.contains(" | ") { format!("({item})[]") } else { format!("{item}[]") }
}

fn object(schema: &Value, level: usize) -> String {
    let Some(members) = schema.get("properties").and_then(Value::as_object) else {
        return "{ readonly [name: string]: any }".to_owned();
    };
    let indent = "    ".repeat(level + 1);
    let mut out = "{\n".to_owned();
    for (name, member) in members {
        if let Some(docs) = docs(member) {
            comment(&mut out, &indent, docs);
        }
        let optional = if is_required(schema, name) { "" } else { "?" };
        let _ = writeln!(out, "{indent}readonly {}{optional}: {};", member_name(name), type_of(member, level + 1));
    }
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        let _ = writeln!(out, "{indent}readonly [name: string]: any;");
    }
    out.push_str(&"    ".repeat(level));
    out.push('}');
    out
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|one| one.as_str() == Some(name)))
}

/// Without repetition; what may be anything is `any`.
fn union(types: impl Iterator<Item = String>) -> String {
    let mut found: Vec<String> = Vec::new();
    for one in types {
        if one == "any" {
            return one;
        }
        if !found.contains(&one) {
            found.push(one);
        }
    }
    if found.is_empty() { "never".to_owned() } else { found.join(" | ") }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_json(),
        Value::Array(_) => "any[]".to_owned(),
        Value::Object(_) | Value::Sealed(_) => "any".to_owned(),
    }
}

/// A name as a member is written: bare where it surely can be.
pub(super) fn member_name(name: &str) -> String {
    let begins = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    let goes_on = |c: char| c.is_alphabetic() || c.is_ascii_digit() || c == '_' || c == '$';
    if name.starts_with(begins) && name.chars().all(goes_on) { name.to_owned() } else { Value::from(name).to_json() }
}
