use crate::{Condition, Decorator, Exit, Flow, LoopMode, Node, NodeKind, ToolTarget};

impl Flow {
    /// Every node, definitions included, parents before children, in file order, to be changed.
    pub fn for_each_node_mut(&mut self, visit: &mut dyn FnMut(&mut Node)) {
        self.root.for_each_mut(visit);
        self.defs.values_mut().for_each(|def| def.for_each_mut(visit));
    }
}

impl Node {
    /// This node and every node below it, parents before children; what `visit` puts in is walked too.
    pub fn for_each_mut(&mut self, visit: &mut dyn FnMut(&mut Node)) {
        visit(self);
        self.for_each_child_mut(&mut |child| child.for_each_mut(visit));
    }

    /// The nodes directly inside this one, in file order.
    pub fn for_each_child_mut(&mut self, visit: &mut dyn FnMut(&mut Node)) {
        match &mut self.kind {
            NodeKind::Sequence { children, .. } | NodeKind::Select { children, .. } => {
                children.iter_mut().for_each(visit);
            }
            NodeKind::Parallel(parallel) => parallel.children.iter_mut().for_each(visit),
            NodeKind::Graph(graph) => graph.nodes.iter_mut().map(|node| &mut node.node).for_each(visit),
            NodeKind::Branch { cases, otherwise } => {
                for case in cases {
                    condition(&mut case.when, visit);
                    exit(&mut case.then, visit);
                }
                otherwise.iter_mut().for_each(|last| exit(last, visit));
            }
            NodeKind::Loop(inner) => {
                if let LoopMode::While(check) = &mut inner.mode {
                    condition(check, visit);
                }
                visit(&mut inner.body);
            }
            NodeKind::Try { body, catch, finally } => {
                visit(body);
                catch.iter_mut().chain(finally).for_each(|node| visit(node));
            }
            NodeKind::Decorate { with, body } => {
                if let Decorator::Precondition { checks } = with {
                    for check in checks {
                        condition(&mut check.condition, visit);
                        check.resolver.iter_mut().for_each(|node| visit(node));
                    }
                }
                visit(body);
            }
            NodeKind::Scope { body } => visit(body),
            NodeKind::Mailbox(mailbox) => {
                mailbox.listeners.iter_mut().filter_map(|l| l.handler.as_deref_mut()).for_each(visit);
            }
            NodeKind::Agent(agent) => {
                for tool in &mut agent.tools {
                    if let ToolTarget::Step(node) = &mut tool.target {
                        visit(node);
                    }
                }
            }
            NodeKind::Use { .. }
            | NodeKind::Wait(_)
            | NodeKind::Call(_)
            | NodeKind::Set { .. }
            | NodeKind::Return { .. }
            | NodeKind::Fail(_)
            | NodeKind::Task(_) => {}
        }
    }
}

fn condition(condition: &mut Condition, visit: &mut dyn FnMut(&mut Node)) {
    if let Condition::Region(node) = condition {
        visit(node);
    }
}

fn exit(exit: &mut Exit, visit: &mut dyn FnMut(&mut Node)) {
    exit.body.iter_mut().for_each(|node| visit(node));
}
