use super::{Broken, Subject};
use crate::case::{Case, Kill};
use crate::found::Ended;
use crate::runtimes::input;
use crate::runtimes::temporal::Lab;
use anyhow::Result;

/// A cluster with the Rust worker. What is sent to a run twice counts once there, so all of it is done again after a kill.
pub struct Rust(Lab);

impl Rust {
    pub async fn start() -> Result<Self> {
        Ok(Self(Lab::start().await?))
    }
}

impl Broken for Rust {
    const NAME: &'static str = "temporal";

    async fn begin(&mut self, (case, ready): &Subject, run: &str) -> Result<()> {
        let (input, _) = input(case)?;
        self.0.begin(ready, run, input).await
    }

    async fn act_until(&self, case: &Case, run: &str, moment: tokio::time::Instant) -> Result<()> {
        tokio::time::timeout_at(moment, self.0.act(case, run)).await.unwrap_or(Ok(()))
    }

    async fn is_over(&self, run: &str) -> Result<bool> {
        Ok(self.0.is_over(run).await)
    }

    async fn kill(&mut self, kill: Kill) -> Result<()> {
        self.0.kill(kill)
    }

    async fn finish(&self, (case, ready): &Subject, run: &str) -> Result<Ended> {
        self.0.act(case, run).await?;
        self.0.end(ready, run).await
    }
}
