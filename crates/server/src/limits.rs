use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use weir_base::{Micros, Text};

/// Names that are remembered at the same time.
const REMEMBERED: usize = 50_000;

/// Limits are so many a minute.
const WINDOW: Micros = 60_000_000;

/// Lets each name make so many requests a minute: a bucket that holds a minute's worth and fills evenly.
///
/// Of each name one time is kept: when its bucket will be full again. One that is full is not kept at all.
pub struct Limits {
    most: usize,
    full_at: Mutex<HashMap<Text, Micros>>,
}

/// What a name may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests a minute.
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until all of it is there again.
    pub reset: u64,
    /// Seconds to wait, where the request was one too many.
    pub retry: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { most: REMEMBERED, full_at: Mutex::default() }
    }
}

impl Limits {
    /// Takes one request of the name, or says how long to wait.
    pub fn take(&self, name: &Text, limit: u32, now: Micros) -> Allowance {
        let limit = limit.max(1);
        let each = (WINDOW / Micros::from(limit)).max(1);
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not shut anybody out: nothing is further away than a whole window.
        let full_at = all.get(name).map_or(now, |at| (*at).clamp(now, now + WINDOW));
        let after = full_at + each;
        let taken = after <= now + WINDOW;
        let kept = if taken { after } else { full_at };
        self.make_room(&mut all, name, now);
        all.insert(name.clone(), kept);
        Allowance {
            limit,
            remaining: u32::try_from((now + WINDOW - kept) / each).unwrap_or_default().min(limit),
            reset: seconds(kept - now),
            retry: (!taken).then(|| seconds(after - WINDOW - now).max(1)),
        }
    }

    /// Full buckets go first; if that is not enough, the half that is nearest to full.
    fn make_room(&self, all: &mut HashMap<Text, Micros>, name: &Text, now: Micros) {
        if all.len() < self.most || all.contains_key(name) {
            return;
        }
        all.retain(|_, at| *at > now);
        if all.len() < self.most / 4 * 3 {
            return;
        }
        let mut times: Vec<Micros> = all.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        all.retain(|_, at| *at > median);
    }
}

fn seconds(time: Micros) -> u64 {
    u64::try_from(time.max(0)).unwrap_or_default().div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Micros = 1_000_000;

    fn check(limits: &Limits, at: Micros, expected: (u32, u64, Option<u64>)) {
        let found = limits.take(&"k".into(), 60, at);
        assert_eq!((found.remaining, found.reset, found.retry), expected, "at {at}");
    }

    #[test]
    fn a_minutes_worth_at_once_and_then_as_it_fills() {
        let limits = Limits::default();
        for number in 0..60 {
            check(&limits, 0, (59 - number, u64::from(number) + 1, None));
        }
        check(&limits, 0, (0, 60, Some(1)));
        check(&limits, SECOND / 2, (0, 60, Some(1)));
        check(&limits, SECOND, (0, 60, None));
        check(&limits, SECOND, (0, 60, Some(1)));
        check(&limits, 31 * SECOND, (29, 31, None));
        check(&limits, 1_000 * SECOND, (59, 1, None));
    }

    #[test]
    fn any_rate_there_is_can_be_counted() {
        for rate in [0, 1, 60_000_000, 60_000_001, u32::MAX] {
            assert_eq!(Limits::default().take(&"k".into(), rate, 0).retry, None, "{rate}");
        }
    }

    #[test]
    fn names_and_clocks_do_not_get_in_each_others_way() {
        let limits = Limits::default();
        let spend = |name: &str, at| (0..10).filter(|_| limits.take(&name.into(), 2, at).retry.is_none()).count();
        assert_eq!((spend("a", 0), spend("b", 0)), (2, 2));
        assert_eq!(spend("a", -3_600 * SECOND), 0, "an emptied bucket stays empty when the clock is set back");
        assert_eq!(spend("a", (-3_600 + 60) * SECOND), 2, "but for no longer than a minute");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let limits = Limits { most: 100, full_at: Mutex::default() };
        let spend = |name: &str, at| (0..10).filter(|_| limits.take(&name.into(), 2, at).retry.is_none()).count();
        assert_eq!(spend("spent", 0), 2);
        for number in 0..10_000 {
            limits.take(&format!("n{number}").into(), 60, 0);
            assert!(limits.full_at.lock().unwrap().len() <= 100);
        }
        assert_eq!(spend("spent", 0), 0, "the emptiest bucket is the last to be forgotten");
    }
}
