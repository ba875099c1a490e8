use crate::{Attempt, Effect, RunKey, StoreError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use weir_engine::Record;

/// All that folding a run begins with, of a run that has little.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Every record there is, from the first on.
    pub records: Vec<Record>,
    /// In order.
    pub effects: Vec<Effect>,
    /// By path.
    pub attempts: Vec<Attempt>,
}

#[async_trait]
pub trait Histories {
    /// The histories of those among the runs that have a record, at most `most` of them, and no snapshot. They are read
    /// together, in a few statements however many they are. Whoever is left out is read by itself.
    async fn histories(&self, runs: &[RunKey], most: u32) -> Result<BTreeMap<RunKey, History>, StoreError>;
}
