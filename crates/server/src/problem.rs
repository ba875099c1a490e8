use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use weir_base::Diagnostic;
use weir_control::ControlError;

/// What went wrong, as `application/problem+json` (RFC 9457). `code` has a page in the documentation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub code: String,
    /// Every problem found, where a flow has some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, with = "Vec<serde_json::Value>")]
    pub diagnostics: Vec<Diagnostic>,
    /// The limit that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The revision the request had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// The revision there is now, and what it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(default)]
    pub now: serde_json::Value,
    /// Seconds to wait.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/docs/errors/{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            diagnostics: Vec::new(),
            limit: None,
            seen: None,
            current: None,
            now: serde_json::Value::Null,
            retry_after: None,
        }
    }
}

/// How long what has been said once is not said again.
const QUIET: Duration = Duration::from_secs(10);

static REPEATS: Repeats = Repeats(Mutex::new(None));

/// What was logged last. On a full disk every request is refused for the same reason, and the log needs room, too.
struct Repeats(Mutex<Option<Said>>);

struct Said {
    message: String,
    at: Instant,
    /// How often it was not said since.
    others: u64,
}

impl Repeats {
    /// How many others were passed over before, where this is to be said.
    fn note(&self, message: &str, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = last.as_mut().filter(|said| said.message == message)
            && now.saturating_duration_since(said.at) < QUIET
        {
            said.others += 1;
            return None;
        }
        let said = Said { message: message.to_owned(), at: now, others: 0 };
        Some(last.replace(said).map_or(0, |before| before.others))
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let message = error.to_string();
        let of = |status, code| Problem::new(status, code, message.clone());
        match error {
            ControlError::Unauthenticated(weir_control::TOTP_NEEDED) => of(StatusCode::UNAUTHORIZED, "TOTP_NEEDED"),
            ControlError::Unauthenticated(_) => of(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            ControlError::TokenRefused(_) => of(StatusCode::UNAUTHORIZED, "TOKEN_REFUSED"),
            ControlError::Forbidden { .. } => of(StatusCode::FORBIDDEN, "FORBIDDEN"),
            ControlError::NotFound { .. } => of(StatusCode::NOT_FOUND, "NOT_FOUND"),
            ControlError::Conflict { seen, current, now } => {
                let (seen, current) = (Some(seen), Some(current));
                Problem { seen, current, now: *now, ..of(StatusCode::CONFLICT, "REVISION_CONFLICT") }
            }
            ControlError::Refused { code, .. } => of(StatusCode::FORBIDDEN, code),
            ControlError::Elsewhere { code, .. } => of(StatusCode::BAD_GATEWAY, code),
            ControlError::State { code, .. } => of(StatusCode::CONFLICT, code),
            ControlError::Invalid { code, diagnostics, .. } => {
                Problem { diagnostics, ..of(StatusCode::UNPROCESSABLE_ENTITY, code) }
            }
            ControlError::Limit { code, limit, .. } => {
                Problem { limit: Some(limit), ..of(StatusCode::PAYMENT_REQUIRED, code) }
            }
            ControlError::TooMany { seconds } => {
                Problem { retry_after: Some(seconds), ..of(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS") }
            }
            ControlError::Busy(_) => Problem { retry_after: Some(1), ..of(StatusCode::SERVICE_UNAVAILABLE, "BUSY") },
            ControlError::Unavailable(_) => {
                if let Some(others) = REPEATS.note(&message, Instant::now()) {
                    tracing::error!(others, "{message}");
                }
                Problem { retry_after: Some(5), ..of(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE") }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The same for a path that is not there and for one that was never meant to be.
pub async fn no_such_path() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such path; /api/docs lists what there is")
}

pub async fn no_such_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}; /api/docs says what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_once_in_a_while_and_at_once_where_it_is_something_else() {
        let (repeats, begun) = (Repeats(Mutex::new(None)), Instant::now());
        let note = |message: &str, seconds: u64| repeats.note(message, begun + Duration::from_secs(seconds));
        assert_eq!(note("the disk is full", 0), Some(0));
        assert_eq!((0..1_000).filter_map(|_| note("the disk is full", 9)).count(), 0);
        assert_eq!(note("the disk is full", 10), Some(1_000));
        assert_eq!(note("the database is away", 11), Some(0));
        assert_eq!(note("the disk is full", 12), Some(0));
    }
}
