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
    pub memory: Arc<dyn Memory>,
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
    /// There is no room for it; the message says whose limit it is.
    #[error("{0}")]
    Full(String),
}

#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret's value; `None` where there is none of that name in the flow's tenant and project.
    async fn get(&self, flow: &FlowContext, name: &str) -> Result<Option<Text>, PortError>;
}

/// Variables of a service or a project, and through interfaces those of others. A change is atomic.
#[async_trait]
pub trait Variables: Send + Sync {
    /// Applies the change and gives the variable's value after it (null where there is none).
    /// A change whose `key` was applied before is not applied again and gives what it gave then; `get` has no key.
    async fn apply(&self, flow: &FlowContext, change: VariableChange) -> Result<Value, PortError>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct VariableChange {
    pub scope: VariableScope,
    /// The variable of another project, which that project has opened to this one. `scope` says nothing then.
    pub through: Option<Through>,
    pub name: Text,
    pub op: VariableOp,
    /// The new value, the item to append, or the amount.
    pub value: Value,
    pub key: String,
}

/// An interface of another project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    pub project: Text,
    pub interface: Text,
}

/// What projects have opened to each other. What nobody has opened is closed.
#[async_trait]
pub trait Interfaces: Send + Sync {
    /// The service the variable is of, or none where it is of the project itself: said only where the interface lets
    /// this flow do so, and after it was written down that it did. `key` is the step's.
    async fn variable(
        &self,
        flow: &FlowContext,
        through: &Through,
        name: &str,
        op: VariableOp,
        key: &str,
    ) -> Result<Option<Text>, PortError>;
}

/// The same words for an interface that is not there and for one that is closed.
pub fn no_access(through: &Through, name: &str) -> PortError {
    let Through { project, interface } = through;
    PortError::Reject(format!("there is no interface `{interface}` of `{project}` that opens `{name}` to this flow"))
}

/// Nothing is open.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoInterfaces;

#[async_trait]
impl Interfaces for NoInterfaces {
    async fn variable(
        &self,
        _: &FlowContext,
        through: &Through,
        name: &str,
        _: VariableOp,
        _: &str,
    ) -> Result<Option<Text>, PortError> {
        Err(no_access(through, name))
    }
}

/// What a flow remembers from one run to the next. Each flow has its own; no other reaches it.
#[async_trait]
pub trait Memory: Send + Sync {
    /// Gives the entry's value after it, null where there is none; of a list the keys and values.
    /// A change whose `key` was applied before is not applied again.
    async fn apply(&self, flow: &FlowContext, change: MemoryChange) -> Result<Value, PortError>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct MemoryChange {
    /// The entry; of a list what the keys begin with.
    pub name: Text,
    pub op: MemoryOp,
    /// The new value, the item to append, or the amount.
    pub value: Value,
    /// The step's `run/path`.
    pub key: String,
    pub run: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryOp {
    Get,
    List,
    Set,
    Append,
    Increment,
    Delete,
}

impl MemoryOp {
    /// The entry after this operation; none where it is gone.
    pub fn apply(self, current: &Value, value: &Value) -> Result<Option<Value>, PortError> {
        let kept = |op: VariableOp| op.apply(current, value).map(Some);
        match self {
            MemoryOp::Get | MemoryOp::List => Ok(Some(current.clone())),
            MemoryOp::Set => kept(VariableOp::Set),
            MemoryOp::Append => kept(VariableOp::Append),
            MemoryOp::Increment => kept(VariableOp::Increment),
            MemoryOp::Delete => Ok(None),
        }
    }

    pub fn changes(self) -> bool {
        !matches!(self, MemoryOp::Get | MemoryOp::List)
    }
}

/// There is no memory here.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

#[async_trait]
impl Memory for NoMemory {
    async fn apply(&self, _: &FlowContext, _: MemoryChange) -> Result<Value, PortError> {
        Err(PortError::Reject("no memory is kept here".to_owned()))
    }
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
