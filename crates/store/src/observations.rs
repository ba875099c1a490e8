use crate::{RunKey, StoreError};
use async_trait::async_trait;
use weir_base::{Micros, Text};

/// Something worth seeing that no fold needs: a log line, a failed attempt, a token chunk (semantics 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewObservation {
    pub run: RunKey,
    pub path: Text,
    pub attempt: u32,
    pub at: Micros,
    pub kind: Text,
    /// JSON.
    pub payload: String,
}

/// A stored observation. `number` rises in the order of writing, over all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    pub number: i64,
    pub seen: NewObservation,
}

#[async_trait]
pub trait Observations {
    /// The newest one's number; 0 for none.
    async fn newest_observation(&self) -> Result<i64, StoreError>;

    /// As [`Observations::observations`], of all runs.
    async fn observations_of_all(&self, after: i64, limit: u32) -> Result<Vec<Observation>, StoreError>;

    /// At most `limit` observations of the run with a number above `after`, in order; 0 is before all.
    async fn observations(&self, run: RunKey, after: i64, limit: u32) -> Result<Vec<Observation>, StoreError>;
}
