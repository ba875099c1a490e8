//! Runs that only wait: leaving memory, and keeping their state.

use super::{Held, Live, Phase};
use crate::guard::guarded;
use crate::shard::Cx;
use crate::snapshot::Kept;
use crate::timers::Due;
use std::collections::HashSet;
use weir_base::{Micros, Text};
use weir_engine::{Command, SEMANTICS, Status};
use weir_store::{RunUpdate, Snapshot};

/// A snapshot is worth keeping once reading it is cheaper than folding so many records.
const SNAPSHOT_AT_PARKING: u64 = 64;
/// And once the journal has grown to so many times its size.
const SNAPSHOT_GROWTH: usize = 4;

/// The row of a run that waits for less says nothing of it: that would cost more than the wait.
const SOON: Micros = 100_000;

impl Held {
    /// Whether the run has something to do once this is done.
    fn goes_on(&self) -> bool {
        match self {
            Held::Launch { .. } | Held::Ended | Held::Command(Command::ReadVariables { .. }) => true,
            Held::Child(_, effect) => effect.is_some(),
            Held::Command(_) | Held::Backoff { .. } | Held::Answer(_) | Held::Started | Held::Parked => false,
        }
    }

    /// The task that waits for its next attempt from then on.
    fn backs_off(&self) -> Option<&Text> {
        match self {
            Held::Backoff { path, .. } => Some(path),
            _ => None,
        }
    }

    /// When what this begins is due.
    fn due(&self) -> Option<Micros> {
        match self {
            Held::Backoff { not_before, .. } => Some(*not_before),
            Held::Command(Command::StartTimer { due, .. }) => Some(*due),
            _ => None,
        }
    }
}

impl Live {
    /// Whether only a timer, a signal, a child or a person can bring the run on.
    pub(super) fn rests(&self) -> bool {
        let quiet = self.held.is_empty() && !self.is_touched && self.unanswered == 0;
        quiet && self.under_way == 0 && self.detached.under_way == 0 && self.reads == 0 && self.tasks.busy() == 0
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
        let update = self.parking_row();
        let told = (update.status, &update.wake_at, &update.waits);
        if update.status == Status::Paused || told != (self.stored, &self.stored_waits.0, &self.stored_waits.1) {
            self.update_row(update);
        }
        if self.seq - self.snapshot.seq >= SNAPSHOT_AT_PARKING {
            self.add_snapshot();
        }
        self.phase = Phase::Parking;
        self.touch(cx, true);
        self.hold(Held::Parked);
    }

    fn parking_row(&self) -> RunUpdate {
        let row = match self.machine.status() {
            Status::Paused => RunUpdate::paused(self.key, self.wake_at(), None),
            _ => RunUpdate::parked(self.key, self.wake_at()),
        };
        row.on(self.waiting())
    }

    /// Says in the row that the run waits from this turn on, or goes on, so that it is found among those that do so
    /// before it leaves memory. Such a row wakes nobody: whoever carries the run does.
    pub(super) fn note_rest(&mut self, cx: &Cx) {
        match self.row_to_be(cx) {
            Some(Status::Waiting) => self.update_row(RunUpdate::waiting(self.key)),
            Some(Status::Paused) => self.update_row(RunUpdate::paused(self.key, self.wake_at(), None)),
            Some(_) => self.update_row(RunUpdate::started(self.key, self.at)),
            None => {}
        }
    }

    /// Sees to it that the row is set right where nothing else is written. Of a run that rests and goes on in a moment
    /// something is: many may have been loaded together because their time has come.
    pub fn keep_row_right(&mut self, cx: &mut Cx) {
        let is_wrong = match self.row_to_be(cx) {
            Some(Status::Running) => !self.will_rest(),
            status => status.is_some(),
        };
        if !self.is_touched && is_wrong {
            self.touch(cx, false);
        }
    }

    /// What the row of a run that is carried must say, where it says something else.
    fn row_to_be(&self, cx: &Cx) -> Option<Status> {
        let status = match self.stored {
            _ if self.phase != Phase::Active => return None,
            Status::Paused => Status::Paused,
            Status::Running | Status::Waiting if self.will_rest() && !self.goes_on_soon(cx) => Status::Waiting,
            Status::Running | Status::Waiting => Status::Running,
            _ => return None,
        };
        (status != self.stored || self.is_row_outdated()).then_some(status)
    }

    /// Whether what the run was parked on may be over with what has happened since. That a paused run has a deadline is
    /// not.
    fn is_row_outdated(&self) -> bool {
        let (wake_at, reasons) = &self.stored_waits;
        let wakes = wake_at.is_some() && self.stored != Status::Paused;
        !self.batch.records.is_empty() && (wakes || !reasons.is_empty())
    }

    /// Whether the run is at rest once its rows are on disk, and what waits for them is done.
    fn will_rest(&self) -> bool {
        if self.under_way > 0 || self.detached.under_way > 0 || self.reads > 0 {
            return false;
        }
        if self.held.iter().any(|(_, held)| held.goes_on()) {
            return false;
        }
        let is_busy = |path: &&Text| self.tasks.get(path).is_some_and(|open| !open.rests());
        let backing_off: HashSet<&Text> =
            self.held.iter().filter_map(|(_, held)| held.backs_off()).filter(is_busy).collect();
        self.tasks.busy() == backing_off.len()
    }

    /// Whether it goes on by itself before anybody could make use of knowing that it waits. Under virtual time every
    /// timer comes at once.
    fn goes_on_soon(&self, cx: &Cx) -> bool {
        let comes_at_once = cx.is_virtual() && cx.inner.shared.clock.may_advance();
        let soon = if comes_at_once { Micros::MAX } else { cx.now().saturating_add(SOON) };
        let ahead = self.held.iter().filter_map(|(_, held)| held.due());
        ahead.chain(self.wake_at()).any(|due| due <= soon)
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
