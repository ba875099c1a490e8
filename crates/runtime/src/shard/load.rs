//! Runs that are not in memory: reading them, and answering those who ask about them meanwhile.

use super::Shard;
use crate::children::{PATIENCE, cancel_child, cancel_if_orphan, patiently};
use crate::fold::{Folded, Unfolded, load, unfolded_error};
use crate::inner::{Inner, view_of_row};
use crate::live::Live;
use crate::message::{Awaited, Message, Turn};
use futures::future::join_all;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use weir_base::Value;
use weir_engine::Status;
use weir_runs::{RunView, RunsError};
use weir_store::{Batch, History, Run, RunKey, RunUpdate};

/// A journal of at most so many records is read together with others.
const SHORT: u32 = 32;

impl Shard {
    /// Keeps a message until its run is in memory, and sees to it that it will be.
    pub(super) fn queue(&mut self, key: RunKey, message: Message) {
        if let Some(queue) = self.loading.get_mut(&key) {
            return queue.push(message);
        }
        self.loading.insert(key, vec![message]);
        self.load_key(key);
    }

    pub(super) fn load_key(&mut self, key: RunKey) {
        self.load_key_after(key, Duration::ZERO);
    }

    /// Once the store has had a moment to come to itself.
    fn load_key_later(&mut self, key: RunKey) {
        self.load_key_after(key, PATIENCE);
    }

    fn load_key_after(&mut self, key: RunKey, wait: Duration) {
        let inner = self.cx.inner.clone();
        self.cx.help(async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let row = patiently(|| inner.shared.store.run_by_key(key)).await;
            let result = match row.flatten() {
                Some(row) => fold(&inner, row, None).await,
                None => Err(Unfolded::Gone),
            };
            inner.shared.send(key, Message::Loaded { key, result: Box::new(result) });
        });
    }

    pub(super) fn load_row(&mut self, run: Run) {
        let key = run.key;
        if self.runs.contains_key(&key) {
            return self.with(key, |run, cx| run.activate(cx));
        }
        if let Some(queue) = self.loading.get_mut(&key) {
            return queue.push(Message::Load { run: Box::new(run) });
        }
        self.loading.insert(key, Vec::new());
        let inner = self.cx.inner.clone();
        self.cx.help(async move { read_and_fold(&inner, run, None).await });
    }

    /// From here on nobody else carries these runs, so that what is read of them stays true until they are in memory.
    pub(super) fn recover(&mut self, mut runs: Vec<Run>, turn: &Turn) {
        runs.retain(|run| !self.runs.contains_key(&run.key));
        self.recovering.extend(runs.iter().map(|run| (run.key, turn.clone())));
        // Who is being read already is taken up by that.
        runs.retain(|run| match self.loading.entry(run.key) {
            Entry::Vacant(place) => place.insert(Vec::new()).is_empty(),
            Entry::Occupied(_) => false,
        });
        let inner = self.cx.inner.clone();
        self.cx.help(async move {
            let keys: Vec<RunKey> = runs.iter().map(|run| run.key).collect();
            // What cannot be read together is read one by one, with all the patience there is.
            let mut read = inner.shared.store.histories(&keys, SHORT).await.unwrap_or_default();
            let folded = runs.into_iter().map(|run| {
                let history = read.remove(&run.key);
                read_and_fold(&inner, run, history)
            });
            join_all(folded).await;
        });
    }

    pub(super) fn loaded(&mut self, key: RunKey, result: Result<Folded, Unfolded>) {
        let messages = self.loading.remove(&key).unwrap_or_default();
        let failed = self.failed.remove(&key);
        let recovery = self.recovering.remove(&key);
        match result {
            Ok(folded) => self.carry_on(key, folded, messages, recovery.is_some()),
            Err(Unfolded::Store(error)) if error.may_pass() => {
                self.loading.insert(key, messages);
                self.recovering.extend(recovery.map(|turn| (key, turn)));
                self.load_key_later(key);
            }
            Err(why) => {
                self.not_loaded(key, &why, messages);
                if let (Some(slot), Unfolded::Gone) = (failed, why) {
                    self.leave(&slot);
                }
            }
        }
    }

    fn carry_on(&mut self, key: RunKey, mut folded: Folded, messages: Vec<Message>, recovery: bool) {
        let (inner, id) = (self.cx.inner.clone(), folded.run.id.clone());
        if !inner.shared.add_live(&id, key) {
            tracing::error!(run = %id, "two rows claim this id; the later one is left alone");
            return;
        }
        let pending = folded.run.status == Status::Pending;
        let slot = inner.slot(&folded.run.place, &folded.flow, folded.run.concurrency_key.as_ref());
        let cancelled = std::mem::take(&mut folded.state.cancelled);
        let detached = std::mem::take(&mut folded.state.detached);
        let traced = inner.shared.watchers.watches(&id);
        let mut run = Live::resume(folded, slot, &mut self.cx, traced);
        if !pending {
            for path in cancelled {
                self.cx.help(cancel_child(inner.clone(), format!("{id}/{path}").into()));
            }
        }
        run.ask_again(&mut self.cx, detached);
        if let Some(origin) = run.origin().filter(|origin| recovery && !origin.detached) {
            self.cx.help(cancel_if_orphan(inner, id, origin.clone()));
        }
        run.visit(&mut self.cx);
        self.runs.insert(key, run);
        messages.into_iter().for_each(|message| self.take(message));
        self.with(key, |run, cx| run.drain(cx));
    }

    fn not_loaded(&mut self, key: RunKey, why: &Unfolded, messages: Vec<Message>) {
        if let Unfolded::Broken(run, error) = why {
            self.refuse(run, error);
        }
        let error = unfolded_error(&key.to_string(), why);
        for message in messages {
            if let Message::Request { reply, inbox, .. } = message {
                reply.into_iter().for_each(|reply| drop(reply.send(Err(error.clone()))));
                inbox.into_iter().for_each(|message| self.cx.inner.clear_inbox(key, message));
            }
        }
        if let Unfolded::Ended(run) | Unfolded::Broken(run, _) | Unfolded::Elsewhere(run) = why {
            self.cx.inner.shared.remove_live(&run.id, key);
        }
        match why {
            Unfolded::Ended(run) => self.read_output(run.clone()),
            _ => self.cx.fail_waiters(key, &error),
        }
    }

    /// The run stays as it is, marked so that a person sees why; the others go on (semantics 5.1, 5.11).
    fn refuse(&mut self, run: &Run, error: &weir_engine::StepError) {
        tracing::error!(run = %run.id, "{error}");
        if run.status == Status::Paused && run.error.as_ref() == Some(error) {
            return;
        }
        let (inner, key) = (self.cx.inner.clone(), run.key);
        let mut batch = Batch::new(inner.shared.writer.epoch());
        batch.updates.push(RunUpdate::paused(key, None, Some(error.clone())));
        self.cx.help(async move {
            if let Err(error) = inner.shared.writer.write(key, batch).await {
                tracing::error!("{error}");
            }
        });
    }

    /// Waits on behalf of someone for a run that may not be in memory.
    pub(super) fn look(&mut self, key: RunKey, until: Awaited, reply: oneshot::Sender<Result<RunView, RunsError>>) {
        if let Some(run) = self.runs.get_mut(&key) {
            return run.look(&mut self.cx, until, reply);
        }
        let waiters = self.cx.waiters.entry(key).or_default();
        waiters.retain(|(_, reply)| !reply.is_closed());
        waiters.push((until, reply));
        let inner = self.cx.inner.clone();
        self.cx.help(async move {
            if let Some(Some(run)) = patiently(|| inner.shared.store.run_by_key(key)).await {
                send_row(&inner, Box::new(run)).await;
            }
        });
    }

    fn read_output(&mut self, run: Box<Run>) {
        let inner = self.cx.inner.clone();
        self.cx.help(async move { send_row(&inner, run).await });
    }

    /// A run in memory answers for itself; its row may be old.
    pub(super) fn row(&mut self, run: Run, output: Value) {
        if self.runs.contains_key(&run.key) || self.loading.contains_key(&run.key) {
            return self.with(run.key, |run, cx| run.announce(cx));
        }
        let view = view_of_row(&run, output);
        let settled = matches!(run.status, Status::Waiting | Status::Paused) || run.status.is_final();
        if settled {
            return self.cx.answer_waiters(run.key, &view);
        }
        let Some(waiters) = self.cx.waiters.remove(&run.key) else { return };
        let (now, rest): (Vec<_>, Vec<_>) = waiters.into_iter().partition(|(until, _)| *until == Awaited::Now);
        now.into_iter().for_each(|(_, reply)| drop(reply.send(Ok(view.clone()))));
        self.cx.waiters.insert(run.key, rest);
    }
}

async fn send_row(inner: &Arc<Inner>, run: Box<Run>) {
    let key = run.key;
    if let Some(output) = patiently(|| inner.shared.store.run_output(key)).await {
        inner.shared.send(key, Message::Row { run, output });
    }
}

async fn read_and_fold(inner: &Inner, run: Run, history: Option<History>) {
    let key = run.key;
    let result = Box::new(fold(inner, run, history).await);
    inner.shared.send(key, Message::Loaded { key, result });
}

async fn fold(inner: &Inner, run: Run, history: Option<History>) -> Result<Folded, Unfolded> {
    let traced = inner.shared.watchers.watches(&run.id);
    load(&*inner.shared.store, &inner.flows, run, history, traced).await
}
