use crate::timers::TimerKey;
use std::collections::{BTreeSet, HashMap};
use weir_base::{Micros, Text};

/// A timer of the engine that has been set.
pub(super) struct Armed {
    pub key: TimerKey,
    pub due: Micros,
    pub deadline: bool,
    /// Due when it was set: firing again after a crash changes nothing, so nothing waits for its record.
    pub at_once: bool,
}

impl Armed {
    fn turn(&self) -> TimerKey {
        (self.due, self.key.1)
    }
}

/// The timers a run has set. Which is due first is known without going over them all: it is asked after each event.
#[derive(Default)]
pub(super) struct ArmedTimers {
    by_path: HashMap<Text, Armed>,
    turns: BTreeSet<TimerKey>,
}

impl ArmedTimers {
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// Gives back the one it replaces.
    pub fn insert(&mut self, path: Text, armed: Armed) -> Option<Armed> {
        self.turns.insert(armed.turn());
        let before = self.by_path.insert(path, armed)?;
        self.turns.remove(&before.turn());
        Some(before)
    }

    pub fn remove(&mut self, path: &Text) -> Option<Armed> {
        let armed = self.by_path.remove(path)?;
        self.turns.remove(&armed.turn());
        Some(armed)
    }

    pub fn drain(&mut self) -> impl Iterator<Item = Armed> {
        self.turns.clear();
        self.by_path.drain().map(|(_, armed)| armed)
    }

    pub fn earliest(&self) -> Option<Micros> {
        self.turns.first().map(|(due, _)| *due)
    }

    pub fn earliest_deadline(&self) -> Option<Micros> {
        self.by_path.values().filter(|armed| armed.deadline).map(|armed| armed.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(timers: &ArmedTimers, earliest: Option<Micros>, deadline: Option<Micros>) {
        assert_eq!((timers.earliest(), timers.earliest_deadline()), (earliest, deadline));
    }

    #[test]
    fn the_earliest_is_the_one_that_is_due_first_of_those_there_are() {
        let mut timers = ArmedTimers::default();
        let armed = |due, number, deadline| Armed { key: (0, number), due, deadline, at_once: false };
        check(&timers, None, None);
        for (path, due, number, deadline) in [("a", 5, 1, false), ("b", 5, 2, false), ("c", 7, 3, true)] {
            assert!(timers.insert(path.into(), armed(due, number, deadline)).is_none());
        }
        check(&timers, Some(5), Some(7));
        assert!(timers.remove(&"a".into()).is_some() && timers.remove(&"a".into()).is_none());
        check(&timers, Some(5), Some(7));
        assert_eq!(timers.insert("b".into(), armed(9, 4, false)).map(|before| before.due), Some(5));
        check(&timers, Some(7), Some(7));
        assert_eq!(timers.drain().count(), 2);
        check(&timers, None, None);
        assert!(timers.is_empty());
    }
}
