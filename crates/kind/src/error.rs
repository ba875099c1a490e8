use serde::{Deserialize, Serialize};
use std::fmt;
use weir_base::{Duration, Text, Value};

/// Why an attempt failed, in a form the journal keeps and a flow can decide on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskError {
    /// SCREAMING_SNAKE_CASE, with a page in `docs/errors`.
    pub code: Text,
    pub category: Category,
    pub message: String,
    /// Another attempt may succeed.
    pub retryable: bool,
    /// The other side asked for this much patience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A failure by design: never retried, never an incident.
    Verdict,
    /// The parameters are wrong; the same attempt fails again.
    Input,
    /// A secret is missing, or was refused.
    Auth,
    /// The flow may not do this.
    Denied,
    RateLimit,
    Network,
    Timeout,
    /// The other side answered, with a failure.
    Upstream,
    /// Too large, too deep, too many.
    Limit,
    Cancelled,
    /// A fault of Weir or of a kind.
    Internal,
}

impl Category {
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Verdict => "verdict",
            Category::Input => "input",
            Category::Auth => "auth",
            Category::Denied => "denied",
            Category::RateLimit => "rate_limit",
            Category::Network => "network",
            Category::Timeout => "timeout",
            Category::Upstream => "upstream",
            Category::Limit => "limit",
            Category::Cancelled => "cancelled",
            Category::Internal => "internal",
        }
    }

    /// Whether failures of this category are worth another attempt unless the error says otherwise.
    pub fn is_transient(self) -> bool {
        matches!(self, Category::RateLimit | Category::Network | Category::Timeout)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TaskError {
    /// Retryable as its category usually is.
    pub fn new(category: Category, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            category,
            message: message.into(),
            retryable: category.is_transient(),
            retry_after: None,
            detail: Value::Null,
        }
    }

    pub fn verdict(code: &str, message: impl Into<String>) -> Self {
        Self::new(Category::Verdict, code, message)
    }

    pub fn input(code: &str, message: impl Into<String>) -> Self {
        Self::new(Category::Input, code, message)
    }

    pub fn internal(code: &str, message: impl Into<String>) -> Self {
        Self::new(Category::Internal, code, message)
    }

    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for TaskError {}
