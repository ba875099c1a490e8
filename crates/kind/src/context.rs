use crate::redact::Opened;
use crate::{
    Category, FlowContext, LogLevel, MemoryChange, Observation, ObservationBody, PortError, Ports, Recorded, TaskError,
    TaskRequest, VariableChange,
};
use std::borrow::Cow;
use tokio_util::sync::CancellationToken;
use weir_base::{Duration, Text, Value, hash_value};

/// What a kind sees of the world during one attempt.
pub struct TaskContext<'a> {
    pub request: &'a TaskRequest,
    pub(crate) ports: &'a Ports,
    pub(crate) cancel: &'a CancellationToken,
    pub(crate) opened: &'a Opened,
}

impl TaskContext<'_> {
    pub fn flow(&self) -> &FlowContext {
        &self.request.flow
    }

    /// Fires when the step is cancelled; the attempt's future is dropped soon after.
    pub fn cancel(&self) -> &CancellationToken {
        self.cancel
    }

    pub async fn sleep(&self, duration: Duration) {
        self.ports.timer.sleep(duration).await;
    }

    /// A number in `-1.0..1.0` that depends on run, path, attempt and `salt` alone.
    pub fn noise(&self, salt: u64) -> f64 {
        let seed = format!("{}#{}#{salt}", self.request.key, self.request.attempt);
        let high = (hash_value(&Value::from(seed)) >> 75) as u64;
        high as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// A secret's value. From here on it is taken out of everything this attempt gives back or logs.
    pub async fn secret(&self, name: &str) -> Result<Text, TaskError> {
        let found = self.ports.secrets.get(self.flow(), name).await.map_err(|error| port_error("SECRETS", error))?;
        let value = found.ok_or_else(|| unknown_secret(name))?;
        self.opened.add(name, &value);
        Ok(value)
    }

    /// Whether a text holds a secret this attempt has opened.
    pub fn holds_secret(&self, text: &str) -> bool {
        matches!(self.opened.redactor().text(text), Cow::Owned(_))
    }

    pub async fn change_variable(&self, change: VariableChange) -> Result<Value, TaskError> {
        let changed = self.ports.variables.apply(self.flow(), change).await;
        changed.map_err(|error| port_error("VARIABLES", error))
    }

    /// Reads or changes what the flow remembers, where it is one that does.
    pub async fn change_memory(&self, change: MemoryChange) -> Result<Value, TaskError> {
        if self.flow().memory.is_none() {
            let message = "this flow remembers nothing beyond its runs: write `memory: {}` into its `settings`";
            return Err(TaskError::input("MEMORY_NOT_ENABLED", message));
        }
        let changed = self.ports.memory.apply(self.flow(), change).await;
        changed.map_err(|error| port_error("MEMORY", error))
    }

    /// The recorded result of an earlier step of this run.
    pub async fn recorded(&self, path: &str) -> Result<Option<Recorded>, TaskError> {
        let found = self.ports.transcript.recorded(&self.request.run, path).await;
        found.map_err(|error| port_error("TRANSCRIPT", error))
    }

    pub fn log(&self, level: LogLevel, message: &str, metadata: Value) {
        let redactor = self.opened.redactor();
        let (message, metadata) = (redactor.text(message).into_owned(), redactor.value(&metadata));
        self.observe(ObservationBody::Log { level, message, metadata });
    }

    /// Shows a part of a result that is still coming; `index` counts from 0.
    pub fn stream(&self, index: u64, data: Value) {
        let data = self.opened.redactor().value(&data);
        self.observe(ObservationBody::Stream { index, data });
    }

    fn observe(&self, body: ObservationBody) {
        let TaskRequest { run, path, kind, attempt, now, flow, .. } = self.request;
        let (run, path, kind) = (run.clone(), path.clone(), kind.clone());
        self.ports.log.observe(flow, Observation { run, path, kind, attempt: *attempt, at: *now, body });
    }
}

fn unknown_secret(name: &str) -> TaskError {
    let message = format!("there is no secret `{name}` in this project; set it, or correct the name");
    TaskError::new(Category::Auth, "SECRET_UNKNOWN", message)
}

fn port_error(port: &str, error: PortError) -> TaskError {
    match error {
        PortError::Retry(message) => TaskError::internal(&format!("{port}_UNAVAILABLE"), message).retryable(true),
        PortError::Reject(message) => TaskError::input(&format!("{port}_REJECTED"), message),
        PortError::Full(message) => TaskError::new(Category::Limit, &format!("{port}_FULL"), message),
    }
}
