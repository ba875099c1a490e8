//! Runs this one starts and does not wait for.
//!
//! Nothing in the journal answers such a start, and a fold begins at the last link or snapshot: so until the child is
//! on disk this run does not end, hand over to a new link, or keep a snapshot (semantics 5.5, 5.12).

use super::{Live, Phase};
use crate::children::{ChildStart, start_detached};
use crate::shard::Cx;
use weir_engine::{EventBody, StartChild};
use weir_store::Effect;

/// Detached starts that are not on disk yet.
#[derive(Default)]
pub(super) struct Detached {
    pub under_way: u32,
    /// Asked for while the run's turn had not come.
    postponed: Vec<(Effect, StartChild)>,
    /// The machine wants to hand over, which has to wait.
    hands_over: bool,
}

impl Live {
    /// Starts what the journal says was asked for and nothing says was started; once the run's turn has come.
    pub fn ask_again(&mut self, cx: &mut Cx, detached: Vec<(Effect, StartChild)>) {
        self.detached.postponed = detached;
        if self.phase != Phase::Dormant {
            self.start_postponed(cx);
        }
    }

    pub(super) fn start_postponed(&mut self, cx: &mut Cx) {
        for (effect, child) in std::mem::take(&mut self.detached.postponed) {
            self.detached.under_way += 1;
            self.start_detached(cx, child, effect);
        }
    }

    pub(super) fn start_detached(&mut self, cx: &mut Cx, child: StartChild, effect: Effect) {
        let (parent, parent_id, place) = (self.key, self.id.clone(), self.place.clone());
        let start = ChildStart { parent, parent_id, place, child, effect: Some(effect) };
        cx.help(start_detached(cx.inner.clone(), start, self.generation));
    }

    /// One of them is on disk, or can never be started.
    pub fn detached_started(&mut self, cx: &mut Cx, generation: u64) {
        if generation != self.generation {
            return;
        }
        self.detached.under_way = self.detached.under_way.saturating_sub(1);
        self.visit(cx);
        if self.detached.under_way > 0 {
            return;
        }
        if self.phase == Phase::Ending {
            self.write_end(cx);
        } else if std::mem::take(&mut self.detached.hands_over) {
            self.hand_over(cx);
            self.drain(cx);
        }
    }

    /// Opens the next link with the state as it is now.
    pub(super) fn hand_over(&mut self, cx: &mut Cx) {
        if self.detached.under_way > 0 {
            self.detached.hands_over = true;
            return;
        }
        match crate::guard::guarded(|| self.machine.to_state()) {
            Ok(state) => self.apply(cx, EventBody::Continued { state }, self.is_hard()),
            Err(message) => self.breaks(cx, message),
        }
    }
}
