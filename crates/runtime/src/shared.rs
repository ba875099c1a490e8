use crate::clock::Clock;
use crate::ends::EndTellers;
use crate::faults::Faults;
use crate::message::Message;
use crate::meters::Meters;
use crate::watchers::Watchers;
use crate::writer::Writer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;
use weir_base::Text;
use weir_store::{RunKey, Store};

/// What every part of the runtime may touch.
pub(crate) struct Shared {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub faults: Arc<dyn Faults>,
    pub writer: Writer,
    pub shards: Vec<UnboundedSender<Message>>,
    pub watchers: Watchers,
    pub meters: Arc<Meters>,
    pub ends: EndTellers,
    /// Runs in memory by id. Looked up, never walked.
    live: Mutex<HashMap<Text, RunKey>>,
}

impl Shared {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        faults: Arc<dyn Faults>,
        writer: Writer,
        shards: Vec<UnboundedSender<Message>>,
        meters: Arc<Meters>,
    ) -> Self {
        Self {
            store,
            clock,
            faults,
            writer,
            shards,
            meters,
            watchers: Watchers::default(),
            ends: EndTellers::default(),
            live: Mutex::default(),
        }
    }

    /// The number of the loop a run belongs to, for ever.
    pub fn shard_number(&self, key: RunKey) -> usize {
        key.0.unsigned_abs() as usize % self.shards.len()
    }

    pub fn shard(&self, key: RunKey) -> &UnboundedSender<Message> {
        &self.shards[self.shard_number(key)]
    }

    pub fn send(&self, key: RunKey, message: Message) {
        let _ = self.shard(key).send(message);
    }

    fn live(&self) -> MutexGuard<'_, HashMap<Text, RunKey>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn live_key(&self, id: &str) -> Option<RunKey> {
        self.live().get(id).copied()
    }

    /// False where another run in memory has this id already.
    pub fn add_live(&self, id: &Text, key: RunKey) -> bool {
        *self.live().entry(id.clone()).or_insert(key) == key
    }

    pub fn remove_live(&self, id: &str, key: RunKey) {
        let mut live = self.live();
        if live.get(id) == Some(&key) {
            live.remove(id);
        }
    }

    pub fn live_count(&self) -> usize {
        self.live().len()
    }

    /// The run a task's key `run/path` belongs to: the longest id in memory that begins it.
    ///
    /// A child's id is `run/path` too, but below the path of a child its parent has no steps.
    pub fn run_of_task(&self, task: &str) -> Option<(RunKey, Text)> {
        let live = self.live();
        let mut ends = task.rmatch_indices('/').map(|(at, _)| at);
        ends.find_map(|at| live.get(&task[..at]).map(|key| (*key, Text::from(&task[at + 1..]))))
    }
}
