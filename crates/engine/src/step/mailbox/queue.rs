use super::state::Message;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use weir_ir::Scheduling;

/// Messages that wait for a handler, in one lane for each listener that has any.
///
/// The lowest order goes first. What follows from one cause stays together, behind all others in a breadth-first
/// mailbox and before them in a depth-first one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Queue {
    lanes: BTreeMap<u32, VecDeque<(i64, Message)>>,
    first: i64,
    last: i64,
}

impl Queue {
    pub fn add(&mut self, batch: Vec<(u32, Message)>, scheduling: Scheduling) {
        match scheduling {
            Scheduling::BreadthFirst => batch.into_iter().for_each(|(listener, message)| {
                self.last += 1;
                self.lanes.entry(listener).or_default().push_back((self.last, message));
            }),
            Scheduling::DepthFirst => batch.into_iter().rev().for_each(|(listener, message)| {
                self.first -= 1;
                self.lanes.entry(listener).or_default().push_front((self.first, message));
            }),
        }
    }

    /// Takes the first message to a listener that `accepts` one.
    pub fn take(&mut self, accepts: impl Fn(u32) -> bool) -> Option<(u32, Message)> {
        let fronts = self.lanes.iter().filter(|(listener, _)| accepts(**listener));
        let (listener, _) = fronts.min_by_key(|(_, lane)| lane.front().map(|(order, _)| *order))?;
        let listener = *listener;
        let lane = self.lanes.get_mut(&listener)?;
        let (_, message) = lane.pop_front()?;
        if lane.is_empty() {
            self.lanes.remove(&listener);
        }
        Some((listener, message))
    }

    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::mailbox::state::Letter;
    use weir_base::Value;

    /// Two causes, the second while the first one's messages still wait; then what comes out.
    fn check(scheduling: Scheduling, accepts: fn(u32) -> bool, expected: &[u64]) {
        let mut queue = Queue::default();
        let message = |index| Message { thread: 0, index, letter: Letter { value: Value::Null, bytes: 0 } };
        queue.add(vec![(7, message(0)), (3, message(1))], scheduling);
        queue.add(vec![(3, message(2)), (7, message(3))], scheduling);
        let order: Vec<u64> = std::iter::from_fn(|| queue.take(accepts)).map(|(_, message)| message.index).collect();
        assert_eq!(order, expected);
    }

    #[test]
    fn messages_go_out_in_the_order_of_the_scheduling() {
        check(Scheduling::BreadthFirst, |_| true, &[0, 1, 2, 3]);
        check(Scheduling::DepthFirst, |_| true, &[2, 3, 0, 1]);
    }

    #[test]
    fn a_full_listener_holds_up_no_other() {
        check(Scheduling::BreadthFirst, |listener| listener == 3, &[1, 2]);
        check(Scheduling::DepthFirst, |listener| listener == 7, &[3, 0]);
    }
}
