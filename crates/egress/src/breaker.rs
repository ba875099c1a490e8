use std::time::Duration;
use tokio::time::Instant;

/// Leaves a failing host alone for a while, then lets one request try it.
///
/// | state | admit | success | failure |
/// |---|---|---|---|
/// | closed | yes | count to 0 | count up; open at the limit |
/// | open | no, until its time is over: then half open | – | – |
/// | half open | no, until the probe is overdue | closed | open |
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    Open(Instant),
    /// A probe is on its way; if its end is never told, another may go at this time.
    HalfOpen(Instant),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub failures: u32,
    pub cooldown: Duration,
}

impl Breaker {
    /// May a request go out? Else the time to wait.
    pub fn admit(&mut self, now: Instant, limits: Limits) -> Result<(), Duration> {
        match self.state {
            State::Closed => Ok(()),
            State::Open(until) | State::HalfOpen(until) if now < until => Err(until - now),
            State::Open(_) | State::HalfOpen(_) => {
                self.state = State::HalfOpen(now + limits.cooldown);
                Ok(())
            }
        }
    }

    pub fn record(&mut self, now: Instant, success: bool, limits: Limits) {
        if success {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= limits.failures || matches!(self.state, State::HalfOpen(_)) {
            self.state = State::Open(now + limits.cooldown);
        }
    }

    pub fn is_idle(&self) -> bool {
        self.failures == 0 && matches!(self.state, State::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { failures: 2, cooldown: Duration::from_secs(30) };

    #[tokio::test(start_paused = true)]
    async fn opens_probes_and_closes() {
        let (start, mut breaker) = (Instant::now(), Breaker::default());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        breaker.record(at(0), false, LIMITS);
        assert_eq!(breaker.admit(at(0), LIMITS), Ok(()));
        breaker.record(at(0), false, LIMITS);
        assert_eq!(breaker.admit(at(10), LIMITS), Err(Duration::from_secs(20)));
        assert_eq!(breaker.admit(at(30), LIMITS), Ok(()), "the probe goes");
        assert_eq!(breaker.admit(at(31), LIMITS), Err(Duration::from_secs(29)), "only one of them");
        breaker.record(at(32), false, LIMITS);
        assert_eq!(breaker.admit(at(33), LIMITS), Err(Duration::from_secs(29)));
        assert_eq!(breaker.admit(at(62), LIMITS), Ok(()));
        assert_eq!(breaker.admit(at(92), LIMITS), Ok(()), "a probe that never came back does not block for ever");
        breaker.record(at(93), true, LIMITS);
        assert_eq!((breaker.admit(at(93), LIMITS), breaker.is_idle()), (Ok(()), true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_between_forgives() {
        let (now, mut breaker) = (Instant::now(), Breaker::default());
        for success in [false, true, false] {
            breaker.record(now, success, LIMITS);
        }
        assert_eq!(breaker.admit(now, LIMITS), Ok(()));
    }
}
