//! The flow as every dialect, check and runtime sees it: closed control nodes and one open [`Task`].
//!
//! This crate knows no dialect, no kind and no runtime, and it evaluates nothing. A kind is a name
//! in a string; an expression is carried, not run. Start with [`Flow`], then [`NodeKind`].

mod agent;
mod approvals;
mod calls;
mod control;
mod flow;
mod graph;
mod json;
mod literal_hosts;
mod mailbox;
mod node;
mod retry;
mod settings;
mod signals;
mod task;
mod templates;
mod wait;
mod walk;
mod walk_mut;

pub use agent::{Agent, AgentTool, Limits, ToolTarget};
pub use calls::Calls;
pub use control::{
    Case, Condition, Decorator, Exit, Loop, LoopMode, OnLimit, Order, Parallel, Precheck, Settle, Strategy,
};
pub use flow::{Flow, IR_VERSION, SignalDecl, Trigger, VarType, Variable};
pub use graph::{Edge, Graph, GraphExit, GraphNode, Input, Join, OUT, OnError};
pub use json::{JsonError, from_json, to_json};
pub use literal_hosts::literal_hosts;
pub use mailbox::{Listener, Mailbox, Scheduling};
pub use node::{MAX_DEPTH, Node, NodeKind, Origin};
pub use retry::{RetryPolicy, RetryStrategy};
pub use settings::{Backend, Concurrency, Durability, Egress, FlowMode, Memory, ModelRouting, ModelSettings, Settings};
pub use signals::{APPROVE, SignalNames};
pub use task::{Assign, Fail, SetOp, Target, Task, UnknownPolicy, VarScope, Write};
pub use wait::{Call, Wait};
