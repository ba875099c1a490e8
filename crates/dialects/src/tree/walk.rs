use weir_ir::{Condition, Decorator, Exit, Flow, LoopMode, Node, NodeKind, Origin};

/// Visits the nodes directly inside one, of those a tree can hold.
pub(super) fn children_mut(node: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    match &mut node.kind {
        NodeKind::Sequence { children, .. } | NodeKind::Select { children, .. } => children.iter_mut().for_each(visit),
        NodeKind::Parallel(parallel) => parallel.children.iter_mut().for_each(visit),
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
        _ => {}
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

/// The flow without places in source texts; without type names too, unless they are to be kept.
pub(super) fn without_places(flow: &Flow, keep_types: bool) -> Flow {
    let mut flow = flow.clone();
    strip(&mut flow.root, keep_types);
    flow.defs.values_mut().for_each(|def| strip(def, keep_types));
    flow
}

fn strip(node: &mut Node, keep_types: bool) {
    let ty = if keep_types { std::mem::take(&mut node.origin.ty) } else { "".into() };
    node.origin = Origin { ty, disabled: node.origin.disabled, ..Origin::default() };
    children_mut(node, &mut |child| strip(child, keep_types));
}
