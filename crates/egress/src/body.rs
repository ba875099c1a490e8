use crate::EgressError;
use crate::client::innermost;
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};
use weir_base::Duration;

/// The body of a response, read as it comes, no more of it than allowed and no longer than allowed.
#[derive(Debug)]
pub struct Body {
    pub(crate) inner: reqwest::Response,
    pub(crate) host: String,
    pub(crate) limit: usize,
    pub(crate) read: usize,
    pub(crate) deadline: Instant,
    pub(crate) timeout: Duration,
}

impl Body {
    /// The next piece; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        let next = timeout_at(self.deadline, self.inner.chunk()).await;
        let next = next.map_err(|_| EgressError::Timeout(self.timeout))?;
        let chunk = next.map_err(|error| self.broken(&error))?;
        self.read += chunk.as_ref().map_or(0, Bytes::len);
        if self.read > self.limit {
            return Err(EgressError::TooLarge(self.limit));
        }
        Ok(chunk)
    }

    /// All of it.
    pub async fn bytes(&mut self) -> Result<Bytes, EgressError> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    fn broken(&self, error: &reqwest::Error) -> EgressError {
        EgressError::Interrupted { host: self.host.clone(), reason: innermost(error) }
    }
}
