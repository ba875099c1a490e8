use crate::{
    Attempts, Batch, Blobs, CommitError, Effects, Flows, Histories, Inbox, Journal, Observations, Retention, RunKey,
    Runs, Snapshots, StoreError, Variables,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use weir_base::Micros;

/// Which ownership of the data a write belongs to. Every claim makes a larger one (semantics 5.13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A whole store. Used as `Arc<dyn Store>`; every method may be called from many tasks at once.
#[async_trait]
pub trait Store:
    Flows
    + Runs
    + Journal
    + Histories
    + Blobs
    + Attempts
    + Effects
    + Observations
    + Variables
    + Snapshots
    + Inbox
    + Retention
    + Send
    + Sync
    + 'static
{
    /// Makes the caller the owner and returns its epoch; batches of every earlier epoch are refused from then on.
    ///
    /// `pid` is told to others that ask for the data. The claim is durable before this returns.
    async fn claim(&self, pid: u32, at: Micros) -> Result<Epoch, StoreError>;

    /// A key no run has had before. Only the owner may use it; nothing is written.
    fn next_run_key(&self) -> RunKey;

    /// Writes the whole batch in one transaction, or nothing.
    ///
    /// With `batch.durable` it, and every batch before it, is on the disk when this returns, even if the batch
    /// is empty (one that is empty writes nothing, so its epoch is not looked at). Without, it is readable at
    /// once, and a power failure may take back the newest such batches, never one without all that came after
    /// it. Batches are applied in the order in which `commit` was called by one task.
    async fn commit(&self, batch: Batch) -> Result<(), CommitError>;

    /// After a commit of which nobody knows what became: makes sure that what is read from now on is what is there,
    /// trusting nothing that was read or written before. A store that always knows has nothing to do.
    async fn renew(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Finishes what is under way and lets go of the data. Later calls fail.
    async fn close(&self) -> Result<(), StoreError>;
}
