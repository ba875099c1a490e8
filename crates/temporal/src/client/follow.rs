use super::Cluster;
use crate::TemporalError;
use crate::wire::{JournalPage, Row, State};
use std::time::{Duration, Instant};
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_client::{WorkflowFetchHistoryOptions, WorkflowGetResultOptions};
use weir_base::Text;
use weir_engine::{Numbered, Record};
use weir_runs::LogView;

/// How long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);
/// Trying to reach a server that is not there is given up sooner than this.
const LONGEST_TRY: Duration = Duration::from_secs(30);

/// A run that is over, with all of its journal.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub state: State,
    pub records: Vec<Record>,
    pub logs: Vec<LogView>,
}

impl Outcome {
    /// The journal as the engine folds it.
    pub fn events(&self) -> Result<Vec<Numbered>, TemporalError> {
        let read = |record: &Record| Ok((record.seq, record.decode().map_err(TemporalError::failed)?));
        self.records.iter().map(read).collect()
    }
}

/// Reads the journal of a run as it grows, across all its links.
pub struct Follower {
    cluster: Cluster,
    run: Text,
    next: u64,
    /// The links whose log lines were read, and how many of the newest one's.
    links: usize,
    logs: u64,
}

/// What has come since the last look.
#[derive(Debug, Default)]
pub struct News {
    pub records: Vec<Record>,
    pub logs: Vec<LogView>,
}

impl Cluster {
    pub fn follow(&self, run: impl Into<Text>) -> Follower {
        Follower { cluster: self.clone(), run: run.into(), next: 1, links: 0, logs: 0 }
    }

    /// Waits for the end of a run, and reads all of its journal.
    pub async fn outcome(&self, run: &str) -> Result<Outcome, TemporalError> {
        self.wait(run).await?;
        let (mut follower, mut all) = (self.follow(run), News::default());
        loop {
            let news = follower.news().await?;
            if news.records.is_empty() && news.logs.is_empty() {
                break;
            }
            all.records.extend(news.records);
            all.logs.extend(news.logs);
        }
        Ok(Outcome { state: self.state(run).await?, records: all.records, logs: all.logs })
    }

    /// Waits until the run is over, however it ends. An error where the server has not answered for a minute.
    pub async fn wait(&self, run: &str) -> Result<(), TemporalError> {
        let mut heard = Instant::now();
        loop {
            let asked = Instant::now();
            match self.handle(run).get_result(WorkflowGetResultOptions::default()).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_workflow_outcome() => return Ok(()),
                Err(WorkflowGetResultError::NotFound(_)) => return Err(TemporalError::NotFound(run.to_owned())),
                // The server may be on its way up again.
                Err(WorkflowGetResultError::Rpc(status)) => {
                    tracing::debug!("waiting for {run}: {}", status.message());
                    // Whoever was heard out for so long had answered before.
                    if asked.elapsed() > LONGEST_TRY {
                        heard = Instant::now();
                    }
                    if heard.elapsed() > PATIENCE {
                        return Err(lost(run, status.message()));
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(WorkflowGetResultError::PayloadConversion(error)) => {
                    return Err(TemporalError::Unreadable(error.to_string()));
                }
                Err(error) => return Err(TemporalError::failed(error)),
            }
        }
    }
}

impl Cluster {
    /// Why the cluster has ended a run that was not over, as it does with one whose history becomes too long, or as
    /// somebody has told it to; none for a run that is over by itself, or goes on.
    pub async fn torn(&self, run: &str) -> Result<Option<TemporalError>, TemporalError> {
        use temporalio_client::HistoryEventFilterType::CloseEvent;
        use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
        let options = WorkflowFetchHistoryOptions::builder().event_filter_type(CloseEvent).build();
        let events = self.handle(run).fetch_history(options).into_events().await.map_err(TemporalError::failed)?;
        let why = match events.into_iter().next_back().and_then(|event| event.attributes) {
            Some(Attributes::WorkflowExecutionTerminatedEventAttributes(ended)) => ended.reason,
            Some(Attributes::WorkflowExecutionTimedOutEventAttributes(_)) => "its time there is up".to_owned(),
            Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) => {
                failed.failure.map(|failure| failure.message).unwrap_or_default()
            }
            _ => return Ok(None),
        };
        Ok(Some(TemporalError::Ended { run: run.to_owned(), why }))
    }
}

fn lost(run: &str, message: &str) -> TemporalError {
    TemporalError::Failed(format!("the server has not answered for a minute: {message}; the run `{run}` goes on there"))
}

impl Follower {
    /// What has come since; nothing where nothing has.
    pub async fn news(&mut self) -> Result<News, TemporalError> {
        let newest = self.cluster.journal(&self.run, None, self.next, self.logs).await?;
        if self.links < newest.before.len() {
            let link = newest.before[self.links].clone();
            let page = self.cluster.journal(&self.run, Some(&link), self.next, self.logs).await?;
            let news = self.take(page);
            if news.records.is_empty() && news.logs.is_empty() {
                (self.links, self.logs) = (self.links + 1, 0);
                return Box::pin(self.news()).await;
            }
            return Ok(news);
        }
        Ok(self.take(newest))
    }

    fn take(&mut self, page: JournalPage) -> News {
        let fresh = page.rows.into_iter().filter(|row| row.seq >= self.next);
        let records: Vec<Record> = fresh.map(record).collect();
        self.next = records.last().map_or(self.next, |record| record.seq + 1);
        self.logs += page.logs.len() as u64;
        News { records, logs: page.logs }
    }
}

fn record(row: Row) -> Record {
    let Row { seq, at, ty, path, payload } = row;
    Record { seq, at, ty: ty.into(), path, payload }
}
