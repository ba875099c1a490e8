use crate::{StepError, TaskSpec};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::{Duration, Micros, Text, Value, hash_value_hex};

/// What the engine wants done. Never journaled: every fold makes the same ones again.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Run(RunTask),
    /// Answered by `timer_fired` at or after `due`. A deadline runs on while the run is paused.
    StartTimer {
        path: Text,
        due: Micros,
        deadline: bool,
    },
    /// Ends an open task, timer, read or child. Nothing comes back.
    Cancel {
        path: Text,
    },
    StartChild(StartChild),
    /// Asks for all these variables at once; answered by `variables_read`.
    ReadVariables {
        path: Text,
        service: Vec<Text>,
        project: Vec<Text>,
    },
    /// The run is over.
    Complete {
        status: Status,
        output: Value,
        error: Option<StepError>,
    },
    /// Journal `continued` with this state; the run goes on from it.
    ContinueAsNew {
        state: Value,
    },
}

/// One task to perform. Its idempotency key is `run/path`.
#[derive(Clone, Debug, PartialEq)]
pub struct RunTask {
    pub path: Text,
    pub params: Value,
    /// Per attempt; the kind's default where absent.
    pub timeout: Option<Duration>,
    pub spec: Arc<TaskSpec>,
}

impl RunTask {
    /// A hash of what is asked for: the kind's name and the evaluated parameters, secrets by reference.
    pub fn params_hash(&self) -> Text {
        let asked = Value::array([Value::String(self.spec.kind.clone()), self.params.clone()]);
        hash_value_hex(&asked).into()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartChild {
    pub path: Text,
    /// The child's run id: `run/path`.
    pub run: Text,
    pub flow: Text,
    pub version: Option<Text>,
    pub input: Value,
    pub detached: bool,
}

/// The states of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Running,
    Waiting,
    Paused,
    Succeeded,
    Failed,
    Cancelled,
    TimedOut,
}

impl Status {
    pub fn is_final(self) -> bool {
        matches!(self, Status::Succeeded | Status::Failed | Status::Cancelled | Status::TimedOut)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Paused => "paused",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::TimedOut => "timed_out",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        const ALL: [Status; 8] = [
            Status::Pending,
            Status::Running,
            Status::Waiting,
            Status::Paused,
            Status::Succeeded,
            Status::Failed,
            Status::Cancelled,
            Status::TimedOut,
        ];
        ALL.into_iter().find(|status| status.as_str() == text)
    }
}
