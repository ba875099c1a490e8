use crate::{Node, RetryPolicy};
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_expr::{Expr, Template};

/// How a sequence or select goes through its children when it is entered again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// From the first child at every entry.
    #[default]
    Plain,
    /// Children that have settled are not run again by this instance: succeeded ones of a sequence, failed ones of a select.
    Memory,
    /// Starts again at the first child when, while it is suspended, something it can see has changed.
    Reactive,
}

/// An expression (true by JavaScript's rules), or a region (true where it succeeds).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    Expr(Expr),
    Region(Box<Node>),
}

/// One way out of a branch. Without a body the branch only chooses the handle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<Node>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    pub when: Condition,
    pub then: Exit,
}

/// All children at once. The verdict looks at `success_threshold`, then `failure_threshold`, then `strategy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parallel {
    pub children: Vec<Node>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_threshold: Option<Template>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<Template>,
    #[serde(default)]
    pub strategy: Strategy,
    #[serde(default)]
    pub settle: Settle,
    /// How many children may run at the same time; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    #[default]
    All,
    Any,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Settle {
    /// Waits for every child before the verdict.
    #[default]
    All,
    /// Cancels the rest once the verdict cannot change.
    Early,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Loop {
    pub mode: LoopMode,
    pub body: Node,
    /// The most iterations; the engine's own bound applies where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Template>,
    #[serde(default)]
    pub on_limit: OnLimit,
    /// Hands the run over to a fresh journal link after this many iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_as_new: Option<u64>,
    /// A for-each keeps its outputs as a list only where something reads them.
    #[serde(default)]
    pub collect: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoopMode {
    /// Checked before each iteration.
    While(Condition),
    /// As many iterations as the template says.
    Repeat(Template),
    /// Once for every item of a list. The body sees `item` and `index`.
    #[serde(rename_all = "camelCase")]
    ForEach {
        items: Template,
        /// Variables that also receive the item and its index, and keep the last ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item_var: Option<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index_var: Option<Text>,
        /// How many iterations may run at the same time; 1 is sequential.
        concurrency: u32,
    },
    Forever,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLimit {
    #[default]
    Fail,
    Done,
}

/// One check of a precondition. A failed one runs `resolver`, then checks again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Precheck {
    pub condition: Condition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<Box<Node>>,
    pub required: bool,
}

/// Times are templates that give milliseconds as a number, or a duration as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decorator {
    /// Fails the body, and cancels what runs in it, when the total time is up.
    Timeout {
        after: Template,
    },
    Delay {
        by: Template,
    },
    /// Runs the whole body again after a failure.
    Retry {
        policy: RetryPolicy,
    },
    Invert,
    /// Success or failure, whatever the body gives.
    Force {
        success: bool,
    },
    /// Runs the body once per instance and repeats its result after that.
    RunOnce,
    /// Runs the body afresh after every success; succeeds when it fails.
    UntilFailure,
    Precondition {
        checks: Vec<Precheck>,
    },
    /// A failure becomes success and is recorded.
    SoftAssert,
}
