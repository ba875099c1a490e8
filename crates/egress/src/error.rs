use std::net::IpAddr;
use thiserror::Error;
use weir_base::Duration;
use weir_kind::{Category, TaskError};

/// Why a request got no answer, or none that could be read.
#[derive(Debug, Error)]
pub enum EgressError {
    #[error("the flow may not connect to `{host}`; to allow it, add `{host}` to `settings.egress.allow`")]
    Denied { host: String },
    #[error("`{host}` is at the private address {address}; to allow it, add `{host}` to `settings.egress.private`")]
    PrivateAddress { host: String, address: IpAddr },
    #[error("{0}")]
    InvalidUrl(String),
    #[error("{0}")]
    InvalidRequest(String),
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    #[error("`{host}` failed too often and is left alone for {wait}")]
    BreakerOpen { host: String, wait: Duration },
    #[error("no answer within {0}")]
    Timeout(Duration),
    #[error("cannot reach `{host}`: {reason}")]
    Connect { host: String, reason: String },
    #[error("the connection to `{host}` broke: {reason}")]
    Interrupted { host: String, reason: String },
    #[error("the response is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

impl EgressError {
    pub fn code(&self) -> &'static str {
        match self {
            EgressError::Denied { .. } => "EGRESS_DENIED",
            EgressError::PrivateAddress { .. } => "EGRESS_PRIVATE_ADDRESS",
            EgressError::InvalidUrl(_) => "EGRESS_INVALID_URL",
            EgressError::InvalidRequest(_) => "EGRESS_INVALID_REQUEST",
            EgressError::TooManyRedirects(_) => "EGRESS_TOO_MANY_REDIRECTS",
            EgressError::BreakerOpen { .. } => "EGRESS_BREAKER_OPEN",
            EgressError::Timeout(_) => "EGRESS_TIMEOUT",
            EgressError::Connect { .. } => "EGRESS_CONNECT",
            EgressError::Interrupted { .. } => "EGRESS_INTERRUPTED",
            EgressError::TooLarge(_) => "EGRESS_TOO_LARGE",
            EgressError::Setup(_) => "EGRESS_SETUP",
        }
    }

    fn category(&self) -> Category {
        match self {
            EgressError::Denied { .. } | EgressError::PrivateAddress { .. } => Category::Denied,
            EgressError::InvalidUrl(_) | EgressError::InvalidRequest(_) => Category::Input,
            EgressError::TooManyRedirects(_) => Category::Upstream,
            EgressError::Timeout(_) => Category::Timeout,
            EgressError::BreakerOpen { .. } | EgressError::Connect { .. } | EgressError::Interrupted { .. } => {
                Category::Network
            }
            EgressError::TooLarge(_) => Category::Limit,
            EgressError::Setup(_) => Category::Internal,
        }
    }
}

impl From<EgressError> for TaskError {
    fn from(error: EgressError) -> TaskError {
        let wait = if let EgressError::BreakerOpen { wait, .. } = &error { Some(*wait) } else { None };
        TaskError::new(error.category(), error.code(), error.to_string()).retry_after(wait)
    }
}
