use crate::bounds::Bounds;
use crate::{Cron, Every, Missed};
use weir_base::{Duration, Micros};

/// When something is to be done, again and again or once.
///
/// Its JSON has exactly one of `cron`, `every` and `at`:
///
/// ```json
/// {"cron": {"expression": "30 2 * * MON-FRI", "timeZone": "Europe/Berlin"}, "missed": "once", "jitter": "5m"}
/// {"every": {"interval": "15m", "from": "2026-01-31T09:00:00Z"}, "endsAt": "2026-12-31T00:00:00Z"}
/// {"at": {"time": "2026-01-31T09:00:00+01:00"}}
/// ```
///
/// A moment at which it is due is a tick, in microseconds since the epoch. Which moments are ticks depends on the
/// schedule alone, never on when or from where it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub when: When,
    pub missed: Missed,
    /// The longest time a tick is held back, so that not all schedules start in the same second.
    pub jitter: Option<Duration>,
    /// No tick is before this moment; one may be at it.
    pub starts_at: Option<Micros>,
    /// No tick is after this moment; one may be at it.
    pub ends_at: Option<Micros>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    Cron(Cron),
    Every(Every),
    At(Micros),
}

impl Schedule {
    /// With the defaults for everything but the time.
    pub fn new(when: When) -> Self {
        Self { when, missed: Missed::default(), jitter: None, starts_at: None, ends_at: None }
    }

    /// The first tick after a moment; none after the last.
    pub fn next_after(&self, at: Micros) -> Option<Micros> {
        let bounds = Bounds { starts_at: self.starts_at, ends_at: self.ends_at };
        let next = self.when.next_after(bounds.after(at))?;
        bounds.hold(next).then_some(next)
    }

    /// The ticks after `after` up to and with `until`, in order, and no more of them than `limit`.
    pub fn ticks(&self, after: Micros, until: Micros, limit: usize) -> Vec<Micros> {
        self.upcoming_iter(after).take_while(|tick| *tick <= until).take(limit).collect()
    }

    /// The next `count` ticks after a moment: a page of a calendar.
    pub fn upcoming(&self, from: Micros, count: usize) -> Vec<Micros> {
        self.upcoming_iter(from).take(count).collect()
    }

    fn upcoming_iter(&self, from: Micros) -> impl Iterator<Item = Micros> {
        std::iter::successors(self.next_after(from), |tick| self.next_after(*tick))
    }

    /// The last tick after `after` up to and with `until`.
    ///
    /// It is found by halving, not by counting: of every second for a year it takes some forty steps.
    pub(crate) fn newest(&self, after: Micros, until: Micros) -> Option<Micros> {
        let upto = |at| self.next_after(at).filter(|tick| *tick <= until);
        let (mut newest, mut end) = (upto(after)?, until);
        while newest < end {
            let middle = newest + (end - newest) / 2;
            match upto(middle) {
                Some(later) => newest = later,
                None => end = middle,
            }
        }
        Some(newest)
    }
}

impl When {
    fn next_after(&self, at: Micros) -> Option<Micros> {
        match self {
            When::Cron(cron) => cron.next_after(at),
            When::Every(every) => every.next_after(at),
            When::At(time) => Some(*time).filter(|time| *time > at),
        }
    }
}
