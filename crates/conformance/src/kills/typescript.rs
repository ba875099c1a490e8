use super::{Broken, Subject};
use crate::case::{Case, Kill};
use crate::found::{Ended, Found, outcome};
use crate::runtimes::input;
use crate::runtimes::typescript::{Lab, Projects};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use weir_testkit::temporal::Server;

/// A cluster with generated code. Each run has a namespace and a worker of its own: what a flow remembers belongs to its
/// project, and a project of generated code is the same in every run.
pub struct TypeScript {
    server: Server,
    projects: Arc<Projects>,
    lab: Option<Lab>,
    /// Signals sent to the run under way.
    sent: AtomicUsize,
}

impl TypeScript {
    pub async fn start(subjects: impl Iterator<Item = &Subject>) -> Result<Self> {
        let by_name: BTreeMap<&str, &Subject> = subjects.map(|subject| (&*subject.0.name, subject)).collect();
        let projects = Projects::make(by_name.values().map(|(case, ready)| (case, &**ready)))?;
        let refused = by_name.values().find_map(|(case, _)| projects.without_run(case).map(|found| (case, found)));
        if let Some((case, found)) = refused {
            bail!("{} as TypeScript: {}", case.name, said(&found));
        }
        let server = tokio::task::spawn_blocking(Server::start).await?;
        Ok(Self { server, projects: Arc::new(projects), lab: None, sent: AtomicUsize::default() })
    }

    fn lab(&self) -> Result<&Lab> {
        self.lab.as_ref().context("nothing was begun")
    }
}

fn said(found: &Found) -> String {
    match found {
        Found::Broken(why) => why.clone(),
        other => outcome(other),
    }
}

impl Broken for TypeScript {
    const NAME: &'static str = "temporal-typescript";

    async fn begin(&mut self, (case, _): &Subject, run: &str) -> Result<()> {
        self.sent = AtomicUsize::default();
        let lab = self.lab.insert(Lab::apart(&self.server, run, self.projects.clone()).await?);
        let (input, _) = input(case)?;
        lab.begin(case, run, input).await
    }

    async fn act_until(&self, case: &Case, run: &str, moment: tokio::time::Instant) -> Result<()> {
        let acted = self.lab()?.act(case, run, &self.sent);
        tokio::time::timeout_at(moment, acted).await.unwrap_or(Ok(()))
    }

    async fn is_over(&self, run: &str) -> Result<bool> {
        self.lab()?.is_over(run).await
    }

    async fn kill(&mut self, kill: Kill) -> Result<()> {
        match kill {
            Kill::Worker => return self.lab()?.kill_worker(),
            Kill::Server => {
                self.server.kill();
                self.server.start_again();
            }
        }
        Ok(())
    }

    async fn finish(&self, (case, _): &Subject, run: &str) -> Result<Ended> {
        let lab = self.lab()?;
        lab.act(case, run, &self.sent).await?;
        lab.end(run).await
    }
}
