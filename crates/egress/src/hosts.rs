use crate::breaker::{Breaker, Limits};
use crate::bucket::Bucket;
use crate::{EgressError, Options};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;
use weir_base::Duration;

/// More hosts than this are not kept in mind; those with nothing to remember go first.
const MAX_HOSTS: usize = 4_096;

/// What is remembered about each host: its failures and its rate. Looked up by name, never walked in order.
pub(crate) struct Hosts {
    limits: Limits,
    per_second: f64,
    burst: f64,
    retries: f64,
    known: Mutex<HashMap<String, Host>>,
}

struct Host {
    breaker: Breaker,
    bucket: Bucket,
    /// What tries after failures may take: what fills in by itself, and a part of what succeeds.
    retries: Bucket,
}

/// Tries after failures that a host which never answers gets each second.
const RETRIES_PER_SECOND: f64 = 2.0;

/// One further try may come of so many that succeeded.
const RETRY_SHARE: f64 = 0.2;

impl Hosts {
    pub fn new(options: &Options) -> Self {
        let limits = Limits { failures: options.breaker_failures, cooldown: std_duration(options.breaker_cooldown) };
        Self {
            limits,
            per_second: options.requests_per_second,
            burst: options.burst,
            retries: options.retries,
            known: Mutex::default(),
        }
    }

    /// Waits for the host's rate, and a further try for its budget too; refuses while its breaker is open.
    pub async fn admit(&self, key: &str, host: &str, retry: bool) -> Result<(), EgressError> {
        if retry {
            self.wait(key, |state, now| state.retries.take(1.0, now)).await;
        }
        self.wait(key, |state, now| state.bucket.take(1.0, now)).await;
        let admitted = self.with(key, |state, now| state.breaker.admit(now, self.limits));
        admitted.map_err(|wait| {
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
            EgressError::BreakerOpen { host: host.to_owned(), wait: Duration::from_millis(millis) }
        })
    }

    async fn wait(&self, key: &str, take: impl Fn(&mut Host, Instant) -> Result<(), std::time::Duration>) {
        while let Err(wait) = self.with(key, &take) {
            tokio::time::sleep(wait).await;
        }
    }

    pub fn record(&self, key: &str, success: bool) {
        self.with(key, |state, now| {
            state.breaker.record(now, success, self.limits);
            if success {
                state.retries.adjust(-RETRY_SHARE, now);
            }
        });
    }

    fn with<T>(&self, key: &str, change: impl FnOnce(&mut Host, Instant) -> T) -> T {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(key) {
            if known.len() >= MAX_HOSTS {
                forget(&mut known, now);
            }
            let bucket = Bucket::new(self.burst, self.per_second, now);
            let retries = Bucket::new(self.retries, RETRIES_PER_SECOND, now);
            known.insert(key.to_owned(), Host { breaker: Breaker::default(), bucket, retries });
        }
        let host = known.get_mut(key).expect("it was put in just now");
        change(host, now)
    }
}

/// Drops what has nothing to remember; if that is nothing, drops all, so that memory stays bounded.
fn forget(known: &mut HashMap<String, Host>, now: Instant) {
    known.retain(|_, host| !(host.breaker.is_idle() && host.bucket.is_full(now) && host.retries.is_full(now)));
    if known.len() >= MAX_HOSTS {
        known.clear();
    }
}

pub(crate) fn std_duration(duration: Duration) -> std::time::Duration {
    std::time::Duration::from_millis(duration.millis)
}
