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
    /// Begin it in a namespace of its own, or under another id.
    #[error(
        "the Temporal namespace has another run with the id `{0}`, which this installation has not begun; give each installation a namespace of its own, or use another id or idempotency key"
    )]
    Taken(String),
    /// Give the connection another queue, or a namespace of its own.
    #[error(
        "another installation of Weir (`{other}`) works with the task queue `{queue}` in this namespace; give each its own `taskQueue`, or a namespace of its own"
    )]
    Shared { queue: String, other: String },
    /// Give the worker the same store, none, or another queue.
    #[error(
        "another worker (`{other}`) keeps the journals of the task queue `{queue}` in another store, and each would get a part of them; give both the same --data or --database-url, this one --no-store, or each its own --task-queue. One that is gone counts for 90 seconds"
    )]
    OtherStore { queue: String, other: String },
    /// Give the keys and the store that its workers have.
    #[error("what the run answers cannot be read ({0}); give the same --payload-keys and --blobs as its workers have")]
    Unreadable(String),
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
            Self::Taken(_) => "TEMPORAL_ID_TAKEN",
            Self::Shared { .. } | Self::OtherStore { .. } => "TEMPORAL_QUEUE_SHARED",
            Self::Wrong(_) | Self::Unreadable(_) | Self::NotFound(_) | Self::Failed(_) => return None,
        })
    }

    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}
