use crate::RetryPolicy;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_expr::{Expr, Template};

/// Everything that touches the world: a kind by name, and its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    pub kind: Text,
    /// Gives the parameters as an object when the step starts.
    pub params: Template,
    /// Variables written when the result is folded; expressions see `output`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assign: Vec<Assign>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Per attempt: milliseconds, or a duration as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Template>,
    /// What to do about an attempt whose outcome a crash made unknown; the kind's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unknown: Option<UnknownPolicy>,
}

impl Task {
    pub fn new(kind: impl Into<Text>, params: Template) -> Self {
        Self { kind: kind.into(), params, assign: Vec::new(), retry: None, timeout: None, on_unknown: None }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assign {
    pub var: Text,
    pub value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownPolicy {
    Retry,
    Ask,
    Fail,
}

/// One pure write to a run-scope variable, or, without a target, a value or check only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Write {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    pub op: SetOp,
    pub value: Template,
}

/// A variable and where it lives. Only run scope is written by a pure step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    #[serde(default)]
    pub scope: VarScope,
    /// A name, or a template that gives one.
    pub name: Template,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VarScope {
    #[default]
    Run,
    Service,
    Project,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetOp {
    Set,
    /// To a list (made where absent); to text if both are text.
    Append,
    Increment,
    Decrement,
    Get,
    /// Fails with a verdict where the value is not true.
    Check,
    /// Sets the value as a script does: what JSON cannot hold becomes null with a warning.
    Script,
}

/// A failure by design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fail {
    pub code: Text,
    pub message: Template,
}
