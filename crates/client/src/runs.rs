use crate::client::Client;
use crate::views::{self, text, time};
use crate::{ClientError, Events};
use weir_base::{Map, Micros, Text, Value};
use weir_engine::{Decision, Record, StepError};
use weir_runs::{Forked, LogView, Offer, ReplayView, Request, RunView};

/// Which runs a list holds; all conditions at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunsWanted {
    /// A flow's id.
    pub flow: Option<String>,
    pub statuses: Vec<String>,
    pub text: Option<String>,
    /// A sort of trigger, or a trigger's id.
    pub trigger: Option<String>,
    /// Only the runs Weir has made by itself; none of them where not.
    pub system: bool,
    pub after: Option<String>,
    pub limit: u32,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    pub run: Text,
    pub flow: Text,
    pub version: Text,
    pub status: weir_engine::Status,
    pub error: Option<StepError>,
    pub created_at: Micros,
    pub started_at: Option<Micros>,
    pub ended_at: Option<Micros>,
    pub wake_at: Option<Micros>,
    /// What started it: `manual`, or a sort of trigger and the trigger's id, such as `webhook/ID`.
    pub cause: Option<Text>,
}

impl Client {
    /// Runs, the newest first, and where the part that follows begins.
    pub async fn runs(&self, wanted: &RunsWanted) -> Result<(Vec<RunRow>, Option<String>), ClientError> {
        let statuses = (!wanted.statuses.is_empty()).then(|| wanted.statuses.join(","));
        let query = [
            ("flow", wanted.flow.clone()),
            ("status", statuses),
            ("text", wanted.text.clone()),
            ("trigger", wanted.trigger.clone()),
            ("system", wanted.system.then(|| "true".to_owned())),
            ("after", wanted.after.clone()),
        ];
        let found = self.list(&["api", "runs"], &query, wanted.limit.max(1)).await?;
        let rows = found.items.iter().map(|row| self.read(views::row(row))).collect::<Result<_, _>>()?;
        Ok((rows, found.next))
    }

    pub async fn run_row(&self, run: &str) -> Result<RunRow, ClientError> {
        let answer = self.get(&["api", "runs", run]).send().await?;
        self.read(views::row(&answer))
    }

    /// The flow a run belongs to, as a list shows it, if it is still there.
    pub async fn flow_of_run(&self, run: &str) -> Result<Option<Value>, ClientError> {
        let found = self.list(&["api", "runs"], &[("text", Some(run.to_owned()))], 200).await?;
        match found.items.iter().find(|row| *text(row, "run") == *run) {
            Some(row) => self.flow_named(&text(row, "project"), &text(row, "flow")).await,
            None => Ok(None),
        }
    }

    pub async fn run(&self, run: &str) -> Result<RunView, ClientError> {
        let answer = self.get(&["api", "runs", run]).send().await?;
        self.read(views::run(&answer))
    }

    /// Waits for the end, however long that takes.
    pub async fn wait(&self, run: &str) -> Result<RunView, ClientError> {
        loop {
            let answer = self.get(&["api", "runs", run]).query("wait", Some(60)).send().await?;
            let view = self.read(views::run(&answer))?;
            if view.status.is_final() {
                return Ok(view);
            }
        }
    }

    pub async fn replay(&self, run: &str, to: Option<u64>) -> Result<ReplayView, ClientError> {
        let answer = self.get(&["api", "runs", run, "replay"]).query("to", to).send().await?;
        self.read(views::replay(&answer))
    }

    /// A run as a test: names and texts of the files of its folder.
    pub async fn test_of_run(&self, run: &str) -> Result<Vec<(Text, Text)>, ClientError> {
        let answer = self.get(&["api", "runs", run, "test"]).send().await?;
        let items = answer.get("files").and_then(Value::as_array).unwrap_or_default();
        Ok(items.iter().map(|file| (text(file, "name"), text(file, "text"))).collect())
    }

    pub async fn logs(&self, run: &str) -> Result<Vec<LogView>, ClientError> {
        let answer = self.get(&["api", "runs", run, "logs"]).send().await?;
        let items = answer.get("items").and_then(Value::as_array).unwrap_or_default();
        self.read(items.iter().map(views::log).collect())
    }

    /// Records of the journal from one on, in order; none at its end.
    pub async fn journal(&self, run: &str, from: u64, limit: u32) -> Result<Vec<Record>, ClientError> {
        let call = self.get(&["api", "runs", run, "journal"]).query("after", Some(from)).query("limit", Some(limit));
        let answer = call.send().await?;
        let items = answer.get("items").and_then(Value::as_array).unwrap_or_default();
        self.read(items.iter().map(views::record).collect())
    }

    /// Does the same to many runs, as the API takes it.
    pub async fn bulk(&self, body: &Value) -> Result<Value, ClientError> {
        self.post(&["api", "runs", "bulk"]).json(body).send().await
    }

    pub fn run_events(&self, run: &str) -> Events {
        Events::new(self, &["api", "runs", run, "events"])
    }

    /// Asks something of a run; it is on the server's disk when this returns.
    pub async fn ask(&self, run: &str, request: &Request) -> Result<RunView, ClientError> {
        let (verb, body) = match request {
            Request::Signal { name, id, payload } => {
                let mut body = vec![("name", Value::from(name.clone())), ("payload", payload.clone())];
                body.extend(id.clone().map(|id| ("id", Value::from(id))));
                ("signal", Value::object(body))
            }
            Request::Cancel { reason } => ("cancel", Value::object([("reason", reason.clone().into())])),
            Request::Pause => ("pause", Value::object([])),
            Request::Resume => ("resume", Value::object([])),
            Request::Decide { path, decision } => {
                let decision = match decision {
                    Decision::Retry => "retry",
                    Decision::Fail => "fail",
                };
                ("decide", Value::object([("path", path.clone().into()), ("decision", decision.into())]))
            }
            Request::Override { .. } => return Err(self.strange("a server takes no results from outside")),
        };
        let answer = self.post(&["api", "runs", run, verb]).json(&body).send().await?;
        self.read(views::run(&answer))
    }

    /// Starts a new run after record `at` of another; with `dry_run` it only says which steps would run again.
    pub async fn fork(
        &self,
        run: &str,
        at: u64,
        set: &Map,
        event: Option<&Value>,
        dry_run: bool,
    ) -> Result<Forked, ClientError> {
        let mut body = vec![("at", Value::from(at as f64)), ("set", Value::from(set.clone()))];
        body.extend(event.map(|event| ("event", event.clone())));
        body.extend(dry_run.then_some(("dryRun", Value::from(true))));
        let answer = self.post(&["api", "runs", run, "fork"]).json(&Value::object(body)).send().await?;
        Ok(Forked { run: text(&answer, "run"), again: views::texts(&answer, "again") })
    }

    /// Goes on with a failed run under its flow's draft, or under a version; or only says what would come of it.
    pub async fn fix(&self, run: &str, version: Option<u64>, dry_run: bool, force: bool) -> Result<Offer, ClientError> {
        let mut body = vec![("dryRun", Value::from(dry_run)), ("force", Value::from(force))];
        body.extend(version.map(|version| ("version", Value::from(version as f64))));
        let answer = self.post(&["api", "runs", run, "fix"]).json(&Value::object(body)).send().await?;
        self.read(views::offer(&answer))
    }

    fn read<T>(&self, read: Option<T>) -> Result<T, ClientError> {
        read.ok_or_else(|| self.strange("something is missing in it; is it of another version?"))
    }
}

/// Where a time stands in an answer.
pub(crate) fn times(value: &Value) -> (Option<Micros>, Option<Micros>, Option<Micros>) {
    (time(value, "startedAt"), time(value, "endedAt"), time(value, "wakeAt"))
}
