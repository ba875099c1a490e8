//! The journal on its way to the store. The history is the truth; what is shipped is a copy.

use super::drive::{Driver, Phase, Sort};
use super::happened::{Happened, said};
use super::lock;
use super::tasks::LOST;
use crate::activity::Keeping;
use futures_util::FutureExt;

/// Records that travel together where there are more.
const TOGETHER: u64 = 1_000;

impl<'a> Driver<'a> {
    /// Every so many records, whatever is left before a hand-over and the end, and once the run waits for somebody.
    pub fn ship_if_due(&mut self) {
        let (unshipped, is_seen) = {
            let fold = lock(&self.fold);
            (fold.unshipped(), !fold.waits_for_somebody())
        };
        let due = match self.phase {
            Phase::Running => unshipped >= self.input.rules.ship_every || (unshipped > 0 && !is_seen),
            Phase::HandingOver => self.is_quiet() && unshipped > 0,
            Phase::Ending(_) => !self.is_told(),
        };
        if due && !self.shipping {
            self.ship();
        }
    }

    /// Whether the store has all there is, the end too. Nothing is to be kept where there is no store.
    pub fn is_told(&self) -> bool {
        let ended = match &self.phase {
            Phase::Ending(_) => self.end_shipped,
            _ => true,
        };
        self.input.rules.store_queue.is_none() || (ended && lock(&self.fold).is_shipped())
    }

    fn ship(&mut self) {
        let Some(mut options) = self.store_options("journal") else { return };
        if let Some(policy) = options.retry_policy.as_mut().filter(|_| !std::mem::take(&mut self.ship_lost)) {
            policy.set_non_retryable_error_types(LOST);
        }
        let fold = lock(&self.fold);
        let mut shipment = fold.part(self.input.rules.ship_every.max(TOGETHER));
        let (seq, logs) = (shipment.rows.last().map_or(0, |row| row.seq), shipment.logs.len());
        let is_all = seq.max(fold.shipped()) == fold.seq;
        if let Phase::Ending(end) = &self.phase
            && is_all
            && fold.takes_end(&shipment, end)
        {
            shipment.end = Some((**end).clone());
        }
        drop(fold);
        let last = shipment.end.is_some();
        self.shipping = true;
        let call = self.cx.execute_activity(Keeping::ship, shipment, options);
        let told =
            call.map(move |done| Happened::Shipped { seq, logs, last, done: done.map_err(|error| said(&error)) });
        self.push(Sort::Activity, told.boxed_local());
    }

    pub fn shipped(&mut self, seq: u64, logs: usize, last: bool, done: Result<(), String>) {
        self.shipping = false;
        match done {
            Ok(()) => {
                self.end_shipped |= last;
                lock(&self.fold).note_shipped(seq, logs);
            }
            // Whoever had it was lost. Once more that is the cluster's affair, so that no history grows by it.
            Err(message) => {
                self.ship_lost = true;
                tracing::warn!("a part of a journal was not kept, and is sent again: {message}");
            }
        }
    }
}
