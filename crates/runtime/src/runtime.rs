use crate::admission::Admission;
use crate::background;
use crate::clock::{Clock, SystemClock};
use crate::elsewhere::{self, Abroad, Copies};
use crate::faults::{Faults, NoFaults};
use crate::flows::{FlowCache, FlowFinder, NoFinder, accept_request, store_failed};
use crate::inner::{Begun, Inner, Replies, view_of_row};
use crate::inspect;
use crate::live::query;
use crate::message::{Awaited, Message};
use crate::meters::Meters;
use crate::options::Options;
use crate::ports::{Outside, ports};
use crate::shard::Shard;
use crate::shared::Shared;
use crate::writer::{Writer, WriterOptions};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use weir_base::{Text, Value};
use weir_engine::{Preview, Status};
use weir_kind::{
    Catalog, FlowContext, HostOptions, Interfaces, Memory, NoInterfaces, NoMemory, PortError, Registry, Secrets,
    TaskHost,
};
use weir_runs::{
    Carrier, Change, Ends, FlowSource, Forked, KeptRun, Load, LogView, NoCarrier, Observer, Offer, Previewed,
    ReplayView, Request, RunView, RunsError, RunsPort, StartRun, StepView, Until, Watch,
};
use weir_store::{NewMessage, Place, Run, RunKey, Store, StoreError};

/// What a runtime is made of.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub registry: Registry,
    pub secrets: Arc<dyn Secrets>,
    /// What projects have opened to each other.
    pub interfaces: Arc<dyn Interfaces>,
    /// What flows remember beyond their runs.
    pub memory: Arc<dyn Memory>,
    pub host: HostOptions,
    pub clock: Arc<dyn Clock>,
    pub faults: Arc<dyn Faults>,
    pub finder: Arc<dyn FlowFinder>,
    /// What carries runs that are not to be carried here.
    pub carrier: Arc<dyn Carrier>,
    /// Told of runs and steps as they end.
    pub observer: Option<Arc<dyn Observer>>,
    /// Told to other processes that ask for the same data.
    pub pid: u32,
}

impl Parts {
    /// With the clock of the machine, no secrets, no faults, and flows from the store alone.
    pub fn new(store: Arc<dyn Store>, registry: Registry) -> Self {
        Self {
            store,
            registry,
            secrets: Arc::new(NoSecrets),
            interfaces: Arc::new(NoInterfaces),
            memory: Arc::new(NoMemory),
            host: HostOptions::default(),
            clock: Arc::new(SystemClock),
            faults: Arc::new(NoFaults),
            finder: Arc::new(NoFinder),
            carrier: Arc::new(NoCarrier),
            observer: None,
            pid: std::process::id(),
        }
    }
}

struct NoSecrets;

#[async_trait]
impl Secrets for NoSecrets {
    async fn get(&self, _: &FlowContext, _: &str) -> Result<Option<Text>, PortError> {
        Ok(None)
    }
}

/// The embedded runtime: carries every run of one store.
///
/// Dropping it ends everything at once, as a crash would; [`Runtime::stop`] ends it in order.
pub struct Runtime {
    pub(crate) inner: Arc<Inner>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Runtime {
    /// Becomes the owner of the store's data and carries on whatever is not over.
    ///
    /// Recovery goes on in the background; see [`Runtime::recovered`].
    pub async fn open(options: Options, parts: Parts) -> Result<Runtime, StoreError> {
        let Parts { store, registry, secrets, interfaces, memory, host, clock, faults, finder, carrier, observer, pid } =
            parts;
        let outside = Outside { secrets, interfaces, memory };
        let epoch = store.claim(pid, clock.now()).await?;
        let take_up = options.take_up;
        let left_alone = if take_up { None } else { Some(store.newest_run().await?) };
        let count = if clock.is_virtual() { 1 } else { options.shards.max(1) };
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| unbounded_channel()).unzip();
        let failure: Arc<OnceLock<String>> = Arc::default();
        let on_failure = {
            let (failure, shards) = (failure.clone(), senders.clone());
            move |error: weir_store::CommitError| {
                tracing::error!("the store cannot be written any more: {error}");
                let _ = failure.set(error.to_string());
                shards.iter().for_each(|shard| drop(shard.send(Message::Halt)));
            }
        };
        let writing = WriterOptions {
            window: Duration::from_millis(options.commit_window.millis),
            flush_after: Duration::from_millis(options.flush_after.millis),
        };
        let meters = Arc::new(Meters::new(observer));
        let (loops, kept) = (senders.clone(), meters.clone());
        let (writer, write) = Writer::new(store.clone(), epoch, faults.clone(), kept, writing, loops, on_failure);
        let shared = Arc::new(Shared::new(store.clone(), clock, faults, writer, senders.clone(), meters));
        let per_tenant = options.runs_per_tenant;
        let (to_elsewhere, handed_in) = unbounded_channel();
        let inner = Arc::new(Inner {
            abroad: Abroad::new(carrier, to_elsewhere),
            host: TaskHost::new(registry, ports(&shared, outside), host),
            flows: FlowCache::new(store, finder, options.files_root.clone()),
            shared,
            options,
            admission: Admission::new(per_tenant),
            parked: Notify::new(),
            claim: Notify::new(),
            recovered: Notify::new(),
            accepting: AtomicBool::new(true),
            recovering: AtomicBool::new(take_up),
            left_alone,
            failure,
        });
        let mut tasks = vec![tokio::spawn(write)];
        for (to, from) in senders.into_iter().zip(receivers) {
            tasks.push(tokio::spawn(Shard::new(inner.clone(), to, from).run()));
        }
        if take_up {
            let first = inner.shared.store.next_run_key();
            tasks.push(tokio::spawn(background::recover(inner.clone(), first)));
            tasks.push(tokio::spawn(background::wake(inner.clone())));
        }
        tasks.push(tokio::spawn(background::claim(inner.clone())));
        tasks.push(tokio::spawn(background::read_inbox(inner.clone())));
        tasks.push(tokio::spawn(background::forget(inner.clone())));
        tasks.push(tokio::spawn(elsewhere::hand_over(inner.clone(), handed_in)));
        tasks.push(tokio::spawn(elsewhere::look_after(inner.clone())));
        Ok(Runtime { inner, tasks: Mutex::new(tasks) })
    }

    /// Waits until every run that was open when the runtime was opened has been taken up again.
    pub async fn recovered(&self) {
        let told = self.inner.recovered.notified();
        if self.inner.recovering.load(Ordering::Acquire) {
            told.await;
        }
    }

    /// Runs that are not over, oldest first, from after `after`.
    pub async fn unfinished(&self, after: Option<RunKey>, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.inner.shared.store.unfinished(after, limit).await
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.shared.store
    }

    pub fn catalog(&self) -> &Catalog {
        self.inner.host.catalog()
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.shared.clock
    }

    /// The way of copies of what is carried elsewhere into the store.
    pub fn copies(&self) -> Copies {
        Copies(self.inner.clone())
    }

    /// How many runs are in memory.
    pub fn held_runs(&self) -> usize {
        self.inner.shared.live_count()
    }

    /// Keeps a flow in the store as the newest of its name; its content hash.
    pub async fn publish(&self, place: &Place, source: &FlowSource) -> Result<Text, RunsError> {
        let flow = self.inner.flows.publish(place, source, self.inner.now()).await?;
        Ok(flow.hash.clone())
    }

    /// Forgets what the retention options name, now.
    pub async fn sweep(&self) {
        background::forget_once(&self.inner).await;
    }

    /// Takes no further starts, waits for attempts under way as long as the options say, ends the rest, and
    /// leaves everything on disk. Runs that are not over go on when the data is opened again.
    pub async fn stop(&self) -> Result<(), RunsError> {
        self.inner.accepting.store(false, Ordering::Release);
        let drain = Duration::from_millis(self.inner.options.drain.millis);
        let _ = tokio::time::timeout(drain, self.ask_shards(Message::Drain)).await;
        let stall = self.inner.shared.writer.stall();
        let stopped = async {
            self.ask_shards(Message::Stop).await;
            self.inner.shared.writer.barrier(true).await
        };
        // What cannot be written now is as if it had not happened; whoever opens the data next goes on from before.
        let result = tokio::select! {
            biased;
            result = stopped => result,
            why = stall.begun() => Err(weir_store::CommitError::Busy(why.to_string())),
        };
        self.end();
        match (result, self.inner.failure.get()) {
            (_, Some(failure)) => Err(RunsError::Failed(failure.clone())),
            (Err(error), None) => Err(RunsError::Failed(error.to_string())),
            (Ok(()), None) => Ok(()),
        }
    }

    /// The end of a run that was just handed in; its beginning where it has failed, or the end takes too long.
    async fn ended_or_begun(
        &self,
        mut begun: oneshot::Receiver<Result<RunView, RunsError>>,
        mut end: oneshot::Receiver<Result<RunView, RunsError>>,
        patience: Duration,
    ) -> Result<RunView, RunsError> {
        let over = tokio::time::sleep(patience);
        tokio::pin!(over);
        let first = tokio::select! {
            biased;
            answer = &mut end => return answer.unwrap_or_else(|_| Err(self.inner.gone())),
            answer = &mut begun => answer.unwrap_or_else(|_| Err(self.inner.gone()))?,
            () = &mut over => return begun.await.unwrap_or_else(|_| Err(self.inner.gone())),
        };
        tokio::select! {
            answer = end => answer.unwrap_or_else(|_| Err(self.inner.gone())),
            () = over => Ok(first),
        }
    }

    async fn ask_shards(&self, message: impl Fn(oneshot::Sender<()>) -> Message) {
        let mut answers = Vec::new();
        for shard in &self.inner.shared.shards {
            let (reply, answer) = oneshot::channel();
            let _ = shard.send(message(reply));
            answers.push(answer);
        }
        for answer in answers {
            let _ = answer.await;
        }
    }

    fn end(&self) {
        self.inner.accepting.store(false, Ordering::Release);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(|task| task.abort());
    }

    pub(crate) async fn row(&self, run: &str) -> Result<Run, RunsError> {
        let found = self.inner.shared.store.run(run).await.map_err(store_failed)?;
        found.ok_or_else(|| RunsError::NotFound { run: run.into() })
    }

    /// What a run that is not in memory waits for: as its row has it, or else, where that says nothing, its journal;
    /// nothing where that cannot be read.
    async fn parked_on(&self, row: &Run) -> Vec<Text> {
        if row.status != Status::Waiting || !row.waits.is_empty() {
            return row.waits.clone();
        }
        let replayed = inspect::replay_alone(&*self.inner.shared.store, &self.inner.flows, row, None).await;
        replayed.and_then(|replayed| replayed.into_view(row)).map(|view| inspect::waits(&view)).unwrap_or_default()
    }

    async fn ask<T>(
        &self,
        key: RunKey,
        message: impl FnOnce(oneshot::Sender<Result<T, RunsError>>) -> Message,
    ) -> Result<T, RunsError> {
        let (reply, answer) = oneshot::channel();
        self.inner.shared.send(key, message(reply));
        answer.await.unwrap_or_else(|_| Err(self.inner.gone()))
    }

    /// Everything sent so far can be read from the store.
    pub(crate) async fn settle_store(&self) -> Result<(), RunsError> {
        match self.inner.shared.writer.barrier(false).await {
            // What is there can be read all the same.
            Err(error) if error.may_pass() => Ok(()),
            done => done.map_err(crate::inner::commit_failed),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end();
    }
}

#[async_trait]
impl RunsPort for Runtime {
    async fn begin(&self, start: StartRun) -> Result<(RunView, bool), RunsError> {
        let (reply, answer) = oneshot::channel();
        let replies = Replies { started: Some(reply), ended: None };
        let (view, new) = match self.inner.start(start, replies).await? {
            (_, Begun::Started) => (answer.await.unwrap_or_else(|_| Err(self.inner.gone())), true),
            (_, Begun::Pending(run)) => (self.view(&run.id).await, true),
            (_, Begun::Exists(run)) => (self.view(&run.id).await, false),
            (id, Begun::Running) => (self.view(&id).await, false),
        };
        Ok((view?, new))
    }

    async fn begin_and_wait(&self, start: StartRun, patience: Duration) -> Result<(RunView, bool), RunsError> {
        let ((started, begun), (ended, end)) = (oneshot::channel(), oneshot::channel());
        let replies = Replies { started: Some(started), ended: Some(ended) };
        let (run, new) = match self.inner.start(start, replies).await? {
            (_, Begun::Started) => return Ok((self.ended_or_begun(begun, end, patience).await?, true)),
            (_, Begun::Pending(run)) => (run.id.clone(), true),
            (_, Begun::Exists(run)) => (run.id.clone(), false),
            (id, Begun::Running) => (id, false),
        };
        let view = match tokio::time::timeout(patience, self.wait(&run, Until::Ended)).await {
            Ok(view) => view,
            Err(_) => self.view(&run).await,
        };
        Ok((view?, new))
    }

    async fn run(&self, start: StartRun) -> Result<RunView, RunsError> {
        let (reply, answer) = oneshot::channel();
        let replies = Replies { started: None, ended: Some(reply) };
        match self.inner.start(start, replies).await? {
            (_, Begun::Started) => answer.await.unwrap_or_else(|_| Err(self.inner.gone())),
            (id, _) => self.wait(&id, Until::Ended).await,
        }
    }

    async fn view(&self, run: &str) -> Result<RunView, RunsError> {
        let live = match self.inner.shared.live_key(run) {
            Some(key) => Some(self.ask(key, |reply| Message::View { key, until: Awaited::Now, reply }).await?),
            None => None,
        };
        // Whoever reads the store may know of the end before the run has heard that it is there.
        let row = match live {
            Some(view) if view.status != Status::Running => return Ok(view),
            Some(view) => match self.row(run).await? {
                row if row.status.is_final() => row,
                _ => return Ok(view),
            },
            None => self.row(run).await?,
        };
        let output = self.inner.shared.store.run_output(row.key).await.map_err(store_failed)?;
        let waiting = self.parked_on(&row).await;
        Ok(RunView { waiting, ..view_of_row(&row, output) })
    }

    async fn wait(&self, run: &str, until: Until) -> Result<RunView, RunsError> {
        let key = match self.inner.shared.live_key(run) {
            Some(key) => key,
            None => match self.row(run).await? {
                row if row.is_elsewhere() => return self.wait_elsewhere(run, until).await,
                row => row.key,
            },
        };
        let until = match until {
            Until::Ended => Awaited::Ended,
            Until::Settled => Awaited::Settled,
        };
        self.ask(key, |reply| Message::View { key, until, reply }).await
    }

    async fn request(&self, run: &str, request: Request) -> Result<(), RunsError> {
        self.inner.check()?;
        let key = match self.inner.shared.live_key(run) {
            Some(key) => key,
            None => match self.row(run).await? {
                row if row.is_elsewhere() => return self.inner.ask_elsewhere(row, request).await,
                row => row.key,
            },
        };
        self.ask(key, |reply| Message::Request { key, request, inbox: None, reply: Some(reply) }).await
    }

    async fn query(&self, run: &str, name: &str) -> Result<Value, RunsError> {
        if let Some(key) = self.inner.shared.live_key(run) {
            let name = name.into();
            match self.ask(key, |reply| Message::Query { key, name, reply }).await {
                Err(RunsError::Busy(_)) => {}
                answer => return answer,
            }
        }
        let row = self.row(run).await?;
        let replayed = inspect::replay_alone(&*self.inner.shared.store, &self.inner.flows, &row, None).await?;
        query(&replayed.machine, name)
    }

    async fn committed(&self, seen: u64) -> u64 {
        self.inner.shared.writer.committed(seen).await
    }

    fn ended(&self) -> Ends {
        self.inner.shared.ends.listen()
    }

    fn rest(&self, tenant: &str, version: &str) {
        self.inner.flows.forget(tenant, version);
    }

    fn load(&self) -> Load {
        let (inner, meters) = (&self.inner, &self.inner.shared.meters);
        Load {
            pending: inner.admission.pending() + inner.abroad.waiting(),
            held: inner.shared.live_count() as u64,
            open: inner.admission.by_tenant(),
            backlog: inner.shared.writer.backlog() as u64,
            commits: meters.commits.read(),
            rows_per_commit: meters.rows.read(),
            failed_commits: meters.failed_commits.load(Ordering::Relaxed),
            flows: meters.flows(),
            runs: meters.runs(),
            steps: meters.steps(),
            failure: inner.failure.get().cloned(),
            stalled: inner.shared.writer.stall().why(),
            stalls: inner.shared.writer.stall().count(),
            trouble: meters.trouble(),
            recovering: inner.recovering.load(Ordering::Acquire),
        }
    }

    async fn watch(&self, run: &str) -> Result<Watch, RunsError> {
        let watch = self.inner.shared.watchers.watch(run);
        if let Some(key) = self.inner.shared.live_key(run) {
            self.inner.shared.send(key, Message::Trace { key });
        }
        Ok(watch)
    }

    async fn steps(&self, run: &str) -> Result<Vec<StepView>, RunsError> {
        self.settle_store().await?;
        let row = self.row(run).await?;
        Ok(inspect::replay(&*self.inner.shared.store, &self.inner.flows, &row, None).await?.into_steps())
    }

    async fn replay(&self, run: &str, to: Option<u64>) -> Result<ReplayView, RunsError> {
        self.settle_store().await?;
        let row = self.row(run).await?;
        inspect::replay(&*self.inner.shared.store, &self.inner.flows, &row, to).await?.into_view(&row)
    }

    async fn rehearse(&self, run: &str, most: usize) -> Result<KeptRun, RunsError> {
        self.settle_store().await?;
        let row = self.row(run).await?;
        inspect::rehearse_stored(&**self.store(), &row, most).await
    }

    async fn begun(&self, start: &StartRun) -> Result<Option<RunView>, RunsError> {
        let Some(id) = crate::inner::repeated_id(start)? else { return Ok(None) };
        match self.view(&id).await {
            Ok(view) => Ok(Some(view)),
            Err(RunsError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn preview(
        &self,
        run: &str,
        what: &Preview,
        step: Option<&str>,
        at: Option<u64>,
    ) -> Result<Previewed, RunsError> {
        self.settle_store().await?;
        let row = self.row(run).await?;
        crate::preview::preview(&*self.inner.shared.store, &self.inner.flows, &row, what, step, at).await
    }

    async fn fork(&self, from: &str, at: u64, changes: &[Change]) -> Result<Forked, RunsError> {
        self.fork_run(from, at, changes).await
    }

    async fn rehearse_fork(&self, from: &str, at: u64, changes: &[Change]) -> Result<Vec<Text>, RunsError> {
        crate::repair::rehearse_fork(self.store(), from, at, changes).await
    }

    async fn fix_forward(
        &self,
        run: &str,
        source: &FlowSource,
        dry_run: bool,
        force: bool,
    ) -> Result<Offer, RunsError> {
        self.fix_run(run, source, dry_run, force).await
    }

    async fn logs(&self, run: &str) -> Result<Vec<LogView>, RunsError> {
        self.settle_store().await?;
        let row = self.row(run).await?;
        inspect::logs(&*self.inner.shared.store, row.key).await
    }
}

/// Leaves a request for the process that owns the data; it takes it up within a second.
///
/// `store` need not be owned. A run that is over, or does not exist, and a payload that the flow does not take, are told
/// at once.
pub async fn post_request(store: &dyn Store, run: &str, request: &Request, clock: &dyn Clock) -> Result<(), RunsError> {
    let row = store.run(run).await.map_err(store_failed)?;
    let row = row.ok_or_else(|| RunsError::NotFound { run: run.into() })?;
    if row.status.is_final() {
        return Err(RunsError::Ended { run: row.id, status: row.status });
    }
    accept_request(store, &row, request).await?;
    let payload = serde_json::to_string(request).map_err(|error| RunsError::rejected("NOT_JSON", error.to_string()))?;
    let message = NewMessage { run: row.id, kind: request.name().into(), payload, at: clock.now() };
    store.post(message).await.map(drop).map_err(store_failed)
}

/// Replays a run from a store that another process may own: the state after record `to`, asking nothing outside.
pub async fn replay_run(store: &Arc<dyn Store>, run: &str, to: Option<u64>) -> Result<ReplayView, RunsError> {
    let row = store.run(run).await.map_err(store_failed)?;
    let row = row.ok_or_else(|| RunsError::NotFound { run: run.into() })?;
    let flows = FlowCache::new(store.clone(), Arc::new(NoFinder), None);
    inspect::replay(&**store, &flows, &row, to).await?.into_view(&row)
}

/// What the steps of a run have logged, from a store that another process may own.
pub async fn logs_of_run(store: &dyn Store, run: &str) -> Result<Vec<LogView>, RunsError> {
    let row = store.run(run).await.map_err(store_failed)?;
    let row = row.ok_or_else(|| RunsError::NotFound { run: run.into() })?;
    inspect::logs(store, row.key).await
}
