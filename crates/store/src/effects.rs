use crate::{RunKey, StoreError};
use async_trait::async_trait;

/// A command without an event that has been performed: the `ordinal`-th one caused by record `seq` (semantics 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    pub run: RunKey,
    pub seq: u64,
    pub ordinal: u32,
}

#[async_trait]
pub trait Effects {
    /// What the run has performed from record `from` on, in order.
    async fn effects(&self, run: RunKey, from: u64) -> Result<Vec<Effect>, StoreError>;
}
