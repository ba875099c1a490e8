use crate::{RunKey, StoreError};
use async_trait::async_trait;

/// A machine's state after record `seq`. Disposable: without it the journal is folded (semantics 5.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub run: RunKey,
    pub seq: u64,
    pub bytes: Vec<u8>,
}

#[async_trait]
pub trait Snapshots {
    /// The newest snapshot of the run.
    async fn snapshot(&self, run: RunKey) -> Result<Option<Snapshot>, StoreError>;
}
