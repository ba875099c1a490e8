//! What every runtime decides the same way about the attempts of a task.

use weir_base::{Duration, Value, hash_value};
use weir_catalog::RetryDefaults;
use weir_engine::{RunTask, StepError, Usage};
use weir_ir::{RetryPolicy, UnknownPolicy};
use weir_kind::{Category, TaskError, TaskRequest};

/// The code of a step that was given up because nobody knows whether it was done.
pub const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";

/// Per attempt: the step's own, else the kind's, else the usual one.
pub fn timeout_of(of_kind: Option<Duration>, task: &RunTask) -> Duration {
    task.timeout.or(of_kind).unwrap_or(TaskRequest::DEFAULT_TIMEOUT)
}

/// The task's policy (the flow's where it has none), else the kind's.
pub fn retry_policy(of_kind: Option<&RetryDefaults>, task: &RunTask) -> Option<RetryPolicy> {
    let usual = |of: &RetryDefaults| RetryPolicy::exponential(of.max_attempts, of.initial, of.max, of.coefficient);
    task.spec.retry.clone().or_else(|| of_kind.map(usual))
}

/// What is done about an attempt whose outcome nobody knows (semantics 5.7).
pub fn unknown_policy(of_kind: Option<weir_catalog::UnknownPolicy>, task: &RunTask) -> UnknownPolicy {
    task.spec.on_unknown.or_else(|| of_kind.map(policy_of)).unwrap_or(UnknownPolicy::Ask)
}

/// Whether attempt `attempt`, which failed so, is followed by another.
pub fn retries(policy: &RetryPolicy, attempt: u32, error: &TaskError) -> bool {
    let named = |name: &String| **name == *error.code || name == error.category.as_str();
    let wanted = policy.retry_on.is_empty() || policy.retry_on.iter().any(named);
    error.retryable && error.category != Category::Verdict && wanted && policy.allows_after(attempt)
}

/// Between -1 and 1, from run, path and attempt alone.
pub fn noise(run: &str, path: &str, attempt: u32) -> f64 {
    let seed = Value::from(format!("{run}/{path}#{attempt}"));
    let high = (hash_value(&seed) >> 75) as u64;
    high as f64 / (1u64 << 52) as f64 - 1.0
}

fn policy_of(policy: weir_catalog::UnknownPolicy) -> UnknownPolicy {
    match policy {
        weir_catalog::UnknownPolicy::Retry => UnknownPolicy::Retry,
        weir_catalog::UnknownPolicy::Ask => UnknownPolicy::Ask,
        weir_catalog::UnknownPolicy::Fail => UnknownPolicy::Fail,
    }
}

pub fn usage_of(usage: weir_kind::Usage) -> Usage {
    Usage { tokens_in: usage.tokens_in, tokens_out: usage.tokens_out, micros: usage.micros }
}

/// The form a journal keeps an attempt's error in.
pub fn step_error(error: TaskError) -> StepError {
    StepError {
        retryable: error.retryable,
        detail: error.detail,
        ..StepError::new(&error.code, error.category.as_str(), error.message)
    }
}
