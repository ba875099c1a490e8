//! What the writer does while nothing can be written: it keeps what it has, tries again and again, and lets nobody
//! outside wait for it.

use super::{Reply, Submission, Task};
use crate::message::Message;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use weir_store::{Batch, CommitError, RunKey, StoreError};

/// How long between two tries, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Rows kept beyond which logs that come in are thrown away.
const MOST_KEPT: usize = 65_536;

impl Task {
    /// Tries until what was handed in is written, or never can be. `error` is how the first try ended.
    pub(super) async fn persist(
        &mut self,
        joined: &mut Vec<Submission>,
        error: CommitError,
    ) -> Result<(), CommitError> {
        tracing::error!("nothing can be written at present, so runs wait: {error}");
        self.stall.begin(error.to_string());
        self.tell_all(|| Message::Stalled);
        let result = self.try_again(joined, error).await;
        self.stall.end();
        self.tell_all(|| Message::Nudge);
        if result.is_ok() {
            tracing::info!("the journal is written again");
        }
        result
    }

    async fn try_again(&mut self, joined: &mut Vec<Submission>, mut error: CommitError) -> Result<(), CommitError> {
        let (mut pause, mut certain) = (FIRST_PAUSE, error.is_certain());
        answer_barriers(joined, &error);
        loop {
            if certain {
                self.withdraw(joined, &error);
            }
            if !self.pause(pause, &error).await {
                return Err(error);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            let tried = match self.was_written(joined, certain).await {
                Ok(true) => self.write(Batch::new(self.epoch), 0).await,
                Ok(false) => {
                    self.withdraw(joined, &error);
                    let tried = self.write(self.gather(joined), rows_of(joined)).await;
                    certain = tried.as_ref().err().is_none_or(CommitError::is_certain);
                    tried
                }
                Err(error) => Err(error.into()),
            };
            match tried {
                Err(again) if again.may_pass() => error = again,
                done => return done,
            }
        }
    }

    /// Whether a batch whose commit was cut off in the middle is there after all; it was written whole or not at all.
    async fn was_written(&self, joined: &[Submission], certain: bool) -> Result<bool, StoreError> {
        if certain {
            return Ok(false);
        }
        self.store.renew().await?;
        let mut parts = joined.iter().flat_map(|submission| &submission.batches).map(|(_, part)| part);
        if let Some(entry) = parts.clone().find_map(|part| part.records.first()) {
            let found = self.store.records(entry.run, entry.record.seq, 1).await?;
            return Ok(found.first().is_some_and(|record| record.seq == entry.record.seq));
        }
        match parts.find_map(|part| part.runs.first()) {
            Some(run) => Ok(self.store.run_by_key(run.key).await?.is_some_and(|found| found.id == run.id)),
            // Whatever else there is comes to the same if it is written twice.
            None => Ok(false),
        }
    }

    /// Gives back what somebody outside waits for and what is certainly not written: new runs, and batches of others
    /// than the loops. Nothing has followed from any of it, so that it may be asked for again.
    pub(super) fn withdraw(&mut self, joined: &mut Vec<Submission>, error: &CommitError) {
        for mut submission in std::mem::take(joined) {
            if matches!(submission.reply, Reply::One(_)) {
                self.waiting.fetch_sub(submission.rows(), Ordering::Relaxed);
                submission.answer(&Err(error.clone()));
                continue;
            }
            self.take_back_starts(&mut submission);
            joined.push(submission);
        }
    }

    fn take_back_starts(&mut self, submission: &mut Submission) {
        let Reply::Shard { to, .. } = &submission.reply else { return };
        let asked: HashSet<RunKey> = submission.asked.drain(..).collect();
        if !asked.is_empty() {
            let _ = to.send(Message::Withdrawn { runs: asked.iter().copied().collect() });
            self.withdrawn.extend(asked);
        }
        self.leave_out_withdrawn(submission);
    }

    /// Takes out what is of runs that were taken back. In the order in which it came, so that what a loop sent before it
    /// gave them up is taken out, and nothing has to be known of them after that.
    pub(super) fn leave_out(&mut self, joined: &mut Vec<Submission>) {
        for submission in joined.iter_mut() {
            self.leave_out_withdrawn(submission);
            for run in submission.given_up.drain(..) {
                self.withdrawn.remove(&run);
            }
        }
        joined.retain(|submission| !submission.is_bare());
    }

    /// A run that was taken back may have handed in more before it heard of it.
    fn leave_out_withdrawn(&self, submission: &mut Submission) {
        if self.withdrawn.is_empty() {
            return;
        }
        let before = submission.rows();
        submission.batches.retain(|(run, _)| !self.withdrawn.contains(run));
        self.waiting.fetch_sub(before - submission.rows(), Ordering::Relaxed);
    }

    /// False when nobody can hand in anything any more.
    async fn pause(&mut self, pause: Duration, error: &CommitError) -> bool {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                biased;
                submission = self.from.recv() => match submission {
                    Some(submission) => self.keep(submission, error),
                    None => return false,
                },
                () = tokio::time::sleep_until(until) => return true,
            }
        }
    }

    /// Keeps what comes in meanwhile for afterwards. The loops start nothing, so it is no more than what was under
    /// way.
    fn keep(&mut self, mut submission: Submission, error: &CommitError) {
        self.unheard = self.unheard.saturating_sub(std::mem::take(&mut submission.heard));
        let rows = submission.rows();
        let crowded = self.waiting.load(Ordering::Relaxed) > MOST_KEPT;
        match submission.reply {
            Reply::One(_) => {
                self.waiting.fetch_sub(rows, Ordering::Relaxed);
                submission.answer(&Err(error.clone()));
            }
            Reply::None if submission.is_bare() => {}
            Reply::None if crowded && submission.is_log() => drop(self.waiting.fetch_sub(rows, Ordering::Relaxed)),
            _ => {
                self.take_back_starts(&mut submission);
                self.kept.push_back(submission);
            }
        }
    }

    pub(super) fn tell_all(&self, message: impl Fn() -> Message) {
        self.shards.iter().for_each(|shard| drop(shard.send(message())));
    }
}

pub(super) fn rows_of(joined: &[Submission]) -> usize {
    joined.iter().map(Submission::rows).sum()
}

/// Who only waits for others' rows is not kept waiting.
fn answer_barriers(joined: &mut Vec<Submission>, error: &CommitError) {
    for submission in std::mem::take(joined) {
        match submission.batches.is_empty() && matches!(submission.reply, Reply::One(_)) {
            true => drop(submission.answer(&Err(error.clone()))),
            false => joined.push(submission),
        }
    }
}
