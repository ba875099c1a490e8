//! What is asked of runs that are carried elsewhere, and waiting for them.

use crate::Runtime;
use crate::children::patiently;
use crate::elsewhere::{Copies, Letter};
use crate::flows::store_failed;
use crate::fold::{Unfolded, unfolded_error};
use crate::inner::{Inner, commit_failed, view_of_row};
use crate::message::Message;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use weir_base::{Text, Value};
use weir_engine::{Event, EventBody, Record, Status};
use weir_runs::{ProgressBody, Request, RunView, RunsError, Standing, Until, Watch};
use weir_store::{Batch, Entry, NewMessage, Run, RunKey, RunUpdate};

/// How often a request is passed on again where nobody answers.
const AGAIN: Duration = Duration::from_secs(2);
/// How often it is looked whether a run has been handed over, or is over, though nobody has told of it.
const LOOK: Duration = Duration::from_secs(30);

impl Inner {
    /// Passes a request on. One to a run that was not handed over yet is left in the inbox, and follows it; so is one
    /// that must not overtake another.
    pub async fn ask_elsewhere(self: &Arc<Self>, row: Run, request: Request) -> Result<(), RunsError> {
        let connection = self.takes(&row, &request).await?;
        if row.status == Status::Pending {
            return match &request {
                Request::Cancel { reason } if self.cancel_waiting(&row, &connection, reason).await? => Ok(()),
                _ => self.leave_request(&row, &request).await,
            };
        }
        match self.abroad.mail.is_behind(row.key) {
            true => self.leave_request(&row, &request).await,
            false => self.abroad.carrier.request(&connection, &row.id, &request, None).await,
        }
    }

    /// The connection to the run, which takes such a request.
    async fn takes(&self, row: &Run, request: &Request) -> Result<Text, RunsError> {
        if row.status.is_final() {
            return Err(RunsError::Ended { run: row.id.clone(), status: row.status });
        }
        let Some(connection) = row.connection() else {
            return Err(unfolded_error(&row.id, &Unfolded::Elsewhere(Box::new(row.clone()))));
        };
        if let Request::Signal { name, payload, .. } = request {
            self.flows.version(&row.place.tenant, &row.version).await?.accept_signal(name, payload)?;
        }
        self.abroad.carrier.takes(connection, request)?;
        Ok(connection.into())
    }

    /// Ends a run that has not begun anywhere; whether that is certain. Where it is not, the request follows the run.
    async fn cancel_waiting(self: &Arc<Self>, row: &Run, connection: &str, reason: &Text) -> Result<bool, RunsError> {
        // An earlier process may have begun it, or an answer may have been lost on the way.
        // Who cannot be asked, such as a connection that is not configured at present, does not say that it is not there.
        let is_there = !matches!(self.abroad.carrier.standing(connection, &row.id).await, Ok(Standing::Unknown));
        let copies = Copies(self.clone());
        let _turn = copies.turn(&row.id).await;
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

    /// Ends a run that waits and was told to be cancelled, where it has not begun anywhere; whether it did.
    pub(super) async fn ends_unbegun(self: &Arc<Self>, row: &Run, connection: &str) -> bool {
        let Some(reason) = self.abroad.mail.cancel_of(row.key) else { return false };
        let ended = self.cancel_waiting(row, connection, &reason).await;
        ended
            .inspect_err(|error| tracing::warn!(run = &*row.id, "a run was not cancelled yet: {error}"))
            .unwrap_or(false)
    }

    async fn leave_request(&self, row: &Run, request: &Request) -> Result<(), RunsError> {
        let payload =
            serde_json::to_string(request).map_err(|error| RunsError::rejected("NOT_JSON", error.to_string()))?;
        let message = NewMessage { run: row.id.clone(), kind: request.name().into(), payload, at: self.now() };
        let key = self.shared.store.post(message).await.map_err(store_failed)?;
        self.abroad.mail.note_left(row.key, key);
        self.abroad.posted.notify_one();
        Ok(())
    }

    /// Passes on the first letter of a run, if that can be done now.
    async fn pass_one(self: &Arc<Self>, run: RunKey, letter: &Letter) -> Passed {
        let row = match patiently(|| self.shared.store.run_by_key(run)).await {
            None => return Passed::Stopped,
            Some(None) => return Passed::Done,
            Some(Some(row)) => row,
        };
        if !row.is_elsewhere() {
            // It was taken up here meanwhile.
            let (request, inbox) = (letter.request.clone(), Some(letter.key));
            self.shared.send(run, Message::Request { key: run, request, inbox, reply: None });
            return Passed::Taken;
        }
        if row.status == Status::Pending {
            if let Some(connection) = row.connection() {
                self.ends_unbegun(&row, connection).await;
            }
            return Passed::TooEarly;
        }
        if row.status.is_final() && matches!(letter.request, Request::Cancel { .. }) {
            return Passed::Done;
        }
        let asked = async {
            let connection = self.takes(&row, &letter.request).await?;
            let request = named(&letter.request, &letter.id);
            self.abroad.carrier.request(&connection, &row.id, &request, Some(&letter.id)).await
        };
        match asked.await {
            Ok(()) => Passed::Done,
            Err(RunsError::Stopping) => Passed::Stopped,
            Err(error) if error.is_transient() => {
                tracing::warn!(run = &*row.id, "a request was not passed on yet: {error}");
                Passed::Later
            }
            // It was accepted, and what is not configured at present may be again.
            Err(error) if is_unconfigured(&error) => {
                tracing::warn!(run = &*row.id, "a request waits for its connection: {error}");
                Passed::TooEarly
            }
            Err(error) => {
                tracing::warn!(run = &*row.id, "a request was not taken: {error}");
                Passed::Done
            }
        }
    }
}

/// A signal goes by the name of its letter where it has none of its own: a run knows what it has had in all its
/// histories, while a cluster knows what came to one of them.
fn named(request: &Request, letter: &str) -> Request {
    match request.clone() {
        Request::Signal { name, id: None, payload } => Request::Signal { name, id: Some(letter.into()), payload },
        other => other,
    }
}

/// Whether nobody could be asked at all: the settings of this server do not name the connection.
fn is_unconfigured(error: &RunsError) -> bool {
    matches!(error, RunsError::Rejected { code: "RUNTIME_UNKNOWN", .. })
}

/// What came of passing a letter on.
enum Passed {
    /// It need not be in the inbox any more.
    Done,
    /// Somebody else takes it out of the inbox.
    Taken,
    /// The run has still to be handed over, or nobody knows its connection.
    TooEarly,
    /// Nobody answers.
    Later,
    /// The runtime ends.
    Stopped,
}

/// Takes in a letter to a run elsewhere. Those to one run are passed on one after the other.
pub(crate) fn take_in(inner: &Arc<Inner>, passing_on: &mut JoinSet<()>, run: RunKey, letter: Letter) {
    if let Some(told) = inner.abroad.mail.push(run, letter) {
        passing_on.spawn(pass_on(inner.clone(), run, told));
    }
}

/// Passes on what was asked of a run, in the order of asking, until there is nothing more.
async fn pass_on(inner: Arc<Inner>, run: RunKey, told: Arc<Notify>) {
    while let Some(letter) = inner.abroad.mail.first(run) {
        match inner.pass_one(run, &letter).await {
            Passed::Done => {
                inner.clear_inbox(run, letter.key);
                inner.abroad.mail.done(run);
            }
            Passed::Taken => inner.abroad.mail.done(run),
            Passed::TooEarly => drop(tokio::time::timeout(LOOK, told.notified()).await),
            Passed::Later => tokio::time::sleep(AGAIN).await,
            Passed::Stopped => return,
        }
    }
}

impl Runtime {
    /// Waits for what is told of a copy.
    pub(crate) async fn wait_elsewhere(&self, run: &str, until: Until) -> Result<RunView, RunsError> {
        let shared = &self.inner.shared;
        // From before the first look, so that nothing is missed between two.
        let mut watch = shared.watchers.watch(run);
        let mut row = self.row(run).await?;
        while !has_come(&row, until) {
            if !hears(&mut watch).await {
                watch = shared.watchers.watch(run);
            }
            row = match patiently(|| shared.store.run_by_key(row.key)).await {
                Some(row) => row.ok_or_else(|| RunsError::NotFound { run: run.into() })?,
                None => return Err(self.inner.gone()),
            };
        }
        let output = shared.store.run_output(row.key).await.map_err(store_failed)?;
        Ok(view_of_row(&row, output))
    }
}

fn has_come(row: &Run, until: Until) -> bool {
    let rests = matches!(row.status, Status::Waiting | Status::Paused);
    row.status.is_final() || (rests && until == Until::Settled)
}

/// Waits until the row of a run may say something else; whether more can be heard of the run. It is looked at now and
/// then though nobody has told of it: whoever waits must not wait for ever.
async fn hears(watch: &mut Watch) -> bool {
    let told = async {
        loop {
            match watch.next().await.map(|progress| progress.body) {
                Some(ProgressBody::Status { .. } | ProgressBody::Missed(_)) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    };
    tokio::time::timeout(LOOK, told).await.unwrap_or(true)
}
