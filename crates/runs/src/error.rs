use thiserror::Error;
use weir_base::Text;
use weir_engine::Status;

/// Why a request about a run was not fulfilled, split by what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunsError {
    /// Correct the id.
    #[error("there is no run `{run}`")]
    NotFound { run: Text },
    /// Correct the name, or publish the flow first.
    #[error("there is no flow `{flow}`")]
    FlowUnknown { flow: Text },
    /// Too late: the run is over.
    #[error("run `{run}` is over: {}", status.as_str())]
    Ended { run: Text, status: Status },
    /// Correct the request.
    #[error("{message}")]
    Rejected { code: &'static str, message: String },
    /// Try again a moment later.
    #[error("try again: {0}")]
    Busy(String),
    /// Something the runtime stands on does not work, and the message says what. Once that has been put right, it
    /// goes on by itself.
    #[error("not now: {0}")]
    Unavailable(String),
    /// The runtime is going down; the run goes on when it is started again.
    #[error("the runtime is stopping")]
    Stopping,
    /// The runtime itself has failed.
    #[error("the runtime has failed: {0}")]
    Failed(String),
}

impl RunsError {
    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        matches!(self, RunsError::Busy(_) | RunsError::Unavailable(_))
    }

    pub fn rejected(code: &'static str, message: impl Into<String>) -> Self {
        RunsError::Rejected { code, message: message.into() }
    }
}
