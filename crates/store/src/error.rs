use crate::{Epoch, RunKey};
use thiserror::Error;
use weir_base::Text;

/// Why a store cannot answer, split by what the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Nothing happened; the same call may succeed a moment later.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// Another process owns the data; its pid, where it could be read.
    #[error("the data is in use{}", pid.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    Locked { pid: Option<u32> },
    /// A later release has written this data.
    #[error("the data has schema {found}, this release knows up to {known}; use a newer release")]
    NewerSchema { found: u32, known: u32 },
    /// No space is left; nothing more can be written until there is.
    #[error("the disk is full: {0}")]
    Full(String),
    /// What is stored cannot be right. Writing must stop.
    #[error("the stored data is damaged: {0}")]
    Corrupt(String),
    /// The disk, the file system or the connection failed.
    #[error("the store failed: {0}")]
    Io(String),
    /// It was closed; nothing more can be asked of it.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether trying the same call again makes sense.
    pub fn is_transient(&self) -> bool {
        matches!(self, StoreError::Busy(_))
    }

    /// Whether the same call may succeed once something outside has been put right: space, a disk, a server.
    pub fn may_pass(&self) -> bool {
        matches!(self, StoreError::Busy(_) | StoreError::Full(_) | StoreError::Io(_))
    }
}

/// Why a batch was not written. Nothing of it was, unless [`CommitError::is_certain`] says that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommitError {
    /// Try again: the store was busy.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// Stop everything: another process has become the owner (semantics 5.13).
    #[error("another process has taken over; epoch {epoch} is no longer the owner's")]
    StaleOwner { epoch: Epoch },
    /// Drop this run's machine and fold its journal again: it does not know the newest record.
    #[error("record {seq} of run {run} is already written")]
    SeqTaken { run: RunKey, seq: u64 },
    /// This run was started before, perhaps by the same request.
    #[error("a run with the id `{id}` exists already")]
    RunExists { id: Text },
    /// The batch contradicts itself; a fault of the caller.
    #[error("the batch is not valid: {0}")]
    Invalid(String),
    /// Drop every machine and fold its journal again: newest batches that did not wait for the disk are gone.
    #[error("the newest batches were lost: {0}")]
    Lost(String),
    /// Stop writing: the store itself has failed; until it has been put right where [`CommitError::may_pass`].
    #[error(transparent)]
    Stop(StoreError),
}

impl CommitError {
    /// Whether the same batch may be written once something outside has been put right.
    pub fn may_pass(&self) -> bool {
        match self {
            CommitError::Busy(_) => true,
            CommitError::Stop(error) => error.may_pass(),
            _ => false,
        }
    }

    /// Whether it is known that the batch was not written. Where the disk or the connection failed in the middle of
    /// it, the data has to be read again to know.
    pub fn is_certain(&self) -> bool {
        !matches!(self, CommitError::Busy(_) | CommitError::Stop(StoreError::Io(_)))
    }
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(message) => CommitError::Busy(message),
            other => CommitError::Stop(other),
        }
    }
}
