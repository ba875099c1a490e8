//! Handing runs over, connection by connection: one that does not answer holds nobody else up.

use super::Copies;
use crate::inner::Inner;
use futures::future::join_all;
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use weir_base::{Text, Value};
use weir_engine::{Status, StepError};
use weir_runs::{Handed, RunsError};
use weir_store::{Batch, Run, RunUpdate};

/// Runs that are handed over at the same time.
const TOGETHER: usize = 16;
/// How long a connection that does not answer is left alone: at first, and at most.
const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(15);
/// How often a run without a place looks for one, though nobody has told it of one.
const AGAIN: Duration = Duration::from_secs(1);

/// What came of handing a run over.
enum Outcome {
    Done,
    /// Its organisation or its flow has as many open runs as it may.
    Full,
    /// Nobody answers; it is tried again.
    Later(String),
}

/// Hands over every run that comes, until it is dropped.
pub(crate) async fn hand_over(inner: Arc<Inner>, mut from: UnboundedReceiver<Run>) {
    let mut lanes: BTreeMap<Text, UnboundedSender<Run>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    while let Some(run) = from.recv().await {
        let Some(connection) = run.connection().map(Text::from) else { continue };
        let lane = lanes.entry(connection.clone()).or_insert_with(|| {
            let (to, of_lane) = unbounded_channel();
            tasks.spawn(Lane::new(inner.clone(), connection, of_lane).run());
            to
        });
        let _ = lane.send(run);
    }
}

struct Lane {
    inner: Arc<Inner>,
    connection: Text,
    from: UnboundedReceiver<Run>,
    ready: VecDeque<Run>,
    /// Those that wait for a place.
    full: Vec<Run>,
    pause: Duration,
}

impl Lane {
    fn new(inner: Arc<Inner>, connection: Text, from: UnboundedReceiver<Run>) -> Self {
        Self { inner, connection, from, ready: VecDeque::new(), full: Vec::new(), pause: SOONEST }
    }

    async fn run(mut self) {
        while self.more().await {
            let count = self.ready.len().min(TOGETHER);
            let chunk: Vec<Run> = self.ready.drain(..count).collect();
            let outcomes = join_all(chunk.iter().map(|run| self.inner.hand_one(run, &self.connection))).await;
            let mut silent = None;
            for (run, outcome) in chunk.into_iter().zip(outcomes).rev() {
                match outcome {
                    Outcome::Done => self.pause = SOONEST,
                    Outcome::Full => self.full.push(run),
                    Outcome::Later(why) => {
                        self.ready.push_front(run);
                        silent = Some(why);
                    }
                }
            }
            if let Some(why) = silent {
                self.wait(&why).await;
            }
        }
    }

    /// Waits until there is something to hand over; false at the end.
    async fn more(&mut self) -> bool {
        if self.ready.is_empty() {
            let left = self.inner.abroad.left.notified();
            tokio::select! {
                run = self.from.recv() => match run {
                    Some(run) => self.ready.push_back(run),
                    None => return false,
                },
                () = left, if !self.full.is_empty() => {}
                () = tokio::time::sleep(AGAIN), if !self.full.is_empty() => {}
            }
            self.ready.extend(self.full.drain(..));
            // As the queue of this server has it: whoever came first is first, among those that matter as much.
            self.ready.make_contiguous().sort_by_key(|run| (Reverse(run.priority), run.key));
        }
        while let Ok(run) = self.from.try_recv() {
            self.ready.push_back(run);
        }
        true
    }

    async fn wait(&mut self, why: &str) {
        let (connection, waiting) = (&*self.connection, self.ready.len());
        tracing::warn!(connection, waiting, "runs are not handed over yet: {why}");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LATEST);
    }
}

impl Inner {
    async fn hand_one(self: &Arc<Self>, run: &Run, connection: &Text) -> Outcome {
        let handed = match self.prepare(run, connection).await {
            Ok(Some(handed)) => handed,
            Ok(None) => return Outcome::Done,
            Err(error) => return self.not_handed(run, error).await,
        };
        match self.slot_elsewhere(run).await {
            Ok(slot) if self.admission.try_claim(&slot).is_err() => return Outcome::Full,
            Ok(slot) => drop(self.abroad.held().insert(run.key, slot)),
            Err(error) => return self.not_handed(run, error).await,
        }
        if !self.sets_out(run).await {
            self.leave_elsewhere(run.key);
            return Outcome::Done;
        }
        let started = self.abroad.carrier.start(handed).await;
        self.abroad.starting().remove(&run.key);
        match started {
            Ok(()) => {
                let outcome = self.settle_pending(run, RunUpdate::started(run.key, self.now())).await;
                if matches!(outcome, Outcome::Later(_)) {
                    self.leave_elsewhere(run.key);
                }
                outcome
            }
            Err(error) => {
                self.leave_elsewhere(run.key);
                self.not_handed(run, error).await
            }
        }
    }

    /// Whether the run still waits: it may have been cancelled meanwhile. From here on it cannot be, but by the cluster.
    async fn sets_out(self: &Arc<Self>, run: &Run) -> bool {
        let copies = Copies(self.clone());
        let _turn = copies.turn().await;
        let row = self.shared.store.run_by_key(run.key).await;
        let waits = !matches!(row, Ok(None)) && !row.is_ok_and(|row| row.is_some_and(|row| row.status.is_final()));
        if waits {
            self.abroad.starting().insert(run.key);
        }
        waits
    }

    /// What is handed over; nothing where it was already, which only a copy that came back can say.
    async fn prepare(&self, run: &Run, connection: &Text) -> Result<Option<Handed>, RunsError> {
        let store = &self.shared.store;
        let row = store.run_by_key(run.key).await.map_err(crate::flows::store_failed)?;
        if row.is_none_or(|row| row.status != Status::Pending) {
            return Ok(None);
        }
        let version = store.flow_version(&run.place.tenant, &run.version).await.map_err(crate::flows::store_failed)?;
        let version = version.ok_or_else(|| RunsError::FlowUnknown { flow: run.flow.clone() })?;
        let flow = weir_ir::from_json(&version.ir);
        let flow = flow.map_err(|error| RunsError::rejected("FLOW_UNREADABLE", error.to_string()))?;
        Ok(Some(Handed {
            connection: connection.clone(),
            tenant: run.place.tenant.clone(),
            project: run.place.project.clone(),
            service: run.place.service.clone(),
            flow: Arc::new(flow),
            started: self.started_of(run).await?,
            created_at: run.created_at,
            cause: run.cause.clone(),
        }))
    }

    /// What may pass is tried again; anything else ends the run, which says why.
    async fn not_handed(self: &Arc<Self>, run: &Run, error: RunsError) -> Outcome {
        let (code, message) = match &error {
            RunsError::Rejected { code, message } => (*code, message.clone()),
            RunsError::FlowUnknown { .. } => ("FLOW_MISSING", error.to_string()),
            _ => return Outcome::Later(error.to_string()),
        };
        let error = StepError::new(code, crate::fold::INTERNAL, message);
        let end = RunUpdate::ended(run.key, Status::Failed, self.now(), Value::Null, Some(error));
        self.settle_pending(run, end).await
    }

    /// Writes what became of a run that waited, unless a copy that came back says more.
    async fn settle_pending(self: &Arc<Self>, run: &Run, update: RunUpdate) -> Outcome {
        let copies = Copies(self.clone());
        let _turn = copies.turn().await;
        let row = match self.shared.store.run_by_key(run.key).await {
            Ok(row) => row,
            Err(error) => return Outcome::Later(error.to_string()),
        };
        if row.is_none_or(|row| row.status != Status::Pending) {
            return Outcome::Done;
        }
        let mut batch = Batch::new(copies.epoch());
        batch.updates.push(update);
        match copies.commit(batch).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Later(error.to_string()),
        }
    }
}
