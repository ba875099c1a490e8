use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use weir_base::{Duration, Micros, Text};

/// How many names are remembered before those whose pause is over are forgotten.
const REMEMBERED: usize = 10_000;

/// Lets nobody try too often. Counts failures by name: an address, an account, the start of a key.
pub struct Throttle {
    tries: u32,
    pause: Duration,
    failures: Mutex<HashMap<Text, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Micros,
}

impl Throttle {
    pub fn new(tries: u32, pause: Duration) -> Self {
        Self { tries, pause, failures: Mutex::default() }
    }

    /// Seconds to wait, where there were too many failures.
    pub fn check(&self, name: &str, now: Micros) -> Result<(), u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = failures.get_mut(name).filter(|found| found.count >= self.tries) else { return Ok(()) };
        // A clock that was put back must shut nobody out for longer than the pause.
        found.last = found.last.min(now);
        let until = found.last.saturating_add(self.pause.micros());
        if until <= now { Ok(()) } else { Err(u64::try_from((until - now) / 1_000_000 + 1).unwrap_or(1)) }
    }

    pub fn failed(&self, name: &str, now: Micros) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            let pause = self.pause.micros();
            failures.retain(|_, found| found.last.saturating_add(pause) > now);
        }
        let found = failures.entry(name.into()).or_insert(Failures { count: 0, last: now });
        if found.last.saturating_add(self.pause.micros()) <= now {
            found.count = 0;
        }
        (found.count, found.last) = (found.count + 1, now);
    }

    pub fn succeeded(&self, name: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_have_to_wait() {
        let throttle = Throttle::new(3, Duration::from_secs(60));
        for at in 0..3 {
            assert_eq!(throttle.check("a", at), Ok(()));
            throttle.failed("a", at);
        }
        assert_eq!(throttle.check("a", 3), Err(60));
        assert_eq!(throttle.check("b", 3), Ok(()));
        assert_eq!(throttle.check("a", 60_000_002), Ok(()));
        throttle.failed("a", 60_000_002);
        assert_eq!(throttle.check("a", 60_000_003), Ok(()), "old failures do not count");
        throttle.succeeded("a");
        assert_eq!(throttle.check("a", 60_000_003), Ok(()));
    }

    #[test]
    fn a_clock_that_is_put_back_or_forward_shuts_nobody_out_for_long() {
        const HOUR: Micros = 3_600_000_000;
        let throttle = Throttle::new(1, Duration::from_secs(60));
        throttle.failed("a", 5 * HOUR);
        assert_eq!(throttle.check("a", 4 * HOUR), Err(61), "nor does it let anybody in");
        assert_eq!(throttle.check("a", 4 * HOUR + 30_000_000), Err(31));
        assert_eq!(throttle.check("a", 4 * HOUR + 60_000_000), Ok(()));
        throttle.failed("a", 28 * HOUR);
        throttle.failed("a", 4 * HOUR);
        assert_eq!(throttle.check("a", 4 * HOUR + 60_000_000), Ok(()));
    }
}
