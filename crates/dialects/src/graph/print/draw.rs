use super::node::{Drawn, drawn};
use super::{frame, layout, notes_of, object, place};
use crate::graph::node_type::NODE_TYPES;
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Map, Text, Value};
use weir_ir::{
    Condition, Decorator, Exit, Flow, Graph, GraphNode, Input, Join, Loop, Node, NodeKind, OUT, OnError, Order,
    Parallel, Settle, Strategy, Wait,
};

/// A document with a node for each step of the flow, as far as nodes and edges can say what it means.
pub fn document(flow: &Flow) -> Result<Value, Vec<Diagnostic>> {
    let mut drawing = Drawing { flow, ..Drawing::of(flow) };
    let piece = drawing.piece(&flow.root);
    drawing.frame(piece);
    if !flow.defs.is_empty() || flow.input_as_variables {
        drawing.note_tree(flow);
    }
    if !drawing.problems.is_empty() {
        return Err(drawing.problems);
    }
    Ok(drawing.finish())
}

struct Drawing<'f> {
    flow: &'f Flow,
    nodes: Vec<Drawn>,
    /// From a node by a handle to a node, by places in `nodes`.
    edges: Vec<(usize, Text, usize)>,
    ids: HashSet<String>,
    problems: Vec<Diagnostic>,
}

/// Something drawn: the nodes it begins with, and the handles by which it is left.
#[derive(Default)]
struct Piece {
    first: Vec<usize>,
    ends: Vec<End>,
}

/// Leaving `node` by `handle` is what the piece as a whole calls `name`.
#[derive(Clone)]
struct End {
    name: Text,
    node: usize,
    handle: Text,
}

impl End {
    fn out(node: usize, handle: &str) -> Self {
        Self { name: OUT.into(), node, handle: handle.into() }
    }
}

impl<'f> Drawing<'f> {
    fn of(flow: &'f Flow) -> Self {
        Self { flow, nodes: Vec::new(), edges: Vec::new(), ids: HashSet::new(), problems: Vec::new() }
    }

    fn refuse(&mut self, node: &Node, what: &str) -> Piece {
        let message = format!("`{}`: a workflow cannot express {what}", node.id);
        self.problems.push(Diagnostic::error("NOT_EXPRESSIBLE", message).path(place(node)).maybe_at(node.origin.span));
        Piece::default()
    }

    /// The initial variables of a tree come from the input, which a workflow does not do.
    fn note_tree(&mut self, flow: &Flow) {
        if flow.input_as_variables {
            let mut names: Vec<&Text> = Vec::new();
            let declared = |name: &Text| flow.variables.contains_key(name);
            let mut roots = Vec::new();
            flow.for_each_node(&mut |node| super::node::read_variables(node, &mut roots));
            roots.iter().filter(|name| !declared(name)).for_each(|name| {
                if !names.contains(&name) {
                    names.push(name);
                }
            });
            if let Some(name) = names.first() {
                let message =
                    format!("the variable `{name}` may come from the run's input, which a workflow cannot express");
                self.problems.push(Diagnostic::error("NOT_EXPRESSIBLE", message).help("declare it under `variables`"));
            }
        }
    }

    fn add(&mut self, node: &Node, drawn: Drawn) -> usize {
        let mut drawn = drawn;
        let wanted = drawn.id.clone();
        let mut count = 2;
        while !self.ids.insert(drawn.id.clone()) {
            drawn.id = format!("{wanted}-{count}");
            count += 1;
        }
        if !node.was.is_empty() {
            drawn.data.insert("was".into(), Value::array(node.was.iter().cloned().map(Value::from)));
        }
        self.nodes.push(drawn);
        self.nodes.len() - 1
    }

    fn connect(&mut self, ends: &[End], first: &[usize]) {
        for end in ends {
            self.edges.extend(first.iter().map(|to| (end.node, end.handle.clone(), *to)));
        }
    }

    fn piece(&mut self, node: &Node) -> Piece {
        let from = self.nodes.len();
        let piece = self.shape(node);
        if node.origin.disabled && !piece.first.is_empty() {
            return self.switched_off(node, from, piece);
        }
        piece
    }

    /// What is disabled as a whole in another dialect is so node by node in a workflow, where nodes pass on what they
    /// get: they have to follow each other, and each must be one that can be disabled.
    fn switched_off(&mut self, node: &Node, from: usize, piece: Piece) -> Piece {
        let last: HashSet<usize> = piece.ends.iter().map(|end| end.node).collect();
        let in_a_row = piece.first.len() == 1 && last.len() == 1;
        if !in_a_row || !self.nodes[from..].iter().all(|drawn| can_be_disabled(drawn.ty)) {
            return self.refuse(node, "a disabled step that is not one node, or nodes in a row");
        }
        for drawn in &mut self.nodes[from..] {
            drawn.data.insert("disabled".into(), true.into());
        }
        piece
    }

    fn shape(&mut self, node: &Node) -> Piece {
        match &node.kind {
            NodeKind::Sequence { order: Order::Plain, children } => self.sequence(children),
            NodeKind::Sequence { .. } => self.refuse(node, "a sequence with a memory or one that reacts"),
            NodeKind::Select { .. } => self.refuse(node, "a selector"),
            NodeKind::Parallel(parallel) => self.parallel(node, parallel),
            NodeKind::Graph(graph) => self.graph(graph),
            NodeKind::Branch { cases, otherwise } => self.branch(node, cases, otherwise.as_ref()),
            NodeKind::Loop(inner) => self.looped(node, inner),
            NodeKind::Try { body, catch, finally: None } => self.caught(node, body, catch.as_deref()),
            NodeKind::Try { .. } => self.refuse(node, "a `finally`"),
            NodeKind::Decorate { with: Decorator::Retry { .. }, body } => self.retried(node, body),
            NodeKind::Decorate { with: Decorator::Timeout { after }, body } => self.timed(node, after, body),
            NodeKind::Decorate { .. } => self.refuse(node, "this decorator"),
            NodeKind::Scope { .. } => self.refuse(node, "a scope of variables"),
            NodeKind::Use { .. } => self.refuse(node, "a shared definition"),
            NodeKind::Mailbox(_) => self.refuse(node, "an organism"),
            _ => self.single(node),
        }
    }

    fn single(&mut self, node: &Node) -> Piece {
        match drawn(node) {
            Ok(found) => {
                let at = self.add(node, found);
                Piece { first: vec![at], ends: vec![End::out(at, OUT)] }
            }
            Err(what) => self.refuse(node, what),
        }
    }

    fn sequence(&mut self, children: &[Node]) -> Piece {
        let mut whole: Option<Piece> = None;
        for child in children {
            let next = self.piece(child);
            if next.first.is_empty() {
                continue;
            }
            whole = Some(match whole {
                None => next,
                Some(before) => {
                    self.connect(&before.ends, &next.first);
                    Piece { first: before.first, ends: next.ends }
                }
            });
        }
        whole.unwrap_or_default()
    }

    fn parallel(&mut self, node: &Node, parallel: &Parallel) -> Piece {
        let plain =
            parallel.success_threshold.is_none() && parallel.failure_threshold.is_none() && parallel.limit.is_none();
        if !plain || parallel.strategy != Strategy::All || parallel.settle != Settle::Early {
            return self.refuse(node, "a parallel step that goes on after a failure, with thresholds, or with a limit");
        }
        let mut whole = Piece::default();
        for child in &parallel.children {
            let piece = self.piece(child);
            whole.first.extend(piece.first);
            whole.ends.extend(piece.ends);
        }
        whole
    }

    fn branch(&mut self, node: &Node, cases: &[weir_ir::Case], otherwise: Option<&Exit>) -> Piece {
        let mut conditions = Vec::new();
        for case in cases {
            match &case.when {
                Condition::Expr(expr) => conditions.push(expr.source().to_owned()),
                Condition::Region(_) => return self.refuse(node, "a condition that is itself a step"),
            }
        }
        let two_way = matches!((&cases, otherwise), ([only], other) if is_named(&only.then, "true")
            && other.is_none_or(|exit| is_named(exit, "false")));
        let names = handle_names(cases, otherwise, two_way);
        let at = self.add(node, super::node::conditional(node, &conditions, &names, two_way));
        let mut whole = Piece { first: vec![at], ends: Vec::new() };
        let exits = cases.iter().map(|case| Some(&case.then)).chain([otherwise]);
        for (name, exit) in names.into_iter().zip(exits) {
            self.way(at, name, exit, &mut whole);
        }
        whole
    }

    fn way(&mut self, at: usize, handle: Text, exit: Option<&Exit>, whole: &mut Piece) {
        let name = exit.and_then(|exit| exit.handle.clone()).unwrap_or_else(|| OUT.into());
        let own = End { name, node: at, handle };
        let piece = exit.and_then(|exit| exit.body.as_deref()).map(|body| self.piece(body)).unwrap_or_default();
        if piece.first.is_empty() {
            return whole.ends.push(own);
        }
        self.connect(&[own], &piece.first);
        whole.ends.extend(piece.ends);
    }

    fn looped(&mut self, node: &Node, inner: &Loop) -> Piece {
        let found = match super::node::loop_node(node, inner) {
            Ok(found) => found,
            Err(what) => return self.refuse(node, what),
        };
        let at = self.add(node, found);
        let body = self.piece(&inner.body);
        if body.first.is_empty() {
            return self.refuse(node, "a loop with an empty body");
        }
        self.connect(&[End::out(at, "body")], &body.first);
        let (ends, exits): (Vec<End>, Vec<End>) =
            body.ends.into_iter().partition(|end| !is_exit(&inner.body, &end.name));
        self.connect(&ends, &[at]);
        let done = End { name: "done".into(), node: at, handle: "done".into() };
        Piece {
            first: vec![at],
            ends: [done.clone(), End { name: OUT.into(), ..done }].into_iter().chain(exits).collect(),
        }
    }

    fn retried(&mut self, node: &Node, body: &Node) -> Piece {
        let NodeKind::Decorate { with: Decorator::Retry { policy }, .. } = &node.kind else { return Piece::default() };
        let at = self.add(node, super::node::retry(node, policy));
        let inner = self.piece(body);
        if inner.first.is_empty() {
            return self.refuse(node, "a retry of nothing");
        }
        self.connect(&[End::out(at, "body")], &inner.first);
        let (exits, inside): (Vec<End>, Vec<End>) = inner.ends.into_iter().partition(|end| is_exit(body, &end.name));
        if let ([only], true, NodeKind::Graph(region)) = (&inside[..], exits.is_empty(), &body.kind)
            && region.nodes.len() == 1
        {
            self.edges.iter_mut().filter(|edge| edge.0 == at).for_each(|edge| edge.1 = OUT.into());
            let failed = End { name: "error".into(), handle: "error".into(), ..only.clone() };
            return Piece { first: vec![at], ends: vec![only.clone(), failed] };
        }
        Piece { first: vec![at], ends: [End::out(at, "done")].into_iter().chain(exits).collect() }
    }

    /// An agent or a child workflow has a timeout of its own around all of its attempts.
    fn timed(&mut self, node: &Node, after: &weir_expr::Template, body: &Node) -> Piece {
        let (inner, policy) = match &body.kind {
            NodeKind::Decorate { with: Decorator::Retry { policy }, body } => (&**body, Some(policy)),
            _ => (body, None),
        };
        if !matches!(inner.kind, NodeKind::Agent(_) | NodeKind::Call(_)) {
            return self.refuse(node, "a timeout around more than one step");
        }
        let Ok(mut found) = drawn(inner) else { return self.refuse(node, "this timeout") };
        found.id = node.id.to_string();
        found.data.insert("label".into(), node.title().into());
        found.data.insert("timeout".into(), after.to_value());
        policy
            .iter()
            .for_each(|policy| _ = found.data.insert("retryPolicy".into(), crate::graph::policy::print(policy)));
        let at = self.add(node, found);
        Piece { first: vec![at], ends: vec![End::out(at, OUT)] }
    }

    /// A failure of one step can be caught: its `error` edge.
    fn caught(&mut self, node: &Node, body: &Node, catch: Option<&Node>) -> Piece {
        let Some(catch) = catch else { return self.piece(body) };
        if !matches!(body.kind, NodeKind::Task(_) | NodeKind::Call(_) | NodeKind::Agent(_)) {
            return self.refuse(node, "a catch around more than one step");
        }
        let tried = self.piece(body);
        let caught = self.piece(catch);
        let mut whole = Piece { first: tried.first.clone(), ends: tried.ends };
        if let (Some(at), false) = (tried.first.first(), caught.first.is_empty()) {
            self.connect(&[End::out(*at, "error")], &caught.first);
            whole.ends.extend(caught.ends);
        }
        whole
    }

    fn graph(&mut self, graph: &Graph) -> Piece {
        let is_entry = |node: &GraphNode| is_synthetic(&node.node);
        let mut pieces: HashMap<&str, Piece> = HashMap::new();
        for node in graph.nodes.iter().filter(|node| !is_entry(node)) {
            let piece = self.graph_node(node);
            pieces.insert(&node.node.id, piece);
        }
        for edge in &graph.edges {
            let (Some(from), Some(to)) = (pieces.get(&*edge.from), pieces.get(&*edge.to)) else { continue };
            let (ends, first) = (ends_by(from, &edge.handle), to.first.clone());
            self.connect(&ends, &first);
        }
        let led_to: HashSet<&str> =
            graph.edges.iter().filter(|edge| pieces.contains_key(&*edge.from)).map(|edge| &*edge.to).collect();
        let entered: HashSet<&str> =
            graph.edges.iter().filter(|edge| !pieces.contains_key(&*edge.from)).map(|edge| &*edge.to).collect();
        let goes_on: HashSet<&str> = graph.edges.iter().map(|edge| &*edge.from).collect();
        let mut whole = Piece::default();
        for node in graph.nodes.iter().filter(|node| !is_entry(node)) {
            let (id, piece) = (&*node.node.id, &pieces[&*node.node.id]);
            if !led_to.contains(id) || entered.contains(id) {
                whole.first.extend(&piece.first);
            }
            if !goes_on.contains(id) {
                whole.ends.extend(loose_ends(piece));
            }
        }
        whole.ends.extend(leading_back(graph, &pieces));
        for exit in &graph.exits {
            let ends = pieces.get(&*exit.from).map(|piece| ends_by(piece, &exit.handle)).unwrap_or_default();
            whole.ends.extend(ends.into_iter().map(|end| End { name: exit.name.clone(), ..end }));
        }
        whole
    }

    fn graph_node(&mut self, node: &GraphNode) -> Piece {
        let piece = self.piece(&node.node);
        let Some(first) = piece.first.first() else { return piece };
        let data = &mut self.nodes[*first].data;
        let mut put = |key: &str, value: Value| _ = data.insert(key.into(), value);
        if node.join == Join::Any {
            put("join", "any".into());
        }
        if node.cancel_rest {
            put("cancelRest", true.into());
        }
        if node.on_error == OnError::Continue {
            put("onError", "continue".into());
        }
        if let Input::Map(mapping) = &node.input {
            put("input", mapping.to_value());
        }
        piece
    }

    /// A trigger before everything and an end after it, where the flow has none.
    fn frame(&mut self, piece: Piece) {
        let has = |drawing: &Self, ty: &str| drawing.nodes.iter().any(|node| node.ty == ty);
        if !has(self, "trigger") {
            let start = self.extra("start", "trigger");
            let edges: Vec<_> = piece.first.iter().map(|to| (start, Text::from(OUT), *to)).collect();
            self.edges.splice(0..0, edges);
        }
        if !has(self, "end") && self.flow.settings.mode == weir_ir::FlowMode::Task {
            let end = self.extra("end", "end");
            self.connect(&piece.ends, &[end]);
            if piece.ends.is_empty() {
                let last = end;
                let start = self.nodes.iter().position(|node| node.ty == "trigger").unwrap_or(0);
                self.edges.extend(self.edges.is_empty().then(|| (start, OUT.into(), last)));
            }
        }
    }

    fn extra(&mut self, id: &str, ty: &'static str) -> usize {
        let node = Node::new(id, NodeKind::Set { writes: Vec::new() });
        let data = Map::from_iter([(Text::from("label"), Value::from(id))]);
        self.add(&node, Drawn { id: id.to_owned(), ty, data })
    }

    fn finish(mut self) -> Value {
        let order = self.start_first();
        let ids: Vec<String> = order.iter().map(|at| self.nodes[*at].id.clone()).collect();
        let places_of: HashMap<usize, usize> = order.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        let lines: Vec<(usize, usize)> =
            self.edges.iter().map(|(from, _, to)| (places_of[from], places_of[to])).collect();
        let kept = kept_nodes(self.flow);
        let places = layout::places(&ids, &lines);
        let nodes = order.iter().zip(places).map(|(at, place)| {
            let drawn =
                std::mem::replace(&mut self.nodes[*at], Drawn { id: String::new(), ty: "", data: Map::default() });
            let old = kept.get(&drawn.id);
            let position = old.and_then(|node| node.get("position")).filter(|at| at.as_object().is_some()).cloned();
            let position = position.unwrap_or_else(|| Value::object([("x", place.0.into()), ("y", place.1.into())]));
            let notes = old.and_then(|node| node.get("data")).map(notes_of).unwrap_or_default();
            let mut data = drawn.data;
            notes.into_iter().for_each(|(key, value)| _ = data.entry(key).or_insert(value));
            Value::object([
                ("id", drawn.id.into()),
                ("type", drawn.ty.into()),
                ("position", position),
                ("data", Value::from(data)),
            ])
        });
        let nodes = nodes.collect();
        let edges = self.edges.iter().enumerate().map(|(at, (_, handle, _))| {
            let (from, to) = lines[at];
            let handle = if &**handle == OUT { Value::Null } else { handle.clone().into() };
            object([
                ("id", format!("e{}", at + 1).into()),
                ("source", ids[from].as_str().into()),
                ("target", ids[to].as_str().into()),
                ("sourceHandle", handle),
            ])
        });
        let edges = edges.collect();
        frame(self.flow, nodes, edges)
    }

    /// Nodes in the order they were drawn, but the trigger first.
    fn start_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|at| (self.nodes[*at].ty != "trigger", *at));
        order
    }
}

/// Failures and timeouts that end an iteration: they lead to nothing in the region, and back to its loop when drawn.
fn leading_back(graph: &Graph, pieces: &HashMap<&str, Piece>) -> Vec<End> {
    let mut ends = Vec::new();
    for edge in graph.edges.iter().filter(|edge| !pieces.contains_key(&*edge.to)) {
        ends.extend(pieces.get(&*edge.from).map(|piece| ends_by(piece, &edge.handle)).unwrap_or_default());
    }
    let drawn = graph.edges.iter().map(|edge| (&*edge.from, &*edge.handle));
    let drawn: HashSet<_> = drawn.chain(graph.exits.iter().map(|exit| (&*exit.from, &*exit.handle))).collect();
    for node in &graph.nodes {
        let ways: &[&str] = match &node.node.kind {
            NodeKind::Wait(Wait::Signal { routes: true, .. }) => &["timeout"],
            NodeKind::Wait(Wait::Approval { routes: true, timeout: None, .. }) => &["approved", "rejected"],
            NodeKind::Wait(Wait::Approval { routes: true, .. }) => &["approved", "rejected", "timeout"],
            _ => continue,
        };
        let id = &*node.node.id;
        for way in ways.iter().filter(|way| !drawn.contains(&(id, **way))) {
            ends.extend(pieces.get(id).map(|piece| ends_by(piece, way)).unwrap_or_default());
        }
    }
    ends.into_iter().map(|end| End { name: OUT.into(), ..end }).collect()
}

/// Whether a node of the type can be disabled; a kind by its own name can.
fn can_be_disabled(ty: &str) -> bool {
    NODE_TYPES.iter().find(|(name, _)| *name == ty).is_none_or(|(_, ty)| ty.can_be_disabled())
}

/// Nodes that stand for a loop's own edges: where it leads in, and where a failure leads back.
fn is_synthetic(node: &Node) -> bool {
    node.origin.ty.is_empty() && (node.id.contains(":entry") || node.id.ends_with(":again"))
}

/// The ends of a piece that a handle of it means. A failure is that of its first node.
fn ends_by(piece: &Piece, handle: &str) -> Vec<End> {
    let found: Vec<End> = piece.ends.iter().filter(|end| &*end.name == handle).cloned().collect();
    match (found.is_empty(), piece.first.first()) {
        (true, Some(first)) => vec![End { name: handle.into(), node: *first, handle: handle.into() }],
        _ => found,
    }
}

/// Every way out of a piece, each handle once.
fn loose_ends(piece: &Piece) -> Vec<End> {
    let mut seen = HashSet::new();
    let ends = piece.ends.iter().filter(|end| &*end.name != "error");
    let ends = ends.filter(|end| seen.insert((end.node, end.handle.clone())));
    ends.map(|end| End { name: OUT.into(), ..end.clone() }).collect()
}

/// Whether a name is one by which a region is left early.
fn is_exit(body: &Node, name: &str) -> bool {
    matches!(&body.kind, NodeKind::Graph(graph) if graph.exits.iter().any(|exit| &*exit.name == name))
}

fn is_named(exit: &Exit, name: &str) -> bool {
    exit.handle.as_deref().is_none_or(|handle| handle == name)
}

/// A handle for every case and one for the rest; the names they have, where they differ.
fn handle_names(cases: &[weir_ir::Case], otherwise: Option<&Exit>, two_way: bool) -> Vec<Text> {
    if two_way {
        return vec!["true".into(), "false".into()];
    }
    let own = |exit: Option<&Exit>| exit.and_then(|exit| exit.handle.clone());
    let cases = cases.iter().enumerate();
    let named = cases.map(|(at, case)| own(Some(&case.then)).unwrap_or_else(|| format!("case-{}", at + 1).into()));
    named.chain([own(otherwise).unwrap_or_else(|| "else".into())]).collect()
}

/// The nodes of the document the flow came from, by id.
fn kept_nodes(flow: &Flow) -> HashMap<String, Value> {
    let document = flow.settings.extra.get("graph");
    let inner = document.and_then(|document| document.get("workflow")).or(document);
    let body = inner.and_then(|inner| inner.get("definition")).or(inner);
    let nodes = body.and_then(|body| body.get("nodes")).and_then(Value::as_array).unwrap_or(&[]);
    nodes.iter().filter_map(|node| Some((node.get("id")?.as_str()?.to_owned(), node.clone()))).collect()
}
