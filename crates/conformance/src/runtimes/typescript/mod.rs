//! Temporal with the generated TypeScript: every flow's project in one worker of Node, started by a client of Node.
//!
//! `projects.rs` writes and compiles them, `node.rs` holds the processes.

pub mod node;
mod projects;

pub use projects::{Projects, write};

use super::{Own, PATIENCE, input};
use crate::case::{Case, Kill};
use crate::found::{Ended, Found};
use anyhow::{Context, Result, ensure};
use node::{Client, start_worker};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use weir_base::Value;
use weir_testkit::temporal::Server;

/// Apart from what the Rust worker does under the same names.
const NAMESPACE: &str = "typescript";

const QUEUE: &str = "conformance-typescript";

/// Where Weir's own worker performs the kinds that have no TypeScript.
const WEIR: &str = "conformance-weir";

/// A namespace of a cluster, a worker there, and a client; and Weir's own worker, where something is left to it.
pub struct Lab {
    address: String,
    namespace: String,
    projects: Arc<Projects>,
    client: Client,
    worker: Mutex<Option<Own>>,
    _weir: Option<(Own, tempfile::TempDir)>,
}

impl Lab {
    /// On the server of the Rust worker, in a namespace of its own.
    pub async fn start(server: &Server, projects: Arc<Projects>) -> Result<Self> {
        Self::apart(server, NAMESPACE, projects).await
    }

    /// In a namespace that is made for it, where nothing was remembered yet.
    pub async fn apart(server: &Server, namespace: &str, projects: Arc<Projects>) -> Result<Self> {
        server.ask(&["operator", "namespace", "create", "--namespace", namespace]).map_err(anyhow::Error::msg)?;
        Self::within(server, namespace, projects).await
    }

    async fn within(server: &Server, namespace: &str, projects: Arc<Projects>) -> Result<Self> {
        let address = server.address();
        let client = tokio::task::block_in_place(|| Client::start(projects.folder(), &address, namespace))?;
        let weir = if projects.leave_to_weir() { Some(weir(&address, namespace)?) } else { None };
        let namespace = namespace.to_owned();
        let lab = Self { address, namespace, projects, client, worker: Mutex::default(), _weir: weir };
        lab.start_worker()?;
        Ok(lab)
    }

    fn start_worker(&self) -> Result<()> {
        let start = || start_worker(self.projects.folder(), &self.address, &self.namespace, QUEUE);
        let own = tokio::task::block_in_place(start)?;
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = Some(own);
        Ok(())
    }

    pub fn kill_worker(&self) -> Result<()> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.start_worker()
    }

    /// Starts a run of the case under this id.
    pub async fn begin(&self, case: &Case, run: &str, input: Value) -> Result<()> {
        let given = [
            ("run", run.into()),
            ("type", self.projects.workflow(case).into()),
            ("queue", QUEUE.into()),
            ("input", input),
        ];
        self.client.ask("start", given).await.map(drop)
    }

    /// Whether it is over; else it waits.
    pub async fn settle(&self, run: &str) -> Result<bool> {
        Ok(self.client.ask("settle", [("run", run.into())]).await? == Value::Bool(true))
    }

    /// Whether it is over by now.
    pub async fn is_over(&self, run: &str) -> Result<bool> {
        Ok(self.client.ask("over", [("run", run.into())]).await? == Value::Bool(true))
    }

    /// Sends each signal as soon as the run waits, then cancels it where the case says so. `sent` counts the signals:
    /// nothing tells one that comes twice from two, so what was begun before is not begun again.
    pub async fn act(&self, case: &Case, run: &str, sent: &AtomicUsize) -> Result<()> {
        for (name, payload) in case.signals.iter().skip(sent.load(Ordering::Relaxed)) {
            if self.settle(run).await? {
                return Ok(());
            }
            sent.fetch_add(1, Ordering::Relaxed);
            let signal = [("run", run.into()), ("name", name.clone().into()), ("payload", payload.clone())];
            self.client.ask("signal", signal).await?;
        }
        if case.cancel && !self.settle(run).await? {
            self.client.ask("cancel", [("run", run.into())]).await?;
        }
        Ok(())
    }

    pub async fn end(&self, run: &str) -> Result<Ended> {
        let told = self.client.ask("end", [("run", run.into())]).await?;
        Ended::traced(&told).with_context(|| format!("not how a run ends: {}", told.to_json()))
    }

    async fn carried(&self, case: &Case) -> Result<Ended> {
        let (input, server) = input(case)?;
        let run = case.slug();
        self.begin(case, &run, input).await?;
        self.act(case, &run, &AtomicUsize::default()).await?;
        let ended = self.end(&run).await?;
        let problems = server.map(|server| server.problems()).unwrap_or_default();
        ensure!(problems.is_empty(), "{}", problems.join("; "));
        Ok(ended)
    }
}

fn weir(address: &str, namespace: &str) -> Result<(Own, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let start = || super::temporal::start_worker(address, namespace, WEIR, folder.path());
    Ok((tokio::task::block_in_place(start)?, folder))
}

pub async fn run(lab: &Lab, case: &Case) -> Found {
    if let Some(found) = lab.projects.without_run(case) {
        return found;
    }
    match case.kill {
        None => super::told(tokio::time::timeout(PATIENCE, lab.carried(case)).await),
        Some(kill) => super::told(tokio::time::timeout(PATIENCE, killed(lab, case, kill)).await),
    }
}

/// With a server and a worker that nobody else uses.
async fn killed(lab: &Lab, case: &Case, kill: Kill) -> Result<Ended> {
    let mut server = tokio::task::spawn_blocking(Server::start).await?;
    let own = Lab::within(&server, weir_testkit::temporal::NAMESPACE, lab.projects.clone()).await?;
    let run = case.slug();
    own.begin(case, &run, case.input.clone()).await?;
    own.settle(&run).await?;
    match kill {
        Kill::Worker => own.kill_worker()?,
        Kill::Server => {
            server.kill();
            server.start_again();
        }
    }
    own.act(case, &run, &AtomicUsize::default()).await?;
    own.end(&run).await
}
