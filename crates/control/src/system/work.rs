use crate::control::Control;
use crate::ports::Tried;
use crate::{ControlError, Result};
use weir_base::{Micros, Text, Value};
use weir_store::{RetentionPolicy, Swept};

/// Rows of runs removed at a time, so that others write in between.
const AT_ONCE: u32 = 500;

/// What a step of the installation's own flows does. The kind `system.NAME` asks for it by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Tries to send the letter of this id.
    Mail,
    /// Writes the letter with which the password of an account is set anew, if there is one of this address.
    Reset,
    /// Adds up what the organisation has used.
    Usage,
    /// Forgets what is old enough.
    Forget,
}

/// Why it did not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoreError {
    pub code: &'static str,
    pub message: String,
    pub retryable: bool,
}

impl Chore {
    pub fn parse(name: &str) -> Option<Chore> {
        let all = [("mail", Chore::Mail), ("reset", Chore::Reset), ("usage", Chore::Usage), ("forget", Chore::Forget)];
        all.into_iter().find(|(known, _)| *known == name).map(|(_, chore)| chore)
    }
}

impl From<ControlError> for ChoreError {
    fn from(error: ControlError) -> Self {
        let retryable = !matches!(error, ControlError::Invalid { .. } | ControlError::NotFound { .. });
        ChoreError { code: "SYSTEM_WORK", message: error.to_string(), retryable }
    }
}

impl Control {
    /// Does one step of the installation's own flows, for an organisation or, with an empty one, for nobody. It may be
    /// done again after a crash, which does no harm.
    pub async fn chore(&self, tenant: &Text, chore: Chore, params: &Value) -> Result<Value, ChoreError> {
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        match chore {
            Chore::Mail => self.try_letter(text("letter")).await,
            Chore::Reset => {
                self.write_reset(text("email")).await?;
                Ok(Value::Null)
            }
            Chore::Usage => {
                if !tenant.is_empty() {
                    self.roll_up(tenant).await?;
                }
                Ok(Value::Null)
            }
            Chore::Forget => Ok(self.forget(tenant).await?),
        }
    }

    async fn try_letter(&self, id: &str) -> Result<Value, ChoreError> {
        let told = |sent: bool| Ok(Value::object([("sent", sent.into())]));
        match self.mail.try_letter(id).await {
            Tried::Sent => told(true),
            Tried::Gone => told(false),
            Tried::Later(message) => Err(ChoreError { code: "LETTER_WAITS", message, retryable: true }),
            Tried::Never(message) => Err(ChoreError { code: "LETTER_GIVEN_UP", message, retryable: false }),
        }
    }

    async fn forget(&self, tenant: &Text) -> Result<Value> {
        let retention = self.options.retention;
        if !tenant.is_empty() {
            // What is forgotten below has been used all the same.
            self.roll_up(tenant).await?;
            self.forget_deleted_flows(tenant).await?;
        }
        let mut swept = Swept::default();
        if let Some(kept) = retention.runs {
            self.sweep(tenant, Some(self.before(kept)), None, false, &mut swept).await?;
        }
        self.sweep(tenant, Some(self.before(retention.own)), None, true, &mut swept).await?;
        if let Some(kept) = retention.logs.filter(|_| tenant.is_empty()) {
            self.sweep(tenant, None, Some(self.before(kept)), false, &mut swept).await?;
        }
        if swept.runs + swept.observations + swept.blobs > 0 {
            self.store.reclaim().await?;
        }
        Ok(Value::object([("runs", (swept.runs as f64).into()), ("logs", (swept.observations as f64).into())]))
    }

    async fn sweep(
        &self,
        tenant: &Text,
        runs_before: Option<Micros>,
        observations_before: Option<Micros>,
        system: bool,
        total: &mut Swept,
    ) -> Result<()> {
        let policy = RetentionPolicy {
            runs_before,
            observations_before,
            tenant: Some(tenant.clone()),
            system: Some(system),
            limit: AT_ONCE,
        };
        loop {
            let swept = self.store.sweep(policy.clone()).await?;
            total.runs += swept.runs;
            total.observations += swept.observations;
            total.blobs += swept.blobs;
            if !swept.more {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}
