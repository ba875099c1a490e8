use weir_base::{Duration, Text};
use weir_expr::Template;
use weir_ir::{Assign, RetryPolicy, UnknownPolicy};

/// What the runtime needs to know about a task besides its parameters. Shared by every run of the plan.
#[derive(Debug, PartialEq)]
pub struct TaskSpec {
    pub kind: Text,
    pub(crate) params: Template,
    pub(crate) assign: Vec<Assign>,
    /// The task's own policy, else the flow's; the kind's default where absent.
    pub retry: Option<RetryPolicy>,
    /// Per attempt, where it is constant; else `timeout_expr` gives it when the step starts.
    pub(crate) timeout: Option<Duration>,
    pub(crate) timeout_expr: Option<Template>,
    pub on_unknown: Option<UnknownPolicy>,
}
