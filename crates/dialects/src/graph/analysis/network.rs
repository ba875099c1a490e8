use super::adjacency::{Adjacency, NONE};
use super::dominators::Dominators;
use std::collections::HashMap;
use weir_base::Text;

/// What the analysis must know of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Plain,
    /// Where a flow begins, whatever leads to it.
    Start,
    Loop,
    /// Owns what stands behind the handle `body`, else its one successor.
    Retry,
}

/// One edge: it leaves `from` by a port, which is one handle of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub from: usize,
    pub port: usize,
    pub to: usize,
}

/// Nodes, and edges that leave by handles. Leaving by one handle excludes leaving by another.
#[derive(Clone, Debug)]
pub struct Network {
    pub roles: Vec<Role>,
    pub links: Vec<Link>,
    /// The node and the handle of each port.
    pub ports: Vec<(usize, Text)>,
    port_numbers: HashMap<(usize, Text), usize>,
}

impl Network {
    pub fn new(roles: Vec<Role>, edges: impl IntoIterator<Item = (usize, Text, usize)>) -> Self {
        let mut network = Self { roles, links: Vec::new(), ports: Vec::new(), port_numbers: HashMap::new() };
        for (from, handle, to) in edges {
            let port = network.port_or_new(from, handle);
            network.links.push(Link { from, port, to });
        }
        network
    }

    fn port_or_new(&mut self, node: usize, handle: Text) -> usize {
        let next = self.ports.len();
        let port = *self.port_numbers.entry((node, handle.clone())).or_insert(next);
        if port == next {
            self.ports.push((node, handle));
        }
        port
    }

    pub fn nodes(&self) -> usize {
        self.roles.len()
    }

    pub fn port(&self, node: usize, handle: &str) -> Option<usize> {
        self.port_numbers.get(&(node, Text::from(handle))).copied()
    }

    /// The vertex that stands for a port where dominators are counted.
    pub fn port_vertex(&self, port: usize) -> usize {
        self.nodes() + port
    }

    /// The vertex before all nodes.
    pub fn root(&self) -> usize {
        self.nodes() + self.ports.len()
    }

    /// Dominators over the root, the nodes and the ports, following the links that are `kept`.
    pub fn dominators(&self, kept: &dyn Fn(usize) -> bool) -> Dominators {
        let mut edges = Vec::with_capacity(self.links.len() + self.ports.len() + self.nodes());
        edges.extend(self.entries(kept).into_iter().map(|node| (self.root(), node)));
        edges.extend(self.ports.iter().enumerate().map(|(port, (node, _))| (*node, self.port_vertex(port))));
        let kept_links = self.links.iter().enumerate().filter(|(at, _)| kept(*at));
        edges.extend(kept_links.map(|(_, link)| (self.port_vertex(link.port), link.to)));
        Dominators::new(self.root() + 1, &edges, self.root())
    }

    /// Where walks begin, so that every node is reached: starts, nodes nothing leads to, and one node of each
    /// cycle that nothing leads to, a loop before any other.
    pub fn entries(&self, kept: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let edges: Vec<_> =
            self.links.iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, link)| (link.from, link.to)).collect();
        let graph = Adjacency::new(self.nodes(), &edges);
        let mut incoming = vec![0usize; self.nodes()];
        for (_, to) in &edges {
            incoming[*to] += 1;
        }
        let free = |node: &usize| incoming[*node] == 0 || self.roles[*node] == Role::Start;
        let loops = |node: &usize| self.roles[*node] == Role::Loop;
        let all = || 0..self.nodes();
        let mut seen = vec![false; self.nodes()];
        let candidates = all().filter(free).chain(all().filter(loops)).chain(all());
        candidates.filter(|node| (incoming[*node] == 0 || !seen[*node]) && mark(&graph, *node, &mut seen)).collect()
    }
}

/// Marks what can be reached from a node; false where the node was marked before.
fn mark(graph: &Adjacency, node: usize, seen: &mut [bool]) -> bool {
    let fresh = !seen[node];
    let mut stack = vec![node];
    while let Some(at) = stack.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            stack.extend(graph.of(at));
        }
    }
    fresh
}

/// Depth-first finishing of the part of a network: links that lead back onto the current path.
pub fn retreating(network: &Network, kept: &dyn Fn(usize) -> bool, found: &mut dyn FnMut(usize, &[usize])) {
    let edges: Vec<_> = network.links.iter().enumerate().filter(|(at, _)| kept(*at)).collect();
    let by_link: Vec<_> = edges.iter().map(|(at, link)| (link.from, *at)).collect();
    let outgoing = Adjacency::new(network.nodes(), &by_link);
    let mut state = vec![NONE; network.nodes()];
    for start in network.entries(kept) {
        walk_path(network, &outgoing, start, &mut state, found);
    }
}

const DONE: usize = NONE - 1;

/// `state` is [`NONE`] for an unseen node, its place on the path, or [`DONE`].
fn walk_path(
    network: &Network,
    outgoing: &Adjacency,
    start: usize,
    state: &mut [usize],
    found: &mut dyn FnMut(usize, &[usize]),
) {
    if state[start] != NONE {
        return;
    }
    let (mut path, mut came_by) = (vec![(start, 0)], Vec::new());
    state[start] = 0;
    while let Some((node, next)) = path.last_mut() {
        let Some(link) = outgoing.of(*node).get(*next).copied() else {
            state[*node] = DONE;
            path.pop();
            came_by.pop();
            continue;
        };
        *next += 1;
        let to = network.links[link].to;
        match state[to] {
            NONE => {
                state[to] = path.len();
                path.push((to, 0));
                came_by.push(link);
            }
            DONE => {}
            place => found(link, &came_by[place..]),
        }
    }
}
