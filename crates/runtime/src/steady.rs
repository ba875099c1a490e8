use std::time::{Duration, Instant};
use weir_base::Micros;

/// The longest sleep: a clock that is put forward is noticed no later.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Time that follows the clock forward and never goes back with it: while the clock is put back, what has passed
/// counts. Timers in memory are kept in it, so that a clock that was put back holds none of them up.
#[derive(Debug)]
pub(crate) struct Steady {
    now: Micros,
    clock: Micros,
    seen: Instant,
}

impl Steady {
    pub fn starting_at(clock: Micros, seen: Instant) -> Self {
        Self { now: clock, clock, seen }
    }

    /// The steady time, where the clock says `clock`.
    pub fn read(&mut self, clock: Micros, seen: Instant) -> Micros {
        let passed = match clock - self.clock {
            forward @ 0.. => forward,
            _ => Micros::try_from(seen.saturating_duration_since(self.seen).as_micros()).unwrap_or_default(),
        };
        *self = Self { now: self.now.saturating_add(passed), clock, seen };
        self.now
    }

    /// When something is due that is due at `due` for a run whose own time is `at`. The time of a run may be ahead of
    /// a clock that was put back; what is left until then is what is left in the run's time.
    pub fn when(&mut self, due: Micros, at: Micros, clock: Micros, seen: Instant) -> Micros {
        let left = due.saturating_sub(at.max(clock));
        self.read(clock, seen).saturating_add(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Micros = 3_600_000_000;

    #[test]
    fn it_goes_forward_with_the_clock_and_on_when_that_goes_back() {
        let begun = Instant::now();
        let at = |micros: u64| begun + Duration::from_micros(micros);
        let mut steady = Steady::starting_at(5 * HOUR, at(0));
        assert_eq!(steady.read(5 * HOUR + 10, at(10)), 5 * HOUR + 10);
        assert_eq!(steady.read(4 * HOUR + 30, at(30)), 5 * HOUR + 30, "put back by an hour");
        assert_eq!(steady.read(4 * HOUR + 30, at(40)), 5 * HOUR + 30, "a clock that stands still stands still");
        assert_eq!(steady.read(4 * HOUR + 50, at(50)), 5 * HOUR + 50);
        assert_eq!(steady.read(28 * HOUR, at(60)), 29 * HOUR, "put forward by a day");
    }

    #[test]
    fn what_is_left_is_what_is_left_in_the_time_of_the_run() {
        let begun = Instant::now();
        let mut steady = Steady::starting_at(5 * HOUR, begun);
        assert_eq!(steady.when(5 * HOUR + 10, 5 * HOUR, 5 * HOUR, begun), 5 * HOUR + 10);
        assert_eq!(steady.when(5 * HOUR - 10, 5 * HOUR - 20, 5 * HOUR, begun), 5 * HOUR - 10, "overdue");
        assert_eq!(steady.when(5 * HOUR + 10, 5 * HOUR, 4 * HOUR, begun), 5 * HOUR + 10, "put back by an hour");
        assert_eq!(steady.when(4 * HOUR + 10, 4 * HOUR, 4 * HOUR, begun), 5 * HOUR + 10, "a run that began since");
    }
}
