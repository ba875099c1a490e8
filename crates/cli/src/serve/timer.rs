use async_trait::async_trait;
use std::time::Duration;
use weir_base::Micros;
use weir_control::{Ambient, Timer};

/// The longest sleep: the clock may be put forward meanwhile.
const LONGEST: Duration = Duration::from_secs(5);

/// Sleeps by the machine's clock.
pub struct Sleeper;

#[async_trait]
impl Timer for Sleeper {
    async fn until(&self, at: Micros) {
        let left = at.saturating_sub(super::parts::Machine.now());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
        tokio::time::sleep(left.min(LONGEST)).await;
    }
}
