//! A flow flattened for running: nodes in one list, children by index, names looked up beforehand.

mod agent;
mod compile;
mod graph;
mod mailbox;
mod task;

pub(crate) use agent::{AgentPlan, PAYLOAD, ToolPlan, ToolTarget};
pub(crate) use graph::{GraphPlan, GraphStep};
pub(crate) use mailbox::{ListenerPlan, MailboxPlan};
pub use task::TaskSpec;

use crate::EventBody;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use weir_base::{Duration, Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{Call, Fail, Flow, OnLimit, Order, RetryPolicy, Settle, SignalDecl, Strategy, Wait, Write};

/// The signal that answers an approval: this and the path of its step.
pub(crate) use weir_ir::APPROVE;

/// A flow ready to run. Immutable, shared by every run of the same version.
#[derive(Debug)]
pub struct Plan {
    pub(crate) nodes: Vec<PlanNode>,
    pub(crate) root: NodeIx,
    pub(crate) variables: Vec<(Text, Value)>,
    pub(crate) input_as_variables: bool,
    pub(crate) signals: IndexMap<Text, SignalDecl>,
    pub(crate) queries: IndexMap<Text, Expr>,
    pub(crate) timeout: Option<Duration>,
    /// Whether some region may be entered again within one instance, so that results must be remembered.
    pub(crate) reenters: bool,
    /// Earlier ids of nodes by which old journals name them.
    pub(crate) aliases: HashMap<Text, Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NodeIx(pub u32);

#[derive(Debug)]
pub(crate) struct PlanNode {
    pub id: Text,
    /// Earlier ids, for matching old journals.
    pub was: Vec<Text>,
    pub title: Option<Text>,
    pub phase: Option<Text>,
    pub op: Op,
    /// Service and project variables this node's own expressions name; read before it evaluates anything.
    pub external: Option<Box<External>>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct External {
    pub service: Vec<Text>,
    pub project: Vec<Text>,
}

#[derive(Debug)]
pub(crate) enum Op {
    Sequence {
        order: Order,
        children: Box<[NodeIx]>,
    },
    Select {
        order: Order,
        children: Box<[NodeIx]>,
    },
    Parallel(ParallelPlan),
    Graph(GraphPlan),
    Branch {
        cases: Box<[(Check, Way)]>,
        otherwise: Option<Way>,
    },
    Loop(LoopPlan),
    Try {
        body: NodeIx,
        catch: Option<NodeIx>,
        finally: Option<NodeIx>,
    },
    Timeout {
        after: Template,
        body: NodeIx,
    },
    Delay {
        by: Template,
        body: NodeIx,
    },
    Retry {
        policy: RetryPolicy,
        body: NodeIx,
    },
    Invert {
        body: NodeIx,
    },
    Force {
        success: bool,
        body: NodeIx,
    },
    RunOnce {
        body: NodeIx,
    },
    UntilFailure {
        body: NodeIx,
    },
    Precondition {
        checks: Box<[PrecheckPlan]>,
        body: NodeIx,
    },
    SoftAssert {
        body: NodeIx,
    },
    Scope {
        body: NodeIx,
    },
    Use {
        body: NodeIx,
    },
    Wait(Wait),
    Call(Box<Call>),
    Mailbox(Box<MailboxPlan>),
    Agent(Box<AgentPlan>),
    /// One turn of an agent: the model task, with parameters from the agent's state.
    Ask(Arc<TaskSpec>),
    Set(Box<[Write]>),
    Return {
        value: Template,
    },
    Fail(Fail),
    Task(Arc<TaskSpec>),
}

/// A condition. One that reads service or project variables has become a region, so that each check reads anew.
#[derive(Debug)]
pub(crate) enum Check {
    Expr(Expr),
    Region(NodeIx),
}

#[derive(Debug)]
pub(crate) struct Way {
    pub handle: Option<Text>,
    pub body: Option<NodeIx>,
}

#[derive(Debug)]
pub(crate) struct ParallelPlan {
    pub children: Box<[NodeIx]>,
    pub success: Option<Template>,
    pub failure: Option<Template>,
    pub strategy: Strategy,
    pub settle: Settle,
    pub limit: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct LoopPlan {
    pub mode: LoopModePlan,
    pub body: NodeIx,
    pub max: Option<Template>,
    pub on_limit: OnLimit,
    pub continue_as_new: Option<u64>,
    pub collect: bool,
}

#[derive(Debug)]
pub(crate) enum LoopModePlan {
    While(Check),
    Repeat(Template),
    ForEach { items: Template, item_var: Option<Text>, index_var: Option<Text>, concurrency: u32 },
    Forever,
}

#[derive(Debug)]
pub(crate) struct PrecheckPlan {
    pub check: Check,
    pub resolver: Option<NodeIx>,
    pub required: bool,
}

impl Plan {
    /// Flattens a flow. Any flow that parsed can be planned; a name that means nothing fails the step that uses it.
    pub fn new(flow: &Flow) -> Plan {
        compile::compile(flow)
    }

    /// The event as this version of the flow would have named its step. `None` where it does so already.
    pub(crate) fn with_current_ids(&self, body: &EventBody) -> Option<EventBody> {
        if self.aliases.is_empty() {
            return None;
        }
        match body {
            EventBody::Signal { name, id, payload } => {
                let path = self.current_path(name.strip_prefix(APPROVE)?)?;
                let (id, payload) = (id.clone(), payload.clone());
                Some(EventBody::Signal { name: format!("{APPROVE}{path}").into(), id, payload })
            }
            _ => self.current_path(body.path()?).map(|path| body.at_path(path)),
        }
    }

    /// The path with earlier ids replaced; `None` where it has none.
    pub(crate) fn current_path(&self, path: &str) -> Option<Text> {
        let current = |segment: &str| {
            let at = segment.find('[').unwrap_or(segment.len());
            self.aliases.get(&segment[..at]).map(|id| [id, &segment[at..]].concat())
        };
        if self.aliases.is_empty() || !path.split('/').any(|segment| current(segment).is_some()) {
            return None;
        }
        let segments = path.split('/').map(|segment| current(segment).unwrap_or_else(|| segment.to_owned()));
        Some(segments.collect::<Vec<_>>().join("/").into())
    }

    pub(crate) fn node(&self, ix: NodeIx) -> &PlanNode {
        &self.nodes[ix.0 as usize]
    }
}

impl PlanNode {
    /// The kind's name for a task, the control node's name for the rest.
    pub fn kind_name(&self) -> &str {
        match &self.op {
            Op::Sequence { .. } => "sequence",
            Op::Select { .. } => "select",
            Op::Parallel(_) => "parallel",
            Op::Graph(_) => "graph",
            Op::Branch { .. } => "branch",
            Op::Loop(_) => "loop",
            Op::Try { .. } => "try",
            Op::Timeout { .. } => "timeout",
            Op::Delay { .. } => "delay",
            Op::Retry { .. } => "retry",
            Op::Invert { .. } => "invert",
            Op::Force { .. } => "force",
            Op::RunOnce { .. } => "runOnce",
            Op::UntilFailure { .. } => "untilFailure",
            Op::Precondition { .. } => "precondition",
            Op::SoftAssert { .. } => "softAssert",
            Op::Scope { .. } => "scope",
            Op::Use { .. } => "use",
            Op::Wait(_) => "wait",
            Op::Call(_) => "call",
            Op::Mailbox(_) => "mailbox",
            Op::Agent(_) => "agent",
            Op::Set(_) => "set",
            Op::Return { .. } => "return",
            Op::Fail(_) => "fail",
            Op::Task(spec) | Op::Ask(spec) => &spec.kind,
        }
    }

    /// Whether this is a region: something other steps live in.
    pub fn is_region(&self) -> bool {
        !matches!(
            self.op,
            Op::Wait(_) | Op::Call(_) | Op::Set(_) | Op::Return { .. } | Op::Fail(_) | Op::Task(_) | Op::Ask(_)
        )
    }
}
