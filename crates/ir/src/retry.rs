use serde::{Deserialize, Serialize};
use weir_base::Duration;

/// When a failed attempt is made again. `max_attempts` counts all attempts, the first included.
///
/// The wait before attempt k+1 is `min(initial · coefficient^(k−1), max)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryPolicy {
    pub strategy: RetryStrategy,
    pub max_attempts: u32,
    pub initial: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Duration>,
    pub coefficient: f64,
    /// Error codes or categories that are retried; all retryable ones where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retry_on: Vec<String>,
    /// Spreads waits by up to this share of their length, from a seed of run and path; 0 is none.
    #[serde(default)]
    pub jitter: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryStrategy {
    None,
    FailAfterX,
    #[default]
    ExponentialBackoff,
    KeepTrying,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            strategy: RetryStrategy::ExponentialBackoff,
            max_attempts: 3,
            initial: Duration::from_secs(1),
            max: Some(Duration::from_secs(60)),
            coefficient: 2.0,
            retry_on: Vec::new(),
            jitter: 0.0,
        }
    }
}

impl RetryPolicy {
    pub fn none() -> Self {
        Self { strategy: RetryStrategy::None, max_attempts: 1, ..Self::default() }
    }

    /// Waits that grow, as kinds and services ask for them; everything else is as usual.
    pub fn exponential(max_attempts: u32, initial: Duration, max: Option<Duration>, coefficient: f64) -> Self {
        Self { max_attempts, initial, max, coefficient, ..Self::default() }
    }

    /// Whether attempt `attempt` (from 1) may be followed by another.
    pub fn allows_after(&self, attempt: u32) -> bool {
        match self.strategy {
            RetryStrategy::None => false,
            RetryStrategy::KeepTrying => true,
            RetryStrategy::FailAfterX | RetryStrategy::ExponentialBackoff => attempt < self.max_attempts,
        }
    }

    /// The wait after failed attempt `attempt` (from 1). `noise` in `-1.0..=1.0` scales the jitter.
    pub fn delay_after(&self, attempt: u32, noise: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        if self.initial.millis == 0 {
            return self.initial;
        }
        let grown = self.initial.millis as f64 * self.coefficient.max(0.0).powi(exponent);
        let cap = self.max.map_or(f64::from(u32::MAX) * 1_000.0, |max| max.millis as f64);
        let spread = grown.min(cap) * (1.0 + self.jitter.clamp(0.0, 1.0) * noise.clamp(-1.0, 1.0));
        Duration::from_millis(spread.min(cap).max(0.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_grows_to_its_maximum() {
        let policy = RetryPolicy { max: Some(Duration::from_secs(5)), max_attempts: 9, ..RetryPolicy::default() };
        let delays: Vec<u64> = (1..=5).map(|attempt| policy.delay_after(attempt, 0.0).millis).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(policy.delay_after(u32::MAX, 0.0).millis, 5_000);
        let at_once = RetryPolicy { initial: Duration::default(), ..policy };
        assert_eq!(at_once.delay_after(u32::MAX, 0.0).millis, 0, "nothing grows out of nothing");
    }

    #[test]
    fn max_attempts_counts_the_first() {
        let policy = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
        assert_eq!([policy.allows_after(1), policy.allows_after(2)], [true, false]);
        assert!(!RetryPolicy::none().allows_after(1));
        assert!(RetryPolicy { strategy: RetryStrategy::KeepTrying, ..RetryPolicy::none() }.allows_after(1_000_000));
    }
}
