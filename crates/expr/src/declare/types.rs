//! What is known of the names an expression sees, as TypeScript.

use super::comment;
use super::schema::{self, is_schema, member_name};
use crate::check::{Env, Shape};
use crate::lexer::is_reserved;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_base::{Text, Value};

/// A declaration of every name of `env`.
///
/// `described` says more of them in the form of a JSON Schema: a name's `properties` are its members. Where it gives
/// a type, that is what is printed, since it says what a [`Shape`] cannot: what may be missing, and which values there
/// are. Names that cannot stand alone in an expression are left out.
pub fn declarations(env: &Env, described: &Value) -> String {
    let mut out = String::new();
    for (name, shape) in env.roots.iter().filter(|(name, _)| stands_alone(name)) {
        let about = member(described, name);
        if let Some(docs) = docs(about) {
            comment(&mut out, "", docs);
        }
        let _ = writeln!(out, "declare const {name}: {};", type_of(shape, about, 0));
    }
    out
}

fn stands_alone(name: &str) -> bool {
    !is_reserved(name) && name != "undefined" && crate::names::constant(name).is_none() && member_name(name) == name
}

fn member<'v>(described: &'v Value, name: &str) -> &'v Value {
    described.get("properties").and_then(|members| members.get(name)).unwrap_or(&Value::Null)
}

pub(super) fn docs(described: &Value) -> Option<&str> {
    described.get("description").and_then(Value::as_str)
}

fn type_of(shape: &Shape, described: &Value, level: usize) -> String {
    if is_schema(described) {
        return schema::type_of(described, level);
    }
    match shape {
        Shape::Open => "any".to_owned(),
        Shape::Null => "null".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::String => "string".to_owned(),
        Shape::Secret => "Secret".to_owned(),
        Shape::Array(item) => format!("{}[]", type_of(item, &Value::Null, level)),
        Shape::Closed(members) => object(members, described, level, false),
        Shape::Known(members) => object(members, described, level, true),
    }
}

fn object(members: &BTreeMap<Text, Shape>, described: &Value, level: usize, open: bool) -> String {
    let indent = "    ".repeat(level + 1);
    let mut out = "{\n".to_owned();
    for (name, shape) in members {
        let about = member(described, name);
        if let Some(docs) = docs(about) {
            comment(&mut out, &indent, docs);
        }
        let _ = writeln!(out, "{indent}readonly {}: {};", member_name(name), type_of(shape, about, level + 1));
    }
    // `vars.a.b` finds the variable `a.b` too, so `a` can be written.
    let begun = members.keys().filter_map(|name| name.split_once('.')).map(|(first, _)| first);
    let mut begun: Vec<&str> = begun.filter(|first| !members.contains_key(*first)).collect();
    begun.dedup();
    for first in begun {
        let _ = writeln!(out, "{indent}readonly {}: any;", member_name(first));
    }
    if open {
        let _ = writeln!(out, "{indent}readonly [name: string]: any;");
    }
    out.push_str(&"    ".repeat(level));
    out.push('}');
    out
}
