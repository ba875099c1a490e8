//! The store in memory: `state.rs` holds what is kept, `commit.rs` changes it, the rest reads.

mod commit;
mod read;
mod retention;
mod runs;
mod state;

use async_trait::async_trait;
use state::State;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use weir_base::Micros;
use weir_store::{Batch, CommitError, Epoch, RunKey, Store, StoreError};

/// A store that forgets everything when it is dropped.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    failures: Mutex<VecDeque<(u64, CommitError)>>,
    commits: AtomicU64,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `after` commits through and fails the one that follows, without writing anything of it.
    /// Several failures are counted one after the other.
    pub fn fail_commit(&self, after: u64, error: CommitError) {
        self.failures.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push_back((after, error));
    }

    /// How many journal records there are, of all runs.
    pub fn record_count(&self) -> usize {
        self.state().journal.values().map(Vec::len).sum()
    }

    /// How many batches were written.
    pub fn commit_count(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn failure(&self) -> Option<CommitError> {
        let mut failures = self.failures.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (left, _) = failures.front_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        failures.pop_front().map(|(_, error)| error)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn claim(&self, _pid: u32, _at: Micros) -> Result<Epoch, StoreError> {
        let mut state = self.state();
        state.epoch.0 += 1;
        Ok(state.epoch)
    }

    fn next_run_key(&self) -> RunKey {
        let mut state = self.state();
        state.last_run.0 += 1;
        state.last_run
    }

    async fn commit(&self, mut batch: Batch) -> Result<(), CommitError> {
        if let Some(error) = self.failure() {
            return Err(error);
        }
        batch.normalise()?;
        let mut state = self.state();
        state.admit(&batch)?;
        state.apply(batch);
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
