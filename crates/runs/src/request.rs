use serde::{Deserialize, Serialize};
use weir_base::{Text, Value};
use weir_engine::{Decision, TaskResult};

/// Something asked of an open run. As JSON it is what one process leaves in the inbox of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Delivered once per `id`, where there is one.
    Signal {
        name: Text,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Text>,
        #[serde(default)]
        payload: Value,
    },
    Cancel {
        #[serde(default)]
        reason: Text,
    },
    Pause,
    Resume,
    /// The open step at `path` counts as finished with this.
    Override {
        path: Text,
        result: Box<TaskResult>,
    },
    /// What to do about the attempt at `path` whose outcome is unknown.
    Decide {
        path: Text,
        decision: Decision,
    },
}

impl Request {
    /// The word for this request in lists and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Request::Signal { .. } => "signal",
            Request::Cancel { .. } => "cancel",
            Request::Pause => "pause",
            Request::Resume => "resume",
            Request::Override { .. } => "override",
            Request::Decide { .. } => "decide",
        }
    }
}
