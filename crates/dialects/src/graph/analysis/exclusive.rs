use super::dominators::Dominators;
use super::network::Network;
use std::collections::HashMap;

/// How many steps the search in one network may take. Beyond it, paths count as able to meet.
const MOST_STEPS: usize = 2_000_000;

/// Which vertices of a network without cycles exclude each other: no run can pass both.
///
/// A node leaves by one handle only, so two handles of one node exclude each other. What is only reached over
/// vertices that all exclude something excludes it too, however the paths part and meet before.
pub struct Exclusion {
    /// Nodes with every node before those it leads to; the place of each. A node on a cycle has none.
    places: Vec<Option<usize>>,
    /// The ports that lead to each node, as vertices.
    incoming: Vec<Vec<usize>>,
    /// The node of each port.
    port_nodes: Vec<usize>,
    known: HashMap<(usize, usize), bool>,
    steps: usize,
}

impl Exclusion {
    pub fn new(network: &Network) -> Self {
        let mut incoming = vec![Vec::new(); network.nodes()];
        network.links.iter().for_each(|link| incoming[link.to].push(network.port_vertex(link.port)));
        let port_nodes = network.ports.iter().map(|(node, _)| *node).collect();
        Self { places: places(network), incoming, port_nodes, known: HashMap::new(), steps: 0 }
    }

    /// Whether at most one of these vertices can ever be passed in a run.
    ///
    /// Mostly different handles of one node dominate them: their nearest common dominator is a node, and both ways
    /// below it begin at ports. Sorted by place in the dominator tree, it is enough to compare neighbours for that,
    /// since every fork between two of them also lies between two neighbours.
    pub fn all(&mut self, dominators: &Dominators, vertices: &[usize]) -> bool {
        let mut sorted = vertices.to_vec();
        sorted.sort_by_key(|vertex| dominators.place(*vertex));
        let apart = |pair: &[usize]| {
            let (_, left, right) = dominators.fork(pair[0], pair[1]);
            [left, right].into_iter().all(|side| side != super::NONE && self.is_port(side))
        };
        sorted.windows(2).all(apart) || self.all_pairs(&sorted)
    }

    fn all_pairs(&mut self, vertices: &[usize]) -> bool {
        // Neighbours first: where it fails, it mostly fails there.
        let neighbours = (1..vertices.len()).all(|at| self.pair(vertices[at - 1], vertices[at]));
        neighbours && (2..vertices.len()).all(|at| (0..at - 1).all(|before| self.pair(vertices[before], vertices[at])))
    }

    fn is_port(&self, vertex: usize) -> bool {
        (self.incoming.len()..self.incoming.len() + self.port_nodes.len()).contains(&vertex)
    }

    fn node_of(&self, vertex: usize) -> usize {
        vertex.checked_sub(self.incoming.len()).and_then(|port| self.port_nodes.get(port).copied()).unwrap_or(vertex)
    }

    fn pair(&mut self, a: usize, b: usize) -> bool {
        let Some(whole) = self.ordered(a, b) else { return false };
        let mut open = vec![whole];
        while let Some(pair) = open.last().copied() {
            if self.steps > MOST_STEPS {
                return false;
            }
            match self.judge(pair) {
                Ok(verdict) => {
                    self.known.insert(pair, verdict);
                    open.pop();
                }
                Err(first) => open.push(first),
            }
        }
        self.known.get(&whole).copied().unwrap_or(false)
    }

    /// The pair with the later vertex first; `None` on a cycle.
    fn ordered(&self, a: usize, b: usize) -> Option<(usize, usize)> {
        let place = |vertex: usize| Some((self.places[self.node_of(vertex)]?, self.is_port(vertex), vertex));
        Some(if place(a)? > place(b)? { (a, b) } else { (b, a) })
    }

    /// The verdict on a pair, or another pair that must be judged first.
    fn judge(&mut self, (later, earlier): (usize, usize)) -> Result<bool, (usize, usize)> {
        self.steps += 1;
        if later == earlier {
            return Ok(false);
        }
        let node = self.node_of(later);
        if self.is_port(later) {
            let siblings = self.is_port(earlier) && self.node_of(earlier) == node;
            return if siblings { Ok(true) } else { self.look_up(node, earlier) };
        }
        for at in 0..self.incoming[node].len() {
            if !self.look_up(self.incoming[node][at], earlier)? {
                return Ok(false);
            }
        }
        Ok(!self.incoming[node].is_empty())
    }

    fn look_up(&mut self, a: usize, b: usize) -> Result<bool, (usize, usize)> {
        self.steps += 1;
        let Some(pair) = self.ordered(a, b) else { return Ok(false) };
        self.known.get(&pair).copied().ok_or(pair)
    }
}

fn places(network: &Network) -> Vec<Option<usize>> {
    let mut missing = vec![0usize; network.nodes()];
    let mut following = vec![Vec::new(); network.nodes()];
    for link in &network.links {
        missing[link.to] += 1;
        following[link.from].push(link.to);
    }
    let mut places = vec![None; network.nodes()];
    let mut ready: Vec<usize> = (0..network.nodes()).filter(|node| missing[*node] == 0).collect();
    let mut next = 0;
    while let Some(node) = ready.pop() {
        places[node] = Some(next);
        next += 1;
        for to in &following[node] {
            missing[*to] -= 1;
            if missing[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::analysis::Role;
    use proptest::prelude::*;
    use weir_base::Text;

    const NODES: usize = 7;

    /// Whether some choice of one handle for each node passes both of two nodes.
    fn can_meet(network: &Network, a: usize, b: usize) -> bool {
        let handles = ["x", "y"];
        (0..1usize << NODES).any(|choice| {
            let mut passed = [false; NODES];
            for node in 0..NODES {
                let arrives = |link: &&super::super::network::Link| {
                    let chosen = handles[choice >> link.from & 1];
                    link.to == node && passed[link.from] && *network.ports[link.port].1 == *chosen
                };
                let first = network.links.iter().all(|link| link.to != node);
                passed[node] = first || network.links.iter().any(|link| arrives(&link));
            }
            passed[a] && passed[b]
        })
    }

    proptest! {
        /// 3.5: two nodes exclude each other exactly when no choice of handles passes both.
        #[test]
        fn agrees_with_trying_every_choice(
            edges in proptest::collection::vec((0..NODES, any::<bool>(), 0..NODES), 0..14),
            (a, b) in (0..NODES, 0..NODES),
        ) {
            let forward = edges.into_iter().filter(|(from, _, to)| from < to);
            let named = forward.map(|(from, side, to)| (from, Text::from(if side { "x" } else { "y" }), to));
            let network = Network::new(vec![Role::Plain; NODES], named);
            let dominators = network.dominators(&|_| true);
            let found = Exclusion::new(&network).all(&dominators, &[a, b]);
            prop_assert_eq!(found, a != b && !can_meet(&network, a, b));
        }
    }

    /// A long chain costs no stack, and a wide hostile one ends.
    #[test]
    fn size_is_no_danger() {
        let chain = (0..50_000).map(|at| (at, Text::from("out"), at + 1));
        let network = Network::new(vec![Role::Plain; 50_002], chain.chain([(0, Text::from("out"), 50_001)]));
        let dominators = network.dominators(&|_| true);
        assert!(!Exclusion::new(&network).all(&dominators, &[50_000, 50_001]));
        let cross =
            (0..200).flat_map(|from| [("x", 1), ("y", 2), ("x", 3)].map(|(side, by)| (from, side.into(), from + by)));
        let network = Network::new(vec![Role::Plain; 203], cross);
        let dominators = network.dominators(&|_| true);
        assert!(!Exclusion::new(&network).all(&dominators, &[200, 201, 202]));
    }
}
