use super::Trial;
use crate::{ControlError, Result};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Text, Value};
use weir_catalog::{Catalog, Effect};
use weir_expr::{Expr, Template};
use weir_ir::{
    Assign, Case, Condition, Exit, Flow, Graph, GraphNode, Input, Node, NodeKind, SetOp, Target, VarScope, Write,
};

/// What a step gave in a recorded run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    pub output: Value,
    pub handle: Option<Text>,
}

/// How a flow is changed for a trial.
pub struct Shape<'a> {
    pub trial: &'a Trial,
    pub recorded: &'a BTreeMap<Text, Option<Made>>,
    pub catalog: &'a Catalog,
}

impl Shape<'_> {
    pub fn of(&self, mut flow: Flow) -> Result<Flow> {
        self.all_known(&flow)?;
        if let Some(step) = &self.trial.step {
            flow.root = self.alone(&flow, step)?;
        }
        if let Some(from) = &self.trial.from {
            let mut before = Vec::new();
            steps_before(&flow.root, from, &mut before);
            let pins = before.iter().filter_map(|id| self.recorded_pin(id).transpose()).collect::<Result<_>>()?;
            pin(&mut flow, &pins);
        }
        if let Some(to) = &self.trial.to {
            cut_after(&mut flow.root, to);
        }
        let made = |(id, output): (&Text, &Value)| (id.clone(), Made { output: output.clone(), handle: None });
        pin(&mut flow, &self.trial.pins.iter().map(made).collect());
        self.nothing_twice(&flow)?;
        Ok(flow)
    }

    fn all_known(&self, flow: &Flow) -> Result<()> {
        let (mut ids, mut in_root) = (BTreeSet::new(), BTreeSet::new());
        flow.for_each_node(&mut |node| ids.extend([node.id.clone()]));
        flow.root.for_each(&mut |node| in_root.extend([node.id.clone()]));
        let Trial { step, from, to, pins, .. } = self.trial;
        let unknown = step.iter().chain(pins.keys()).find(|id| !ids.contains(*id));
        match unknown.or_else(|| from.iter().chain(to).find(|id| !in_root.contains(*id))) {
            Some(id) => Err(ControlError::invalid("STEP_UNKNOWN", format!("the flow has no step `{id}`"))),
            None => Ok(()),
        }
    }

    /// The pinned result of a step before `from`. What the recorded run never came to gives nothing here either.
    fn recorded_pin(&self, id: &Text) -> Result<Option<(Text, Made)>> {
        if self.trial.pins.contains_key(id) {
            return Ok(None);
        }
        let Some(run) = &self.trial.run else {
            return Err(unpinned(id, "name a `run` whose results count, or pin it"));
        };
        match self.recorded.get(id) {
            Some(Some(made)) => Ok(Some((id.clone(), made.clone()))),
            Some(None) => {
                Err(unpinned(id, &format!("in `{run}` it did not end well, or gave several results; pin it yourself")))
            }
            None => Ok(Some((id.clone(), Made::default()))),
        }
    }

    /// The step by itself: a region in which `data` flows into it, beside the steps whose outputs are pinned.
    fn alone(&self, flow: &Flow, step: &Text) -> Result<Node> {
        let mut found = None;
        flow.for_each_node(&mut |node| {
            if node.id == *step && found.is_none() {
                found = Some(node.clone());
            }
        });
        let node =
            found.ok_or_else(|| ControlError::invalid("STEP_UNKNOWN", format!("the flow has no step `{step}`")))?;
        let input = match &self.trial.data {
            Some(data) => Input::Map(Template::Value(data.clone())),
            None => Input::Region,
        };
        let of = |node, input| GraphNode {
            node,
            input,
            join: Default::default(),
            cancel_rest: false,
            on_error: Default::default(),
        };
        let pins = self.trial.pins.iter().filter(|(id, _)| *id != step && !holds(&node, id));
        let pins: Vec<_> = pins.map(|(id, output)| constant(id, output.clone())).collect();
        let edges = pins.iter().map(|pin| weir_ir::Edge {
            from: pin.id.clone(),
            handle: weir_ir::OUT.into(),
            to: step.clone(),
            alias: None,
            span: None,
        });
        let edges = edges.collect();
        let mut nodes: Vec<_> = pins.into_iter().map(|pin| of(pin, Input::Region)).collect();
        nodes.push(of(node, input));
        let graph = Graph { nodes, edges, exits: Vec::new(), output: Input::Bare };
        Ok(Node::new("trial", NodeKind::Graph(graph)))
    }

    /// Steps that may do harm run only where they are what is tried.
    fn nothing_twice(&self, flow: &Flow) -> Result<()> {
        let Trial { step, from, to, .. } = self.trial;
        let mut tried = BTreeSet::new();
        flow.for_each_node(&mut |node| {
            if [step, from, to].into_iter().flatten().any(|id| *id == node.id) {
                node.for_each(&mut |inner| tried.extend([inner.id.clone()]));
            }
        });
        let mut harmful = None;
        // A definition that nothing uses any more does not run.
        let mut look = |node: &Node| {
            if harmful.is_none() && !tried.contains(&node.id) && self.may_harm(node) {
                harmful = Some(node.id.clone());
            }
        };
        walk_used(flow, &flow.root, &mut BTreeSet::new(), &mut look);
        match harmful {
            Some(id) => {
                let message = format!("`{id}` must not happen twice: pin its output, or try it by itself");
                Err(ControlError::invalid("TRIAL_STEP_NOT_PINNED", message))
            }
            None => Ok(()),
        }
    }

    fn may_harm(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Task(task) => match self.catalog.record(&task.kind) {
                Some(record) => record.component.effect_of(&task.params.to_value()) == Effect::NonIdempotent,
                None => true,
            },
            // What another flow does is not known here.
            NodeKind::Call(_) => true,
            _ => false,
        }
    }
}

fn unpinned(id: &Text, what: &str) -> ControlError {
    ControlError::invalid("TRIAL_STEP_NOT_PINNED", format!("`{id}` comes before what is tried: {what}"))
}

fn walk_used<'a>(flow: &'a Flow, node: &'a Node, seen: &mut BTreeSet<Text>, visit: &mut dyn FnMut(&'a Node)) {
    let mut used = Vec::new();
    node.for_each(&mut |inner| {
        visit(inner);
        if let NodeKind::Use { def } = &inner.kind {
            used.push(def.clone());
        }
    });
    for def in used {
        if let (true, Some(node)) = (seen.insert(def.clone()), flow.defs.get(&def)) {
            walk_used(flow, node, seen, visit);
        }
    }
}

fn holds(node: &Node, id: &str) -> bool {
    let mut found = false;
    node.for_each(&mut |inner| found |= &*inner.id == id);
    found
}

/// Ids of the steps that ask something of the outside and come before `from`, where the order says so.
fn steps_before(node: &Node, from: &str, before: &mut Vec<Text>) {
    if &*node.id == from {
        return;
    }
    match &node.kind {
        NodeKind::Sequence { children, .. } | NodeKind::Select { children, .. } => {
            let at = children.iter().position(|child| holds(child, from)).unwrap_or(0);
            children[..at].iter().for_each(|child| outside_steps(child, before));
        }
        NodeKind::Graph(graph) => {
            if let Some(at) = graph.nodes.iter().find(|one| holds(&one.node, from)) {
                let earlier = leading_to(graph, &at.node.id);
                let earlier =
                    graph.nodes.iter().filter(|one| earlier.contains(&one.node.id) && one.node.id != at.node.id);
                earlier.for_each(|one| outside_steps(&one.node, before));
            }
        }
        _ => {}
    }
    node.for_each_child(&mut |child| {
        if holds(child, from) {
            steps_before(child, from, before);
        }
    });
}

fn outside_steps(node: &Node, steps: &mut Vec<Text>) {
    node.for_each(&mut |inner| {
        if matches!(inner.kind, NodeKind::Task(_) | NodeKind::Call(_) | NodeKind::Wait(_) | NodeKind::Agent(_)) {
            steps.push(inner.id.clone());
        }
    });
}

/// Ids of the nodes from which an edge leads to this one, over others too, and its own.
fn leading_to(graph: &Graph, id: &Text) -> BTreeSet<Text> {
    let (mut found, mut open) = (BTreeSet::from([id.clone()]), vec![id.clone()]);
    while let Some(to) = open.pop() {
        for edge in graph.edges.iter().filter(|edge| edge.to == to) {
            if found.insert(edge.from.clone()) {
                open.push(edge.from.clone());
            }
        }
    }
    found
}

/// Takes away what comes after `to`, where the order says so.
fn cut_after(node: &mut Node, to: &str) {
    if &*node.id == to {
        return;
    }
    match &mut node.kind {
        NodeKind::Sequence { children, .. } => {
            if let Some(at) = children.iter().position(|child| holds(child, to)) {
                children.truncate(at + 1);
            }
        }
        NodeKind::Graph(graph) => {
            if let Some(at) = graph.nodes.iter().find(|one| holds(&one.node, to)) {
                let kept = leading_to(graph, &at.node.id.clone());
                graph.nodes.retain(|one| kept.contains(&one.node.id));
                graph.edges.retain(|edge| kept.contains(&edge.from) && kept.contains(&edge.to));
                graph.exits.retain(|exit| kept.contains(&exit.from));
                graph.output = Input::Bare;
            }
        }
        _ => {}
    }
    node.for_each_child_mut(&mut |child| {
        if holds(child, to) {
            cut_after(child, to);
        }
    });
}

/// Puts what they give in the place of steps.
fn pin(flow: &mut Flow, pins: &BTreeMap<Text, Made>) {
    flow.for_each_node_mut(&mut |node| {
        if let Some(made) = pins.get(&node.id) {
            node.kind = pinned(node, made);
        }
    });
}

fn constant(id: &Text, output: Value) -> Node {
    Node::new(id.clone(), NodeKind::Set { writes: vec![gives(output)] })
}

fn gives(output: Value) -> Write {
    Write { target: None, op: SetOp::Get, value: Template::Value(output) }
}

/// A step that gives this and nothing else: its variables are written, and it is left by the same handle.
fn pinned(node: &Node, made: &Made) -> NodeKind {
    let assigned = match &node.kind {
        NodeKind::Task(task) => task.assign.as_slice(),
        _ => &[],
    };
    let mut writes: Vec<_> = assigned.iter().map(|assign| write(assign, &made.output)).collect();
    writes.push(gives(made.output.clone()));
    let Some(handle) = &made.handle else { return NodeKind::Set { writes } };
    let body = Some(Box::new(Node::new(format!("{}-pinned", node.id), NodeKind::Set { writes })));
    let then = Exit { handle: Some(handle.clone()), body };
    let always = Condition::Expr(Expr::constant(true.into()));
    NodeKind::Branch { cases: vec![Case { when: always, then }], otherwise: None }
}

/// The variable a result is written to, with the result itself in the place of `output`.
fn write(assign: &Assign, output: &Value) -> Write {
    let result = format!("({})", Expr::constant(output.clone()).source());
    let value = assign.value.rename_free(&|name| (name == "output").then(|| result.clone()));
    let target = Target { scope: VarScope::Run, name: Template::Value(Value::from(assign.var.clone())) };
    Write { target: Some(target), op: SetOp::Set, value: Template::Expr(value) }
}
