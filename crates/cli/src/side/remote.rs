use super::{Carrier, Row, Side, Wanted};
use crate::exit::UsageError;
use async_trait::async_trait;
use weir_base::{Map, Text, Value};
use weir_client::{Client, ClientError, RunRow, RunsWanted};
use weir_engine::{Event, Record};
use weir_runs::{Change, Forked, LogView, Offer, ReplayView, Request, RunView};

const RECORDS: u32 = 1_000;

/// A server.
pub struct Remote {
    client: Client,
    /// The published version failed runs go on under; the draft for none.
    version: Option<u64>,
}

impl Remote {
    pub fn new(client: Client) -> Self {
        Self { client, version: None }
    }

    pub fn under(self, version: Option<u64>) -> Self {
        Self { version, ..self }
    }
}

fn row(run: RunRow) -> Row {
    Row {
        id: run.run,
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

/// A run that is not there is wrong usage, here as in a folder.
fn of_run<T>(result: Result<T, ClientError>, run: &str) -> anyhow::Result<T> {
    result.map_err(|error| match error.code() {
        "NOT_FOUND" => super::local::no_run(run),
        _ => error.into(),
    })
}

#[async_trait]
impl Side for Remote {
    async fn list(&self, wanted: &Wanted) -> anyhow::Result<(Vec<Row>, Option<String>)> {
        let flow = match &wanted.flow {
            Some(flow) => Some(crate::commands::server::flows::id_of(&self.client, flow).await?),
            None => None,
        };
        let wanted = RunsWanted {
            flow,
            statuses: wanted.statuses.iter().map(|status| status.as_str().to_owned()).collect(),
            text: wanted.text.clone(),
            trigger: wanted.trigger.clone(),
            system: wanted.system,
            after: wanted.before.clone(),
            limit: wanted.limit,
        };
        let (rows, next) = self.client.runs(&wanted).await?;
        Ok((rows.into_iter().map(row).collect(), next))
    }

    async fn row(&self, run: &str) -> anyhow::Result<Row> {
        of_run(self.client.run_row(run).await, run).map(row)
    }

    async fn replay(&self, run: &str, to: Option<u64>) -> anyhow::Result<ReplayView> {
        of_run(self.client.replay(run, to).await, run)
    }

    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>> {
        of_run(self.client.logs(run).await, run)
    }

    async fn records(&self, run: &str, from: u64) -> anyhow::Result<Vec<Record>> {
        of_run(self.client.journal(run, from, RECORDS).await, run)
    }

    async fn ask(&self, run: &str, request: &Request) -> anyhow::Result<bool> {
        of_run(self.client.ask(run, request).await, run).map(|_| true)
    }

    async fn rehearse_fork(&self, run: &str, at: u64, changes: &[Change]) -> anyhow::Result<Vec<Text>> {
        let (set, event) = parts(changes)?;
        Ok(of_run(self.client.fork(run, at, &set, event.as_ref(), true).await, run)?.again)
    }
}

#[async_trait]
impl Carrier for Remote {
    async fn fork(&self, run: &str, at: u64, changes: &[Change]) -> anyhow::Result<Forked> {
        let (set, event) = parts(changes)?;
        of_run(self.client.fork(run, at, &set, event.as_ref(), false).await, run)
    }

    async fn fix(&self, run: &str, dry_run: bool, force: bool) -> anyhow::Result<Offer> {
        of_run(self.client.fix(run, self.version, dry_run, force).await, run)
    }

    async fn failed(&self, flow: &str) -> anyhow::Result<Vec<Text>> {
        let id = crate::commands::server::flows::id_of(&self.client, flow).await?;
        let statuses = vec!["failed".to_owned(), "timed_out".to_owned()];
        let wanted = RunsWanted { flow: Some(id), statuses, limit: u32::MAX, ..RunsWanted::default() };
        let (rows, _) = self.client.runs(&wanted).await?;
        Ok(rows.into_iter().rev().map(|row| row.run).collect())
    }

    async fn wait(&self, run: &str) -> anyhow::Result<RunView> {
        of_run(self.client.wait(run).await, run)
    }

    async fn replay(&self, run: &str) -> anyhow::Result<ReplayView> {
        of_run(self.client.replay(run, None).await, run)
    }

    async fn logs(&self, run: &str) -> anyhow::Result<Vec<LogView>> {
        of_run(self.client.logs(run).await, run)
    }
}

/// Changes of a fork as the API takes them.
fn parts(changes: &[Change]) -> anyhow::Result<(Map, Option<Value>)> {
    let (mut set, mut events) = (Map::default(), Vec::new());
    for change in changes {
        match change {
            Change::Set { path, value } => drop(set.insert(path.as_str().into(), value.clone())),
            Change::Event(body) => events.push(event(body)),
        }
    }
    match events.len() {
        0 | 1 => Ok((set, events.pop())),
        _ => Err(UsageError("a server takes one --event at a time".into()).into()),
    }
}

/// As the journal has it, with its type and path among the other members.
fn event(body: &weir_engine::EventBody) -> Value {
    let record = Record::encode(0, &Event { at: 0, body: body.clone() });
    let payload = Value::from_json(&record.payload).unwrap_or_default();
    let mut members = payload.as_object().cloned().unwrap_or_default();
    members.insert("type".into(), record.ty.as_ref().into());
    members.insert("path".into(), record.path.into());
    Value::from(members)
}
