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

/// Errors to come, each after so many calls that succeed, counted one after the other.
struct Failures<E>(Mutex<VecDeque<(u64, E)>>);

impl<E> Default for Failures<E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<E> Failures<E> {
    fn errors(&self) -> MutexGuard<'_, VecDeque<(u64, E)>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn add(&self, after: u64, error: E) {
        self.errors().push_back((after, error));
    }

    fn next(&self) -> Option<E> {
        let mut errors = self.errors();
        let (left, _) = errors.front_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        errors.pop_front().map(|(_, error)| error)
    }
}

/// A store that forgets everything when it is dropped.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    failures: Failures<CommitError>,
    silences: Failures<StoreError>,
    commits: AtomicU64,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `after` commits through and fails the one that follows, without writing anything of it.
    /// Several failures are counted one after the other.
    pub fn fail_commit(&self, after: u64, error: CommitError) {
        self.failures.add(after, error);
    }

    /// As [`Self::fail_commit`], of looks at a run by its key, or for runs that are not over.
    pub fn fail_look(&self, after: u64, error: StoreError) {
        self.silences.add(after, error);
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
        if let Some(error) = self.failures.next() {
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
