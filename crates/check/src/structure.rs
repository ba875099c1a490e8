use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Diagnostic, Text, closest};
use weir_ir::{Flow, MAX_DEPTH, Node, NodeKind, SetOp, VarScope};

/// Ids, definitions, depth, and settings that cannot be.
pub(crate) fn check(flow: &Flow, found: &mut Vec<Diagnostic>) {
    ids(flow, found);
    definitions(flow, found);
    flow.for_each_node(&mut |node| node_shape(node, found));
    for (name, root) in flow.defs.iter().chain([(&Text::from("root"), &flow.root)]) {
        if depth(root) > MAX_DEPTH {
            let message = format!("steps are nested more than {MAX_DEPTH} deep");
            found.push(Diagnostic::error("TOO_DEEP", message).path(&**name).maybe_at(root.origin.span));
        }
    }
}

fn depth(node: &Node) -> usize {
    let mut deepest = 0;
    node.for_each_child(&mut |child| deepest = deepest.max(depth(child)));
    deepest + 1
}

/// Ids are unique among siblings: together with the ids around them they name a step for ever.
fn ids(flow: &Flow, found: &mut Vec<Diagnostic>) {
    flow.for_each_node(&mut |node| {
        let mut seen: BTreeMap<&str, &Node> = BTreeMap::new();
        node.for_each_child(&mut |child| {
            if seen.insert(&child.id, child).is_some() {
                let message = format!("the id `{}` stands twice below `{}`", child.id, node.id);
                found.push(Diagnostic::error("DUPLICATE_ID", message).path(&*child.id).maybe_at(child.origin.span));
            }
        });
        if node.id.is_empty() || node.id.contains(['/', '[', ']']) || node.id.chars().any(char::is_control) {
            let message = format!("`{}` cannot be an id: it is part of every step's path", node.id.escape_debug());
            let help = "use letters, digits, `-`, `_` and `.`";
            found.push(Diagnostic::error("INVALID_ID", message).path(&*node.id).maybe_at(node.origin.span).help(help));
        }
    });
}

/// Every `use` names a definition, and none leads back to itself.
fn definitions(flow: &Flow, found: &mut Vec<Diagnostic>) {
    flow.for_each_node(&mut |node| {
        let NodeKind::Use { def } = &node.kind else { return };
        if !flow.defs.contains_key(def) {
            let near = closest(def, flow.defs.keys().map(|name| &**name)).map(|near| format!("did you mean `{near}`?"));
            let mut problem = Diagnostic::error("UNKNOWN_DEFINITION", format!("there is no definition `{def}`"));
            problem.help = near;
            found.push(problem.path(&*node.id).maybe_at(node.origin.span));
        }
    });
    let uses: BTreeMap<&Text, Vec<&Text>> = flow.defs.iter().map(|(name, def)| (name, used_by(def))).collect();
    let mut settled = BTreeSet::new();
    for name in flow.defs.keys() {
        if let Some(cycle) = cycle_from(name, &uses, &mut settled) {
            let way = cycle.iter().map(|name| name.as_ref()).collect::<Vec<_>>().join(" → ");
            let span = flow.defs[&cycle[0]].origin.span;
            found.push(
                Diagnostic::error("CYCLIC_SUBTREE", format!("these trees contain each other: {way}")).maybe_at(span),
            );
        }
    }
}

fn used_by(node: &Node) -> Vec<&Text> {
    let mut used = Vec::new();
    node.for_each(&mut |node| {
        if let NodeKind::Use { def } = &node.kind {
            used.push(def);
        }
    });
    used
}

/// Walks the uses below `start` without recursion; the first way back to something on the way is a cycle.
fn cycle_from<'a>(
    start: &'a Text,
    uses: &BTreeMap<&'a Text, Vec<&'a Text>>,
    settled: &mut BTreeSet<&'a Text>,
) -> Option<Vec<Text>> {
    let mut way: Vec<(&Text, usize)> = vec![(start, 0)];
    while let Some((name, next)) = way.last_mut() {
        let (name, at) = (*name, *next);
        *next += 1;
        let Some(used) = uses.get(name).and_then(|used| used.get(at)) else {
            settled.insert(name);
            way.pop();
            continue;
        };
        if let Some(back) = way.iter().position(|(name, _)| name == used) {
            settled.extend(way.iter().map(|(name, _)| *name));
            return Some(way[back..].iter().map(|(name, _)| (*name).clone()).chain([(*used).clone()]).collect());
        }
        if !settled.contains(used) {
            way.push((used, 0));
        }
    }
    None
}

fn node_shape(node: &Node, found: &mut Vec<Diagnostic>) {
    match &node.kind {
        NodeKind::Set { writes } => {
            for write in writes {
                let scope = write.target.as_ref().map_or(VarScope::Run, |target| target.scope);
                if scope != VarScope::Run {
                    let message =
                        "a pure step writes run variables only; the kind `set` writes service and project ones";
                    found.push(Diagnostic::error("INVALID_PROP", message).path(&*node.id).maybe_at(node.origin.span));
                }
                if write.target.is_none() && matches!(write.op, SetOp::Append | SetOp::Increment | SetOp::Decrement) {
                    let message = "this write names no variable";
                    found.push(Diagnostic::error("MISSING_PROP", message).path(&*node.id).maybe_at(node.origin.span));
                }
            }
        }
        NodeKind::Mailbox(mailbox) => {
            mailbox.listeners.iter().filter(|listener| listener.handler.is_none()).for_each(|listener| {
                if listener.binding.is_none() && !listener.agent {
                    let message = format!("the listener `{}` has no handler", listener.name);
                    found.push(
                        Diagnostic::error("UNBOUND_HANDLER", message).path(&*listener.name).maybe_at(listener.span),
                    );
                }
            })
        }
        _ => {}
    }
}
