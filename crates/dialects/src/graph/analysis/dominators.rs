use super::adjacency::{Adjacency, NONE, Walk};

/// Which vertex every path from the root to a vertex must pass: Lengauer and Tarjan's method, O(E log V).
#[derive(Clone, Debug)]
pub struct Dominators {
    /// The nearest dominator of each vertex; the root and what cannot be reached have [`NONE`].
    pub nearest: Vec<usize>,
    /// Vertices with every dominator before what it dominates.
    pub order: Vec<usize>,
    enter: Vec<usize>,
    leave: Vec<usize>,
    depth: Vec<usize>,
    jumps: Vec<Vec<usize>>,
}

impl Dominators {
    pub fn new(count: usize, edges: &[(usize, usize)], root: usize) -> Self {
        let walk = Walk::from(&Adjacency::new(count, edges), root);
        let nearest = nearest(&walk, &Adjacency::reversed(count, edges));
        let tree_edges: Vec<_> =
            walk.order.iter().filter(|v| nearest[**v] != NONE).map(|v| (nearest[*v], *v)).collect();
        let tree = Walk::from(&Adjacency::new(count, &tree_edges), root);
        let (leave, depth) = extents(&tree, &nearest);
        let jumps = jumps(&nearest, &depth, root);
        Self { nearest, order: tree.order, enter: tree.number, leave, depth, jumps }
    }

    /// Whether every path to `below` passes `above`; a vertex dominates itself.
    pub fn dominates(&self, above: usize, below: usize) -> bool {
        let (outer, inner) = (self.enter[above], self.enter[below]);
        outer != NONE && inner != NONE && outer <= inner && inner < self.leave[above]
    }

    /// The vertices `top` dominates, itself first.
    pub fn below(&self, top: usize) -> &[usize] {
        match self.enter[top] {
            NONE => &[],
            enter => &self.order[enter..self.leave[top]],
        }
    }

    /// Where `vertex` stands among its dominators' dominated: sorting by it puts sub-trees together.
    pub fn place(&self, vertex: usize) -> usize {
        self.enter[vertex]
    }

    /// The nearest common dominator of two vertices, with the vertex under it on the way to each
    /// ([`NONE`] where that one is the common dominator itself).
    pub fn fork(&self, a: usize, b: usize) -> (usize, usize, usize) {
        if self.dominates(a, b) {
            return (a, NONE, self.lift(b, self.depth[b].saturating_sub(self.depth[a] + 1)));
        }
        if self.dominates(b, a) {
            return (b, self.lift(a, self.depth[a].saturating_sub(self.depth[b] + 1)), NONE);
        }
        let level = self.depth[a].min(self.depth[b]);
        let (mut x, mut y) = (self.lift(a, self.depth[a] - level), self.lift(b, self.depth[b] - level));
        for jump in self.jumps.iter().rev() {
            if jump[x] != jump[y] {
                (x, y) = (jump[x], jump[y]);
            }
        }
        (self.nearest[x], x, y)
    }

    fn lift(&self, vertex: usize, levels: usize) -> usize {
        let mut at = vertex;
        for (bit, jump) in self.jumps.iter().enumerate() {
            if levels >> bit & 1 == 1 {
                at = jump[at];
            }
        }
        at
    }
}

/// For each vertex the end of its sub-tree in the walk over the dominator tree, and its depth.
fn extents(tree: &Walk, nearest: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut depth = vec![0; nearest.len()];
    for vertex in tree.order.iter().filter(|v| nearest[**v] != NONE) {
        depth[*vertex] = depth[nearest[*vertex]] + 1;
    }
    let mut leave: Vec<usize> = tree.number.iter().map(|number| number.saturating_add(1)).collect();
    for vertex in tree.order.iter().rev().filter(|v| nearest[**v] != NONE) {
        leave[nearest[*vertex]] = leave[nearest[*vertex]].max(leave[*vertex]);
    }
    (leave, depth)
}

/// `jumps[k][v]` is the dominator 2^k levels above `v`, or the root.
fn jumps(nearest: &[usize], depth: &[usize], root: usize) -> Vec<Vec<usize>> {
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let mut jumps = vec![nearest.iter().map(|v| if *v == NONE { root } else { *v }).collect::<Vec<_>>()];
    while deepest >> jumps.len() > 0 {
        let last = &jumps[jumps.len() - 1];
        jumps.push(last.iter().map(|v| last[*v]).collect());
    }
    jumps
}

fn nearest(walk: &Walk, predecessors: &Adjacency) -> Vec<usize> {
    let parents = walk.order.iter().map(|v| walk.parent[*v]).map(|p| if p == NONE { NONE } else { walk.number[p] });
    let mut forest = Forest::new(parents.collect());
    let count = walk.order.len();
    let mut found = vec![NONE; count];
    let mut buckets = vec![Vec::new(); count];
    for vertex in (1..count).rev() {
        for from in predecessors.of(walk.order[vertex]).iter().map(|p| walk.number[*p]).filter(|n| *n != NONE) {
            forest.semi[vertex] = forest.semi[vertex].min(forest.semi_below(from));
        }
        buckets[forest.semi[vertex]].push(vertex);
        let parent = forest.parent[vertex];
        forest.linked[vertex] = parent;
        for waiting in std::mem::take(&mut buckets[parent]) {
            let best = forest.best(waiting);
            found[waiting] = if forest.semi[best] < forest.semi[waiting] { best } else { parent };
        }
    }
    for vertex in 1..count {
        if found[vertex] != forest.semi[vertex] {
            found[vertex] = found[found[vertex]];
        }
    }
    let mut nearest = vec![NONE; walk.number.len()];
    for vertex in 1..count {
        nearest[walk.order[vertex]] = walk.order[found[vertex]];
    }
    nearest
}

/// The growing forest of the method, with path compression. All vertices are numbers of the walk.
struct Forest {
    parent: Vec<usize>,
    linked: Vec<usize>,
    label: Vec<usize>,
    semi: Vec<usize>,
}

impl Forest {
    fn new(parent: Vec<usize>) -> Self {
        let count = parent.len();
        Self { parent, linked: vec![NONE; count], label: (0..count).collect(), semi: (0..count).collect() }
    }

    fn semi_below(&mut self, vertex: usize) -> usize {
        let best = self.best(vertex);
        self.semi[best]
    }

    fn best(&mut self, vertex: usize) -> usize {
        if self.linked[vertex] == NONE {
            return vertex;
        }
        let mut path = Vec::new();
        let mut at = vertex;
        while self.linked[self.linked[at]] != NONE {
            path.push(at);
            at = self.linked[at];
        }
        for below in path.into_iter().rev() {
            let above = self.linked[below];
            if self.semi[self.label[above]] < self.semi[self.label[below]] {
                self.label[below] = self.label[above];
            }
            self.linked[below] = self.linked[above];
        }
        self.label[vertex]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: &[(usize, usize)], expected: &[(usize, usize)]) {
        let count = edges.iter().map(|(a, b)| a.max(b) + 1).max().unwrap_or(1);
        let found = Dominators::new(count, edges, 0);
        let pairs: Vec<_> = (1..count).map(|v| (v, found.nearest[v])).collect();
        assert_eq!(pairs, expected, "{edges:?}");
    }

    #[test]
    fn small_graphs() {
        check(&[(0, 1), (1, 2), (1, 3), (2, 4), (3, 4)], &[(1, 0), (2, 1), (3, 1), (4, 1)]);
        check(&[(0, 1), (0, 2), (1, 2), (2, 1)], &[(1, 0), (2, 0)]);
        check(&[(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)], &[(1, 0), (2, 1), (3, 2), (4, 3)]);
    }

    #[test]
    fn forks_name_both_sides() {
        let tree = Dominators::new(6, &[(0, 1), (1, 2), (1, 3), (2, 4), (3, 5)], 0);
        assert_eq!(tree.fork(4, 5), (1, 2, 3));
        assert_eq!(tree.fork(1, 5), (1, NONE, 3));
        assert_eq!(tree.fork(5, 3), (3, 5, NONE));
        assert_eq!(tree.below(2), [2, 4]);
    }

    proptest::proptest! {
        /// A vertex is dominated by exactly those without which it cannot be reached.
        #[test]
        fn agrees_with_the_definition(edges in proptest::collection::vec((0usize..9, 0usize..9), 0..30)) {
            let tree = Dominators::new(9, &edges, 0);
            let whole = Walk::from(&Adjacency::new(9, &edges), 0);
            for above in 0..9 {
                let without: Vec<_> = edges.iter().copied().filter(|(a, b)| *a != above && *b != above).collect();
                let rest = Walk::from(&Adjacency::new(9, &without), 0);
                for below in (0..9).filter(|v| whole.number[*v] != NONE && whole.number[above] != NONE) {
                    let must = above == 0 || above == below || rest.number[below] == NONE;
                    proptest::prop_assert_eq!(tree.dominates(above, below), must, "{} over {}", above, below);
                }
            }
        }
    }
}
