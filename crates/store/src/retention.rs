use crate::StoreError;
use async_trait::async_trait;
use weir_base::{Micros, Text};

/// What is to be forgotten. `None` keeps all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Runs that ended before this, with everything of theirs.
    pub runs_before: Option<Micros>,
    /// Observations made before this, of whatever run.
    pub observations_before: Option<Micros>,
    /// Only runs of this tenant.
    pub tenant: Option<Text>,
    /// Only runs the installation has made for itself, or none of them.
    pub system: Option<bool>,
    /// At most so many runs, and a thousand times so many observations, in one call.
    pub limit: u32,
}

/// What one call has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub runs: u64,
    pub observations: u64,
    pub blobs: u64,
    /// Whether the limit was reached and another call will find more.
    pub more: bool,
}

#[async_trait]
pub trait Retention {
    /// Removes what the policy names, a bounded amount per call, oldest first.
    async fn sweep(&self, policy: RetentionPolicy) -> Result<Swept, StoreError>;

    /// Gives the space of what was removed back to the file system.
    async fn reclaim(&self) -> Result<(), StoreError>;

    /// How many bytes the store takes up on the disk, its log included.
    async fn disk_bytes(&self) -> Result<u64, StoreError>;
}
