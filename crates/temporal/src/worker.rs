//! Workers: threads that carry workflows, perform kinds, and keep journals.

use crate::activity::{Keeper, Keeping, Performer, register_kinds};
use crate::client::Cluster;
use crate::connect::Address;
use crate::ports::{Outside, ports};
use crate::workflow::RunFlow;
use crate::{TemporalError, names};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use temporalio_common::worker::{VersioningBehavior, WorkerDeploymentOptions, WorkerDeploymentVersion};
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder, WorkerTuner};
use temporalio_sdk::runtime::{AutoscalingOptions, PollerBehavior, RuntimeOptions};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::oneshot;
use weir_base::Text;
use weir_kind::Registry;

/// How many questions for work on runs a worker has open, for those it carries and as many for those that nobody does:
/// the runs of a worker that was lost come all at once, and one for which no question is open waits for a second.
const ASKING: usize = 5;
/// At most, where there is much to do.
const MOST_ASKING: usize = 100;

/// What a worker is made of.
pub struct Parts {
    pub registry: Registry,
    pub outside: Outside,
    /// Where journals are kept, if this worker keeps them.
    pub keeper: Option<Arc<Keeper>>,
    /// What the `files` folder of flows is relative to.
    pub files_root: Option<PathBuf>,
}

/// What a worker does.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where runs are waited for.
    pub queues: Vec<String>,
    /// Only these kinds and no runs; everything where empty.
    pub kinds: Vec<Text>,
    /// Nothing but what is done where the store is.
    pub store_only: bool,
    /// Where the keeper is asked; at the store's queue of each of `queues` for none.
    pub store_queue: Option<String>,
    /// How long a run waits for the worker that had it before another takes it.
    pub takeover: Duration,
    /// The name and the version of a deployment, where the cluster is to keep runs on the version they began with.
    pub deployment: Option<(String, String)>,
    /// Where numbers can be read in Prometheus' form.
    pub metrics: Option<std::net::SocketAddr>,
    pub identity: String,
    /// How long a stop waits for attempts that are under way.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queues: vec![names::QUEUE.to_owned()],
            kinds: Vec::new(),
            store_only: false,
            store_queue: None,
            takeover: Duration::from_secs(2),
            deployment: None,
            metrics: None,
            identity: format!("weir@{}", std::process::id()),
            drain: Duration::from_secs(10),
        }
    }
}

/// A worker at work. Dropping it stops it too.
pub struct Working {
    stop: Option<Box<dyn FnOnce() + Send>>,
    over: oneshot::Receiver<Result<(), TemporalError>>,
}

impl Working {
    /// Takes nothing new, and waits for what is under way.
    pub async fn stop(mut self) -> Result<(), TemporalError> {
        if let Some(stop) = self.stop.take() {
            stop();
        }
        self.ended().await
    }

    /// Waits until it ends by itself, which only a failure makes it do.
    pub async fn ended(&mut self) -> Result<(), TemporalError> {
        (&mut self.over).await.unwrap_or_else(|_| Err(TemporalError::failed("the worker's thread has ended")))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

type Ready = Result<Box<dyn FnOnce() + Send>, TemporalError>;

/// Starts a worker on a thread of its own; it works when this returns.
pub async fn work(address: &Address, options: Options, parts: Parts) -> Result<Working, TemporalError> {
    let ((ready, began), (end, over)) = (oneshot::channel::<Ready>(), oneshot::channel());
    let address = address.clone();
    let thread = std::thread::Builder::new().name("temporal".to_owned());
    let body = move || {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let result = match threads {
            Ok(threads) => threads.block_on(carry(address, options, parts, ready)),
            Err(error) => Err(TemporalError::failed(error)),
        };
        let _ = end.send(result);
    };
    thread.spawn(body).map_err(TemporalError::failed)?;
    match began.await {
        Ok(Ok(stop)) => Ok(Working { stop: Some(stop), over }),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            Err(over.await.ok().and_then(Result::err).unwrap_or_else(|| TemporalError::failed("it did not begin")))
        }
    }
}

async fn carry(
    address: Address,
    options: Options,
    parts: Parts,
    ready: oneshot::Sender<Ready>,
) -> Result<(), TemporalError> {
    let made = async {
        let client = address.connect(&options.identity).await?;
        if options.kinds.is_empty() {
            crate::client::add_attributes(&client).await;
        }
        workers(&runtime(&options)?, &Cluster { client, address }, &options, parts)
    };
    let mut workers = match made.await {
        Ok(workers) => workers,
        Err(error) => {
            let _ = ready.send(Err(error.clone()));
            return Err(error);
        }
    };
    let stops: Vec<_> = workers.iter().map(Worker::shutdown_handle).collect();
    let _ = ready.send(Ok(Box::new(move || stops.iter().for_each(|stop| stop()))));
    let all = workers.iter_mut().map(|worker| worker.run());
    let ended = futures_util::future::join_all(all).await;
    ended.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(TemporalError::failed(error)))
}

fn runtime(options: &Options) -> Result<Runtime, TemporalError> {
    use temporalio_common::telemetry::{PrometheusExporterOptions, TelemetryOptions, start_prometheus_metric_exporter};
    let Some(listen) = options.metrics else {
        return Runtime::from_current_tokio(RuntimeOptions::default()).map_err(TemporalError::failed);
    };
    let exporter = PrometheusExporterOptions::builder().socket_addr(listen).build();
    let taken = |error| TemporalError::Wrong(format!("metrics cannot be shown at {listen}: {error}"));
    let started = start_prometheus_metric_exporter(exporter).map_err(taken)?;
    let telemetry = TelemetryOptions::builder().metrics(started.meter as Arc<_>).build();
    let options = RuntimeOptions::builder().telemetry_options(telemetry).build().map_err(TemporalError::failed)?;
    Runtime::from_current_tokio(options).map_err(TemporalError::failed)
}

/// One for each queue of runs, one where journals are kept, and one beside that for steps that need what is there.
fn workers(
    runtime: &Runtime,
    cluster: &Cluster,
    options: &Options,
    parts: Parts,
) -> Result<Vec<Worker>, TemporalError> {
    let Parts { registry, outside, keeper, files_root } = parts;
    let client = &cluster.client;
    let (clock, own) = (outside.clock.clone(), keeper.clone());
    let ports = |gathered| ports(&outside, own, client.clone(), gathered);
    let performer = Arc::new(Performer::new(registry, ports, clock, files_root, cluster.address.has_blobs()));
    let kinds = match options.kinds.is_empty() {
        true => performer.kinds(),
        false => known(&options.kinds, &performer.kinds())?,
    };
    let mut workers = Vec::new();
    for queue in options.queues.iter().filter(|_| !options.store_only) {
        let mut of_queue = usual(queue, options);
        if options.kinds.is_empty() {
            of_queue.register_workflow::<RunFlow>().map_err(TemporalError::failed)?;
        }
        register_kinds(&mut of_queue, &performer, &kinds);
        workers.push(Worker::new(runtime, client.clone(), of_queue).map_err(TemporalError::failed)?);
    }
    if let Some(keeper) = keeper {
        let of_queues = || options.queues.iter().map(|queue| names::store_queue(queue));
        let mut queues: Vec<String> =
            options.store_queue.clone().map_or_else(|| of_queues().collect(), |one| vec![one]);
        queues.dedup();
        for queue in queues {
            let mut of_store = usual(&queue, options);
            of_store.register_activities(Keeping { keeper: keeper.clone(), cluster: cluster.clone() });
            register_kinds(&mut of_store, &performer, &kinds);
            workers.push(Worker::new(runtime, client.clone(), of_store).map_err(TemporalError::failed)?);
            let mut of_steps = usual(&names::steps_queue(&queue), options);
            of_steps.tuner = with_many_steps();
            register_kinds(&mut of_steps, &performer, &kinds);
            workers.push(Worker::new(runtime, client.clone(), of_steps).map_err(TemporalError::failed)?);
        }
    }
    Ok(workers)
}

fn known(wanted: &[Text], all: &[Text]) -> Result<Vec<Text>, TemporalError> {
    match wanted.iter().find(|kind| !all.contains(kind)) {
        Some(unknown) => Err(TemporalError::Wrong(format!("there is no kind `{unknown}`"))),
        None => Ok(wanted.to_vec()),
    }
}

fn usual(queue: &str, options: &Options) -> WorkerOptions {
    let builder = WorkerOptions::new(queue)
        .client_identity_override(options.identity.clone())
        .sticky_queue_schedule_to_start_timeout(options.takeover)
        .max_heartbeat_throttle_interval(Duration::from_secs(5))
        .default_heartbeat_throttle_interval(Duration::from_secs(1))
        .graceful_shutdown_period(options.drain)
        .workflow_task_poller_behavior(asking());
    match &options.deployment {
        Some((name, build)) => builder.deployment_options(deployment(name, build)).build(),
        None => builder.build(),
    }
}

/// So many steps with secrets of their projects are under way at once where those are: most wait for somebody outside.
const STEPS: usize = 1_000;

fn with_many_steps() -> WorkerTuner {
    let none_of_it = FixedSizeSlotSupplier::new(1);
    let tuner = TunerHolder::builder()
        .workflow_task_slot_supplier(none_of_it)
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(STEPS))
        .local_activity_task_slot_supplier(none_of_it)
        .nexus_task_slot_supplier(none_of_it);
    tuner.build().into()
}

fn asking() -> PollerBehavior {
    let many = AutoscalingOptions::builder().minimum(ASKING).maximum(MOST_ASKING).initial(ASKING);
    PollerBehavior::Autoscaling(many.build())
}

/// Runs stay with the version they began under; each hand-over may move them.
fn deployment(name: &str, build: &str) -> WorkerDeploymentOptions {
    let version = WorkerDeploymentVersion::builder().deployment_name(name).build_id(build).build();
    WorkerDeploymentOptions::new(version)
        .use_worker_versioning(true)
        .default_versioning_behavior(VersioningBehavior::Pinned)
        .build()
}
