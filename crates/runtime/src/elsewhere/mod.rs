//! Runs that something else carries: a row and its first record are written here, then the run is handed over, and
//! what comes back of it is a copy. The row that waits to be handed over is all there is to remember, so that nothing
//! is lost by a restart and nothing begins twice.

mod copies;
mod hand_over;
mod look_after;
mod mail;
mod places;
mod queues;
mod requests;
mod turns;

pub use copies::Copies;
pub(crate) use hand_over::hand_over;
pub(crate) use look_after::look_after;
pub(crate) use mail::{Letter, Mail};
pub(crate) use requests::take_in;
pub use turns::Turns;

use crate::admission::Slot;
use crate::inner::{Inner, commit_failed};
use places::Held;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use weir_base::Text;
use weir_engine::{Event, EventBody, Record, Started, Status};
use weir_runs::{Carrier, RunsError};
use weir_store::{Batch, Entry, Run, RunKey, elsewhere_key};

/// What is known of the runs that are carried elsewhere.
pub(crate) struct Abroad {
    pub carrier: Arc<dyn Carrier>,
    /// To whoever hands runs over.
    to: UnboundedSender<Waiting>,
    /// Those that wait for that.
    waiting: Arc<Lanes>,
    turns: Turns,
    /// The places that runs hold while they are open there.
    held: Mutex<HashMap<RunKey, Held>>,
    /// Runs that wait and whose start the cluster is being told of at this moment.
    starting: Mutex<HashSet<RunKey>>,
    pub mail: Mail,
    /// Told when something was left in the inbox by this process.
    pub posted: Notify,
}

/// Runs that wait to be handed over, and how often each is on its way: who looks for strays may send one once more.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<RunKey, usize>>);

impl Lanes {
    fn runs(&self) -> MutexGuard<'_, HashMap<RunKey, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, run: RunKey) {
        let mut runs = self.runs();
        if let Some(times) = runs.get_mut(&run) {
            *times -= 1;
            if *times == 0 {
                runs.remove(&run);
            }
        }
    }
}

/// A run on its way to whoever carries it. It counts as long as it is here.
pub(crate) struct Waiting {
    run: Run,
    /// What it counts against, where that is known already.
    slot: Option<Slot>,
    lanes: Arc<Lanes>,
}

impl Waiting {
    fn new(run: Run, slot: Option<Slot>, lanes: &Arc<Lanes>) -> Self {
        *lanes.runs().entry(run.key).or_default() += 1;
        Self { run, slot, lanes: lanes.clone() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.lanes.leave(self.run.key);
    }
}

impl Abroad {
    pub fn new(carrier: Arc<dyn Carrier>, to: UnboundedSender<Waiting>) -> Self {
        Self {
            carrier,
            to,
            waiting: Arc::default(),
            turns: Turns::default(),
            held: Mutex::default(),
            starting: Mutex::default(),
            mail: Mail::default(),
            posted: Notify::new(),
        }
    }

    /// How many runs wait to be handed over.
    pub fn waiting(&self) -> u64 {
        self.waiting.runs().len() as u64
    }

    fn send(&self, run: Run, slot: Option<Slot>) {
        let _ = self.to.send(Waiting::new(run, slot, &self.waiting));
    }

    /// A run that waits and is on nobody's way.
    fn is_stray(&self, run: &Run) -> bool {
        run.status == Status::Pending && run.is_elsewhere() && !self.waiting.runs().contains_key(&run.key)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<RunKey, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds(&self, key: RunKey) -> bool {
        self.held().contains_key(&key)
    }

    fn hold(&self, key: RunKey, place: Held) {
        let before = self.held().insert(key, place);
        drop(before);
    }

    fn all_held(&self) -> Vec<RunKey> {
        self.held().keys().copied().collect()
    }

    fn take_place(&self, key: RunKey) -> Option<Held> {
        self.held().remove(&key)
    }

    fn starting(&self) -> MutexGuard<'_, HashSet<RunKey>> {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Writes a run that is to be handed over: the row and the record that the journal there begins with too.
    pub async fn hand_in(
        &self,
        mut run: Run,
        started: Started,
        connection: &Text,
        slot: Slot,
    ) -> Result<Run, RunsError> {
        run.concurrency_key = Some(elsewhere_key(Some(connection)));
        // From before it is on disk, so that nobody takes it for a stray.
        let waiting = Waiting::new(run.clone(), Some(slot), &self.abroad.waiting);
        let event = Event::new(run.created_at, EventBody::Started(Box::new(started)));
        let mut batch = Batch::new(self.shared.writer.epoch());
        batch.runs.push(run.clone());
        batch.records.push(Entry { run: run.key, record: Record::encode(1, &event) });
        self.shared.writer.write(run.key, batch).await.map_err(commit_failed)?;
        self.shared.meters.flow(&run.place, &run.flow).started.fetch_add(1, Ordering::Relaxed);
        let (tenant, project, flow) = (&*run.place.tenant, &*run.place.project, &*run.flow);
        tracing::info!(target: "weir::run", run = &*run.id, tenant, project, flow, connection = &**connection, "run is handed over");
        self.shared.remove_live(&run.id, run.key);
        let _ = self.abroad.to.send(waiting);
        Ok(run)
    }

    /// Takes up a run of an earlier process: one that was not handed over is, and an open one holds its place.
    pub async fn take_up_elsewhere(self: &Arc<Self>, run: Run) {
        match run.status {
            Status::Pending => self.abroad.send(run, None),
            _ => self.settle_place_of(&run).await,
        }
    }

    /// The first record of a journal.
    async fn started_of(&self, run: &Run) -> Result<Started, RunsError> {
        let records = self.shared.store.records(run.key, 1, 1).await.map_err(crate::flows::store_failed)?;
        let event = records.first().and_then(|record| record.decode().ok()).map(|event| event.body);
        match event {
            Some(EventBody::Started(started)) => Ok(*started),
            _ => Err(RunsError::rejected("RUN_UNREADABLE", format!("the journal of `{}` does not begin", run.id))),
        }
    }
}
