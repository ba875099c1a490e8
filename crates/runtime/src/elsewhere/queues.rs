use super::Waiting;
use crate::admission::Slot;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use weir_store::RunKey;

/// As the queue of this server has it: whoever came first is first, among those that matter as much.
type Turn = (Reverse<i32>, RunKey);

/// Runs that wait for a place, those together that count against the same limits: where the first of them finds none,
/// nobody else of them does.
#[derive(Default)]
pub(super) struct Queues(BTreeMap<Slot, BTreeMap<Turn, Waiting>>);

/// A run that may go, with what it counts against.
pub(super) struct Taken {
    pub slot: Slot,
    pub waiting: Waiting,
}

impl Queues {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    pub fn push(&mut self, slot: Slot, waiting: Waiting) {
        let turn = (Reverse(waiting.run.priority), waiting.run.key);
        self.0.entry(slot).or_default().insert(turn, waiting);
    }

    /// The first runs that get a place, at most so many. `has_place` is asked once more than it finds one, for each limit.
    pub fn take(&mut self, most: usize, mut has_place: impl FnMut(&Slot, RunKey) -> bool) -> Vec<Taken> {
        let first = |(slot, queue): (&Slot, &BTreeMap<Turn, Waiting>)| {
            queue.first_key_value().map(|(turn, _)| (*turn, slot.clone()))
        };
        let mut heads: BTreeSet<(Turn, Slot)> = self.0.iter().filter_map(first).collect();
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some((turn, slot)) = heads.pop_first()
        {
            if !has_place(&slot, turn.1) {
                continue;
            }
            let Some(queue) = self.0.get_mut(&slot) else { continue };
            let waiting = queue.remove(&turn);
            match queue.first_key_value() {
                Some((next, _)) => drop(heads.insert((*next, slot.clone()))),
                None => drop(self.0.remove(&slot)),
            }
            taken.extend(waiting.map(|waiting| Taken { slot, waiting }));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_store::{Place, QueueId, Run};

    fn slot(key: &str) -> Slot {
        Slot { queue: QueueId::default(), key: Some((key.into(), 1)) }
    }

    fn push(queues: &mut Queues, key: &str, run: i64, priority: i32) {
        let run = Run { priority, ..Run::new(RunKey(run), format!("r{run}"), Place::default(), "f", 0) };
        queues.push(slot(key), Waiting::new(run, None, &Default::default()));
    }

    fn keys(taken: &[Taken]) -> Vec<i64> {
        taken.iter().map(|taken| taken.waiting.run.key.0).collect()
    }

    #[test]
    fn who_matters_more_and_came_first_goes_first_whatever_limits_it() {
        let mut queues = Queues::default();
        for (key, run, priority) in [("a", 3, 0), ("b", 1, 0), ("a", 2, 0), ("b", 4, 1), ("c", 5, 0)] {
            push(&mut queues, key, run, priority);
        }
        assert_eq!(keys(&queues.take(3, |_, _| true)), [4, 1, 2]);
        assert_eq!(queues.len(), 2);
        assert_eq!(keys(&queues.take(3, |slot, _| *slot != super::tests::slot("a"))), [5]);
        assert_eq!(keys(&queues.take(3, |_, _| true)), [3]);
        assert!(queues.is_empty());
    }

    #[test]
    fn a_thousand_without_a_place_ask_for_one_once() {
        let mut queues = Queues::default();
        (0..1_000).for_each(|run| push(&mut queues, "k", run, 0));
        let (mut asked, mut free) = (0, 2);
        let taken = queues.take(16, |_, _| {
            asked += 1;
            free -= 1;
            free >= 0
        });
        assert_eq!((keys(&taken), asked), (vec![0, 1], 3));
    }
}
