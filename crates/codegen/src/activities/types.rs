//! JSON Schemas of records as TypeScript types, and the names of functions and types.

use super::literal::{js_string, key};
use crate::names::comment;
use std::fmt::Write;
use weir_base::Value;

/// `http.request` as `httpRequest`. Different kinds may have the same name here; the caller tells them apart.
pub fn function_name(kind: &str) -> String {
    let name = type_name(kind);
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let name: String = first.into_iter().chain(characters).collect();
    if weir_expr::is_reserved(&name) || OWN.contains(&&*name) { format!("{name}Step") } else { name }
}

/// `http.request` as `HttpRequest`; what is no letter or digit divides words.
pub fn type_name(kind: &str) -> String {
    let words = kind.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(capitalised).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("Kind{name}") }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// Names that the file has of its own, or that JavaScript lets nobody declare.
const OWN: [&str; 6] = ["flow", "interface", "package", "private", "protected", "public"];

/// The type of the values a schema describes; unknown JSON is `Json`. `indent` is that of the first line.
///
/// With `defaulted`, members that have a default are always there: of parameters, after the defaults were filled in.
pub fn ts_type(schema: &Value, indent: usize, defaulted: bool) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return union(values.iter().map(value_type).collect());
    }
    match schema.get("type") {
        Some(Value::Array(names)) => {
            let one = |name: &Value| named(name.as_str().unwrap_or_default(), schema, indent);
            union(names.iter().map(one).collect())
        }
        Some(Value::String(name)) if &**name == "object" => object(schema, indent, defaulted),
        Some(Value::String(name)) => named(name, schema, indent),
        _ => "Json".to_owned(),
    }
}

fn union(types: Vec<String>) -> String {
    if types.is_empty() { "never".to_owned() } else { types.join(" | ") }
}

fn value_type(value: &Value) -> String {
    match value {
        Value::String(text) => js_string(text),
        Value::Array(_) | Value::Object(_) => "Json".to_owned(),
        other => other.to_json(),
    }
}

fn named(name: &str, schema: &Value, indent: usize) -> String {
    match name {
        "string" | "boolean" | "null" => name.to_owned(),
        "number" | "integer" => "number".to_owned(),
        "array" => {
            let items = schema.get("items").map_or_else(|| "Json".to_owned(), |items| ts_type(items, indent, false));
            if items.contains(" | ") { format!("({items})[]") } else { format!("{items}[]") }
        }
        "object" => object(schema, indent, false),
        _ => "Json".to_owned(),
    }
}

fn object(schema: &Value, indent: usize, defaulted: bool) -> String {
    let Some(members) = schema.get("properties").and_then(Value::as_object).filter(|members| !members.is_empty())
    else {
        return "JsonObject".to_owned();
    };
    let required = schema.get("required").and_then(Value::as_array).unwrap_or_default();
    let mut out = "{\n".to_owned();
    for (name, member) in members {
        let is_sure =
            required.iter().any(|known| known.as_str() == Some(name)) || (defaulted && member.get("default").is_some());
        push_comment(&mut out, member, indent + 2);
        let mark = if is_sure { "" } else { "?" };
        let of = ts_type(member, indent + 2, false);
        let _ = writeln!(out, "{:width$}{}{mark}: {of};", "", key(name), width = indent + 2);
    }
    let open = schema.get("additionalProperties").is_none_or(|rule| rule.as_bool() != Some(false));
    let _ = write!(out, "{:indent$}}}", "");
    if open { format!("{out} & JsonObject") } else { out }
}

/// The first line of the description; nothing in it can end the comment.
fn push_comment(out: &mut String, schema: &Value, indent: usize) {
    let Some(text) = schema.get("description").and_then(Value::as_str) else { return };
    let _ = writeln!(out, "{:indent$}/** {} */", "", comment(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, expected: &str) {
        assert_eq!(ts_type(&Value::from_json(schema).unwrap(), 0, true), expected, "{schema}");
    }

    #[test]
    fn schemas_become_types() {
        check("{}", "Json");
        check(r#"{"type":["string","integer"]}"#, "string | number");
        check(r#"{"enum":["a",1,null]}"#, "'a' | 1 | null");
        check(r#"{"type":"array","items":{"type":["string","null"]}}"#, "(string | null)[]");
        check(r#"{"type":"object"}"#, "JsonObject");
        let schema = r#"{"type":"object","properties":{"a":{"type":"string","description":"x */ y\nz"},"b-c":{"default":1}},"additionalProperties":false}"#;
        check(schema, "{\n  /** x * / y z */\n  a?: string;\n  'b-c': Json;\n}");
    }

    #[test]
    fn names_are_identifiers() {
        let names = ["http.request", "kong-cache", "default", "9.lives", "ž.x"].map(function_name);
        assert_eq!(names, ["httpRequest", "kongCache", "defaultStep", "kind9Lives", "x"]);
    }
}
