//! `undefined` and NaN during an evaluation.
//!
//! Inside an evaluation, and only there, a [`Value`] may be undefined or a number that JSON has no word for. An
//! undefined is carried as a seal without parts, which no scope and no operation makes. `finish` in the evaluator
//! sees to it that neither leaves.

use std::sync::{Arc, LazyLock};
use weir_base::{Map, Sealed, Text, Value};

static UNDEFINED: LazyLock<Arc<Sealed>> = LazyLock::new(|| Arc::new(Sealed { parts: Vec::new() }));

pub(crate) fn undefined() -> Value {
    Value::Sealed(UNDEFINED.clone())
}

pub(crate) fn is_undefined(value: &Value) -> bool {
    matches!(value, Value::Sealed(sealed) if sealed.parts.is_empty())
}

pub(crate) fn is_nullish(value: &Value) -> bool {
    value.is_null() || is_undefined(value)
}

/// True for what has no JSON form by itself; does not look into arrays and objects.
pub(crate) fn is_not_json(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_finite(),
        other => is_undefined(other),
    }
}

/// A value by JavaScript's kinds.
pub(crate) enum View<'a> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    String(&'a Text),
    Array(&'a Arc<Vec<Value>>),
    Object(&'a Arc<Map>),
    Secret(&'a Arc<Sealed>),
}

pub(crate) fn view(value: &Value) -> View<'_> {
    match value {
        Value::Null => View::Null,
        Value::Bool(flag) => View::Bool(*flag),
        Value::Number(number) => View::Number(*number),
        Value::String(text) => View::String(text),
        Value::Array(items) => View::Array(items),
        Value::Object(map) => View::Object(map),
        Value::Sealed(sealed) if sealed.parts.is_empty() => View::Undefined,
        Value::Sealed(sealed) => View::Secret(sealed),
    }
}

/// The name of the kind, for messages.
pub(crate) fn kind_name(value: &Value) -> &'static str {
    if is_undefined(value) { "undefined" } else { value.type_name() }
}
