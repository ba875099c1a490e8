//! The journal on its way to the store. The history is the truth; what is shipped is a copy.

use super::drive::{Driver, Phase, Sort};
use super::happened::{Happened, said};
use super::lock;
use super::tasks::LOST;
use crate::activity::Keeping;
use futures_util::FutureExt;
use weir_base::{Micros, Text};

/// Records that travel together where there are more.
const TOGETHER: u64 = 1_000;

/// A wait for the next attempt that is shorter is over before anybody looks.
const LONG: Micros = 10_000_000;

impl<'a> Driver<'a> {
    /// Every so many records, whatever is left before a hand-over and the end, and once the run waits for somebody; what
    /// it waits for without a record of it, once nothing else comes of this turn.
    pub fn ship_if_due(&mut self) {
        let (unshipped, is_seen) = {
            let fold = lock(&self.fold);
            (fold.unshipped(), !fold.waits_for_somebody())
        };
        let due = match self.phase {
            Phase::Running => {
                unshipped >= self.input.rules.ship_every || (unshipped > 0 && !is_seen) || self.has_waits_to_tell()
            }
            Phase::HandingOver => self.is_quiet() && unshipped > 0,
            Phase::Ending(_) => !self.is_told(),
        };
        if due && !self.shipping {
            self.ship();
        }
    }

    fn has_waits_to_tell(&self) -> bool {
        if self.input.interpreter < 6 || self.input.rules.store_queue.is_none() || !self.has_taken_all() {
            return false;
        }
        let untold = lock(&self.fold).untold_waits();
        untold.iter().any(|what| self.is_worth_telling(what))
    }

    /// Signals and timers have come with a record, or will be gone soon.
    fn is_worth_telling(&self, what: &Text) -> bool {
        let next_at = || what.strip_prefix("retry ").and_then(|path| self.tasks.get(path)?.next_at());
        what.starts_with("decision ")
            || what.starts_with("child ")
            || next_at().is_some_and(|at| at.saturating_sub(self.now()) >= LONG)
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
        let mut fold = lock(&self.fold);
        let mut shipment = fold.part(self.input.rules.ship_every.max(TOGETHER));
        if matches!(self.phase, Phase::Running) && shipment.rows.is_empty() {
            // Lines are kept with the record they come before, once.
            shipment.logs.clear();
        }
        let (seq, logs) = (shipment.rows.last().map_or(0, |row| row.seq), shipment.logs.len());
        let is_all = seq.max(fold.shipped()) == fold.seq;
        if let Phase::Ending(end) = &self.phase
            && is_all
            && fold.takes_end(&shipment, end)
        {
            shipment.end = Some((**end).clone());
        }
        fold.note_waits_told();
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
                lock(&self.fold).note_waits_lost();
                tracing::warn!("a part of a journal was not kept, and is sent again: {message}");
            }
        }
    }
}
