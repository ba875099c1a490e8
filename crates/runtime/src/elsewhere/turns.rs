use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Enough that runs seldom wait for each other, few enough to be there from the beginning.
const STRIPES: usize = 64;

/// Rows of one run are read and changed by one at a time; those of others meanwhile, so that they share a commit.
pub struct Turns(Vec<Arc<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Held from reading a row of this run to writing what follows from it.
    pub async fn turn(&self, run: &str) -> OwnedMutexGuard<()> {
        let mut hasher = DefaultHasher::new();
        run.hash(&mut hasher);
        let stripe = hasher.finish() as usize % STRIPES;
        self.0[stripe].clone().lock_owned().await
    }
}
