//! One function for every step of a flow. One kind of node one file.

mod agent;
mod branch;
mod calling;
mod graph;
mod looping;
mod mailbox;
pub(crate) mod outer;
mod parallel;
mod pure;
mod sequence;
mod task;
mod waiting;
mod wrap;
mod writer;

pub(crate) use writer::Writer;

use weir_ir::{Node, NodeKind};

/// The call that performs a step, or what about the step cannot be written.
pub(crate) type Call = Result<String, &'static str>;

impl Writer<'_> {
    /// What a step is called in the trace, and the call that performs it.
    fn call<'n>(&mut self, node: &'n Node, path: &str) -> (&'n str, Call) {
        match &node.kind {
            NodeKind::Sequence { order, children } => ("sequence", self.sequence("sequence", *order, children, path)),
            NodeKind::Select { order, children } => ("select", self.sequence("select", *order, children, path)),
            NodeKind::Branch { cases, otherwise } => ("branch", self.branch(cases, otherwise.as_ref(), path)),
            NodeKind::Try { body, catch, finally } => {
                ("try", Ok(self.attempt(body, catch.as_deref(), finally.as_deref(), path)))
            }
            NodeKind::Decorate { with, body } => self.decorate(with, body, path),
            NodeKind::Parallel(parallel) => ("parallel", self.parallel(parallel, path)),
            NodeKind::Graph(graph) => ("graph", self.graph(graph, path)),
            NodeKind::Loop(looped) => ("loop", self.looped(looped, path)),
            NodeKind::Scope { body } => ("scope", Ok(self.remembering("scope", body, path))),
            NodeKind::Use { def } => ("use", self.used_definition(def)),
            NodeKind::Wait(wait) => ("wait", self.wait(wait)),
            NodeKind::Call(call) => ("call", self.call_flow(call)),
            NodeKind::Set { writes } => ("set", self.set(writes)),
            NodeKind::Return { value } => ("return", self.returns(value)),
            NodeKind::Fail(fail) => ("fail", self.fail(fail)),
            NodeKind::Task(task) => (&*task.kind, self.task(task)),
            NodeKind::Agent(agent) => ("agent", self.agent(agent, path)),
            NodeKind::Mailbox(mailbox) => ("mailbox", self.mailbox(mailbox, path)),
        }
    }
}
