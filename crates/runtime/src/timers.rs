use std::collections::BTreeMap;
use weir_base::{Micros, Text};
use weir_store::RunKey;

/// Where a timer stands; earlier ones first, equal ones in the order of setting.
pub(crate) type TimerKey = (Micros, u64);

/// What is to happen to a run at some time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Due {
    /// A timer of the engine.
    Step { path: Text },
    /// The next attempt of a task.
    Attempt { path: Text, attempt: u32 },
    /// Leave memory if it still only waits.
    Park,
}

#[derive(Default)]
pub(crate) struct Timers {
    queue: BTreeMap<TimerKey, (RunKey, Due)>,
    set: u64,
}

impl Timers {
    pub fn set(&mut self, at: Micros, run: RunKey, due: Due) -> TimerKey {
        self.set += 1;
        self.queue.insert((at, self.set), (run, due));
        (at, self.set)
    }

    pub fn unset(&mut self, key: TimerKey) {
        self.queue.remove(&key);
    }

    pub fn earliest(&self) -> Option<Micros> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// The earliest timer, if its time has come.
    pub fn pop(&mut self, now: Micros) -> Option<(RunKey, Due)> {
        let entry = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
