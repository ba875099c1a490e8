//! Temporal with the Rust worker, which is a process of its own, so that it can be killed.

use super::{Own, PATIENCE, QUIET, end_with_parent, input, told};
use crate::case::{Case, Kill, Ready};
use crate::compose;
use crate::found::{Ended, Found};
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use weir_base::{Text, Value};
use weir_catalog::Catalog;
use weir_engine::Status;
use weir_kind::NoInterfaces;
use weir_runs::Request;
use weir_runtime::{Clock, NoFinder, SystemClock, rehearse};
use weir_store::{Place, Store};
use weir_temporal::{Address, Begin, Cluster, Keeper, Options, Outside, Parts, Rules, State, input_of, names, work};
use weir_testkit::temporal::{NAMESPACE, Server};

/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(40);

/// A cluster, a queue, and a worker on it.
pub struct Lab {
    server: Server,
    cluster: Cluster,
    queue: String,
    folder: tempfile::TempDir,
    worker: std::sync::Mutex<Option<Own>>,
    catalog: Catalog,
}

impl Lab {
    /// With a server of its own, or a queue of its own on one.
    pub async fn start() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = tokio::task::spawn_blocking(Server::start).await?;
        let queue = format!("conformance-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let cluster = Cluster::connect(&Address::new(server.address())).await?;
        let lab = Self {
            server,
            cluster,
            queue,
            folder: tempfile::tempdir()?,
            worker: std::sync::Mutex::default(),
            catalog: compose::catalog()?,
        };
        lab.start_worker()?;
        Ok(lab)
    }

    /// The cluster, for others to work on as well.
    pub fn server(&self) -> &Server {
        &self.server
    }

    pub fn start_worker(&self) -> Result<()> {
        *self.worker() = Some(start_worker(&self.server.address(), NAMESPACE, &self.queue, self.folder.path())?);
        Ok(())
    }

    fn worker(&self) -> std::sync::MutexGuard<'_, Option<Own>> {
        self.worker.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn kill(&mut self, what: Kill) -> Result<()> {
        match what {
            Kill::Worker => {
                self.worker().take();
                self.start_worker()
            }
            Kill::Server => {
                self.server.kill();
                self.server.start_again();
                Ok(())
            }
        }
    }

    /// Starts a run under this id, in a project of its own.
    pub async fn begin(&self, ready: &Ready, run: &str, input: Value) -> Result<()> {
        let rules = Rules {
            store_queue: Some(names::store_queue(&self.queue)),
            heartbeat: weir_base::Duration::from_secs(2),
            ..Rules::default()
        };
        let begin = Begin {
            run: run.into(),
            flow: ready.flow.clone(),
            input,
            place: Place { tenant: "".into(), project: run.into(), service: "default".into() },
            cause: None,
            library: ready.library.clone(),
            rules,
            queue: self.queue.clone(),
            at: SystemClock.now(),
        };
        let input = input_of(&begin, &self.catalog, None)?;
        self.cluster.begin(&begin, input).await?;
        Ok(())
    }

    /// Waits until the run is over or waits; one that has been at work on the same for a while counts as well.
    pub async fn settle(&self, run: &str) -> Result<State> {
        let (mut seen, mut since) = (0, Instant::now());
        let mut tick = tokio::time::interval(LOOK);
        let until = Instant::now() + PATIENCE;
        loop {
            tick.tick().await;
            let state = match self.cluster.state(run).await {
                Ok(state) => state,
                Err(_) if Instant::now() < until => continue,
                Err(error) => return Err(error.into()),
            };
            if state.seq != seen {
                (seen, since) = (state.seq, Instant::now());
            }
            let waits = state.status == Status::Waiting;
            if state.status.is_final() || (waits && since.elapsed() > LOOK * 2) || since.elapsed() > QUIET {
                return Ok(state);
            }
        }
    }

    pub async fn is_over(&self, run: &str) -> bool {
        self.cluster.state(run).await.is_ok_and(|state| state.status.is_final())
    }

    /// Sends each signal as soon as the run waits, then cancels it where the case says so.
    pub async fn act(&self, case: &Case, run: &str) -> Result<()> {
        for (at, (name, payload)) in case.signals.iter().enumerate() {
            if self.settle(run).await?.status.is_final() {
                return Ok(());
            }
            let id = Some(Text::from(at.to_string()));
            let signal = Request::Signal { name: name.clone(), id, payload: payload.clone() };
            self.cluster.request(run, &signal).await?;
        }
        if case.cancel && !self.settle(run).await?.status.is_final() {
            self.cluster.request(run, &Request::Cancel { reason: "enough".into() }).await?;
        }
        Ok(())
    }

    /// Where a run is that comes to no end.
    async fn stuck(&self, run: &str) -> String {
        match tokio::time::timeout(QUIET, self.cluster.state(run)).await {
            Ok(Ok(state)) => {
                format!("it came to no end: {:?} at record {}, waits for {:?}", state.status, state.seq, state.waiting)
            }
            _ => format!(
                "it came to no end, and does not say where it is: {:?}",
                self.server.ask(&["workflow", "describe", "--workflow-id", run])
            ),
        }
    }

    /// What came of a run, from its journal as the cluster tells it.
    pub async fn end(&self, ready: &Ready, run: &str) -> Result<Ended> {
        let outcome = self.cluster.outcome(run).await?;
        let rehearsal = rehearse(&ready.flow, &outcome.events()?)?;
        if let Some(divergence) = rehearsal.divergence {
            bail!("its journal folds to something else: {divergence}");
        }
        let state = &outcome.state;
        ensure!(state.status == rehearsal.status, "it says {:?}, its journal {:?}", state.status, rehearsal.status);
        Ok(Ended::new(state.status, state.error.as_ref(), &state.output, &state.variables, &rehearsal.steps))
    }
}

/// A process that works on this queue; returns when it does.
pub fn start_worker(address: &str, namespace: &str, queue: &str, folder: &Path) -> Result<Own> {
    let mut own = Own::start(&["worker", address, namespace, queue, &folder.to_string_lossy()])?;
    let mut first = String::new();
    BufReader::new(own.0.stdout.take().context("no output")?).read_line(&mut first)?;
    ensure!(first.trim() == "works", "the worker does not come");
    Ok(own)
}

pub async fn run(lab: &Lab, case: &Case, ready: &Ready) -> Found {
    match tokio::time::timeout(PATIENCE, carried(lab, case, ready)).await {
        Err(_) => Found::Broken(lab.stuck(&case.slug()).await),
        carried => told(carried),
    }
}

/// With a server and a worker that nobody else uses.
pub async fn killed(case: &Case, ready: &Ready, kill: Kill) -> Found {
    let all = async {
        let mut lab = Lab::start().await?;
        let run = case.slug();
        lab.begin(ready, &run, case.input.clone()).await?;
        lab.settle(&run).await?;
        lab.kill(kill)?;
        lab.act(case, &run).await?;
        lab.end(ready, &run).await
    };
    told(tokio::time::timeout(PATIENCE, all).await)
}

async fn carried(lab: &Lab, case: &Case, ready: &Ready) -> Result<Ended> {
    let (input, server) = input(case)?;
    let run = case.slug();
    lab.begin(ready, &run, input).await?;
    lab.act(case, &run).await?;
    let ended = lab.end(ready, &run).await?;
    let problems = server.map(|server| server.problems()).unwrap_or_default();
    ensure!(problems.is_empty(), "{}", problems.join("; "));
    Ok(ended)
}

/// What the process of a worker does.
pub async fn worker(address: &str, namespace: &str, queue: &str, folder: &Path) -> Result<()> {
    end_with_parent();
    let store = compose::store(&folder.join("data")).await?;
    let epoch = store.claim(std::process::id(), SystemClock.now()).await?;
    let keeper = Keeper::new(store.clone(), epoch, Arc::new(NoFinder), Arc::new(compose::catalog()?));
    let outside = Outside {
        secrets: compose::secrets(),
        interfaces: Arc::new(NoInterfaces),
        memory: compose::memory(&store),
        clock: Arc::new(SystemClock),
    };
    let files_root = Some(folder.to_owned());
    let parts = Parts { registry: compose::registry()?, outside, keeper: Some(Arc::new(keeper)), files_root };
    let options = Options { queues: vec![queue.to_owned()], ..Options::default() };
    let address = Address { namespace: namespace.to_owned(), ..Address::new(address) };
    let mut working = work(&address, options, parts).await?;
    println!("works");
    Ok(working.ended().await?)
}
