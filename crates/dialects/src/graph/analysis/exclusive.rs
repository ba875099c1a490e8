use super::dominators::Dominators;

/// Whether at most one of these vertices can ever be passed in a run.
///
/// Two vertices exclude each other when different handles of one node dominate them: their nearest common
/// dominator is a node, and both ways below it begin at ports. Sorted by place in the dominator tree, it is
/// enough to compare neighbours, since every fork between two of them also lies between two neighbours.
pub fn all_exclusive(dominators: &Dominators, vertices: &[usize], is_port: &dyn Fn(usize) -> bool) -> bool {
    let mut sorted = vertices.to_vec();
    sorted.sort_by_key(|vertex| dominators.place(*vertex));
    sorted.windows(2).all(|pair| {
        let (_, left, right) = dominators.fork(pair[0], pair[1]);
        left != super::NONE && right != super::NONE && is_port(left) && is_port(right)
    })
}
