//! Reading parameters that have already passed the record's schema.

use weir_base::{Duration, Value};
use weir_kind::TaskError;

/// A text, or `""`.
pub(crate) fn text<'a>(params: &'a Value, name: &str) -> &'a str {
    params.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn optional_text<'a>(params: &'a Value, name: &str) -> Option<&'a str> {
    params.get(name).and_then(Value::as_str)
}

pub(crate) fn flag(params: &Value, name: &str) -> bool {
    params.get(name).and_then(Value::as_bool).unwrap_or_default()
}

pub(crate) fn list<'a>(params: &'a Value, name: &str) -> &'a [Value] {
    params.get(name).and_then(Value::as_array).unwrap_or_default()
}

/// Whole milliseconds, or text such as `30s`.
pub(crate) fn duration(params: &Value, name: &str) -> Result<Option<Duration>, TaskError> {
    let wrong = |reason: String| TaskError::input("INVALID_DURATION", format!("`{name}`: {reason}"));
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Duration::parse(text).map(Some).map_err(|error| wrong(error.0)),
        Some(other) => {
            let millis = other.as_u64().ok_or_else(|| wrong(format!("{other} is not a number of milliseconds")))?;
            Ok(Some(Duration::from_millis(millis)))
        }
    }
}

/// The value as a person reads it: text as it is, everything else as JSON.
pub(crate) fn shown(value: &Value) -> String {
    let mut out = String::new();
    value.push_text(&mut out);
    out
}

/// The first `limit` characters.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
