use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
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
                tracing::error!("{message}");
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
