use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};
use weir_store::{Batch, CommitError, Epoch, Store};

/// The way of copies of journals into the store.
#[async_trait]
pub trait CopyWriter: Send + Sync {
    /// Held from reading a row to writing what follows from it: numbers of records must follow each other.
    async fn turn(&self) -> OwnedMutexGuard<()>;

    fn epoch(&self) -> Epoch;

    /// It is on disk when this returns.
    async fn commit(&self, batch: Batch) -> Result<(), CommitError>;
}

/// A store that nothing else writes to.
pub struct Owned {
    store: Arc<dyn Store>,
    epoch: Epoch,
    writing: Arc<Mutex<()>>,
}

impl Owned {
    pub fn new(store: Arc<dyn Store>, epoch: Epoch) -> Self {
        Self { store, epoch, writing: Arc::default() }
    }
}

#[async_trait]
impl CopyWriter for Owned {
    async fn turn(&self) -> OwnedMutexGuard<()> {
        self.writing.clone().lock_owned().await
    }

    fn epoch(&self) -> Epoch {
        self.epoch
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.store.commit(batch).await
    }
}

/// A store that a runtime writes to as well.
#[async_trait]
impl CopyWriter for weir_runtime::Copies {
    async fn turn(&self) -> OwnedMutexGuard<()> {
        weir_runtime::Copies::turn(self).await
    }

    fn epoch(&self) -> Epoch {
        weir_runtime::Copies::epoch(self)
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        weir_runtime::Copies::commit(self, batch).await
    }
}
