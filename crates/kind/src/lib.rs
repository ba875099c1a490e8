//! What a kind implements, and the task host that performs one attempt of one step for every runtime.
//!
//! The host checks parameters and results against the record, opens secrets at the last moment and takes
//! them out of everything that comes back, bounds time and size, and survives a panic. It never retries
//! (the runtime does), never journals, and knows no kind by name. Start with [`Kind`], then [`TaskHost`].

mod checker;
mod context;
mod error;
mod execution_log;
mod host;
mod housekeeping;
mod measure;
pub mod memory;
mod output;
mod ports;
mod record_check;
mod redact;
mod registry;
mod request;
mod seal;
mod text_stream;

pub use checker::Checker;
pub use context::TaskContext;
pub use error::{Category, TaskError};
pub use execution_log::{Execution, execution_log, timestamp};
pub use host::{HostOptions, TaskHost};
pub use housekeeping::Housekeeping;
pub use output::{TaskOutput, Usage};
pub use ports::{
    Interfaces, LogLevel, LogSink, Memory, MemoryChange, MemoryOp, NoInterfaces, NoMemory, Observation,
    ObservationBody, PortError, Ports, Recorded, Secrets, Through, Timer, TokioTimer, Transcript, VariableChange,
    VariableOp, VariableScope, Variables, no_access,
};
pub use record_check::validate_record;
pub use redact::Redactor;
pub use registry::{Registration, Registry};
pub use request::{Backend, EgressPolicy, FlowContext, MemoryLimit, ModelRouting, ModelSettings, TaskRequest};
pub use text_stream::TextStream;
pub use tokio_util::sync::CancellationToken;
pub use weir_catalog::{Catalog, Effect, Record};

use async_trait::async_trait;
use weir_base::Value;

/// What a step does. One value serves every step of its kind, at the same time.
///
/// `params` satisfy the record's input schema, with defaults filled in and secrets opened.
/// The output must satisfy the output schema. An implementation keeps no clock of its own: `cx` has the
/// time of the attempt and a way to wait. When the attempt is cancelled or runs out of time the future is dropped.
#[async_trait]
pub trait Kind: Send + Sync {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError>;
}
