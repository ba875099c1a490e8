use crate::fields::{self, Field, Read, Shape, field, invalid};
use crate::text::Doc;
use weir_base::{Diagnostic, Duration};
use weir_ir::{RetryPolicy, RetryStrategy};

const STRATEGIES: [(&str, RetryStrategy); 4] = [
    ("none", RetryStrategy::None),
    ("fail-after-x", RetryStrategy::FailAfterX),
    ("exponential-backoff", RetryStrategy::ExponentialBackoff),
    ("keep-trying", RetryStrategy::KeepTrying),
];

const POLICY: &[Field] = &[
    field("strategy", Shape::Choice(&["none", "fail-after-x", "exponential-backoff", "keep-trying"])),
    field("maxAttempts", Shape::Whole { min: 1, max: u32::MAX as u64 }),
    field("initialInterval", Shape::Any),
    field("maxInterval", Shape::Any),
    field("backoffCoefficient", Shape::Number { min: 1.0, max: 1_000.0 }),
    field("retryOn", Shape::Texts),
    field("jitter", Shape::Number { min: 0.0, max: 1.0 }),
];

/// A retry policy; whatever it leaves out is as in the default policy.
pub(crate) fn policy(doc: &Doc, path: &str, out: &mut Vec<Diagnostic>) -> RetryPolicy {
    fields::check_section(doc, POLICY, path, out);
    let default = RetryPolicy::default();
    let strategy =
        STRATEGIES.iter().find(|(name, _)| doc.text("strategy") == Some(name)).map(|(_, strategy)| *strategy);
    let attempts = doc.whole("maxAttempts").and_then(|attempts| u32::try_from(attempts).ok());
    RetryPolicy {
        strategy: strategy.unwrap_or_default(),
        max_attempts: match strategy {
            Some(RetryStrategy::None) => 1,
            _ => attempts.unwrap_or(default.max_attempts),
        },
        initial: doc.given("initialInterval").and_then(|at| duration(at, path, out)).unwrap_or(default.initial),
        // Written as nothing (`maxInterval:`), the wait grows without end.
        max: doc.get("maxInterval").map_or(default.max, |at| if at.is_null() { None } else { duration(at, path, out) }),
        coefficient: doc.number("backoffCoefficient").unwrap_or(default.coefficient),
        retry_on: doc.texts("retryOn").into_iter().map(|(code, _)| code.to_string()).collect(),
        jitter: doc.number("jitter").unwrap_or(default.jitter),
    }
}

/// A duration as text (`30s`), or a number of milliseconds.
pub(super) fn duration(doc: &Doc, path: &str, out: &mut Vec<Diagnostic>) -> Option<Duration> {
    if let Some(text) = doc.as_str() {
        let report =
            |error: weir_base::DurationError| Diagnostic::error("INVALID_DURATION", error.0).at(doc.span).path(path);
        return Duration::parse(text).map_err(|error| out.push(report(error))).ok();
    }
    match doc.as_f64().map(weir_base::Value::from).and_then(|number| number.as_u64()) {
        Some(millis) => Some(Duration::from_millis(millis)),
        None => {
            out.push(invalid(
                doc.span,
                path,
                format!("a duration is text such as `30s`, or milliseconds, not {}", doc.describe()),
            ));
            None
        }
    }
}
