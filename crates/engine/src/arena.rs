use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// A place in an [`Arena`]. The generation makes a stale place miss instead of hitting a newer tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Ix(u32, u32);

impl Ix {
    /// The place that never holds anything.
    pub const NONE: Ix = Ix(u32::MAX, 0);
}

/// A list with stable places and reuse of freed ones; the same calls always give the same places.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Arena<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Arena<T> {
    pub fn insert(&mut self, value: T) -> Ix {
        if let Some(at) = self.free.pop() {
            let slot = &mut self.slots[at as usize];
            slot.value = Some(value);
            return Ix(at, slot.generation);
        }
        self.slots.push(Slot { generation: 0, value: Some(value) });
        Ix(self.slots.len() as u32 - 1, 0)
    }

    pub fn get(&self, ix: Ix) -> Option<&T> {
        self.slots.get(ix.0 as usize).filter(|slot| slot.generation == ix.1)?.value.as_ref()
    }

    pub fn get_mut(&mut self, ix: Ix) -> Option<&mut T> {
        self.slots.get_mut(ix.0 as usize).filter(|slot| slot.generation == ix.1)?.value.as_mut()
    }

    pub fn remove(&mut self, ix: Ix) -> Option<T> {
        let slot = self.slots.get_mut(ix.0 as usize).filter(|slot| slot.generation == ix.1)?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(ix.0);
        Some(value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Ix, &T)> {
        let place = |(at, slot): (usize, &Slot<T>)| Ix(at as u32, slot.generation);
        self.slots.iter().enumerate().filter_map(move |(at, slot)| Some((place((at, slot)), slot.value.as_ref()?)))
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

impl<T> Index<Ix> for Arena<T> {
    type Output = T;

    fn index(&self, ix: Ix) -> &T {
        self.get(ix).expect("a live place")
    }
}

impl<T> IndexMut<Ix> for Arena<T> {
    fn index_mut(&mut self, ix: Ix) -> &mut T {
        self.get_mut(ix).expect("a live place")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_place_misses() {
        let mut arena = Arena::default();
        let first = arena.insert('a');
        assert_eq!(arena.remove(first), Some('a'));
        let second = arena.insert('b');
        assert_eq!((arena.get(first), arena.get(second), arena.len()), (None, Some(&'b'), 1));
        assert_eq!(arena.remove(first), None);
    }
}
