//! Variables of the service and the project: what a step's own expressions name is read before it begins.

use super::{Call, Writer};
use crate::activities::js_string;
use std::collections::BTreeSet;
use weir_base::Text;
use weir_expr::{Expr, Template};
use weir_ir::{Condition, Decorator, Flow, LoopMode, Node, NodeKind, SetOp, Write};

/// The activity that reads them.
pub(crate) const READ: &str = "weir.readVariables";

/// Names of variables, sorted.
#[derive(Default)]
struct Outer {
    service: BTreeSet<Text>,
    project: BTreeSet<Text>,
}

impl Outer {
    /// A condition that names such variables is a step of its own.
    fn of(kind: &NodeKind) -> Self {
        let mut found = Self::default();
        kind.for_each_expr(&mut |expr| found.note(expr));
        found
    }

    fn note(&mut self, expr: &Expr) {
        for reference in expr.references() {
            let names = match &*reference.root {
                "service" => &mut self.service,
                "project" => &mut self.project,
                _ => continue,
            };
            names.extend(reference.path.first().cloned());
        }
    }

    fn is_empty(&self) -> bool {
        self.service.is_empty() && self.project.is_empty()
    }
}

/// Whether any step of the flow reads such variables.
pub(crate) fn reads_outer(flow: &Flow) -> bool {
    let mut found = false;
    flow.for_each_node(&mut |node| {
        found |= !Outer::of(&node.kind).is_empty();
        for_each_condition(&node.kind, &mut |expr| found |= names_outer(expr));
    });
    found
}

fn for_each_condition(kind: &NodeKind, visit: &mut dyn FnMut(&Expr)) {
    let mut one = |condition: &Condition| {
        if let Condition::Expr(expr) = condition {
            visit(expr);
        }
    };
    match kind {
        NodeKind::Branch { cases, .. } => cases.iter().for_each(|case| one(&case.when)),
        NodeKind::Decorate { with: Decorator::Precondition { checks }, .. } => {
            checks.iter().for_each(|check| one(&check.condition));
        }
        NodeKind::Loop(looped) => {
            if let LoopMode::While(condition) = &looped.mode {
                one(condition);
            }
        }
        _ => {}
    }
}

fn list(names: &BTreeSet<Text>) -> String {
    format!("[{}]", names.iter().map(|name| js_string(name)).collect::<Vec<_>>().join(", "))
}

impl Writer<'_> {
    /// The call, after what its expressions name was read.
    pub(super) fn outer(&mut self, node: &Node, call: String) -> String {
        let names = Outer::of(&node.kind);
        if names.is_empty() {
            return call;
        }
        let (service, project) = (list(&names.service), list(&names.project));
        format!("{}(at, {{ service: {service}, project: {project} }}, (at) => {call})", self.uses("outer"))
    }

    /// A condition as a test; as a region where it is one, or has to read variables anew at every check.
    pub(super) fn condition(&mut self, when: &Condition, path: &str) -> Call {
        match when {
            Condition::Expr(expr) if names_outer(expr) => {
                let write = Write { target: None, op: SetOp::Check, value: Template::Expr(expr.clone()) };
                let check = Node::new("condition", NodeKind::Set { writes: vec![write] });
                Ok(format!("{{ region: {} }}", self.node(&check, path)))
            }
            Condition::Expr(expr) => self.test(expr),
            Condition::Region(node) => Ok(format!("{{ region: {} }}", self.node(node, path))),
        }
    }
}

fn names_outer(expr: &Expr) -> bool {
    expr.references().iter().any(|reference| matches!(&*reference.root, "service" | "project"))
}
