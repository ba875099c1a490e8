use super::draft::{Body, Draft};
use super::lift::{Lifted, Region};
use super::{Lowering, mentions};
use crate::graph::analysis::{Exclusion, NONE, Network, Role};
use crate::graph::node_type::NodeType;
use crate::graph::words::node_text;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use weir_base::Text;
use weir_expr::{Expr, Template};
use weir_ir::{
    Decorator, Edge, Graph, GraphExit, GraphNode, Input, Join, LoopMode, Node, NodeKind, OUT, OnError, Origin, Wait,
    Write,
};

/// Builds the flow's graph from drafts and regions, inner regions first.
pub struct Assembly<'l, 'a, 'r> {
    pub lowering: &'l mut Lowering<'a, 'r>,
    pub drafts: Vec<Option<Draft>>,
    pub regions: Vec<Region>,
    /// How deep each node stands; owners are built in falling order.
    pub depths: Vec<usize>,
    pub phases: Vec<Option<Text>>,
}

impl Assembly<'_, '_, '_> {
    /// The graph of the whole flow.
    pub fn build(mut self) -> Graph {
        let mut owners: Vec<usize> = (0..self.depths.len()).filter(|node| self.owns(*node)).collect();
        owners.sort_by_key(|owner| (std::cmp::Reverse(self.depths[*owner]), *owner));
        let mut built = HashMap::new();
        for owner in owners {
            let region = std::mem::take(&mut self.regions[owner]);
            let collect = self.is_collected(owner);
            let graph = self.graph(region, Some(owner), &mut built);
            let kind = self.owning_kind(owner, graph, collect);
            built.insert(owner, kind);
        }
        let last = self.regions.len() - 1;
        let region = std::mem::take(&mut self.regions[last]);
        self.graph(region, None, &mut built)
    }

    fn owns(&self, node: usize) -> bool {
        matches!(self.drafts[node].as_ref().map(|draft| &draft.body), Some(Body::Loop(_) | Body::Retry(_)))
    }

    fn owning_kind(&mut self, owner: usize, graph: Graph, collect: bool) -> NodeKind {
        let body = Node::new("body", NodeKind::Graph(graph));
        let draft = self.drafts[owner].as_mut().map(|draft| &mut draft.body);
        match draft {
            Some(Body::Loop(head)) => {
                let mut whole = head.clone();
                whole.body = body;
                whole.collect = collect;
                NodeKind::Loop(whole)
            }
            Some(Body::Retry(policy)) => {
                NodeKind::Decorate { with: Decorator::Retry { policy: policy.clone() }, body: Box::new(body) }
            }
            _ => NodeKind::Graph(Graph::default()),
        }
    }

    fn graph(&mut self, region: Region, owner: Option<usize>, built: &mut HashMap<usize, NodeKind>) -> Graph {
        let members: Vec<usize> = region.members.iter().copied().filter(|node| self.drafts[*node].is_some()).collect();
        let mut edges: Vec<Edge> = region.edges.iter().map(|edge| self.edge(edge)).collect();
        let again = owner.and_then(|owner| self.again(owner, &region, &mut edges));
        let ids = members.iter().map(|node| self.id(*node)).collect::<Vec<_>>();
        let entry = owner.and_then(|owner| self.entry(owner, &region.entries, &ids, &mut edges));
        let ids = entry.iter().map(|node| node.node.id.clone()).chain(ids);
        let ids = ids.chain(again.iter().map(|node| node.node.id.clone())).collect::<Vec<_>>();
        let routes = self.region_network(&ids, &edges);
        let offset = usize::from(entry.is_some());
        let mut nodes: Vec<GraphNode> = entry.into_iter().collect();
        for (place, node) in members.iter().enumerate() {
            let input = routes.input(place + offset, self.joins_any(*node));
            let kind = built.remove(node);
            let from = routes.only_source(place + offset).map(|source| &*ids[source]);
            nodes.extend(self.graph_node(*node, kind, input, from));
        }
        nodes.extend(again.map(|node| GraphNode { input: routes.input(ids.len() - 1, false), ..node }));
        let id = |node: usize| self.id(node);
        let back: Vec<(Text, Text)> = region.back.iter().map(|(node, handle)| (id(*node), handle.clone())).collect();
        let exits = region.exits.into_iter().map(|(node, handle, name)| GraphExit { from: id(node), handle, name });
        let exits = exits.collect();
        let output = routes.output(ids.len());
        let mut graph = Graph { nodes, edges, exits, output };
        route_waits(&mut graph, &back);
        graph
    }

    fn id(&self, node: usize) -> Text {
        self.lowering.step(node).id.clone()
    }

    fn edge(&self, edge: &Lifted) -> Edge {
        Edge {
            from: self.id(edge.from),
            handle: edge.handle.clone(),
            to: self.id(edge.to),
            alias: (edge.source != edge.from).then(|| self.id(edge.source)),
            span: Some(edge.span),
        }
    }

    /// Where the owner leads to a node that other nodes of the region lead to as well, that edge must be there
    /// to be taken: a node stands for it that passes the region's input on.
    fn entry(&self, owner: usize, entries: &[usize], ids: &[Text], edges: &mut Vec<Edge>) -> Option<GraphNode> {
        let entries: Vec<Text> = entries.iter().map(|node| self.id(*node)).collect();
        let led_to: HashSet<&Text> = edges.iter().map(|edge| &edge.to).collect();
        if !entries.iter().any(|id| led_to.contains(id)) {
            return None;
        }
        let mut id = Text::from(format!("{}:entry", self.id(owner)));
        while ids.contains(&id) {
            id = Text::from(format!("{id}'"));
        }
        let alias = Some(self.id(owner));
        edges.extend(entries.into_iter().map(|to| Edge {
            from: id.clone(),
            handle: OUT.into(),
            to,
            alias: alias.clone(),
            span: None,
        }));
        Some(pass_through(id))
    }

    /// A failure that leads back to the loop is the end of an iteration, not of the loop. A node with no other way
    /// on just continues; otherwise the failure leads to a node where nothing follows.
    fn again(&mut self, owner: usize, region: &Region, edges: &mut Vec<Edge>) -> Option<GraphNode> {
        let id = Text::from(format!("{}:again", self.id(owner)));
        let mut used = false;
        let followed = region.edges.iter().map(|edge| edge.from);
        let goes_on: HashSet<usize> = followed.chain(region.exits.iter().map(|exit| exit.0)).collect();
        for (node, _) in region.back.iter().filter(|(_, handle)| &**handle == "error") {
            match self.drafts[*node].as_mut().filter(|_| !goes_on.contains(node)) {
                Some(draft) => draft.on_error = OnError::Continue,
                None => {
                    used = true;
                    let (from, handle) = (self.id(*node), Text::from("error"));
                    edges.push(Edge { from, handle, to: id.clone(), alias: None, span: None });
                }
            }
        }
        used.then(|| pass_through(id))
    }

    fn region_network(&self, ids: &[Text], edges: &[Edge]) -> RegionNetwork {
        let places: HashMap<&str, usize> = ids.iter().enumerate().map(|(place, id)| (&**id, place)).collect();
        let links = edges
            .iter()
            .filter_map(|edge| Some((*places.get(&*edge.from)?, edge.handle.clone(), *places.get(&*edge.to)?)));
        RegionNetwork::new(Network::new(vec![Role::Plain; ids.len()], links))
    }

    fn joins_any(&self, node: usize) -> bool {
        self.drafts[node].as_ref().is_some_and(|draft| draft.join == Join::Any)
    }

    fn graph_node(&mut self, at: usize, kind: Option<NodeKind>, input: Input, from: Option<&str>) -> Option<GraphNode> {
        let draft = self.drafts[at].take()?;
        let kind = match (kind, draft.body) {
            (Some(kind), _) | (None, Body::Leaf(kind)) => kind,
            (None, _) => return None,
        };
        let input = match (draft.mapping, from) {
            (Some(mapping), Some(from)) => Input::Map(without_data(&mapping, from)),
            (Some(mapping), None) => Input::Map(mapping),
            (None, _) => input,
        };
        Some(GraphNode {
            node: self.node(at, kind, draft.disabled),
            join: draft.join,
            cancel_rest: draft.cancel_rest,
            on_error: draft.on_error,
            input,
        })
    }

    fn node(&mut self, at: usize, kind: NodeKind, disabled: bool) -> Node {
        let step = self.lowering.step(at);
        let mut node = Node::new(step.id.clone(), kind);
        node.name = step.label().filter(|label| **label != *step.id).map(Text::from);
        node.phase = self.phases[at].clone();
        let parts = [step.config, step.data_field("input"), step.data].into_iter().flatten();
        let entries = parts.flat_map(|part| part.entries());
        let props = entries.map(|entry| (entry.key.clone(), entry.value.span)).collect();
        node.origin = Origin { ty: step.type_name.into(), span: Some(step.doc.span), props, disabled };
        if let Some(was) = step.data_field("was") {
            node.was = was.items().iter().filter_map(|id| id.as_str().map(Text::from)).collect();
        }
        node
    }

    /// Whether something reads the list a for-each gives (3.8).
    fn is_collected(&self, owner: usize) -> bool {
        let Some(Body::Loop(head)) = self.drafts[owner].as_ref().map(|draft| &draft.body) else { return false };
        if !matches!(head.mode, LoopMode::ForEach { .. }) {
            return false;
        }
        if let Some(told) = self.lowering.step(owner).field("collect").and_then(|doc| doc.as_bool()) {
            return told;
        }
        let around = self.lowering.words.owner_of(owner);
        let region = &self.regions[around.min(self.regions.len() - 1)];
        let next: Vec<usize> = region.edges.iter().filter(|edge| edge.from == owner).map(|edge| edge.to).collect();
        next.is_empty()
            || self.lowering.words.reads_node(owner)
            || next.iter().any(|node| self.drafts[*node].as_ref().is_none_or(reads_data))
    }
}

/// A node that is in no document: it gives on what it gets.
fn pass_through(id: Text) -> GraphNode {
    GraphNode {
        node: Node::new(id, NodeKind::Set { writes: Vec::new() }),
        join: Join::All,
        cancel_rest: false,
        on_error: OnError::Fail,
        input: Input::Region,
    }
}

/// Whether a node does anything with the value an edge brings.
fn reads_data(draft: &Draft) -> bool {
    if draft.mapping.is_some() {
        return false;
    }
    match &draft.body {
        Body::Leaf(NodeKind::Task(task)) => mentions(&task.params, "data"),
        Body::Leaf(NodeKind::Set { writes }) if !writes.is_empty() => {
            writes.iter().any(|write: &Write| mentions(&write.value, "data"))
        }
        Body::Leaf(NodeKind::Wait(_) | NodeKind::Fail(_)) => false,
        _ => true,
    }
}

/// A wait leaves by the handles that are drawn; one without fails when its time is up, or when it is rejected.
fn route_waits(graph: &mut Graph, back: &[(Text, Text)]) {
    let drawn = graph.edges.iter().map(|edge| (&edge.from, &edge.handle));
    let drawn = drawn.chain(graph.exits.iter().map(|exit| (&exit.from, &exit.handle)));
    let drawn = drawn.chain(back.iter().map(|(from, handle)| (from, handle)));
    let routed = drawn.filter(|(_, handle)| matches!(&***handle, "timeout" | "approved" | "rejected"));
    let routed: HashSet<Text> = routed.map(|(from, _)| from.clone()).collect();
    for node in &mut graph.nodes {
        if let NodeKind::Wait(Wait::Signal { routes, .. } | Wait::Approval { routes, .. }) = &mut node.node.kind {
            *routes = routed.contains(&node.node.id);
        }
    }
}

/// One region's nodes and edges, with what follows from their shape.
struct RegionNetwork {
    network: Network,
    dominators: crate::graph::analysis::Dominators,
    incoming: Vec<Vec<usize>>,
    exclusion: RefCell<Exclusion>,
}

impl RegionNetwork {
    fn new(network: Network) -> Self {
        let dominators = network.dominators(&|_| true);
        let mut incoming = vec![Vec::new(); network.nodes()];
        for (at, link) in network.links.iter().enumerate() {
            incoming[link.to].push(at);
        }
        let exclusion = RefCell::new(Exclusion::new(&network));
        Self { network, dominators, incoming, exclusion }
    }

    /// 3.5: nothing leads here: the region's input; one value can come: it; else an object by predecessor.
    fn input(&self, node: usize, any: bool) -> Input {
        let vertices = self.incoming[node].iter().map(|link| self.network.port_vertex(self.network.links[*link].port));
        let vertices: Vec<usize> = vertices.collect();
        match vertices.len() {
            0 => Input::Region,
            1 => Input::Bare,
            _ if any || self.exclusive(&vertices) => Input::Bare,
            _ => Input::ByNode,
        }
    }

    /// The same rule over the nodes nothing follows on.
    fn output(&self, count: usize) -> Input {
        let mut last = vec![true; count];
        self.network.links.iter().for_each(|link| last[link.from] = false);
        let ends: Vec<usize> = (0..count).filter(|node| last[*node]).collect();
        match ends.len() {
            0 => Input::Region,
            _ if self.exclusive(&ends) => Input::Bare,
            _ => Input::ByNode,
        }
    }

    fn exclusive(&self, vertices: &[usize]) -> bool {
        self.exclusion.borrow_mut().all(&self.dominators, vertices)
    }

    fn only_source(&self, node: usize) -> Option<usize> {
        match self.incoming[node][..] {
            [link] => Some(self.network.links[link].from),
            _ => None,
        }
    }
}

/// In an explicit mapping `data` is what would have come without one.
fn without_data(mapping: &Template, source: &str) -> Template {
    let text = format!("{}.output", node_text(source));
    mapping.map_exprs(&mut |expr| {
        let renamed = expr.rename_free(&|name| (name == "data").then(|| text.clone()));
        match expr.span() {
            Some(span) => Expr::at(renamed, span),
            None => renamed,
        }
    })
}

/// For each node the phase it belongs to: that of its nearest dominator, or its own where it is one (2.7).
pub fn phases(lowering: &Lowering<'_, '_>, shape: &crate::graph::analysis::Shape, nodes: usize) -> Vec<Option<Text>> {
    let mut found: Vec<Option<Text>> = vec![None; shape.dominators.nearest.len()];
    for vertex in &shape.dominators.order {
        let inherited = match shape.dominators.nearest[*vertex] {
            NONE => None,
            above => found[above].clone(),
        };
        let own = (*vertex < nodes).then(|| lowering.step(*vertex)).filter(|step| step.ty == NodeType::Phase);
        let named = own.map(|step| {
            let name = step.any_field(&["name", "phaseName"]).and_then(|doc| doc.as_str());
            Text::from(name.or(step.label()).unwrap_or(&step.id))
        });
        found[*vertex] = named.or(inherited);
    }
    found.truncate(nodes);
    found
}
