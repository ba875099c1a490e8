use super::attempt::Open;
use crate::timers::TimerKey;
use std::collections::{BTreeSet, HashMap};
use std::ops::{Deref, DerefMut};
use weir_base::{Micros, Text};

/// The tasks a run has open. Whether all of them rest, and when the first of them goes on, is known without going over
/// them all: it is asked after each event.
#[derive(Default)]
pub(super) struct Tasks {
    by_path: HashMap<Text, Open>,
    known: Known,
}

/// What is known of all of them together.
#[derive(Default)]
struct Known {
    /// How many do not rest.
    busy: usize,
    /// When the next attempts of those are due that wait for them.
    turns: BTreeSet<TimerKey>,
}

impl Known {
    fn add(&mut self, open: &Open) {
        self.busy += usize::from(!open.rests());
        if let Some(turn) = open.turn() {
            self.turns.insert(turn);
        }
    }

    fn take(&mut self, open: &Open) {
        self.busy -= usize::from(!open.rests());
        if let Some(turn) = open.turn() {
            self.turns.remove(&turn);
        }
    }
}

/// A task that may change; what has become of it is known once this is dropped.
pub(super) struct Changing<'a> {
    open: &'a mut Open,
    known: &'a mut Known,
}

impl Deref for Changing<'_> {
    type Target = Open;

    fn deref(&self) -> &Open {
        self.open
    }
}

impl DerefMut for Changing<'_> {
    fn deref_mut(&mut self) -> &mut Open {
        self.open
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.known.add(self.open);
    }
}

impl Tasks {
    pub fn get(&self, path: &Text) -> Option<&Open> {
        self.by_path.get(path)
    }

    pub fn get_mut(&mut self, path: &Text) -> Option<Changing<'_>> {
        let (open, known) = (self.by_path.get_mut(path)?, &mut self.known);
        known.take(open);
        Some(Changing { open, known })
    }

    pub fn insert(&mut self, path: Text, open: Open) {
        self.known.add(&open);
        if let Some(before) = self.by_path.insert(path, open) {
            self.known.take(&before);
        }
    }

    pub fn remove(&mut self, path: &Text) -> Option<Open> {
        let open = self.by_path.remove(path)?;
        self.known.take(&open);
        Some(open)
    }

    pub fn drain(&mut self) -> impl Iterator<Item = Open> {
        self.known = Known::default();
        self.by_path.drain().map(|(_, open)| open)
    }

    pub fn paths(&self) -> Vec<Text> {
        self.by_path.keys().cloned().collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Open)> {
        self.by_path.iter()
    }

    /// How many of them do not rest.
    pub fn busy(&self) -> usize {
        self.known.busy
    }

    /// When the first attempt is due that is waited for.
    pub fn next_at(&self) -> Option<Micros> {
        self.known.turns.first().map(|(at, _)| *at)
    }
}
