//! A cluster with workers as they are delivered: `weir worker`, each a process of its own.

use super::cpu;
use crate::case::{self, Prepared, Ready};
use crate::compose;
use crate::runtimes::Own;
use crate::runtimes::typescript::node::{Client, start};
use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, TryStreamExt};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use weir_base::{Duration, Value};
use weir_catalog::Catalog;
use weir_runtime::{Clock, SystemClock};
use weir_store::Place;
use weir_temporal::{Address, Begin, Rules, input_of, names};
use weir_testkit::temporal::{NAMESPACE, Server};

const QUEUE: &str = "bench";
const BARE_QUEUE: &str = "bench-bare";

/// The case that is run again and again, and how many steps it has.
const CASE: &str = "load/ten-steps";
pub const STEPS: usize = 10;

/// How soon whoever was lost counts as lost: much sooner than it would be set for work that counts.
const SOON: Duration = Duration::from_millis(500);

pub struct Cluster {
    server: Server,
    pub client: weir_temporal::Cluster,
    folder: tempfile::TempDir,
    ready: Box<Ready>,
    catalog: Catalog,
}

impl Cluster {
    pub async fn start() -> Result<Self> {
        let catalog = compose::catalog()?;
        let case = case::all()?.into_iter().find(|case| case.name == CASE).context("there is no such case")?;
        let Prepared::Flow(ready) = case.prepare(&catalog)? else { bail!("{CASE} cannot be run") };
        let server = tokio::task::spawn_blocking(Server::start).await?;
        let client = weir_temporal::Cluster::connect(&Address::new(server.address())).await?;
        Ok(Self { server, client, folder: tempfile::tempdir()?, ready, catalog })
    }

    /// Another worker; of several the first keeps the journals.
    pub fn worker(&self, weir: &Path) -> Result<Own> {
        let mut command = Command::new(weir);
        command.args(["worker", "--temporal", &self.server.address(), "--task-queue", QUEUE, "--takeover", "300ms"]);
        command.arg("--data").arg(self.folder.path().join("data")).env("HOME", self.folder.path());
        let mut own =
            Own(command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("weir cannot be started")?);
        let mut said = BufReader::new(own.0.stderr.take().context("no output")?).lines().map_while(Result::ok);
        ensure!(
            said.any(|line| line.contains("working for ")),
            "the worker does not come; was it built with Temporal?"
        );
        std::thread::spawn(move || said.for_each(drop));
        Ok(own)
    }

    /// Begins runs, so many at once, and waits until all are over.
    pub async fn carry(&self, name: &str, runs: usize, at_once: usize) -> Result<()> {
        self.carry_and(name, runs, at_once, || ()).await
    }

    /// And tells of each that is over.
    pub async fn carry_and(&self, name: &str, runs: usize, at_once: usize, over: impl Fn()) -> Result<()> {
        let carried = futures::stream::iter(0..runs).map(|number| async move {
            let run = format!("{name}-{number}");
            self.begin(&run).await?;
            self.client.wait(&run).await.map_err(anyhow::Error::from)
        });
        let mut carried = carried.buffer_unordered(at_once);
        while let Some(one) = carried.next().await {
            one?;
            over();
        }
        Ok(())
    }

    async fn begin(&self, run: &str) -> Result<()> {
        let store_queue = Some(names::store_queue(QUEUE));
        let begin = Begin {
            run: run.into(),
            flow: self.ready.flow.clone(),
            input: case::nothing(),
            place: Place { tenant: "".into(), project: "bench".into(), service: "default".into() },
            cause: None,
            library: self.ready.library.clone(),
            rules: Rules { store_queue, heartbeat: SOON, task_timeout: Some(SOON), ..Rules::default() },
            queue: QUEUE.to_owned(),
            at: SystemClock.now(),
        };
        self.client.begin(&begin, input_of(&begin, &self.catalog, None)?).await?;
        Ok(())
    }
}

/// Temporal's own SDK for TypeScript, with a loop of activities.
pub struct Bare {
    worker: Own,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Bare {
    pub fn start(cluster: &Cluster) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let scripts =
            [("bare.cjs", include_str!("../../node/bare.cjs")), ("client.cjs", include_str!("../../node/client.cjs"))];
        scripts.iter().try_for_each(|(name, text)| std::fs::write(folder.path().join(name), text))?;
        let modules = case::root().join(".tools/toolchain/node_modules").canonicalize();
        let modules = modules.context("no .tools/toolchain: `cargo xtask conformance` installs it")?;
        std::os::unix::fs::symlink(modules, folder.path().join("node_modules"))?;
        let address = cluster.server.address();
        tokio::task::block_in_place(|| {
            let (worker, _) = start(folder.path(), "bare.cjs", &[&address, NAMESPACE, BARE_QUEUE])?;
            let client = Client::start(folder.path(), &address, NAMESPACE)?;
            Ok(Self { worker, client, _folder: folder })
        })
    }

    pub fn id(&self) -> u32 {
        self.worker.0.id()
    }

    pub async fn carry(&self, name: &str, runs: usize) -> Result<()> {
        let carried = futures::stream::iter(0..runs).map(|number| async move {
            let run = format!("{name}-{number}");
            let given = [
                ("run", run.as_str().into()),
                ("type", "bare".into()),
                ("queue", BARE_QUEUE.into()),
                ("input", STEPS.into()),
            ];
            self.client.ask("start", given).await?;
            self.client.ask("result", [("run", run.into())]).await
        });
        let all: Vec<Value> = carried.buffer_unordered(runs).try_collect().await?;
        ensure!(all.iter().all(|last| last.as_u64() == Some(STEPS as u64 - 1)), "the bare loop ends otherwise");
        Ok(())
    }
}

/// How busy the machine was when something was measured.
pub fn load() -> Value {
    cpu::load().into()
}
