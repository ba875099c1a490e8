//! How far triggers have come, and what of it is not written yet.

use crate::model::{SkippedRun, TriggerState};
use crate::records::{Kept, Record};
use std::collections::{BTreeSet, HashMap};
use weir_base::{Micros, Text};
use weir_store::Change;

/// How long something may be unwritten.
pub const LAZY: Micros = 1_000_000;

/// Triggers that are written in one change.
const TOGETHER: usize = 1_000;

#[derive(Clone, Debug, PartialEq)]
struct Known {
    tenant: Text,
    state: TriggerState,
    /// Whether it has a row.
    stored: bool,
}

#[derive(Debug, Default)]
pub struct Progress {
    known: HashMap<Text, Known>,
    unwritten: BTreeSet<Text>,
    /// When the oldest of these was noted.
    since: Option<Micros>,
}

impl Progress {
    /// What was read; what is known already is newer.
    pub fn learn(&mut self, tenant: &Text, id: &Text, state: Option<TriggerState>) {
        let stored = state.is_some();
        let fresh = || Known { tenant: tenant.clone(), state: state.unwrap_or_default(), stored };
        self.known.entry(id.clone()).or_insert_with(fresh);
    }

    pub fn of(&self, id: &str) -> Option<&TriggerState> {
        self.known.get(id).map(|known| &known.state)
    }

    /// Takes a step of a trigger down, to be written soon.
    pub fn note(&mut self, tenant: &Text, id: &Text, now: Micros, step: impl FnOnce(&mut TriggerState)) {
        let fresh = || Known { tenant: tenant.clone(), state: TriggerState::default(), stored: false };
        let known = self.known.entry(id.clone()).or_insert_with(fresh);
        step(&mut known.state);
        self.unwritten.insert(id.clone());
        self.since.get_or_insert(now);
    }

    /// The clock was put back: nothing is unwritten for longer than it would have been.
    pub fn put_back(&mut self, now: Micros) {
        self.since = self.since.map(|since| since.min(now));
    }

    /// The trigger is gone, and its row with it.
    pub fn forget(&mut self, id: &str) {
        self.known.remove(id);
        self.unwritten.remove(id);
    }

    /// When something is to be written.
    pub fn due(&self) -> Option<Micros> {
        self.since.map(|since| since.saturating_add(LAZY))
    }

    /// What is to be written now, and of which triggers.
    pub fn take(&mut self, now: Micros) -> Vec<(Text, Change)> {
        let mut taken = Vec::new();
        while taken.len() < TOGETHER
            && let Some(id) = self.unwritten.pop_first()
        {
            taken.extend(self.known.get(&id).map(|known| (id.clone(), known.change(&id, now))));
        }
        self.since = (!self.unwritten.is_empty()).then_some(Micros::MIN);
        taken
    }

    pub fn written(&mut self, ids: &[Text]) {
        for id in ids {
            if let Some(known) = self.known.get_mut(id) {
                known.stored = true;
            }
        }
    }

    /// They are to be written again, a moment later.
    pub fn not_written(&mut self, ids: Vec<Text>, now: Micros) {
        let known = &self.known;
        self.unwritten.extend(ids.into_iter().filter(|id| known.contains_key(id)));
        self.since = (!self.unwritten.is_empty()).then_some(now);
    }
}

impl Known {
    fn change(&self, id: &Text, now: Micros) -> Change {
        let kept = Kept {
            tenant: self.tenant.clone(),
            id: id.clone(),
            revision: 1,
            created_at: now,
            updated_at: now,
            value: self.state.clone(),
        };
        let (table, document) = (TriggerState::TABLE, kept.document());
        match self.stored {
            true => Change::Replace { table, document, expected: None },
            false => Change::Insert(table, document),
        }
    }
}

/// Takes down that something was not started.
pub fn skip(state: &mut TriggerState, at: Micros, count: u64, code: &str, message: &str) {
    state.skipped = Some(SkippedRun { at, count, code: code.into(), message: message.into() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(changes: &[(Text, Change)]) -> Vec<&str> {
        changes.iter().map(|(id, _)| &**id).collect()
    }

    #[test]
    fn steps_of_many_triggers_are_written_together_and_not_at_once() {
        let mut progress = Progress::default();
        assert_eq!(progress.due(), None);
        progress.learn(&"t".into(), &"a".into(), Some(TriggerState::default()));
        for (id, now) in [("a", 10), ("b", 20), ("a", 30)] {
            progress.note(&"t".into(), &id.into(), now, |state| state.last = now);
        }
        assert_eq!(progress.due(), Some(10 + LAZY));
        let taken = progress.take(40);
        assert_eq!(ids(&taken), ["a", "b"]);
        let inserts = taken.iter().map(|(_, change)| matches!(change, Change::Insert(..))).collect::<Vec<_>>();
        assert_eq!((inserts, progress.due(), progress.of("a").unwrap().last), (vec![false, true], None, 30));
    }

    #[test]
    fn a_clock_that_is_put_back_keeps_nothing_unwritten() {
        let mut progress = Progress::default();
        progress.put_back(5);
        assert_eq!(progress.due(), None);
        progress.note(&"t".into(), &"a".into(), 3_600 * LAZY, |_| ());
        progress.put_back(7);
        progress.put_back(9);
        assert_eq!(progress.due(), Some(7 + LAZY));
    }

    #[test]
    fn what_could_not_be_written_is_written_later_unless_it_is_gone() {
        let mut progress = Progress::default();
        for id in ["a", "b"] {
            progress.note(&"t".into(), &id.into(), 1, |_| ());
        }
        let taken: Vec<Text> = progress.take(2).into_iter().map(|(id, _)| id).collect();
        progress.forget("a");
        progress.not_written(taken, 3);
        assert_eq!(progress.due(), Some(3 + LAZY));
        let taken = progress.take(4);
        assert_eq!(ids(&taken), ["b"]);
        progress.written(&["b".into()]);
        progress.note(&"t".into(), &"b".into(), 5, |_| ());
        assert!(matches!(progress.take(6)[..], [(_, Change::Replace { .. })]));
    }

    #[test]
    fn a_crowd_is_written_in_parts() {
        let mut progress = Progress::default();
        (0..2_500).for_each(|n| progress.note(&"t".into(), &n.to_string().into(), 1, |_| ()));
        let parts: Vec<usize> = std::iter::from_fn(|| progress.due().map(|_| progress.take(2).len())).collect();
        assert_eq!(parts, [1_000, 1_000, 500]);
    }
}
