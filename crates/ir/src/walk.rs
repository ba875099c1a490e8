use crate::{Agent, Condition, Decorator, Exit, Flow, LoopMode, Node, NodeKind, ToolTarget};

impl Flow {
    /// Every node, definitions included, parents before children, in file order.
    pub fn for_each_node<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        self.root.for_each(visit);
        for def in self.defs.values() {
            def.for_each(visit);
        }
    }
}

impl Node {
    /// This node and every node below it, parents before children. A definition is not followed.
    pub fn for_each<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        self.for_each_child(&mut |child| child.for_each(visit));
    }

    /// The nodes directly inside this one, in file order.
    pub fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        match &self.kind {
            NodeKind::Sequence { children, .. } | NodeKind::Select { children, .. } => children.iter().for_each(visit),
            NodeKind::Parallel(parallel) => parallel.children.iter().for_each(visit),
            NodeKind::Graph(graph) => graph.nodes.iter().map(|node| &node.node).for_each(visit),
            NodeKind::Branch { cases, otherwise } => {
                for case in cases {
                    condition(&case.when, visit);
                    exit(&case.then, visit);
                }
                otherwise.iter().for_each(|last| exit(last, visit));
            }
            NodeKind::Loop(inner) => {
                if let LoopMode::While(check) = &inner.mode {
                    condition(check, visit);
                }
                visit(&inner.body);
            }
            NodeKind::Try { body, catch, finally } => {
                visit(body);
                catch.iter().chain(finally).for_each(|node| visit(node));
            }
            NodeKind::Decorate { with, body } => {
                if let Decorator::Precondition { checks } = with {
                    for check in checks {
                        condition(&check.condition, visit);
                        check.resolver.iter().for_each(|node| visit(node));
                    }
                }
                visit(body);
            }
            NodeKind::Scope { body } => visit(body),
            NodeKind::Mailbox(mailbox) => mailbox.listeners.iter().filter_map(|l| l.handler.as_deref()).for_each(visit),
            NodeKind::Agent(agent) => tools(agent, visit),
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

fn condition<'a>(condition: &'a Condition, visit: &mut dyn FnMut(&'a Node)) {
    if let Condition::Region(node) = condition {
        visit(node);
    }
}

fn exit<'a>(exit: &'a Exit, visit: &mut dyn FnMut(&'a Node)) {
    exit.body.iter().for_each(|node| visit(node));
}

fn tools<'a>(agent: &'a Agent, visit: &mut dyn FnMut(&'a Node)) {
    for tool in &agent.tools {
        if let ToolTarget::Step(node) = &tool.target {
            visit(node);
        }
    }
}
