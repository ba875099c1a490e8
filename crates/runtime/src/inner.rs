use crate::admission::{Admission, Slot};
use crate::elsewhere::Abroad;
use crate::flows::{FlowCache, Prepared, store_failed};
use crate::message::{Message, NewRun};
use crate::options::Options;
use crate::shared::Shared;
use crate::writer::{Reply, Submission};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{Notify, oneshot};
use uuid::{NoContext, Timestamp, Uuid};
use weir_base::{Micros, Text, Value, hash_value_hex};
use weir_engine::{Event, EventBody, Origin, Record, SEMANTICS, Started, Status};
use weir_kind::TaskHost;
use weir_runs::{FlowRef, OnRuntime, RunView, RunsError, StartRun};
use weir_store::{Batch, CommitError, Effect, Entry, InboxKey, Place, Run, RunKey, StoreError};

/// The parts of a running runtime.
pub(crate) struct Inner {
    pub shared: Arc<Shared>,
    pub host: TaskHost,
    pub abroad: Abroad,
    pub flows: FlowCache,
    pub options: Options,
    pub admission: Admission,
    /// Told when a parked run may have an earlier time to wake than any before.
    pub parked: Notify,
    /// Told when a place has become free, or a run waits for one.
    pub claim: Notify,
    /// Told when recovery is over.
    pub recovered: Notify,
    pub accepting: AtomicBool,
    pub recovering: AtomicBool,
    /// The newest run there was at the beginning, where older ones are left as they are.
    pub left_alone: Option<RunKey>,
    /// Why the store cannot be written any more.
    pub failure: Arc<OnceLock<String>>,
}

/// A run's start, as far as it is known before its flow is.
pub(crate) struct Beginning {
    pub id: Text,
    pub place: Place,
    pub input: Value,
    pub priority: i32,
    pub cause: Option<Text>,
    pub origin: Option<Origin>,
    pub effect: Option<Effect>,
    /// What is to carry it.
    pub runtime: OnRuntime,
    /// Nothing can have this id yet.
    pub fresh: bool,
}

/// What became of a start.
pub(crate) enum Begun {
    /// On its way; the reply that was asked for comes.
    Started,
    /// On disk; waits for a place.
    Pending(Box<Run>),
    /// Another start was first.
    Exists(Box<Run>),
    /// Another start was first and is still in memory.
    Running,
}

/// Who is told of a start and of the end.
#[derive(Default)]
pub(crate) struct Replies {
    pub started: Option<oneshot::Sender<Result<RunView, RunsError>>>,
    pub ended: Option<oneshot::Sender<Result<RunView, RunsError>>>,
}

impl Inner {
    /// Whether a run is carried here when it is not in memory.
    pub fn carries(&self, key: RunKey) -> bool {
        self.left_alone.is_none_or(|newest| key > newest)
    }

    pub fn now(&self) -> Micros {
        self.shared.clock.now()
    }

    /// The error that stands in the way of any request.
    pub fn check(&self) -> Result<(), RunsError> {
        if let Some(failure) = self.failure.get() {
            return Err(RunsError::Failed(failure.clone()));
        }
        match self.accepting.load(Ordering::Acquire) {
            true => self.shared.writer.stall().check(),
            false => Err(RunsError::Stopping),
        }
    }

    /// What a lost reply means.
    pub fn gone(&self) -> RunsError {
        match self.failure.get() {
            Some(failure) => RunsError::Failed(failure.clone()),
            None => RunsError::Stopping,
        }
    }

    pub async fn flow(&self, place: &Place, flow: &FlowRef) -> Result<Arc<Prepared>, RunsError> {
        match flow {
            FlowRef::Version(hash) => self.flows.version(&place.tenant, hash).await,
            FlowRef::Newest(name) => self.flows.newest(place, name, self.now()).await,
            FlowRef::Source(source) => self.flows.publish(place, source, self.now()).await,
        }
    }

    pub fn slot(&self, place: &Place, flow: &Prepared, key: Option<&Text>) -> Slot {
        let own = flow.concurrency.as_ref().map(|concurrency| concurrency.limit);
        let limit = own.or(self.options.runs_per_flow).map(|limit| limit.max(1));
        Slot { queue: place.queue(), key: key.cloned().zip(limit) }
    }

    pub async fn start(self: &Arc<Self>, request: StartRun, replies: Replies) -> Result<(Text, Begun), RunsError> {
        self.check()?;
        let StartRun { tenant, project, service, .. } = &request;
        let place = Place { tenant: tenant.clone(), project: project.clone(), service: service.clone() };
        let (id, fresh) = run_id(&request, &place)?;
        let flow = self.flow(&place, &request.flow).await?;
        let (input, priority, cause) = (flow.accept_input(request.input)?, request.priority, request.cause);
        let (runtime, origin, effect) = (request.runtime, None, None);
        let beginning = Beginning { id: id.clone(), place, input, priority, cause, origin, effect, runtime, fresh };
        Ok((id, self.begin(beginning, flow, replies).await?))
    }

    pub async fn begin(
        self: &Arc<Self>,
        start: Beginning,
        flow: Arc<Prepared>,
        replies: Replies,
    ) -> Result<Begun, RunsError> {
        if !start.fresh
            && let Some(run) = self.shared.store.run(&start.id).await.map_err(store_failed)?
        {
            return Ok(Begun::Exists(Box::new(run)));
        }
        let key = self.shared.store.next_run_key();
        if !self.shared.add_live(&start.id, key) {
            return Ok(Begun::Running);
        }
        let result = self.begin_as(key, &start, flow, replies).await;
        if result.is_err() {
            self.shared.remove_live(&start.id, key);
        }
        result
    }

    /// The versions kinds have now, for a run to be pinned to.
    fn pinned(&self, kinds: &BTreeSet<Text>) -> BTreeMap<Text, Text> {
        let version = |kind: &Text| self.host.catalog().by_name(kind).map(|entry| entry.component().version.clone());
        kinds.iter().filter_map(|kind| Some((kind.clone(), version(kind)?))).collect()
    }

    async fn begin_as(
        self: &Arc<Self>,
        key: RunKey,
        start: &Beginning,
        flow: Arc<Prepared>,
        replies: Replies,
    ) -> Result<Begun, RunsError> {
        let concurrency_key = flow.concurrency_key(&start.place, &start.input, self.options.runs_per_flow.is_some())?;
        let slot = self.slot(&start.place, &flow, concurrency_key.as_ref());
        let started = Started {
            run: start.id.clone(),
            flow: flow.hash.clone(),
            semantics: SEMANTICS,
            kinds: self.pinned(&flow.kinds),
            input: start.input.clone(),
            origin: start.origin.clone(),
        };
        let mut run = Run::new(key, start.id.clone(), start.place.clone(), flow.name.clone(), self.now());
        (run.version, run.priority, run.concurrency_key) = (flow.hash.clone(), start.priority, concurrency_key);
        run.cause = start.cause.clone();
        if let Some(connection) = start.runtime.connection() {
            let (inner, connection) = (self.clone(), connection.clone());
            let handed_in = async move { inner.hand_in(run, started, &connection, slot).await };
            return self.whole(start.id.clone(), key, handed_in).await;
        }
        if !self.admit(start, &slot) {
            let (inner, effect) = (self.clone(), start.effect);
            let postponed = async move { inner.postpone(run, started, effect).await };
            return self.whole(start.id.clone(), key, postponed).await;
        }
        (run.status, run.started_at) = (Status::Running, Some(run.created_at));
        let Replies { started: started_reply, ended: ended_reply } = replies;
        let new = NewRun { run, flow, started, slot, effect: start.effect, started_reply, ended_reply };
        self.shared.send(key, Message::Start(Box::new(new)));
        Ok(Begun::Started)
    }

    /// Takes a message out of the inbox that no run can take up.
    pub fn clear_inbox(&self, run: RunKey, message: InboxKey) {
        let mut batch = Batch::new(self.shared.writer.epoch());
        batch.inbox_done.push(message);
        let batches = vec![(run, batch)];
        self.shared.writer.send(Submission { batches, soon: true, ..Submission::without_rows(0, Reply::None) });
    }

    fn admit(&self, start: &Beginning, slot: &Slot) -> bool {
        match start.origin.as_ref().is_some_and(|origin| !origin.detached) {
            true => self.admission.try_child(slot),
            false => self.shared.live_count() <= self.options.held_runs.max(1) && self.admission.try_start(slot),
        }
    }

    /// Writes a run that is not begun here and now, to the end though nobody waits for it any more: one that is on disk
    /// and that nobody was told of would be begun by nobody.
    async fn whole(
        self: &Arc<Self>,
        id: Text,
        key: RunKey,
        writing: impl Future<Output = Result<Run, RunsError>> + Send + 'static,
    ) -> Result<Begun, RunsError> {
        let inner = self.clone();
        let written = tokio::spawn(async move {
            let run = writing.await;
            if run.is_err() {
                inner.shared.remove_live(&id, key);
            }
            run
        });
        let run = written.await.unwrap_or_else(|_| Err(self.gone()))?;
        Ok(Begun::Pending(Box::new(run)))
    }

    /// Writes a run that waits for its turn: its row and its input, nothing in memory.
    async fn postpone(&self, run: Run, started: Started, effect: Option<Effect>) -> Result<Run, RunsError> {
        let event = Event::new(run.created_at, EventBody::Started(Box::new(started)));
        let mut batch = Batch::new(self.shared.writer.epoch());
        batch.runs.push(run.clone());
        batch.records.push(Entry { run: run.key, record: Record::encode(1, &event) });
        batch.effects.extend(effect);
        self.shared.writer.write(run.key, batch).await.map_err(commit_failed)?;
        self.shared.meters.flow(&run.place, &run.flow).started.fetch_add(1, Ordering::Relaxed);
        let (tenant, project, flow) = (&*run.place.tenant, &*run.place.project, &*run.flow);
        tracing::info!(target: "weir::run", run = &*run.id, tenant, project, flow, "run waits for its turn");
        // Before anybody hears of it: whoever takes it up then puts it into memory.
        self.shared.remove_live(&run.id, run.key);
        self.admission.add_pending(&run.place.project);
        self.claim.notify_one();
        Ok(run)
    }
}

pub(crate) fn commit_failed(error: CommitError) -> RunsError {
    match error {
        error if error.may_pass() => RunsError::Unavailable(error.to_string()),
        CommitError::Stop(StoreError::Closed) => RunsError::Stopping,
        CommitError::StaleOwner { .. } | CommitError::Stop(_) => RunsError::Failed(error.to_string()),
        other => RunsError::Busy(other.to_string()),
    }
}

/// The id of the run that a start makes again and again, if there is one.
pub(crate) fn repeated_id(start: &StartRun) -> Result<Option<Text>, RunsError> {
    if start.run.is_none() && start.idempotency_key.is_none() {
        return Ok(None);
    }
    let StartRun { tenant, project, service, .. } = start;
    let place = Place { tenant: tenant.clone(), project: project.clone(), service: service.clone() };
    run_id(start, &place).map(|(id, _)| Some(id))
}

/// The run's id, and whether it is certain that no run has it yet.
fn run_id(request: &StartRun, place: &Place) -> Result<(Text, bool), RunsError> {
    if let Some(id) = &request.run {
        let valid = !id.is_empty() && id.len() <= 512 && !id.chars().any(char::is_control);
        let message = "a run's id is 1 to 512 bytes without control characters";
        return if valid { Ok((id.clone(), false)) } else { Err(RunsError::rejected("INVALID_RUN_ID", message)) };
    }
    if let Some(key) = &request.idempotency_key {
        let scope = Value::array([place.tenant.clone(), place.project.clone(), key.clone()].map(Value::from));
        return Ok((format!("key-{}", hash_value_hex(&scope)).into(), false));
    }
    Ok((new_run_id(), true))
}

/// A run id nobody has used; one of a later millisecond sorts after it. Without a counter in it, which would tell
/// whoever has two of them how many others were made between.
pub fn new_run_id() -> Text {
    Uuid::new_v7(Timestamp::now(NoContext)).to_string().into()
}

/// A run that is not in memory, as its row says.
pub(crate) fn view_of_row(run: &Run, output: Value) -> RunView {
    RunView {
        run: run.id.clone(),
        flow: run.flow.clone(),
        version: run.version.clone(),
        status: run.status,
        output,
        error: run.error.clone(),
        created_at: run.created_at,
        started_at: run.started_at,
        ended_at: run.ended_at,
        waiting: run.waits.clone(),
        wake_at: run.wake_at,
        cause: run.cause.clone(),
    }
}
