use crate::{RunKey, StoreError};
use async_trait::async_trait;
use weir_base::{Micros, Text};

/// A task that is being tried again: the one mutable row of a step (semantics 5.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub run: RunKey,
    pub path: Text,
    /// The attempt that comes next or is under way; 2 or more.
    pub attempt: u32,
    pub not_before: Micros,
}

#[async_trait]
pub trait Attempts {
    /// The run's attempts by path.
    async fn attempts(&self, run: RunKey) -> Result<Vec<Attempt>, StoreError>;
}
