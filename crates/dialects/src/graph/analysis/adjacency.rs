/// The marker for "no vertex".
pub const NONE: usize = usize::MAX;

/// A directed graph over `0..count` as packed lists of targets; the order of edges is kept.
#[derive(Clone, Debug)]
pub struct Adjacency {
    offsets: Vec<usize>,
    targets: Vec<usize>,
}

impl Adjacency {
    pub fn new(count: usize, edges: &[(usize, usize)]) -> Self {
        let mut offsets = vec![0; count + 1];
        for (from, _) in edges {
            offsets[from + 1] += 1;
        }
        for at in 0..count {
            offsets[at + 1] += offsets[at];
        }
        let mut next = offsets.clone();
        let mut targets = vec![0; edges.len()];
        for (from, to) in edges {
            targets[next[*from]] = *to;
            next[*from] += 1;
        }
        Self { offsets, targets }
    }

    pub fn reversed(count: usize, edges: &[(usize, usize)]) -> Self {
        let turned: Vec<_> = edges.iter().map(|(from, to)| (*to, *from)).collect();
        Self::new(count, &turned)
    }

    pub fn count(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn of(&self, vertex: usize) -> &[usize] {
        &self.targets[self.offsets[vertex]..self.offsets[vertex + 1]]
    }
}

/// A depth-first walk from one vertex, without recursion.
pub struct Walk {
    /// Vertices in the order they were first seen.
    pub order: Vec<usize>,
    /// The place of a vertex in `order`, or [`NONE`].
    pub number: Vec<usize>,
    /// The vertex each was first seen from, or [`NONE`].
    pub parent: Vec<usize>,
}

impl Walk {
    pub fn from(graph: &Adjacency, root: usize) -> Self {
        let count = graph.count();
        let mut walk = Walk { order: Vec::new(), number: vec![NONE; count], parent: vec![NONE; count] };
        let mut stack = vec![(root, NONE)];
        while let Some((vertex, parent)) = stack.pop() {
            if walk.number[vertex] != NONE {
                continue;
            }
            walk.number[vertex] = walk.order.len();
            walk.parent[vertex] = parent;
            walk.order.push(vertex);
            stack.extend(graph.of(vertex).iter().rev().map(|next| (*next, vertex)));
        }
        walk
    }
}
