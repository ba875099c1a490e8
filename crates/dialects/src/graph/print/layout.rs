use std::collections::HashMap;

const COLUMN: usize = 260;
const ROW: usize = 120;

/// A place for every node: columns by how far from the start, rows in file order. Edges that lead back are ignored.
pub fn places(ids: &[String], edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let columns = columns(ids.len(), edges);
    let mut rows: HashMap<usize, usize> = HashMap::new();
    let place = |column: &usize| {
        let row = rows.entry(*column).or_insert(0);
        *row += 1;
        (column * COLUMN, (*row - 1) * ROW)
    };
    columns.iter().map(place).collect()
}

/// The longest way to each node over edges that lead on in the order nodes were drawn.
fn columns(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut incoming = vec![0usize; count];
    let mut next = vec![Vec::new(); count];
    for (from, to) in edges.iter().filter(|(from, to)| from < to) {
        incoming[*to] += 1;
        next[*from].push(*to);
    }
    let mut columns = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| incoming[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for to in &next[node] {
            columns[*to] = columns[*to].max(columns[node] + 1);
            incoming[*to] -= 1;
            if incoming[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    columns
}
