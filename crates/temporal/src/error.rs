use thiserror::Error;

/// Why a cluster did not do what was asked of it, split by what can be done about it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TemporalError {
    /// Correct the address, or start the server.
    #[error("no Temporal server answers at {address}: {why}")]
    Unreachable { address: String, why: String },
    /// Correct the name, or make the namespace.
    #[error("the Temporal server at {address} has no namespace `{namespace}`")]
    Namespace { address: String, namespace: String },
    /// Correct what was given.
    #[error("{0}")]
    Wrong(String),
    /// Nobody works on this queue.
    #[error(
        "nobody works on the task queue `{queue}`; start one: weir worker --temporal {address} --task-queue {queue}"
    )]
    NoWorker { address: String, queue: String },
    #[error("{what} is larger than the 2 MB Temporal takes")]
    TooLarge { what: &'static str },
    /// Begin it again, with less in it.
    #[error("the cluster has ended the run `{run}`, not the run itself: {why}")]
    Ended { run: String, why: String },
    #[error("there is no run `{0}` on this cluster")]
    NotFound(String),
    /// It may work later.
    #[error("the Temporal server: {0}")]
    Failed(String),
}

impl TemporalError {
    /// The code of its page in `docs/errors`, where it has one.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { .. } => "TEMPORAL_UNREACHABLE",
            Self::Namespace { .. } => "TEMPORAL_NO_NAMESPACE",
            Self::NoWorker { .. } => "TEMPORAL_NO_WORKER",
            Self::TooLarge { .. } => "PAYLOAD_TOO_LARGE",
            Self::Ended { .. } => "TEMPORAL_ENDED",
            Self::Wrong(_) | Self::NotFound(_) | Self::Failed(_) => return None,
        })
    }

    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}
