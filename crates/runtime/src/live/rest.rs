//! Runs that only wait: leaving memory, and keeping their state.

use super::attempt::Open;
use super::{Held, Live, Phase};
use crate::guard::guarded;
use crate::shard::Cx;
use crate::snapshot::Kept;
use crate::timers::Due;
use weir_base::Micros;
use weir_engine::{SEMANTICS, Status};
use weir_store::{RunUpdate, Snapshot};

/// A snapshot is worth keeping once reading it is cheaper than folding so many records.
const SNAPSHOT_AT_PARKING: u64 = 64;
/// And once the journal has grown to so many times its size.
const SNAPSHOT_GROWTH: usize = 4;

impl Live {
    /// Whether only a timer, a signal, a child or a person can bring the run on.
    pub(super) fn rests(&self) -> bool {
        let quiet = self.held.is_empty() && !self.is_touched && self.unanswered == 0;
        quiet
            && self.under_way == 0
            && self.detached.under_way == 0
            && self.reads == 0
            && self.tasks.values().all(Open::rests)
    }

    /// Under virtual time a timer comes at once, so that a run which has one is not at rest.
    pub(super) fn has_settled(&self, cx: &Cx) -> bool {
        let comes_at_once = cx.is_virtual() && cx.inner.shared.clock.may_advance();
        self.rests() && !(comes_at_once && self.wake_at().is_some())
    }

    /// Sees to it that a run at rest leaves memory after a while.
    pub fn arm_parking(&mut self, cx: &mut Cx) {
        let may = self.phase == Phase::Active && !self.park_armed && !cx.is_virtual();
        if may && self.rests() {
            self.park_armed = true;
            let at = cx.now().saturating_add(cx.inner.options.park_after.micros());
            cx.set_timer(at, Micros::MIN, self.key, Due::Park);
        }
    }

    pub(super) fn park_if_idle(&mut self, cx: &mut Cx) {
        self.park_armed = false;
        self.visit(cx);
        // A run whose time is ahead of a clock that was put back stays: in memory, its timers come in time.
        let patience = cx.inner.options.park_after.micros();
        let crowded = cx.inner.shared.live_count() > cx.inner.options.held_runs;
        if self.phase == Phase::Active
            && self.rests()
            && (crowded || cx.now() >= self.active_at.saturating_add(patience))
        {
            self.park(cx);
        }
    }

    /// Writes where the run stands; it leaves memory once that is on disk.
    pub fn park(&mut self, cx: &mut Cx) {
        if self.phase != Phase::Active || !self.rests() {
            return;
        }
        let (wake_at, paused) = (self.wake_at(), self.machine.status() == Status::Paused);
        self.stored = if paused { Status::Paused } else { Status::Waiting };
        self.batch.updates.push(match paused {
            true => RunUpdate::paused(self.key, wake_at, None),
            false => RunUpdate::parked(self.key, wake_at),
        });
        if self.seq - self.snapshot.seq >= SNAPSHOT_AT_PARKING {
            self.add_snapshot();
        }
        self.phase = Phase::Parking;
        self.touch(cx, true);
        self.hold(Held::Parked);
    }

    /// Something came in the meantime: the run stays.
    pub(super) fn unpark(&mut self) {
        if self.phase == Phase::Parking {
            self.phase = Phase::Active;
        }
    }

    pub(super) fn parked(&mut self, cx: &mut Cx) {
        if self.phase == Phase::Parking {
            self.visit(cx);
        }
    }

    /// Whether it may leave memory now.
    pub fn is_parked(&self) -> bool {
        self.phase == Phase::Parking && self.rests()
    }

    pub fn leave(&mut self, cx: &mut Cx) {
        self.forget_open(cx);
        cx.inner.parked.notify_one();
    }

    /// Keeps the state of a long run now and then, so that a crash need not fold all of it (semantics 5.12).
    ///
    /// Called when everything the state says is on disk and has been handed on.
    pub(super) fn keep_snapshot(&mut self, cx: &mut Cx) {
        let due = self.seq - self.snapshot.seq >= cx.inner.options.snapshot_every
            && self.snapshot.bytes >= SNAPSHOT_GROWTH * self.snapshot.size;
        let quiet = self.held.is_empty() && !self.is_touched && self.unanswered == 0;
        let whole = self.phase == Phase::Active && quiet && self.detached.under_way == 0;
        if due && whole {
            self.add_snapshot();
            self.touch(cx, false);
        }
    }

    fn add_snapshot(&mut self) {
        let Ok(state) = guarded(|| self.machine.to_state()) else { return };
        let kept = Kept {
            semantics: SEMANTICS,
            flow: self.flow.hash.clone(),
            at: self.at,
            origin: self.origin.clone(),
            marks: self.marks.clone(),
            children: self.children.iter().cloned().collect(),
            state,
        };
        let bytes = kept.write();
        self.snapshot = super::Snapshots { seq: self.seq, size: bytes.len(), bytes: 0 };
        self.batch.snapshots.push(Snapshot { run: self.key, seq: self.seq, bytes });
    }
}
