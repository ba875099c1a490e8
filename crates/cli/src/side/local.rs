use super::{Carrier, Row, Side, Wanted};
use crate::compose;
use crate::exit::UsageError;
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use weir_base::Text;
use weir_engine::{Record, Status};
use weir_runs::{Change, FlowSource, Forked, LogView, Offer, ReplayView, Request, RunView, RunsError, RunsPort, Until};
use weir_runtime::{Clock, Runtime, SystemClock, logs_of_run, post_request, rehearse_fix, rehearse_fork, replay_run};
use weir_store::{PageRequest, Run, RunCursor, RunFilter, Store};

const RECORDS: u32 = 1_000;
const RUNS: u32 = 500;

/// A data folder that is visited; another process may own it.
pub struct Folder {
    folder: PathBuf,
    store: Arc<dyn Store>,
}

impl Folder {
    pub async fn visit(folder: PathBuf) -> anyhow::Result<Self> {
        let store = compose::visit(&folder).await?;
        Ok(Self { folder, store })
    }

    /// Who takes a decision up can tell nobody that its step is not there.
    async fn require_open(&self, run: &str, path: &str) -> anyhow::Result<()> {
        let open = of_run(replay_run(&self.store, run, None).await)?.open;
        if open.iter().any(|open| &*open.path == path) {
            return Ok(());
        }
        let message = format!("the step `{path}` of run `{run}` waits for no decision");
        Err(RunsError::rejected("NO_DECISION_OPEN", message).into())
    }
}

/// The run of this id in a store.
pub async fn stored(store: &Arc<dyn Store>, id: &str) -> anyhow::Result<Run> {
    store.run(id).await?.ok_or_else(|| no_run(id))
}

pub fn no_run(id: &str) -> anyhow::Error {
    UsageError(format!("there is no run `{id}`; `weir runs ls` lists them")).into()
}

/// A run that is not there is wrong usage.
fn of_run<T>(result: Result<T, RunsError>) -> anyhow::Result<T> {
    result.map_err(|error| match error {
        RunsError::NotFound { run } => no_run(&run),
        error => error.into(),
    })
}

fn row(run: Run) -> Row {
    Row {
        id: run.id,
        flow: run.flow,
        version: run.version,
        status: run.status,
        error: run.error,
        created_at: run.created_at,
        started_at: run.started_at,
        ended_at: run.ended_at,
        wake_at: run.wake_at,
        cause: run.cause,
    }
}

#[async_trait]
impl Side for Folder {
    async fn list(&self, wanted: &Wanted) -> anyhow::Result<(Vec<Row>, Option<String>)> {
        let before = match &wanted.before {
            Some(id) => Some(RunCursor::of(&stored(&self.store, id).await?)),
            None => None,
        };
        let filter = RunFilter {
            flow: wanted.flow.as_deref().map(Into::into),
            statuses: wanted.statuses.clone(),
            text: wanted.text.clone(),
            cause: wanted.trigger.as_deref().map(Into::into),
            system: Some(wanted.system),
            ..RunFilter::default()
        };
        let page = self.store.list_runs(&filter, PageRequest { before, limit: wanted.limit }).await?;
        let next = page.next.and_then(|_| page.items.last()).map(|run| run.id.to_string());
        Ok((page.items.into_iter().map(row).collect(), next))
    }

    async fn row(&self, run: &str) -> anyhow::Result<Row> {
        Ok(row(stored(&self.store, run).await?))
    }

    async fn replay(&self, run: &str, to: Option<u64>) -> anyhow::Result<ReplayView> {
        let newest = self.store.last_seq(stored(&self.store, run).await?.key).await?;
        if let Some(to) = to.filter(|to| *to == 0 || *to > newest) {
            anyhow::bail!(UsageError(format!("--to {to}: this run has records 1 to {newest}")));
        }
        Ok(replay_run(&self.store, run, to).await?)
    }

    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>> {
        Ok(logs_of_run(&*self.store, run).await?)
    }

    async fn records(&self, run: &str, from: u64) -> anyhow::Result<Vec<Record>> {
        Ok(self.store.records(stored(&self.store, run).await?.key, from, RECORDS).await?)
    }

    async fn ask(&self, run: &str, request: &Request) -> anyhow::Result<bool> {
        if let Request::Decide { path, .. } = request {
            self.require_open(run, path).await?;
        }
        of_run(post_request(&*self.store, run, request, &SystemClock as &dyn Clock).await)?;
        Ok(weir_store_sql::is_owned(&self.folder))
    }

    async fn rehearse_fork(&self, run: &str, at: u64, changes: &[Change]) -> anyhow::Result<Vec<Text>> {
        of_run(rehearse_fork(&self.store, run, at, changes).await)
    }
}

/// A runtime of this process, and the flow failed runs go on with.
pub struct Here<'a> {
    pub runtime: &'a Runtime,
    pub source: Option<&'a FlowSource>,
}

#[async_trait]
impl Carrier for Here<'_> {
    async fn fork(&self, run: &str, at: u64, changes: &[Change]) -> anyhow::Result<Forked> {
        of_run(self.runtime.fork(run, at, changes).await)
    }

    async fn fix(&self, run: &str, dry_run: bool, force: bool) -> anyhow::Result<Offer> {
        let source = self.source.ok_or_else(|| UsageError("name the flow to go on with: --with FILE".into()))?;
        of_run(self.runtime.fix_forward(run, source, dry_run, force).await)
    }

    async fn failed(&self, flow: &str) -> anyhow::Result<Vec<Text>> {
        failed(&**self.runtime.store(), flow).await
    }

    async fn wait(&self, run: &str) -> anyhow::Result<RunView> {
        Ok(self.runtime.wait(run, Until::Ended).await?)
    }

    async fn replay(&self, run: &str) -> anyhow::Result<ReplayView> {
        Ok(RunsPort::replay(self.runtime, run, None).await?)
    }

    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>> {
        Ok(RunsPort::logs(self.runtime, run).await?)
    }
}

/// Failed and timed out runs of a flow, the oldest first.
async fn failed(store: &dyn Store, flow: &str) -> anyhow::Result<Vec<Text>> {
    let statuses = vec![Status::Failed, Status::TimedOut];
    let filter = RunFilter { flow: Some(flow.into()), statuses, ..RunFilter::default() };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_runs(&filter, PageRequest { before, limit: RUNS }).await?;
        found.extend(page.items.iter().map(|run| run.id.clone()));
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    found.reverse();
    if found.is_empty() {
        let any = RunFilter { flow: Some(flow.into()), ..RunFilter::default() };
        let page = store.list_runs(&any, PageRequest { before: None, limit: 1 }).await?;
        if page.items.is_empty() {
            let message = format!("there is no run of a flow called `{flow}`; `weir runs ls` lists them");
            anyhow::bail!(UsageError(message));
        }
    }
    Ok(found)
}

/// Stored runs, looked at alone, and the flow failed ones might go on with. Another process may own the data.
pub struct Looking<'a> {
    pub store: Arc<dyn Store>,
    pub source: &'a FlowSource,
}

#[async_trait]
impl Carrier for Looking<'_> {
    async fn fork(&self, _: &str, _: u64, _: &[Change]) -> anyhow::Result<Forked> {
        only_looking()
    }

    async fn fix(&self, run: &str, dry_run: bool, _: bool) -> anyhow::Result<Offer> {
        if !dry_run {
            return only_looking();
        }
        of_run(rehearse_fix(&self.store, run, self.source).await)
    }

    async fn failed(&self, flow: &str) -> anyhow::Result<Vec<Text>> {
        failed(&*self.store, flow).await
    }

    async fn wait(&self, _: &str) -> anyhow::Result<RunView> {
        only_looking()
    }

    async fn replay(&self, run: &str) -> anyhow::Result<ReplayView> {
        Ok(replay_run(&self.store, run, None).await?)
    }

    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>> {
        Ok(logs_of_run(&*self.store, run).await?)
    }
}

fn only_looking<T>() -> anyhow::Result<T> {
    anyhow::bail!("this only looks at runs; nothing is started")
}
