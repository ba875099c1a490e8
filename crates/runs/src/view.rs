use serde::{Deserialize, Serialize};
use weir_base::{Diagnostic, Micros, Text, Value};
use weir_engine::{Status, StepError, StepStatus};

/// A run as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub run: Text,
    /// Name of the flow.
    pub flow: Text,
    /// Content hash of its version.
    pub version: Text,
    pub status: Status,
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    pub created_at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Micros>,
    /// What an open run waits for: `timer`, `signal <name>`, `child <path>`, `retry <path>`, `decision <path>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Text>,
    /// When it goes on by itself, where a timer is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Micros>,
    /// What started it, as in [`crate::StartRun::cause`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
}

/// One step of a run, from its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    pub path: Text,
    /// The kind's name, or the control node's.
    pub kind: Text,
    pub title: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Text>,
    /// Whether other steps live inside it.
    pub region: bool,
    pub status: StepStatus,
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Micros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Micros>,
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text>,
    /// What it waits for, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Text>,
}

impl StepView {
    pub fn has_begun_before(&self, at: Micros) -> bool {
        self.started_at.is_some_and(|started_at| started_at < at)
    }
}

/// A run as it was after one of its records. Made from the journal alone; nothing outside is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayView {
    pub run: Text,
    pub flow: Text,
    pub version: Text,
    /// The last record that was folded.
    pub seq: u64,
    pub at: Micros,
    pub status: Status,
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    pub variables: Value,
    /// Names of signals some step waits for.
    pub signals: Vec<Text>,
    pub open: Vec<OpenView>,
    pub steps: Vec<StepView>,
    pub warnings: Vec<Text>,
}

impl ReplayView {
    /// Of a run that waits for its first turn, made at `created_at`: folding its journal shows what it will do first, and
    /// none of that has begun. What a fork begins with is from before.
    pub fn before_its_turn(mut self, created_at: Micros) -> Self {
        self.steps.retain(|step| step.has_begun_before(created_at));
        Self { status: Status::Pending, signals: Vec::new(), open: Vec::new(), ..self }
    }
}

/// What an expression gives at one moment of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Previewed {
    /// The last record that was folded.
    pub seq: u64,
    /// The step, or the region around it, whose names were seen; empty for the run itself.
    pub path: Text,
    /// None for undefined.
    pub value: Result<Option<Value>, Vec<Diagnostic>>,
}

/// A command without an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenView {
    /// `task <kind>`, `timer`, `child <flow>`, `variables` or `continue`.
    pub what: Text,
    pub path: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Micros>,
}

/// A line a step has logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    pub at: Micros,
    pub path: Text,
    pub kind: Text,
    pub attempt: u32,
    pub level: Text,
    pub message: Text,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
}
