use crate::OnRuntime;
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_ir::Flow;

/// A request to start a run.
#[derive(Clone, Debug)]
pub struct StartRun {
    pub flow: FlowRef,
    pub input: Value,
    /// The run's id; a new one is made where absent. An id that exists already gives the run that has it.
    pub run: Option<Text>,
    /// Two starts of one project with the same key are the same run.
    pub idempotency_key: Option<Text>,
    pub tenant: Text,
    pub project: Text,
    pub service: Text,
    /// Higher goes first among the waiting runs of a project.
    pub priority: i32,
    /// What starts it, as lists show it: `manual`, `webhook/ID` and the like.
    pub cause: Option<Text>,
    pub runtime: OnRuntime,
}

/// Which flow to run.
#[derive(Clone, Debug)]
pub enum FlowRef {
    /// A published version by its content hash.
    Version(Text),
    /// The newest version of this name in the project.
    Newest(Text),
    /// A flow at hand; it is published first.
    Source(Arc<FlowSource>),
}

/// A checked flow and the files it was read from.
#[derive(Clone, Debug)]
pub struct FlowSource {
    pub flow: Flow,
    /// Name and text.
    pub files: Vec<(Text, Text)>,
}

impl StartRun {
    /// In the project `local`, service `default`, without a tenant.
    pub fn new(flow: FlowRef, input: Value) -> Self {
        Self {
            flow,
            input,
            run: None,
            idempotency_key: None,
            tenant: "".into(),
            project: "local".into(),
            service: "default".into(),
            priority: 0,
            cause: None,
            runtime: OnRuntime::Embedded,
        }
    }

    pub fn with_id(self, run: impl Into<Text>) -> Self {
        Self { run: Some(run.into()), ..self }
    }

    pub fn with_key(self, key: impl Into<Text>) -> Self {
        Self { idempotency_key: Some(key.into()), ..self }
    }
}
