//! Handing runs over, connection by connection: one that does not answer holds nobody else up.

use super::queues::{Queues, Taken};
use super::{Copies, Waiting};
use crate::flows::store_failed;
use crate::inner::Inner;
use futures::future::join_all;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use weir_base::{Text, Value};
use weir_engine::{Status, StepError};
use weir_runs::{Handed, RunsError};
use weir_store::{Batch, Run, RunUpdate};

/// Runs that are handed over at the same time.
const TOGETHER: usize = 16;
/// Runs of which is found out at the same time what they count against.
const SORTED_TOGETHER: usize = 64;
/// How long a connection that does not answer is left alone: at first, and at most.
const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(15);
/// How often a run without a place looks for one, though nobody has told it of one.
const AGAIN: Duration = Duration::from_secs(5);

/// What came of handing a run over.
enum Outcome {
    Done,
    /// Nobody answers; it is tried again.
    Later(String),
}

/// Hands over every run that comes, until it is dropped.
pub(crate) async fn hand_over(inner: Arc<Inner>, mut from: UnboundedReceiver<Waiting>) {
    let mut lanes: BTreeMap<Text, UnboundedSender<Waiting>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    while let Some(waiting) = from.recv().await {
        let Some(connection) = waiting.run.connection().map(Text::from) else { continue };
        let lane = lanes.entry(connection.clone()).or_insert_with(|| {
            let (to, of_lane) = unbounded_channel();
            tasks.spawn(Lane::new(inner.clone(), connection, of_lane).run());
            to
        });
        let _ = lane.send(waiting);
    }
}

/// The runs of one connection.
struct Lane {
    inner: Arc<Inner>,
    connection: Text,
    from: UnboundedReceiver<Waiting>,
    /// Those of which nobody has found out yet what they count against.
    new: VecDeque<Waiting>,
    queues: Queues,
    freed: watch::Receiver<u64>,
    pause: Duration,
}

impl Lane {
    fn new(inner: Arc<Inner>, connection: Text, from: UnboundedReceiver<Waiting>) -> Self {
        let freed = inner.admission.freed();
        Self { inner, connection, from, new: VecDeque::new(), queues: Queues::default(), freed, pause: SOONEST }
    }

    async fn run(mut self) {
        // One that was told to be cancelled before a restart does not begin after it.
        self.inner.abroad.mail.all_read().await;
        loop {
            let mut silent = self.sort().await;
            let taken = self.take();
            if taken.is_empty() && silent.is_none() && self.new.is_empty() && !self.more().await {
                return;
            }
            let outcomes =
                join_all(taken.iter().map(|taken| self.inner.hand_one(&taken.waiting.run, &self.connection))).await;
            for (Taken { slot, waiting }, outcome) in taken.into_iter().zip(outcomes) {
                match outcome {
                    Outcome::Done => self.pause = SOONEST,
                    Outcome::Later(why) => {
                        self.queues.push(slot, waiting);
                        silent = Some(why);
                    }
                }
            }
            if let Some(why) = silent {
                self.wait(&why).await;
            }
        }
    }

    /// Finds out what those count against that have come, some of them at a time. An answer where that failed.
    async fn sort(&mut self) -> Option<String> {
        while let Ok(waiting) = self.from.try_recv() {
            self.new.push_back(waiting);
        }
        let mut silent = None;
        for _ in 0..SORTED_TOGETHER.min(self.new.len()) {
            let Some(mut waiting) = self.new.pop_front() else { break };
            let found = match waiting.slot.take() {
                Some(slot) => Ok(slot),
                None => self.inner.slot_elsewhere(&waiting.run).await,
            };
            match found {
                Ok(slot) => self.queues.push(slot, waiting),
                Err(error) => {
                    if let Outcome::Later(why) = self.inner.not_handed(&waiting.run, error).await {
                        // Nobody else has to wait for it.
                        self.new.push_back(waiting);
                        silent.get_or_insert(why);
                    }
                }
            }
        }
        silent
    }

    /// The next ones, each with a place. One whose row was not written keeps the place it has had since.
    fn take(&mut self) -> Vec<Taken> {
        self.freed.mark_unchanged();
        let inner = &self.inner;
        self.queues.take(TOGETHER, |slot, key| inner.has_place(slot, key))
    }

    /// Waits until there is something to do; false at the end.
    async fn more(&mut self) -> bool {
        let is_waiting = !self.queues.is_empty();
        tokio::select! {
            waiting = self.from.recv() => match waiting {
                Some(waiting) => self.new.push_back(waiting),
                None => return false,
            },
            freed = self.freed.changed(), if is_waiting => return freed.is_ok(),
            () = tokio::time::sleep(AGAIN), if is_waiting => {}
        }
        true
    }

    async fn wait(&mut self, why: &str) {
        let (connection, waiting) = (&*self.connection, self.queues.len() + self.new.len());
        tracing::warn!(connection, waiting, "runs are not handed over yet: {why}");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LATEST);
    }
}

impl Inner {
    /// Hands over a run that has a place.
    async fn hand_one(self: &Arc<Self>, run: &Run, connection: &Text) -> Outcome {
        let handed = match self.set_out(run, connection).await {
            Ok(Some(handed)) => handed,
            Ok(None) => {
                self.settle_place_of(run).await;
                return Outcome::Done;
            }
            Err(error) => return self.stays(run, error).await,
        };
        let started = self.abroad.carrier.start(handed).await;
        let outcome = match started {
            // Where the row is not written it keeps its place, and this is done again: there it begins once.
            Ok(()) => self.settle_pending(run, RunUpdate::started(run.key, self.now())).await,
            Err(error) => self.stays(run, error).await,
        };
        self.abroad.starting().remove(&run.key);
        outcome
    }

    /// What is handed over now; nothing where the run does not wait any more.
    async fn set_out(self: &Arc<Self>, run: &Run, connection: &Text) -> Result<Option<Handed>, RunsError> {
        let Some(handed) = self.prepare(run, connection).await? else { return Ok(None) };
        let goes = !self.ends_unbegun(run, connection).await && self.still_waits(run).await?;
        Ok(goes.then_some(handed))
    }

    /// Whether the run still waits: it may have been cancelled meanwhile, and where the store does not say, it may have
    /// been too. If it does, it cannot be cancelled from here on, but by the cluster.
    async fn still_waits(self: &Arc<Self>, run: &Run) -> Result<bool, RunsError> {
        let _turn = Copies(self.clone()).turn(&run.id).await;
        let row = self.shared.store.run_by_key(run.key).await.map_err(store_failed)?;
        let waits = row.is_some_and(|row| !row.status.is_final());
        if waits {
            self.abroad.starting().insert(run.key);
        }
        Ok(waits)
    }

    /// A run that was not handed over: its place is for others, unless it began there all the same.
    async fn stays(self: &Arc<Self>, run: &Run, error: RunsError) -> Outcome {
        let outcome = self.not_handed(run, error).await;
        if matches!(outcome, Outcome::Later(_)) {
            let _turn = Copies(self.clone()).turn(&run.id).await;
            let row = self.shared.store.run_by_key(run.key).await;
            if matches!(row, Ok(Some(row)) if row.status == Status::Pending) {
                self.leave_place(run.key);
            }
        }
        outcome
    }

    /// What is handed over; nothing where it was already, which only a copy that came back can say.
    async fn prepare(&self, run: &Run, connection: &Text) -> Result<Option<Handed>, RunsError> {
        let store = &self.shared.store;
        let row = store.run_by_key(run.key).await.map_err(store_failed)?;
        if row.is_none_or(|row| row.status != Status::Pending) {
            return Ok(None);
        }
        let version = store.flow_version(&run.place.tenant, &run.version).await.map_err(store_failed)?;
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
            // What is stored of it is damaged, which does not get well by being asked again.
            RunsError::Failed(message) => ("RUN_UNREADABLE", message.clone()),
            _ => return Outcome::Later(error.to_string()),
        };
        let error = StepError::new(code, crate::fold::INTERNAL, message);
        let end = RunUpdate::ended(run.key, Status::Failed, self.now(), Value::Null, Some(error));
        self.settle_pending(run, end).await
    }

    /// Writes what became of a run that waited, unless a copy that came back says more.
    async fn settle_pending(self: &Arc<Self>, run: &Run, update: RunUpdate) -> Outcome {
        let copies = Copies(self.clone());
        let _turn = copies.turn(&run.id).await;
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
