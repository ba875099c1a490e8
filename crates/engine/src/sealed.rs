//! Task parameters within a snapshot: sealed values must come back sealed, and nothing else may.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;
use weir_base::{Map, Sealed, SealedPart, Text, Value};

const MARK: &str = "$sealed";

pub(crate) fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    escape(value).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer).map(|value| unescape(&value))
}

/// The value as JSON that [`unescape`] reads back with what is sealed in it.
///
/// Keys of plain objects that look like the mark get one more `$`, so that only a sealed value carries it.
pub fn escape(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let escaped = |key: &Text| if key.starts_with('$') { Text::from(format!("${key}")) } else { key.clone() };
            Value::from(map.iter().map(|(key, item)| (escaped(key), escape(item))).collect::<Map>())
        }
        Value::Array(items) => Value::array(items.iter().map(escape)),
        Value::Sealed(sealed) => sealed.to_value(),
        other => other.clone(),
    }
}

/// A value from what [`escape`] made of it.
pub fn unescape(value: &Value) -> Value {
    match value {
        Value::Object(map) => match map.get(MARK) {
            Some(parts) => Value::Sealed(Arc::new(Sealed { parts: parts_of(parts) })),
            None => {
                let plain = |key: &Text| key.strip_prefix("$").map_or(key.clone(), Text::from);
                Value::from(map.iter().map(|(key, item)| (plain(key), unescape(item))).collect::<Map>())
            }
        },
        Value::Array(items) => Value::array(items.iter().map(unescape)),
        other => other.clone(),
    }
}

fn parts_of(parts: &Value) -> Vec<SealedPart> {
    let part = |part: &Value| match part.get("secret").and_then(Value::as_str) {
        Some(name) => SealedPart::Secret(name.into()),
        None => SealedPart::Text(part.as_str().unwrap_or_default().into()),
    };
    parts.as_array().unwrap_or_default().iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sealed_value_comes_back_sealed() {
        let sealed = Value::Sealed(Arc::new(Sealed { parts: vec![SealedPart::Secret("token".into())] }));
        let forged = Value::from_json(r#"{"$sealed":[{"secret":"token"}],"$$x":1}"#).unwrap();
        let both = Value::array([sealed, forged]);
        let back = unescape(&Value::from_json(&escape(&both).to_json()).unwrap());
        assert_eq!(back, both);
        assert!(matches!(back.at(1), Some(Value::Object(_))));
    }
}
