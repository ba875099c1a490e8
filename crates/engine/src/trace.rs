use crate::StepError;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text, Value};

/// What a watcher of a fold is told, in order. Not kept by the engine: read it out after each event.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub at: Micros,
    pub path: Text,
    pub body: TraceBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TraceBody {
    /// A step or region was entered. `kind` is a kind's name or a control node's; `title` what a person reads.
    Entered {
        kind: Text,
        title: Text,
        phase: Option<Text>,
        region: bool,
    },
    /// It waits for this: `timer`, `signal <name>`, `approval`, `child <flow>`.
    Waiting {
        reason: Text,
    },
    Settled {
        status: StepStatus,
        output: Value,
        error: Option<StepError>,
        handle: Option<Text>,
        attempts: u32,
    },
    /// A node of a graph that no taken edge leads to.
    Skipped {
        kind: Text,
        title: Text,
    },
    VariableSet {
        name: Text,
        value: Value,
    },
    /// Something worth telling that changes nothing, such as a swallowed failure.
    Warning {
        message: Text,
    },
}

/// The states of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    Pending,
    Running,
    Waiting,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
}
