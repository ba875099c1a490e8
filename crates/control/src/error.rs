use crate::model::{ApiKey, Deployment, Interface, Member, MemoryEntry, Project, Secret, Service, Tenant, Trigger};
use crate::records::Record;
use thiserror::Error;
use weir_base::{Diagnostic, Text};
use weir_runs::RunsError;
use weir_store::{ChangeError, CommitError, StoreError, Table};

/// Why a request was not fulfilled, split by what the caller can do.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ControlError {
    /// Sign in, or bring a valid key.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Bring another token; the message says what is wrong with this one.
    #[error("{0}")]
    TokenRefused(String),
    /// Ask somebody with the permission. Said only of what the caller may see.
    #[error("this needs the permission `{permission}`")]
    Forbidden { permission: &'static str },
    /// There is none, or none this caller may see: the two cannot be told apart.
    #[error("there is no such {what}")]
    NotFound { what: &'static str },
    /// Look at what is there now, and decide again.
    #[error("{}", conflict(*seen, *current))]
    Conflict { seen: u64, current: u64, now: Box<serde_json::Value> },
    /// It is refused, and the message says why and what would help.
    #[error("{message}")]
    Refused { code: &'static str, message: String },
    /// Somebody else's server did not do its part; the message says which.
    #[error("{message}")]
    Elsewhere { code: &'static str, message: String },
    /// Something else stands in the way, and the message says what.
    #[error("{message}")]
    State { code: &'static str, message: String },
    /// Correct the request.
    #[error("{message}")]
    Invalid { code: &'static str, message: String, diagnostics: Vec<Diagnostic> },
    /// Remove something, or raise the limit.
    #[error("{message}")]
    Limit { code: &'static str, message: String, limit: u64 },
    /// Wait so long, then try again.
    #[error("too many requests; try again in {seconds} s")]
    TooMany { seconds: u64 },
    /// Try again a moment later; nothing has happened.
    #[error("try again: {0}")]
    Busy(String),
    /// It will not work until somebody has repaired what the message names.
    #[error("{0}")]
    Unavailable(String),
}

pub type Result<T, E = ControlError> = std::result::Result<T, E>;

impl ControlError {
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        ControlError::Invalid { code, message: message.into(), diagnostics: Vec::new() }
    }

    pub fn state(code: &'static str, message: impl Into<String>) -> Self {
        ControlError::State { code, message: message.into() }
    }

    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        ControlError::Refused { code, message: message.into() }
    }

    pub fn elsewhere(code: &'static str, message: impl Into<String>) -> Self {
        ControlError::Elsewhere { code, message: message.into() }
    }

    /// Says of what is to be corrected where it is.
    pub fn at(self, place: impl std::fmt::Display) -> Self {
        match self {
            ControlError::Invalid { code, message, diagnostics } => {
                ControlError::Invalid { code, message: format!("{place}: {message}"), diagnostics }
            }
            other => other,
        }
    }

    pub fn not_found(what: &'static str) -> Self {
        ControlError::NotFound { what }
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        match error.is_transient() {
            true => ControlError::Busy(error.to_string()),
            false => ControlError::Unavailable(error.to_string()),
        }
    }
}

impl From<ChangeError> for ControlError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Conflict { table, current } => ControlError::Conflict {
                seen: 0,
                current: current.revision,
                now: Box::new(shown(table, &current.body)),
            },
            ChangeError::Missing { .. } | ChangeError::Foreign { .. } => ControlError::not_found("thing"),
            ChangeError::Taken { name, .. } => {
                ControlError::state("NAME_TAKEN", format!("`{name}` exists already; choose another name"))
            }
            ChangeError::OverLimit { table, limit, .. } => ControlError::Limit {
                code: "LIMIT_REACHED",
                message: format!("your tier allows {}; remove one, or change the tier", counted(limit, table)),
                limit,
            },
            ChangeError::NoneStays { .. } => {
                ControlError::state("LAST_OWNER", "an organisation keeps one owner: make somebody else owner first")
            }
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// So many of what is in a table, such as `1 flow`.
fn counted(limit: u64, table: Table) -> String {
    let words = table.words();
    let words = if limit == 1 { words.strip_suffix('s').unwrap_or(&words) } else { &words };
    format!("{limit} {words}")
}

/// What somebody who came too late is shown of a record as it is now: all of a text, so that it can be merged, and of
/// whatever holds a secret or its hash what its readers see of it.
fn shown(table: Table, body: &str) -> serde_json::Value {
    fn as_read<T: Record>(body: &str) -> serde_json::Value {
        serde_json::from_str(body).map(|value: T| value.shown()).unwrap_or_default()
    }
    match table {
        Table::FlowDrafts => serde_json::from_str(body).unwrap_or_default(),
        Table::Tenants => as_read::<Tenant>(body),
        Table::Members => as_read::<Member>(body),
        Table::ApiKeys => as_read::<ApiKey>(body),
        Table::Projects => as_read::<Project>(body),
        Table::Services => as_read::<Service>(body),
        Table::Deployments => as_read::<Deployment>(body),
        Table::Triggers => as_read::<Trigger>(body),
        Table::Secrets => as_read::<Secret>(body),
        Table::Interfaces => as_read::<Interface>(body),
        Table::Memories => as_read::<MemoryEntry>(body),
        _ => serde_json::Value::Null,
    }
}

impl From<CommitError> for ControlError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Busy(message) => ControlError::Busy(message),
            other => ControlError::Unavailable(other.to_string()),
        }
    }
}

impl From<RunsError> for ControlError {
    fn from(error: RunsError) -> Self {
        match error {
            RunsError::NotFound { .. } => ControlError::not_found("run"),
            RunsError::FlowUnknown { .. } => ControlError::not_found("flow"),
            RunsError::Ended { .. } => ControlError::state("RUN_ENDED", error.to_string()),
            RunsError::Rejected { code, message } => ControlError::invalid(code, message),
            RunsError::Busy(message) => ControlError::Busy(message),
            RunsError::Stopping => ControlError::Busy("the server is stopping".to_owned()),
            RunsError::Failed(message) | RunsError::Unavailable(message) => ControlError::Unavailable(message),
        }
    }
}

/// Revisions begin at 1, so that 0 is that of something that is not there.
fn conflict(seen: u64, current: u64) -> String {
    match (seen, current) {
        (seen, 0) => format!("it is gone: you saw revision {seen}, and somebody has deleted it since"),
        (0, current) => format!("there is one already, at revision {current}: say with which revision you replace it"),
        _ => format!("it was changed by somebody else: you saw revision {seen}, now it is at {current}"),
    }
}

/// The name of a thing in messages, from what somebody has given.
pub fn quoted(text: &str) -> Text {
    let short: String = text.chars().take(80).collect();
    format!("`{short}`").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(table: Table, body: serde_json::Value, expected: serde_json::Value) {
        assert_eq!(shown(table, &body.to_string()), expected, "{table:?}");
    }

    #[test]
    fn who_comes_too_late_is_shown_no_secret() {
        let secret = json!({"project": "p", "name": "n", "description": "d", "sealed": "S", "key": "K"});
        check(Table::Secrets, secret, json!({"name": "n", "description": "d"}));
        check(Table::Users, json!({"email": "a@b.c", "password": "P"}), json!(null));
        check(Table::Sessions, json!({"hash": "H"}), json!(null));
        check(Table::FlowDrafts, json!({"files": ["whole"]}), json!({"files": ["whole"]}));
    }
}
