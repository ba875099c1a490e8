//! What a run may ask of the cluster in one turn: it travels as one message, and a cluster takes 4 MB.

use super::drive::{Driver, Sort};
use super::happened::Happened;
use crate::wire::{Found, MAX_PAYLOAD};
use futures_util::FutureExt;
use std::time::Duration;
use weir_base::Text;

/// The most bytes of steps and children that are begun in one turn. A part of the journal may travel with them.
const MOST: u64 = 2_000_000;

/// What was asked in a turn.
#[derive(Default)]
pub struct Turn {
    /// The history's length as the turn began, which no two turns have in common.
    began_at: u32,
    bytes: u64,
    /// Another turn will come by itself.
    awaits_next: bool,
}

impl Turn {
    /// Whether so much more may be asked, and if so notes it. What is first always may.
    fn takes(&mut self, history: u32, bytes: u64, most: u64) -> bool {
        if self.began_at != history {
            *self = Self { began_at: history, ..Self::default() };
        }
        let fits = self.bytes == 0 || self.bytes + bytes <= most;
        self.bytes += if fits { bytes } else { 0 };
        fits
    }
}

impl Driver<'_> {
    /// Whether this turn has room for something of so many bytes; where it has none, another turn is on its way.
    pub fn has_room(&mut self, bytes: u64) -> bool {
        let most = self.input.rules.max_turn.unwrap_or(MOST);
        let fits = self.turn.takes(self.cx.history_length(), bytes.min(MAX_PAYLOAD), most);
        if !fits && !std::mem::replace(&mut self.turn.awaits_next, true) {
            let timer = self.timer(Duration::from_millis(1), "", self.own.clone());
            self.push(Sort::Timer, timer.map(|_| Happened::Nothing).boxed_local());
        }
        fits
    }

    /// Begins children for which an earlier turn had no room, in order.
    pub fn begin_held(&mut self) {
        while let Some((path, found)) = self.held.pop_front() {
            let left = self.held.len();
            self.flow_found(path, Ok(found));
            if self.held.len() > left {
                return self.held.rotate_right(1);
            }
        }
    }

    /// The child is begun in a later turn.
    pub fn hold(&mut self, child: weir_engine::StartChild, found: Found) {
        let path: Text = child.path.clone();
        self.wanted.insert(path.clone(), child);
        self.held.push_back((path, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_takes_what_a_message_holds() {
        let mut turn = Turn::default();
        let asked = [
            (10, 1_900_000, true),
            (10, 100_001, false),
            (10, 100_000, true),
            (10, 1, false),
            (15, 2_500_000, true),
            (15, 1, false),
            (18, 1, true),
        ];
        for (history, bytes, fits) in asked {
            assert_eq!(turn.takes(history, bytes, MOST), fits, "{bytes} at {history}");
        }
    }
}
