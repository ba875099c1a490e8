use weir_base::{Duration, Micros};

/// Ticks at equal distances of elapsed time. Clocks that change do not matter to it: `24h` is not "daily".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// At least a second.
    pub interval: Duration,
    /// The first tick. Without it, ticks are whole intervals since 1970-01-01T00:00:00Z, so that `15m` falls on the
    /// quarters of the hour, and a restart changes nothing.
    pub from: Option<Micros>,
}

impl Every {
    pub const SHORTEST: Duration = Duration::from_secs(1);

    pub(crate) fn next_after(&self, at: Micros) -> Option<Micros> {
        if let Some(first) = self.from.filter(|first| *first > at) {
            return Some(first);
        }
        // In wider numbers, where no sum of two moments overflows.
        let (from, at) = (i128::from(self.from.unwrap_or(0)), i128::from(at));
        let step = i128::from(self.interval.max(Self::SHORTEST).micros());
        let passed = (at - from).div_euclid(step);
        Micros::try_from(from + (passed + 1) * step).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_whole_intervals_from_the_first() {
        let cases = [
            (60, None, -1, Some(0)),
            (60, None, 0, Some(60)),
            (60, None, -61, Some(-60)),
            (60, Some(7), -100, Some(7)),
            (60, Some(7), 7, Some(67)),
            (60, Some(-7), 0, Some(53)),
            (86_400, None, 86_399, Some(86_400)),
        ];
        for (interval, from, at, expected) in cases {
            let every = Every { interval: Duration::from_secs(interval), from: from.map(|s: i64| s * 1_000_000) };
            let next = every.next_after(at * 1_000_000);
            assert_eq!(next, expected.map(|s: i64| s * 1_000_000), "every {interval}s from {from:?} after {at}");
        }
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let every = Every { interval: Duration::from_millis(u64::MAX), from: Some(1) };
        assert_eq!(every.next_after(1), None);
        assert_eq!(Every { interval: Every::SHORTEST, from: None }.next_after(i64::MAX), None);
        assert!(Every { interval: Every::SHORTEST, from: None }.next_after(i64::MIN).is_some());
    }
}
