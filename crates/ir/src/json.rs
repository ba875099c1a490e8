use crate::{Flow, IR_VERSION};
use std::fmt;
use weir_base::Value;

#[derive(Debug)]
pub enum JsonError {
    /// Not JSON, or not a flow; says where.
    Shape(serde_json::Error),
    /// Written by a newer Weir.
    Version(u64),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonError::Shape(error) => write!(f, "not a flow: {error}"),
            JsonError::Version(found) => {
                write!(f, "this flow is of ir version {found}, newer than {IR_VERSION}, the newest known here")
            }
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads a flow from its JSON form, bringing older versions up to date.
pub fn from_json(text: &str) -> Result<Flow, JsonError> {
    let value: Value = serde_json::from_str(text).map_err(JsonError::Shape)?;
    match value.get("ir").and_then(Value::as_u64) {
        Some(found) if found > u64::from(IR_VERSION) => Err(JsonError::Version(found)),
        _ => serde_json::from_str(text).map_err(JsonError::Shape),
    }
}

/// The flow as indented JSON. Equal flows give equal bytes.
pub fn to_json(flow: &Flow) -> String {
    serde_json::to_string_pretty(flow).expect("a flow is always JSON")
}
