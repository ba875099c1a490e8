use crate::FlowContext;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;
use weir_base::{Duration, Micros, Text, Value};

/// What the host and its kinds need from the runtime. Cloning costs counters.
#[derive(Clone)]
pub struct Ports {
    pub secrets: Arc<dyn Secrets>,
    pub variables: Arc<dyn Variables>,
    pub transcript: Arc<dyn Transcript>,
    pub log: Arc<dyn LogSink>,
    pub timer: Arc<dyn Timer>,
}

/// A port could not do its work.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PortError {
    /// It may work later.
    #[error("{0}")]
    Retry(String),
    /// It will not work with this request.
    #[error("{0}")]
    Reject(String),
}

#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret's value; `None` where there is none of that name in the flow's tenant and project.
    async fn get(&self, flow: &FlowContext, name: &str) -> Result<Option<Text>, PortError>;
}

/// Variables of a service or a project. A change is atomic.
#[async_trait]
pub trait Variables: Send + Sync {
    /// Applies the change and gives the variable's value after it (null where there is none).
    /// A change whose `key` was applied before is not applied again and gives what it gave then; `get` has no key.
    async fn apply(&self, flow: &FlowContext, change: VariableChange) -> Result<Value, PortError>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct VariableChange {
    pub scope: VariableScope,
    pub name: Text,
    pub op: VariableOp,
    /// The new value, the item to append, or the amount.
    pub value: Value,
    pub key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableScope {
    Service,
    Project,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableOp {
    Get,
    Set,
    Append,
    Increment,
    Decrement,
}

impl VariableOp {
    /// The value after this operation on `current`. What does not fit together is rejected.
    ///
    /// Append makes a list where there is nothing, and joins text to text.
    pub fn apply(self, current: &Value, value: &Value) -> Result<Value, PortError> {
        match self {
            VariableOp::Get => Ok(current.clone()),
            VariableOp::Set => Ok(value.clone()),
            VariableOp::Append => append(current, value),
            VariableOp::Increment => add(current, value, 1.0),
            VariableOp::Decrement => add(current, value, -1.0),
        }
    }
}

fn append(current: &Value, value: &Value) -> Result<Value, PortError> {
    match (current, value) {
        (Value::Null, _) => Ok(Value::array([value.clone()])),
        (Value::Array(items), _) => Ok(Value::array(items.iter().chain([value]).cloned())),
        (Value::String(text), Value::String(more)) => Ok(Value::from(format!("{text}{more}"))),
        _ => Err(reject("append to", current)),
    }
}

fn add(current: &Value, value: &Value, sign: f64) -> Result<Value, PortError> {
    let amount = value.as_f64().ok_or_else(|| reject("add", value))?;
    let start = if current.is_null() { Some(0.0) } else { current.as_f64() };
    start.map(|start| Value::from(start + sign * amount)).ok_or_else(|| reject("add to", current))
}

fn reject(action: &str, value: &Value) -> PortError {
    PortError::Reject(format!("cannot {action} a value of type {}", value.type_name()))
}

/// Earlier results of the same run, by path, so that a conversation need not be copied into every step.
#[async_trait]
pub trait Transcript: Send + Sync {
    async fn recorded(&self, run: &str, path: &str) -> Result<Option<Recorded>, PortError>;
}

#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    Output(Value),
    /// `{code, category, message, …}`.
    Error(Value),
}

/// Takes observations: what happened along the way and is not needed to fold a run. Never waits, never fails.
pub trait LogSink: Send + Sync {
    fn observe(&self, flow: &FlowContext, observation: Observation);
}

#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub run: Text,
    pub path: Text,
    pub kind: Text,
    pub attempt: u32,
    /// When the attempt began.
    pub at: Micros,
    pub body: ObservationBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ObservationBody {
    Log {
        level: LogLevel,
        message: String,
        metadata: Value,
    },
    /// A part of a result that is still coming, such as a model's words.
    Stream {
        index: u64,
        data: Value,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    pub fn parse(name: &str) -> Option<LogLevel> {
        match name {
            "debug" => Some(LogLevel::Debug),
            "info" => Some(LogLevel::Info),
            "warn" => Some(LogLevel::Warn),
            "error" => Some(LogLevel::Error),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// Waits inside a task, such as before a second try at another model. Under virtual time it returns at once.
#[async_trait]
pub trait Timer: Send + Sync {
    async fn sleep(&self, duration: Duration);
}

/// The timer of real time.
pub struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(std::time::Duration::from_millis(duration.millis)).await;
    }
}
