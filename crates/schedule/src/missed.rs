use crate::Schedule;
use serde::{Deserialize, Serialize};
use weir_base::{Duration, Micros};

/// A tick seen no later than this after it should have fired is on time; a later one was missed.
pub const ON_TIME: Duration = Duration::from_secs(60);

/// So many skipped ticks are counted; more are not told apart from that many.
const COUNTED: usize = 10_000;

/// What becomes of ticks that were missed because nothing was there to see them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Missed {
    /// They are passed over.
    Skip,
    /// One makes up for all: the newest, or a tick that is on time. The default, because a restart in the night then
    /// neither loses the night's report nor starts a crowd.
    #[default]
    Once,
    /// Each of them fires, the oldest first.
    All,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The ticks to fire, in order.
    pub fire: Vec<Micros>,
    /// What was passed over.
    pub skipped: Option<Skipped>,
    /// What to keep and pass as `last` the next time. It never goes back.
    pub last: Micros,
    /// When something is due next: the moment to ask again. It may have passed already where `limit` cut `fire` short.
    pub wake: Option<Micros>,
}

/// Ticks that were not fired and will not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub first: Micros,
    pub last: Micros,
    /// 10,000 stands for that many or more.
    pub count: usize,
}

impl Schedule {
    /// What to do at `now`, where `last` is what the call before gave, or the moment the schedule was made.
    ///
    /// Every tick after `last` is fired or skipped in one call and no other, as long as each call gets the `last` of
    /// the one before. A clock that was put back gives nothing until it is past `last` again. At most `limit` ticks
    /// are fired at a time (one, if it is 0); the others follow in the next call. `id` is the schedule's own, for
    /// [`Schedule::fires_at`].
    pub fn due(&self, id: &str, last: Micros, now: Micros, limit: usize) -> Due {
        let limit = limit.max(1);
        let newest = self.newest_fired(id, last, now).unwrap_or(last);
        let late = self.newest_fired(id, last, now.saturating_sub(ON_TIME.micros()).saturating_sub(1)).unwrap_or(last);
        let (fire, passed) = match self.missed {
            Missed::All => (self.ticks(last, newest, limit), last),
            Missed::Once if newest == late && late > last => (vec![late], late - 1),
            Missed::Skip | Missed::Once => (self.ticks(late, newest, limit), late),
        };
        let skipped = self.skipped(last, passed);
        let last = fire.last().copied().filter(|_| fire.len() == limit).unwrap_or(newest);
        let wake = self.next_after(last).map(|tick| self.fires_at(id, tick));
        Due { fire, skipped, last, wake }
    }

    /// The newest tick after `last` that has fired at a moment.
    fn newest_fired(&self, id: &str, last: Micros, at: Micros) -> Option<Micros> {
        let newest = self.newest(last, at)?;
        // Only the newest can be held back beyond now: the others fire before the tick that follows them.
        if self.fires_at(id, newest) <= at { Some(newest) } else { self.newest(last, newest - 1) }
    }

    fn skipped(&self, after: Micros, until: Micros) -> Option<Skipped> {
        let first = self.next_after(after).filter(|tick| *tick <= until)?;
        let last = self.newest(after, until)?;
        Some(Skipped { first, last, count: self.ticks(after, until, COUNTED).len() })
    }
}
