//! What a loop does when nothing can be written: who waits outside is told, and what does not exist is forgotten.

use super::Shard;
use crate::message::NewRun;
use crate::writer::{Reply, Submission};
use weir_runs::RunsError;
use weir_store::RunKey;

impl Shard {
    fn why_stalled(&self) -> Option<RunsError> {
        self.cx.inner.shared.writer.stall().check().err()
    }

    /// Nobody outside is kept waiting for rows that may be on their way for hours.
    pub(super) fn stalled(&mut self) {
        let Some(error) = self.why_stalled() else { return };
        for (key, run) in &mut self.runs {
            if run.is_unwritten() {
                self.cx.fail_waiters(*key, &error);
            }
            run.answer_outside(&error);
        }
    }

    pub(super) fn refuse_start(&mut self, new: NewRun) {
        let error = self.why_stalled().unwrap_or(RunsError::Stopping);
        self.cx.inner.shared.remove_live(&new.run.id, new.run.key);
        self.leave(&new.slot);
        for reply in new.started_reply.into_iter().chain(new.ended_reply) {
            let _ = reply.send(Err(error.clone()));
        }
    }

    /// Runs that were never written; nothing of them was performed (semantics 5.4).
    pub(super) fn withdrawn(&mut self, runs: Vec<RunKey>) {
        let error = self.why_stalled().unwrap_or_else(|| RunsError::Unavailable("it was not written".into()));
        for key in &runs {
            let Some(mut run) = self.runs.remove(key) else { continue };
            run.abandon(&mut self.cx, &error);
            self.cx.inner.shared.remove_live(&run.id, *key);
            self.cx.fail_waiters(*key, &error);
            self.leave(&run.slot);
        }
        self.send(Submission { given_up: runs, ..Submission::without_rows(0, Reply::None) });
    }

    /// Somebody may have waited for the place.
    pub(super) fn leave(&self, slot: &crate::admission::Slot) {
        if self.cx.inner.admission.leave(slot) {
            self.cx.inner.claim.notify_one();
        }
    }
}
