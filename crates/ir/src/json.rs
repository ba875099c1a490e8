use crate::{Flow, IR_VERSION};
use serde::Deserialize;
use std::fmt;
use weir_base::read_deep;

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

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    ir: Option<u64>,
}

/// Reads a flow from its JSON form, bringing older versions up to date.
pub fn from_json(text: &str) -> Result<Flow, JsonError> {
    match read_deep::<Header>(text).map_err(JsonError::Shape)?.ir {
        Some(found) if found > u64::from(IR_VERSION) => Err(JsonError::Version(found)),
        _ => read_deep(text).map_err(JsonError::Shape),
    }
}

/// The flow as indented JSON. Equal flows give equal bytes.
pub fn to_json(flow: &Flow) -> String {
    serde_json::to_string_pretty(flow).expect("a flow is always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_DEPTH;

    fn nested(levels: usize) -> String {
        let open: String = (0..levels).map(|at| format!(r#"{{"id":"n{at}","sequence":{{"children":["#)).collect();
        let root = format!("{open}{{\"id\":\"x\",\"wait\":\"forever\"}}{}", "]}}".repeat(levels));
        format!(r#"{{"ir":1,"name":"deep","dialect":"ir","root":{root}}}"#)
    }

    #[test]
    fn the_deepest_flow_reads_back_on_a_small_stack() {
        let read = || {
            let flow = from_json(&nested(MAX_DEPTH)).expect("a flow");
            assert_eq!(from_json(&to_json(&flow)).expect("the same"), flow);
        };
        std::thread::Builder::new().stack_size(2 << 20).spawn(read).expect("a thread").join().expect("no overflow");
    }

    #[test]
    fn what_is_no_flow_says_so() {
        let cases = [
            ("", "not a flow: EOF"),
            ("[]", "not a flow: invalid length"),
            (r#"{"ir":2}"#, "this flow is of ir version 2"),
            (r#"{"ir":1,"name":"x"}"#, "not a flow: missing field"),
            ("\u{0}", "not a flow: expected value"),
        ];
        for (text, message) in cases {
            let found = from_json(text).expect_err(text).to_string();
            assert!(found.starts_with(message), "{text}: {found}");
        }
        assert!(from_json(&nested(10_000)).expect_err("too deep").to_string().contains("levels deep"));
    }
}
