use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;
use tokio::sync::oneshot::{Sender, channel};
use weir_runtime::Turns;
use weir_store::{Batch, CommitError, Epoch, Store};

/// The way of copies of journals into the store.
#[async_trait]
pub trait CopyWriter: Send + Sync {
    /// Held from reading a row of this run to writing what follows from it: numbers of records must follow each other.
    async fn turn(&self, run: &str) -> OwnedMutexGuard<()>;

    fn epoch(&self) -> Epoch;

    /// It is on disk when this returns.
    async fn commit(&self, batch: Batch) -> Result<(), CommitError>;
}

/// A store that nothing else writes to. What is handed in while a commit is under way shares the next one.
pub struct Owned(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    epoch: Epoch,
    turns: Turns,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    handed_in: Vec<Part>,
    /// Whether somebody writes, and goes on to do so as long as there is something.
    is_busy: bool,
}

struct Part {
    batch: Batch,
    told: Sender<Result<(), CommitError>>,
}

impl Owned {
    pub fn new(store: Arc<dyn Store>, epoch: Epoch) -> Self {
        Self(Arc::new(Shared { store, epoch, turns: Turns::default(), parts: Mutex::default() }))
    }
}

impl Shared {
    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever hands this in has to see to it that it is written.
    fn hand_in(&self, part: Part) -> bool {
        let mut parts = self.parts();
        parts.handed_in.push(part);
        !std::mem::replace(&mut parts.is_busy, true)
    }

    /// What there is by now; nobody is busy with it any more after nothing.
    fn take(&self) -> Vec<Part> {
        let mut parts = self.parts();
        parts.is_busy = !parts.handed_in.is_empty();
        std::mem::take(&mut parts.handed_in)
    }

    /// Writes the parts together; each by itself where that cannot be, so that nobody fails for another.
    async fn write(&self, parts: Vec<Part>) {
        if let [_, _, ..] = &parts[..] {
            let mut whole = Batch::new(self.epoch);
            parts.iter().for_each(|part| whole.absorb(part.batch.clone()));
            if self.store.commit(whole).await.is_ok() {
                return parts.into_iter().for_each(|part| drop(part.told.send(Ok(()))));
            }
        }
        for Part { batch, told } in parts {
            let _ = told.send(self.store.commit(batch).await);
        }
    }
}

/// Whoever writes for all. Where it is lost before it has ended, as with the threads it was on, the next one who hands
/// something in writes; what had been handed in is told of as not written.
struct Writer {
    shared: Arc<Shared>,
    has_ended: bool,
}

impl Writer {
    async fn write_all(mut self) {
        loop {
            let parts = self.shared.take();
            if parts.is_empty() {
                self.has_ended = true;
                return;
            }
            self.shared.write(parts).await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.has_ended {
            *self.shared.parts() = Parts::default();
        }
    }
}

#[async_trait]
impl CopyWriter for Owned {
    async fn turn(&self, run: &str) -> OwnedMutexGuard<()> {
        self.0.turns.turn(run).await
    }

    fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let (told, answer) = channel();
        if self.0.hand_in(Part { batch, told }) {
            // On its own, so that it does not end with whoever asked first.
            tokio::spawn(Writer { shared: self.0.clone(), has_ended: false }.write_all());
        }
        answer.await.unwrap_or_else(|_| Err(CommitError::Busy("the writer has ended".to_owned())))
    }
}

/// A store that a runtime writes to as well.
#[async_trait]
impl CopyWriter for weir_runtime::Copies {
    async fn turn(&self, run: &str) -> OwnedMutexGuard<()> {
        weir_runtime::Copies::turn(self, run).await
    }

    fn epoch(&self) -> Epoch {
        weir_runtime::Copies::epoch(self)
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        weir_runtime::Copies::commit(self, batch).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::Runtime;
    use weir_store::{Place, Run, RunKey, RunUpdate, Runs};
    use weir_testkit::MemoryStore;

    fn begins(owned: &Owned, run: i64) -> Batch {
        let mut batch = Batch::new(owned.epoch());
        batch.runs.push(Run::new(RunKey(run), format!("r{run}"), Place::default(), "f", 0));
        batch
    }

    fn threads() -> Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    /// They hear of it, and whoever comes next is not kept waiting.
    #[test]
    fn a_writer_that_is_lost_leaves_nobody_waiting() {
        let (here, there, store) = (threads(), threads(), Arc::new(MemoryStore::new()));
        let epoch = here.block_on(store.claim(1, 0)).unwrap();
        let owned = Arc::new(Owned::new(store.clone(), epoch));
        // It is begun there, and has not written when those threads go away.
        there.block_on(async {
            tokio::select! {
                biased;
                _ = owned.commit(begins(&owned, 1)) => unreachable!(),
                () = std::future::ready(()) => {}
            }
        });
        let waits = here.spawn({
            let (owned, batch) = (owned.clone(), begins(&owned, 2));
            async move { owned.commit(batch).await }
        });
        here.block_on(tokio::task::yield_now());
        assert_eq!(owned.0.parts().handed_in.len(), 2);
        drop(there);
        here.block_on(async {
            assert!(matches!(waits.await.unwrap(), Err(CommitError::Busy(_))));
            assert!(owned.commit(begins(&owned, 3)).await.is_ok());
            assert!(store.run("r1").await.unwrap().is_none() && store.run("r3").await.unwrap().is_some());
        });
    }

    #[tokio::test]
    async fn what_is_handed_in_meanwhile_is_written_together_and_nobody_fails_for_another() {
        let store = Arc::new(MemoryStore::new());
        let epoch = store.claim(1, 0).await.unwrap();
        let owned = Arc::new(Owned::new(store.clone(), epoch));
        owned.0.parts().is_busy = true;
        let mut wrong = begins(&owned, 3);
        wrong.updates.push(RunUpdate::started(RunKey(99), 0));
        wrong.runs.push(Run::new(RunKey(4), "r1", Place::default(), "f", 0));
        let commits = [begins(&owned, 1), begins(&owned, 2), wrong].map(|batch| {
            let owned = owned.clone();
            tokio::spawn(async move { owned.commit(batch).await })
        });
        while owned.0.parts().handed_in.len() < 3 {
            tokio::task::yield_now().await;
        }
        let together = owned.0.take();
        assert_eq!(together.len(), 3);
        owned.0.write(together).await;
        let mut ended = Vec::new();
        for commit in commits {
            ended.push(commit.await.unwrap().is_ok());
        }
        assert_eq!(ended, [true, true, false]);
        assert!(store.run("r2").await.unwrap().is_some() && store.run("r3").await.unwrap().is_none());
    }
}
