use crate::{Claim, QueueId};

/// Puts the queues into the order in which they have their turn: those after the one served last, then the rest,
/// without the full ones. `queues` is sorted.
pub fn rotate(mut queues: Vec<QueueId>, claim: &Claim) -> Vec<QueueId> {
    let first = claim.after.as_ref().map_or(0, |after| queues.partition_point(|queue| queue <= after));
    queues.rotate_left(first);
    queues.retain(|queue| !claim.full_queues.contains(queue));
    queues
}

/// The first of each queue, then the second of each, and so on, at most `limit`.
pub fn interleave<T>(queues: Vec<Vec<T>>, limit: usize) -> Vec<T> {
    let mut queues: Vec<_> = queues.into_iter().map(Vec::into_iter).collect();
    let mut chosen = Vec::new();
    while chosen.len() < limit {
        let round: Vec<T> = queues.iter_mut().filter_map(Iterator::next).collect();
        if round.is_empty() {
            break;
        }
        chosen.extend(round);
    }
    chosen.truncate(limit);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(project: &str) -> QueueId {
        QueueId { tenant: "".into(), project: project.into() }
    }

    fn check(after: Option<&str>, full: &[&str], expected: &[&str]) {
        let full_queues = full.iter().map(|name| queue(name)).collect();
        let claim = Claim { after: after.map(queue), full_queues, ..Claim::default() };
        let queues = ["a", "b", "c"].map(queue).to_vec();
        let rotated: Vec<_> = rotate(queues, &claim).into_iter().map(|queue| queue.project.to_string()).collect();
        assert_eq!(rotated, expected, "after {after:?}");
    }

    #[test]
    fn the_queue_after_the_last_one_comes_first() {
        check(None, &[], &["a", "b", "c"]);
        check(Some("a"), &[], &["b", "c", "a"]);
        check(Some("c"), &[], &["a", "b", "c"]);
        check(Some("bb"), &[], &["c", "a", "b"]);
        check(Some("a"), &["b"], &["c", "a"]);
    }

    #[test]
    fn queues_take_turns() {
        assert_eq!(interleave(vec![vec![1, 2, 3], vec![], vec![4]], 10), [1, 4, 2, 3]);
        assert_eq!(interleave(vec![vec![1, 2, 3], vec![4]], 2), [1, 4]);
        assert!(interleave(Vec::<Vec<u8>>::new(), 2).is_empty());
    }
}
