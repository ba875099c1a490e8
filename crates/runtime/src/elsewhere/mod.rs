//! Runs that something else carries: a row and its first record are written here, then the run is handed over, and
//! what comes back of it is a copy. The row that waits to be handed over is all there is to remember, so that nothing
//! is lost by a restart and nothing begins twice.

mod copies;
mod hand_over;
mod look_after;
mod requests;

pub use copies::Copies;
pub(crate) use hand_over::hand_over;
pub(crate) use look_after::look_after;
pub(crate) use requests::pass_on;

use crate::admission::Slot;
use crate::inner::{Inner, commit_failed};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex as Turns, Notify};
use weir_base::Text;
use weir_engine::{Event, EventBody, Record, Started};
use weir_runs::{Carrier, RunsError};
use weir_store::{Batch, Entry, Run, RunKey, elsewhere_key};

/// What is known of the runs that are carried elsewhere.
pub(crate) struct Abroad {
    pub carrier: Arc<dyn Carrier>,
    /// To whoever hands runs over.
    to: UnboundedSender<Run>,
    /// Rows of such runs are read and changed by one at a time.
    writing: Arc<Turns<()>>,
    /// The places that runs hold while they are open there.
    held: Mutex<HashMap<RunKey, Slot>>,
    /// Runs that wait and whose start the cluster is being told of at this moment.
    starting: Mutex<HashSet<RunKey>>,
    /// Told when one of those places has become free.
    left: Notify,
}

impl Abroad {
    pub fn new(carrier: Arc<dyn Carrier>, to: UnboundedSender<Run>) -> Self {
        Self {
            carrier,
            to,
            writing: Arc::default(),
            held: Mutex::default(),
            starting: Mutex::default(),
            left: Notify::new(),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<RunKey, Slot>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn starting(&self) -> MutexGuard<'_, HashSet<RunKey>> {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Writes a run that is to be handed over: the row and the record that the journal there begins with too.
    pub async fn hand_in(&self, mut run: Run, started: Started, connection: &Text) -> Result<Run, RunsError> {
        run.concurrency_key = Some(elsewhere_key(Some(connection)));
        let event = Event::new(run.created_at, EventBody::Started(Box::new(started)));
        let mut batch = Batch::new(self.shared.writer.epoch());
        batch.runs.push(run.clone());
        batch.records.push(Entry { run: run.key, record: Record::encode(1, &event) });
        self.shared.writer.write(run.key, batch).await.map_err(commit_failed)?;
        self.shared.meters.flow(&run.place, &run.flow).started.fetch_add(1, Ordering::Relaxed);
        let (tenant, project, flow) = (&*run.place.tenant, &*run.place.project, &*run.flow);
        tracing::info!(target: "weir::run", run = &*run.id, tenant, project, flow, connection = &**connection, "run is handed over");
        let _ = self.abroad.to.send(run.clone());
        Ok(run)
    }

    /// Takes up a run of an earlier process: one that was not handed over is, and an open one holds its place.
    pub async fn take_up_elsewhere(&self, run: Run) {
        match run.status {
            weir_engine::Status::Pending => drop(self.abroad.to.send(run)),
            _ => self.hold_place(&run).await,
        }
    }

    /// Children go with their parent, which holds a place already.
    async fn hold_place(&self, run: &Run) {
        if run.id.contains('/') {
            return;
        }
        if let Ok(slot) = self.slot_elsewhere(run).await {
            self.admission.force(&slot);
            self.abroad.held().insert(run.key, slot);
        }
    }

    async fn slot_elsewhere(&self, run: &Run) -> Result<Slot, RunsError> {
        let started = self.started_of(run).await?;
        let flow = self.flows.version(&run.place.tenant, &run.version).await?;
        let key = flow.concurrency_key(&run.place, &started.input, self.options.runs_per_flow.is_some())?;
        Ok(self.slot(&run.place, &flow, key.as_ref()))
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

    fn leave_elsewhere(&self, key: RunKey) {
        let slot = self.abroad.held().remove(&key);
        if let Some(slot) = slot {
            if self.admission.leave(&slot) {
                self.claim.notify_one();
            }
            self.abroad.left.notify_waiters();
        }
    }
}
