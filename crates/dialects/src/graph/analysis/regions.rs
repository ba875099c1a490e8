use super::adjacency::{Adjacency, NONE};
use super::cycles::{Cycle, illegal};
use super::dominators::Dominators;
use super::network::{Network, Role};

/// What becomes of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    /// Leads back to the loop node that owns where it begins: the end of an iteration.
    Back,
    /// Closes a cycle no loop owns.
    Dropped,
}

/// Which node owns which: loops own their natural loop, retries what stands behind them.
#[derive(Clone, Debug)]
pub struct Shape {
    pub fates: Vec<Fate>,
    /// The first cycles no loop owns.
    pub cycles: Vec<Cycle>,
    /// How many links close such cycles.
    pub closing: usize,
    /// The loop or retry that owns each node, or [`NONE`] for the flow itself.
    pub owner: Vec<usize>,
    /// Over nodes and ports, without the links that were dropped.
    pub dominators: Dominators,
    /// Retries whose successors cannot be told from the rest of the flow.
    pub unowned_retries: Vec<usize>,
}

impl Shape {
    pub fn new(network: &Network) -> Self {
        let first = network.dominators(&|_| true);
        let back: Vec<bool> = network
            .links
            .iter()
            .map(|link| network.roles[link.to] == Role::Loop && first.dominates(link.to, link.from))
            .collect();
        let (closing, cycles) = illegal(network, &first, &back);
        let mut fates: Vec<Fate> = back.iter().map(|back| if *back { Fate::Back } else { Fate::Kept }).collect();
        closing.iter().for_each(|link| fates[*link] = Fate::Dropped);
        let dominators = match closing.is_empty() {
            true => first,
            false => network.dominators(&|link| fates[link] != Fate::Dropped),
        };
        let owner = loop_owners(network, &fates, &dominators);
        let mut shape = Self { fates, cycles, closing: closing.len(), owner, dominators, unowned_retries: Vec::new() };
        shape.own_retries(network);
        shape
    }

    /// How many loops and retries a node stands in.
    pub fn depths(&self) -> Vec<usize> {
        let mut depths = vec![NONE; self.owner.len()];
        for node in 0..self.owner.len() {
            let mut path = Vec::new();
            let mut at = node;
            while at != NONE && depths[at] == NONE {
                path.push(at);
                at = self.owner[at];
            }
            let outer = if at == NONE { 0 } else { depths[at] + 1 };
            path.into_iter().rev().zip(outer..).for_each(|(inner, depth)| depths[inner] = depth);
        }
        depths
    }

    /// Inner retries first, so that an outer one takes an inner one whole.
    fn own_retries(&mut self, network: &Network) {
        let retry = |vertex: &usize| *vertex < network.nodes() && network.roles[*vertex] == Role::Retry;
        let retries: Vec<usize> = self.dominators.order.iter().copied().filter(retry).collect();
        let leaving: Vec<_> = network.links.iter().enumerate().map(|(at, link)| (link.port, at)).collect();
        let leaving = Adjacency::new(network.ports.len(), &leaving);
        for retry in retries.into_iter().rev() {
            let owned = match network.port(retry, "body") {
                Some(body) => self.behind(network, retry, body),
                None => self.one_successor(network, &leaving, retry),
            };
            if owned.is_empty() {
                self.unowned_retries.push(retry);
            }
            owned.into_iter().for_each(|node| self.owner[node] = retry);
        }
        self.unowned_retries.sort_unstable();
    }

    /// Everything that can only be reached through a port and stands in the same loop as its node.
    fn behind(&self, network: &Network, retry: usize, port: usize) -> Vec<usize> {
        let below = self.dominators.below(network.port_vertex(port)).iter().copied();
        below.filter(|vertex| *vertex < network.nodes() && self.owner[*vertex] == self.owner[retry]).collect()
    }

    fn one_successor(&self, network: &Network, leaving: &Adjacency, retry: usize) -> Vec<usize> {
        let Some(port) = network.port(retry, weir_ir::OUT) else {
            return Vec::new();
        };
        let kept = |link: &usize| self.fates[*link] == Fate::Kept;
        let links: Vec<usize> = leaving.of(port).iter().copied().filter(kept).collect();
        let [link] = links[..] else {
            return Vec::new();
        };
        let next = network.links[link].to;
        let alone = self.dominators.nearest[next] == network.port_vertex(port);
        if alone && self.owner[next] == self.owner[retry] { vec![next] } else { Vec::new() }
    }
}

/// The innermost loop around each node. A loop's body is every node that reaches one of its back links
/// without passing the loop node; inner loops are folded into their headers before outer ones are looked at.
fn loop_owners(network: &Network, fates: &[Fate], dominators: &Dominators) -> Vec<usize> {
    let kept: Vec<_> = links_with(network, fates, Fate::Kept);
    let back: Vec<_> = links_with(network, fates, Fate::Back);
    let predecessors = Adjacency::reversed(network.nodes(), &kept);
    let sources = Adjacency::reversed(network.nodes(), &back);
    let mut owner = vec![NONE; network.nodes()];
    let mut folded: Vec<usize> = (0..network.nodes()).collect();
    for header in dominators.order.iter().rev().copied().filter(|v| *v < network.nodes()) {
        let mut work: Vec<usize> = sources.of(header).to_vec();
        while let Some(next) = work.pop() {
            let node = outermost(&mut folded, next);
            if node == header || owner[node] != NONE {
                continue;
            }
            owner[node] = header;
            folded[node] = header;
            work.extend(predecessors.of(node));
        }
    }
    owner
}

fn links_with(network: &Network, fates: &[Fate], fate: Fate) -> Vec<(usize, usize)> {
    let links = network.links.iter().zip(fates).filter(|(_, found)| **found == fate);
    links.map(|(link, _)| (link.from, link.to)).collect()
}

/// The loop header a node was folded into so far, or the node itself.
fn outermost(folded: &mut [usize], node: usize) -> usize {
    let mut top = node;
    while folded[top] != top {
        top = folded[top];
    }
    let mut at = node;
    while folded[at] != top {
        at = std::mem::replace(&mut folded[at], top);
    }
    top
}
