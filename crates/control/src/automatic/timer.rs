use async_trait::async_trait;
use weir_base::Micros;

/// What wakes whoever waits for a moment.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns at that moment of [`crate::Ambient::now`], or somewhat before it: whoever waits looks at the clock again.
    async fn until(&self, at: Micros);
}
