//! What an HTTP status means for a task.

use weir_base::Micros;
use weir_egress::{Response, retry_after};
use weir_kind::{Category, TaskError};

/// The error for a status nobody wanted. The body is not looked at.
pub(crate) fn status_error(code: &str, message: String, response: &Response, now: Micros) -> TaskError {
    let status = response.status;
    let wait = response.header("retry-after").and_then(|value| retry_after(value, now));
    TaskError::new(category(status), code, message).retryable(is_transient(status)).retry_after(wait)
}

pub(crate) fn category(status: u16) -> Category {
    match status {
        401 | 403 | 407 => Category::Auth,
        408 | 504 => Category::Timeout,
        429 => Category::RateLimit,
        _ => Category::Upstream,
    }
}

/// Another attempt may get another answer.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 529)
}
