use crate::number::{as_small_integer, push_number};
use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use std::sync::Arc;

/// Shared text; cloning costs a counter.
pub type Text = Arc<str>;

/// An object's members in the order they were written.
pub type Map = IndexMap<Text, Value, foldhash::fast::RandomState>;

/// A JSON value. Cloning is cheap: text, arrays and objects are shared.
///
/// Numbers are `f64` and always finite. Equality of objects ignores member order.
/// Reading JSON never yields [`Value::Sealed`]: only an expression that names a secret makes one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    String(Text),
    Array(Arc<Vec<Value>>),
    Object(Arc<Map>),
    Sealed(Arc<Sealed>),
}

/// Text with references to secrets in it, opened only at the moment of egress.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    pub parts: Vec<SealedPart>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SealedPart {
    Text(Text),
    Secret(Text),
}

impl Sealed {
    /// The form shown and hashed: `{"$sealed": ["Bearer ", {"secret": "token"}]}`.
    pub fn to_value(&self) -> Value {
        let parts = self.parts.iter().map(SealedPart::to_value).collect::<Vec<_>>();
        Value::object([("$sealed", Value::from(parts))])
    }
}

impl SealedPart {
    fn to_value(&self) -> Value {
        match self {
            SealedPart::Text(text) => Value::String(text.clone()),
            SealedPart::Secret(name) => Value::object([("secret", Value::String(name.clone()))]),
        }
    }
}

impl Value {
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        Value::from(members.into_iter().map(|(key, value)| (Text::from(key), value)).collect::<Map>())
    }

    pub fn array(items: impl IntoIterator<Item = Value>) -> Value {
        Value::from(items.into_iter().collect::<Vec<_>>())
    }

    /// A member of an object; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    pub fn at(&self, index: usize) -> Option<&Value> {
        self.as_array()?.get(index)
    }

    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number as a whole, non-negative count, where it is one exactly.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_f64().and_then(as_small_integer).and_then(|integer| u64::try_from(integer).ok())
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The name of the JSON type, for messages: `null`, `boolean`, `number`, `string`, `array`, `object`, `secret`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            Value::Sealed(_) => "secret",
        }
    }

    /// How many levels of arrays and objects are nested in this value; a scalar has none.
    pub fn depth(&self) -> usize {
        match self {
            Value::Array(items) => 1 + items.iter().map(Value::depth).max().unwrap_or(0),
            Value::Object(map) => 1 + map.values().map(Value::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a value is always JSON")
    }

    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("a value is always JSON")
    }

    /// Reads JSON text. Depth is limited to 128 levels.
    pub fn from_json(text: &str) -> Result<Value, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The value as text put into a template: strings as they are, everything else as JSON.
    pub fn push_text(&self, out: &mut String) {
        match self {
            Value::String(text) => out.push_str(text),
            Value::Number(number) => push_number(out, *number),
            other => out.push_str(&other.to_json()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
    }
}

impl From<f64> for Value {
    /// NaN and the infinities become null: JSON has no word for them.
    fn from(number: f64) -> Self {
        if number.is_finite() { Value::Number(number) } else { Value::Null }
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Value {
            fn from(number: $integer) -> Self {
                Value::Number(number as f64)
            }
        }
    )*};
}
from_integers!(u8 u16 u32 u64 usize i32 i64);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Value::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::Array(Arc::new(items))
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Object(Arc::new(map))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Bool(flag),
            serde_json::Value::Number(number) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => Value::from(text),
            serde_json::Value::Array(items) => Value::array(items.into_iter().map(Value::from)),
            serde_json::Value::Object(map) => {
                Value::from(map.into_iter().map(|(key, value)| (Text::from(key), Value::from(value))).collect::<Map>())
            }
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        serde_json::to_value(value).expect("a value is always JSON")
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Number(number) => match as_small_integer(*number) {
                Some(integer) => serializer.serialize_i64(integer),
                None => serializer.serialize_f64(*number),
            },
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => serializer.collect_seq(items.iter()),
            Value::Object(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    object.serialize_entry(&**key, value)?;
                }
                object.end()
            }
            Value::Sealed(sealed) => sealed.to_value().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::from(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::default();
        while let Some((key, value)) = access.next_entry::<String, Value>()? {
            map.insert(key.into(), value);
        }
        Ok(Value::from(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips_and_keeps_order() {
        let text = r#"{"z":1,"a":[true,null,2.5,"ž"],"m":{}}"#;
        assert_eq!(Value::from_json(text).unwrap().to_json(), text);
    }

    #[test]
    fn reading_json_never_makes_a_sealed_value() {
        let value = Value::from_json(r#"{"$sealed":[{"secret":"token"}]}"#).unwrap();
        assert!(matches!(value, Value::Object(_)));
    }

    #[test]
    fn counts_are_exact() {
        let cases = [(3.0, Some(3)), (3.5, None), (-1.0, None), (1e300, None)];
        for (number, count) in cases {
            assert_eq!(Value::Number(number).as_u64(), count);
        }
    }
}
