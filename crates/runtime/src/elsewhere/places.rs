//! The places that runs hold while they are open elsewhere. What counts is the row of the run: a place is held exactly
//! as long as it says that the run is open there, or while it is being handed over.

use crate::admission::Slot;
use crate::children::patiently;
use crate::elsewhere::Copies;
use crate::inner::Inner;
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use weir_engine::Status;
use weir_runs::RunsError;
use weir_store::{Run, RunKey};

/// A place. It is given back when this is dropped, whatever the reason.
pub(crate) struct Held {
    inner: Weak<Inner>,
    slot: Slot,
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else { return };
        if inner.admission.leave(&self.slot) {
            inner.claim.notify_one();
        }
    }
}

impl Inner {
    /// Whether a run has a place, or gets one now. It is held until the row says that it is not needed.
    pub(super) fn has_place(self: &Arc<Self>, slot: &Slot, run: RunKey) -> bool {
        if self.abroad.holds(run) {
            return true;
        }
        let taken = self.admission.try_claim(slot).is_ok();
        if taken {
            self.abroad.hold(run, self.held_at(slot.clone()));
        }
        taken
    }

    fn held_at(self: &Arc<Self>, slot: Slot) -> Held {
        Held { inner: Arc::downgrade(self), slot }
    }

    /// Holds or gives back what the row says, whatever was thought before. Whoever calls has the run's turn.
    pub(super) async fn settle_place(self: &Arc<Self>, row: &Run) {
        if row.status.is_final() || !row.is_elsewhere() {
            return self.leave_place(row.key);
        }
        // Children go with their parent, which holds a place already.
        if row.status == Status::Pending || row.id.contains('/') || self.abroad.holds(row.key) {
            return;
        }
        let slot = match self.slot_elsewhere(row).await {
            Ok(slot) => slot,
            // The next copy of it asks again, or whoever looks after it.
            Err(error) if error.is_transient() => return,
            // Nobody can say what it counts against besides.
            Err(_) => Slot { queue: row.place.queue(), key: None },
        };
        self.admission.force(&slot);
        self.abroad.hold(row.key, self.held_at(slot));
    }

    /// As [`Inner::settle_place`], with the row as it is by now.
    pub(super) async fn settle_place_of(self: &Arc<Self>, run: &Run) {
        let _turn = Copies(self.clone()).turn(&run.id).await;
        match patiently(|| self.shared.store.run_by_key(run.key)).await {
            Some(Some(row)) => self.settle_place(&row).await,
            Some(None) => self.leave_place(run.key),
            None => {}
        }
    }

    /// An open run without a place, such as one of which the store had nothing to say when it was taken up.
    pub(super) async fn settle_unheld(self: &Arc<Self>, run: &Run) {
        if run.is_elsewhere() && !run.id.contains('/') && !self.abroad.holds(run.key) {
            self.settle_place_of(run).await;
        }
    }

    /// Places of runs that are not among those that are open.
    pub(super) async fn settle_held(self: &Arc<Self>, open: &BTreeSet<RunKey>) {
        for key in self.abroad.all_held().into_iter().filter(|key| !open.contains(key)) {
            match patiently(|| self.shared.store.run_by_key(key)).await {
                Some(Some(run)) => self.settle_place_of(&run).await,
                Some(None) => self.leave_place(key),
                None => return,
            }
        }
    }

    pub(super) fn leave_place(&self, key: RunKey) {
        let left = self.abroad.take_place(key);
        drop(left);
    }

    /// What a run counts against.
    pub(super) async fn slot_elsewhere(&self, run: &Run) -> Result<Slot, RunsError> {
        let started = self.started_of(run).await?;
        let flow = self.flows.version(&run.place.tenant, &run.version).await?;
        let key = flow.concurrency_key(&run.place, &started.input, self.options.runs_per_flow.is_some())?;
        Ok(self.slot(&run.place, &flow, key.as_ref()))
    }
}
