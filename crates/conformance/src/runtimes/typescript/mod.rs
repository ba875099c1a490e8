//! Temporal with the generated TypeScript: every flow's project in one worker of Node, started by a client of Node.
//!
//! `projects.rs` writes and compiles them, `node.rs` holds the processes.

mod node;
mod projects;

pub use projects::{Projects, write};

use super::{Own, PATIENCE, input};
use crate::case::{Case, Kill};
use crate::found::{Ended, Found};
use anyhow::{Context, Result, ensure};
use node::{Client, start_worker};
use std::sync::{Arc, Mutex, PoisonError};
use weir_base::Value;
use weir_testkit::temporal::Server;

/// Apart from what the Rust worker does under the same names.
const NAMESPACE: &str = "typescript";

const QUEUE: &str = "conformance-typescript";

/// A namespace of a cluster, a worker there, and a client.
pub struct Lab {
    address: String,
    namespace: &'static str,
    projects: Arc<Projects>,
    client: Client,
    worker: Mutex<Option<Own>>,
}

impl Lab {
    /// On the server of the Rust worker, in a namespace of its own.
    pub async fn start(server: &Server, projects: Arc<Projects>) -> Result<Self> {
        server.ask(&["operator", "namespace", "create", "--namespace", NAMESPACE]).map_err(anyhow::Error::msg)?;
        Self::within(server, NAMESPACE, projects).await
    }

    async fn within(server: &Server, namespace: &'static str, projects: Arc<Projects>) -> Result<Self> {
        let address = server.address();
        let client = tokio::task::block_in_place(|| Client::start(projects.folder(), &address, namespace))?;
        let lab = Self { address, namespace, projects, client, worker: Mutex::default() };
        lab.start_worker()?;
        Ok(lab)
    }

    fn start_worker(&self) -> Result<()> {
        let start = || start_worker(self.projects.folder(), &self.address, self.namespace, QUEUE);
        let own = tokio::task::block_in_place(start)?;
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = Some(own);
        Ok(())
    }

    fn kill_worker(&self) -> Result<()> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.start_worker()
    }

    async fn begin(&self, case: &Case, input: Value) -> Result<()> {
        let given = [
            ("run", case.slug().into()),
            ("type", self.projects.workflow(case).into()),
            ("queue", QUEUE.into()),
            ("input", input),
        ];
        self.client.ask("start", given).await.map(drop)
    }

    /// Whether it is over; else it waits.
    async fn settle(&self, case: &Case) -> Result<bool> {
        Ok(self.client.ask("settle", [("run", case.slug().into())]).await? == Value::Bool(true))
    }

    /// Sends each signal as soon as the run waits, then cancels it where the case says so.
    async fn act(&self, case: &Case) -> Result<()> {
        let run = || ("run", Value::from(case.slug()));
        for (name, payload) in &case.signals {
            if self.settle(case).await? {
                return Ok(());
            }
            let signal = [run(), ("name", name.clone().into()), ("payload", payload.clone())];
            self.client.ask("signal", signal).await?;
        }
        if case.cancel && !self.settle(case).await? {
            self.client.ask("cancel", [run()]).await?;
        }
        Ok(())
    }

    async fn end(&self, case: &Case) -> Result<Ended> {
        let told = self.client.ask("end", [("run", case.slug().into())]).await?;
        Ended::traced(&told).with_context(|| format!("not how a run ends: {}", told.to_json()))
    }

    async fn carried(&self, case: &Case) -> Result<Ended> {
        let (input, server) = input(case)?;
        self.begin(case, input).await?;
        self.act(case).await?;
        let ended = self.end(case).await?;
        let problems = server.map(|server| server.problems()).unwrap_or_default();
        ensure!(problems.is_empty(), "{}", problems.join("; "));
        Ok(ended)
    }
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
    own.begin(case, case.input.clone()).await?;
    own.settle(case).await?;
    match kill {
        Kill::Worker => own.kill_worker()?,
        Kill::Server => {
            server.kill();
            server.start_again();
        }
    }
    own.act(case).await?;
    own.end(case).await
}
