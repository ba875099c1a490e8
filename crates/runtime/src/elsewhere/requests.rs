//! What is asked of runs that are carried elsewhere, and waiting for them.

use crate::Runtime;
use crate::children::patiently;
use crate::elsewhere::Copies;
use crate::flows::store_failed;
use crate::fold::{Unfolded, unfolded_error};
use crate::inner::{Inner, commit_failed, view_of_row};
use std::sync::Arc;
use std::time::Duration;
use weir_base::{Text, Value};
use weir_engine::{Event, EventBody, Record, Status};
use weir_runs::{ProgressBody, Request, RunView, RunsError, Standing, Until};
use weir_store::{Batch, Entry, InboxKey, NewMessage, Run, RunUpdate};

/// How often a request is passed on again where nobody answers.
const AGAIN: Duration = Duration::from_secs(2);

impl Inner {
    /// Passes a request on. One to a run that was not handed over yet is left in the inbox, and follows it.
    pub async fn ask_elsewhere(self: &Arc<Self>, row: Run, request: Request) -> Result<(), RunsError> {
        if row.status.is_final() {
            return Err(RunsError::Ended { run: row.id, status: row.status });
        }
        let Some(connection) = row.connection() else {
            return Err(unfolded_error(&row.id, &Unfolded::Elsewhere(Box::new(row.clone()))));
        };
        if let Request::Signal { name, payload, .. } = &request {
            self.flows.version(&row.place.tenant, &row.version).await?.accept_signal(name, payload)?;
        }
        match row.status {
            Status::Pending => match &request {
                Request::Cancel { reason } if self.cancel_waiting(&row, connection, reason).await? => Ok(()),
                _ => self.leave_request(&row, &request).await,
            },
            _ => self.abroad.carrier.request(connection, &row.id, &request).await,
        }
    }

    /// Ends a run that has not begun anywhere; whether that is certain. Where it is not, the request follows the run.
    async fn cancel_waiting(self: &Arc<Self>, row: &Run, connection: &str, reason: &Text) -> Result<bool, RunsError> {
        // An earlier process may have begun it, or an answer may have been lost on the way.
        let is_there = match self.abroad.carrier.standing(connection, &row.id).await {
            Ok(standing) => standing != Standing::Unknown,
            Err(error) => error.is_transient(),
        };
        let copies = Copies(self.clone());
        let _turn = copies.turn().await;
        let now = self.shared.store.run_by_key(row.key).await.map_err(store_failed)?;
        let waits = now.is_some_and(|row| row.status == Status::Pending);
        if is_there || !waits || self.abroad.starting().contains(&row.key) {
            return Ok(false);
        }
        let at = self.now();
        let record = Record::encode(2, &Event::new(at, EventBody::Cancel { reason: reason.clone() }));
        let mut batch = Batch::new(copies.epoch());
        batch.records.push(Entry { run: row.key, record });
        batch.updates.push(RunUpdate::ended(row.key, Status::Cancelled, at, Value::Null, None));
        copies.commit(batch).await.map_err(commit_failed)?;
        Ok(true)
    }

    async fn leave_request(&self, row: &Run, request: &Request) -> Result<(), RunsError> {
        let payload =
            serde_json::to_string(request).map_err(|error| RunsError::rejected("NOT_JSON", error.to_string()))?;
        let message = NewMessage { run: row.id.clone(), kind: request.name().into(), payload, at: self.now() };
        self.shared.store.post(message).await.map(drop).map_err(store_failed)
    }
}

/// Passes a message of the inbox on, once its run has been handed over and as soon as somebody answers.
pub(crate) async fn pass_on(inner: Arc<Inner>, run: Run, request: Request, inbox: InboxKey) {
    let key = run.key;
    loop {
        let Some(Some(row)) = patiently(|| inner.shared.store.run_by_key(key)).await else { return };
        if row.status != Status::Pending {
            match inner.ask_elsewhere(row, request.clone()).await {
                Err(error) if error.is_transient() => {
                    tracing::warn!(run = &*run.id, "a request was not passed on yet: {error}");
                }
                Err(RunsError::Stopping) => return,
                Err(error) => {
                    tracing::warn!(run = &*run.id, "a request was not taken: {error}");
                    return inner.clear_inbox(key, inbox);
                }
                Ok(()) => return inner.clear_inbox(key, inbox),
            }
        }
        tokio::time::sleep(AGAIN.min(Duration::from_millis(inner.options.inbox_every.millis.max(50)))).await;
    }
}

impl Runtime {
    /// Waits for what is told of a copy.
    pub(crate) async fn wait_elsewhere(&self, run: &str, until: Until) -> Result<RunView, RunsError> {
        let shared = &self.inner.shared;
        // From before the first look, so that nothing is missed between two.
        let mut watch = shared.watchers.watch(run);
        loop {
            let row = self.row(run).await?;
            let is_settled = matches!(row.status, Status::Waiting | Status::Paused) && until == Until::Settled;
            if is_settled || row.status.is_final() {
                let output = shared.store.run_output(row.key).await.map_err(store_failed)?;
                return Ok(view_of_row(&row, output));
            }
            loop {
                match watch.next().await.map(|progress| progress.body) {
                    Some(ProgressBody::Status { .. } | ProgressBody::Missed(_)) => break,
                    Some(_) => {}
                    None => {
                        watch = shared.watchers.watch(run);
                        break;
                    }
                }
            }
        }
    }
}
