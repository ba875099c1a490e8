use std::time::Duration;
use tokio::time::Instant;

/// A token bucket: holds up to `capacity`, filled evenly over time.
#[derive(Clone, Debug)]
pub struct Bucket {
    capacity: f64,
    per_second: f64,
    level: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn new(capacity: f64, per_second: f64, now: Instant) -> Self {
        Self { capacity, per_second: per_second.max(f64::MIN_POSITIVE), level: capacity, at: now }
    }

    /// Takes `amount`, or tells how long until it could. More than the capacity is taken when the bucket is full.
    pub fn take(&mut self, amount: f64, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        let needed = amount.min(self.capacity);
        // A millionth is forgiven, so that waiting the time that was told is always enough.
        if self.level + 1e-6 >= needed {
            self.level -= amount;
            return Ok(());
        }
        Err(Duration::try_from_secs_f64((needed - self.level) / self.per_second).unwrap_or(Duration::MAX))
    }

    /// Corrects an earlier estimate: a positive amount is taken, a negative one given back. May go below zero.
    pub fn adjust(&mut self, amount: f64, now: Instant) {
        self.refill(now);
        self.level = (self.level - amount).min(self.capacity);
    }

    pub fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.level >= self.capacity
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.capacity);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn gives_no_more_than_flows_in() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut bucket = Bucket::new(60.0, 1.0, start);
        assert_eq!(bucket.take(50.0, at(0)), Ok(()));
        assert_eq!(bucket.take(20.0, at(0)), Err(Duration::from_secs(10)));
        assert_eq!(bucket.take(20.0, at(10)), Ok(()));
        bucket.adjust(30.0, at(10));
        assert_eq!(bucket.take(1.0, at(10)), Err(Duration::from_secs(31)));
        bucket.adjust(-1_000.0, at(10));
        assert_eq!((bucket.is_full(at(10)), bucket.take(60.0, at(10))), (true, Ok(())));
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_fits_goes_when_the_bucket_is_full() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 1.0, start);
        assert_eq!(bucket.take(25.0, start), Ok(()));
        assert_eq!(bucket.take(25.0, start), Err(Duration::from_secs(25)));
    }
}
