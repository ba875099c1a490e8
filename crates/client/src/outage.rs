use std::time::{Duration, Instant};

/// How long a stream that broke off is tried to be taken up again. A server that is restarted ends what is under way
/// first, and then takes up what it had.
const PATIENCE: Duration = Duration::from_secs(120);
/// The pause before the first try; each one after it is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A time in which nothing is heard of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    since: Instant,
    pause: Duration,
    tries: u32,
}

impl Outage {
    pub fn new(now: Instant) -> Self {
        Self { since: now, pause: FIRST_PAUSE, tries: 0 }
    }

    /// Tries that came to nothing.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Another has come to nothing. How long to wait before the next try; none where there have been enough.
    pub fn next_pause(&mut self, now: Instant) -> Option<Duration> {
        self.tries += 1;
        let pause = self.pause;
        self.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        (now.saturating_duration_since(self.since) < PATIENCE).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_refuses_at_once_has_two_minutes_to_come_back() {
        let begun = Instant::now();
        let (mut outage, mut now, mut pauses) = (Outage::new(begun), begun, Vec::new());
        while let Some(pause) = outage.next_pause(now) {
            now += pause;
            pauses.push(pause.as_millis());
        }
        assert_eq!(pauses[..6], [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        let lasted = now - begun;
        assert!(lasted >= PATIENCE && lasted < PATIENCE + LONGEST_PAUSE, "{lasted:?}");
    }
}
