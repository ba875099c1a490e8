use serde::{Deserialize, Serialize};
use std::fmt;
use weir_base::{Text, Value};

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepError {
    pub code: Text,
    /// One of [`category`]. `verdict` is a failure by design: never retried, never an incident.
    pub category: Text,
    pub message: Text,
    #[serde(default)]
    pub retryable: bool,
    /// The step that failed; empty until the engine has placed it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub path: Text,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

/// The categories the engine itself gives. Kinds add their own.
pub mod category {
    pub const VERDICT: &str = "verdict";
    pub const INPUT: &str = "input";
    pub const TIMEOUT: &str = "timeout";
    pub const LIMIT: &str = "limit";
    pub const CHILD: &str = "child";
    /// A result is not of the kind that was promised.
    pub const OUTPUT: &str = "output";
}

/// The codes the engine itself gives.
pub mod code {
    pub const NO_CHILD_SUCCEEDED: &str = "NO_CHILD_SUCCEEDED";
    pub const CHECK_FAILED: &str = "CHECK_FAILED";
    pub const FORCED_FAILURE: &str = "FORCED_FAILURE";
    pub const INVERTED: &str = "INVERTED";
    pub const PRECONDITION_FAILED: &str = "PRECONDITION_FAILED";
    pub const PARALLEL_FAILED: &str = "PARALLEL_FAILED";
    pub const TIMEOUT: &str = "TIMEOUT";
    pub const RUN_TIMEOUT: &str = "RUN_TIMEOUT";
    pub const ITERATION_LIMIT: &str = "ITERATION_LIMIT";
    pub const LOOP_LIMIT: &str = "LOOP_LIMIT";
    pub const STUCK: &str = "STUCK";
    pub const NOT_A_LIST: &str = "NOT_A_LIST";
    pub const INVALID_DURATION: &str = "INVALID_DURATION";
    pub const INVALID_TIME: &str = "INVALID_TIME";
    pub const INVALID_NUMBER: &str = "INVALID_NUMBER";
    pub const WRONG_TYPE: &str = "WRONG_TYPE";
    pub const REJECTED: &str = "REJECTED";
    pub const AGENT_TURN_LIMIT: &str = "AGENT_TURN_LIMIT";
    pub const AGENT_TOKEN_LIMIT: &str = "AGENT_TOKEN_LIMIT";
    pub const AGENT_COST_LIMIT: &str = "AGENT_COST_LIMIT";
    pub const AGENT_OUTPUT_INVALID: &str = "AGENT_OUTPUT_INVALID";
    pub const MESSAGE_LIMIT: &str = "MESSAGE_LIMIT";
    pub const MESSAGE_TOO_LARGE: &str = "MESSAGE_TOO_LARGE";
    pub const UNBOUND_HANDLER: &str = "UNBOUND_HANDLER";
    pub const OUTPUT_TOO_LARGE: &str = "OUTPUT_TOO_LARGE";
    pub const ROUTING: &str = "ROUTING";
    pub const VARIABLES_UNAVAILABLE: &str = "VARIABLES_UNAVAILABLE";
}

impl StepError {
    pub fn new(code: &str, category: &str, message: impl Into<Text>) -> Self {
        let (code, category, message) = (code.into(), category.into(), message.into());
        Self { code, category, message, retryable: false, path: "".into(), detail: Value::Null }
    }

    pub fn verdict(code: &str, message: impl Into<Text>) -> Self {
        Self::new(code, category::VERDICT, message)
    }

    pub fn input(code: &str, message: impl Into<Text>) -> Self {
        Self::new(code, category::INPUT, message)
    }

    pub fn is_verdict(&self) -> bool {
        &*self.category == category::VERDICT
    }

    /// The form expressions see as `error`.
    pub fn to_value(&self) -> Value {
        Value::object([
            ("code", self.code.clone().into()),
            ("category", self.category.clone().into()),
            ("message", self.message.clone().into()),
            ("retryable", self.retryable.into()),
            ("path", self.path.clone().into()),
            ("detail", self.detail.clone()),
        ])
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
