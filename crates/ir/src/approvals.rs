use crate::{Decorator, Flow, Node, NodeKind, Order, Wait};

/// A node that may be named next in a path, after so many segments that name no node.
type Next<'a> = (&'a Node, usize);

impl Flow {
    /// Whether a step that waits for a person can stand at this path in some run: at the whole of it, by the ids of
    /// today or earlier ones, and with an index wherever a region counts its entries.
    pub fn has_approval_at(&self, path: &str) -> bool {
        let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
        let mut open = vec![(&self.root, 0)];
        for segment in before.split('/').filter(|_| !before.is_empty()) {
            open = open.into_iter().flat_map(|next| self.after(next, segment)).collect();
        }
        let waits = |node: &Node| matches!(node.kind, NodeKind::Wait(Wait::Approval { .. }));
        open.iter().any(|(node, others)| *others == 0 && ids(node).any(|id| id == last) && waits(node))
    }

    fn after<'a>(&'a self, (node, others): Next<'a>, segment: &str) -> Vec<Next<'a>> {
        match others {
            0 if names(node, segment) => self.inside(node),
            0 => Vec::new(),
            more => vec![(node, more - 1)],
        }
    }

    fn inside<'a>(&'a self, node: &'a Node) -> Vec<Next<'a>> {
        let others = match &node.kind {
            NodeKind::Use { def } => return self.defs.get(def).map(|def| (def, 0)).into_iter().collect(),
            // The place of the call.
            NodeKind::Agent(_) => 1,
            // The thread, and the listener.
            NodeKind::Mailbox(_) => 2,
            _ => 0,
        };
        let mut found = Vec::new();
        node.for_each_child(&mut |child| found.push((child, others)));
        found
    }
}

fn ids(node: &Node) -> impl Iterator<Item = &str> {
    std::iter::once(&*node.id).chain(node.was.iter().map(|id| &**id))
}

fn names(node: &Node, segment: &str) -> bool {
    let id = &segment[..segment.find('[').unwrap_or(segment.len())];
    if !ids(node).any(|own| own == id) {
        return false;
    }
    let index = &segment[id.len()..];
    let number = |index: &str| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    match index.strip_prefix('[').and_then(|index| index.strip_suffix(']')) {
        Some(index) => number(index) && counts(&node.kind) != Some(false),
        None => index.is_empty() && counts(&node.kind) != Some(true),
    }
}

/// Whether a region's entries are counted in the paths below it; `None` where only those of some of its children are.
fn counts(kind: &NodeKind) -> Option<bool> {
    match kind {
        NodeKind::Loop(_) | NodeKind::Agent(_) => Some(true),
        NodeKind::Sequence { order, .. } | NodeKind::Select { order, .. } => Some(*order == Order::Reactive),
        NodeKind::Decorate { with: Decorator::Precondition { .. }, .. } => None,
        NodeKind::Decorate { with, .. } => Some(matches!(with, Decorator::Retry { .. } | Decorator::UntilFailure)),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use crate::from_json;

    const FLOW: &str = r#"{"ir": 1, "name": "asks", "dialect": "ir",
        "root": {"id": "all", "sequence": {"children": [
            {"id": "ok", "was": ["yes"], "wait": {"approval": {"message": "?"}}},
            {"id": "paid", "wait": {"signal": {"name": "paid"}}},
            {"id": "each", "loop": {"mode": "forever", "body":
                {"id": "part", "use": {"def": "part"}}}},
            {"id": "other", "was": ["further"], "sequence": {"order": "reactive", "children": [
                {"id": "late", "wait": {"approval": {"message": "?"}}}]}}]}},
        "defs": {"part": {"id": "tree", "sequence": {"children": [
            {"id": "deep", "wait": {"approval": {"message": "?"}}}]}}}}"#;

    #[test]
    fn an_approval_stands_at_whole_paths_alone() {
        let flow = from_json(FLOW).unwrap();
        for path in [
            "all/ok",
            "all/each[0]/part/tree/deep",
            "all/each[12]/part/tree/deep",
            "all/other[0]/late",
            "all/yes",
            "all/further[0]/late",
        ] {
            assert!(flow.has_approval_at(path), "{path}");
        }
        for path in [
            "",
            "ok",
            "/ok",
            "al/ok",
            "all[2]/ok",
            "other/ok",
            "all/ok[0]",
            "all/yes[0]",
            "all/further/late",
            "all/paid",
            "all",
            "all/ok/",
            "all//ok",
            "all/each/part/tree/deep",
            "all/each[]/part/tree/deep",
            "all/each[x]/part/tree/deep",
            "all/each[0]/part/deep",
            "tree/deep",
            "all/other/late",
        ] {
            assert!(!flow.has_approval_at(path), "{path}");
        }
    }
}
