/// SQLite's levels of a lock on a file.
pub const SHARED: i32 = 1;
pub const RESERVED: i32 = 2;
pub const PENDING: i32 = 3;
pub const EXCLUSIVE: i32 = 4;

/// How many locks there are on shared memory.
pub const SLOTS: usize = 8;

/// Another handle stands in the way.
#[derive(Debug, PartialEq, Eq)]
pub struct Busy;

/// The locks of all handles on one file.
#[derive(Default)]
pub struct FileLock {
    shared: u32,
    reserved: bool,
    pending: bool,
    exclusive: bool,
}

impl FileLock {
    /// Raises a handle's level. `level` is changed even where the answer is busy: a wish for the exclusive lock
    /// keeps new readers out while the old ones finish.
    pub fn raise(&mut self, level: &mut i32, wanted: i32) -> Result<(), Busy> {
        if *level >= wanted {
            return Ok(());
        }
        match wanted {
            SHARED => self.share(level),
            RESERVED => self.reserve(level),
            _ => self.exclude(level),
        }
    }

    fn share(&mut self, level: &mut i32) -> Result<(), Busy> {
        if self.pending || self.exclusive {
            return Err(Busy);
        }
        self.shared += 1;
        *level = SHARED;
        Ok(())
    }

    fn reserve(&mut self, level: &mut i32) -> Result<(), Busy> {
        if self.reserved || self.pending {
            return Err(Busy);
        }
        self.reserved = true;
        *level = RESERVED;
        Ok(())
    }

    fn exclude(&mut self, level: &mut i32) -> Result<(), Busy> {
        if *level < RESERVED {
            self.reserve(level)?;
        }
        self.pending = true;
        *level = PENDING;
        if self.shared > 1 {
            return Err(Busy);
        }
        self.exclusive = true;
        *level = EXCLUSIVE;
        Ok(())
    }

    /// Lowers a handle's level to shared or to none.
    pub fn lower(&mut self, level: &mut i32, wanted: i32) {
        if *level <= wanted {
            return;
        }
        if *level >= RESERVED {
            (self.reserved, self.pending, self.exclusive) = (false, false, false);
        }
        if wanted < SHARED {
            self.shared = self.shared.saturating_sub(1);
        }
        *level = wanted;
    }

    pub fn is_reserved(&self) -> bool {
        self.reserved
    }
}

/// One handle's locks on shared memory, a bit per slot.
#[derive(Default)]
pub struct Held {
    pub shared: u8,
    pub exclusive: u8,
}

/// The locks of all handles on one shared memory.
#[derive(Default)]
pub struct ShmLocks {
    readers: [u32; SLOTS],
    writers: u8,
}

impl ShmLocks {
    /// Locks all slots of the mask, or none.
    pub fn share(&mut self, held: &mut Held, mask: u8) -> Result<(), Busy> {
        let wanted = mask & !held.shared;
        if self.writers & wanted != 0 {
            return Err(Busy);
        }
        slots(wanted).for_each(|slot| self.readers[slot] += 1);
        held.shared |= wanted;
        Ok(())
    }

    pub fn exclude(&mut self, held: &mut Held, mask: u8) -> Result<(), Busy> {
        let wanted = mask & !held.exclusive;
        let mine = |slot: usize| u32::from(held.shared >> slot & 1);
        if self.writers & wanted != 0 || slots(wanted).any(|slot| self.readers[slot] > mine(slot)) {
            return Err(Busy);
        }
        self.writers |= wanted;
        held.exclusive |= wanted;
        Ok(())
    }

    pub fn release(&mut self, held: &mut Held, mask: u8) {
        slots(held.shared & mask).for_each(|slot| self.readers[slot] -= 1);
        self.writers &= !(held.exclusive & mask);
        held.shared &= !mask;
        held.exclusive &= !mask;
    }
}

fn slots(mask: u8) -> impl Iterator<Item = usize> {
    (0..SLOTS).filter(move |slot| mask >> slot & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_waits_for_readers_and_keeps_new_ones_out() {
        let mut lock = FileLock::default();
        let (mut a, mut b, mut c) = (0, 0, 0);
        lock.raise(&mut a, SHARED).unwrap();
        lock.raise(&mut b, SHARED).unwrap();
        lock.raise(&mut a, RESERVED).unwrap();
        assert_eq!(lock.raise(&mut b, RESERVED), Err(Busy));
        assert_eq!(lock.raise(&mut a, EXCLUSIVE), Err(Busy));
        assert_eq!((a, lock.raise(&mut c, SHARED)), (PENDING, Err(Busy)));
        lock.lower(&mut b, 0);
        lock.raise(&mut a, EXCLUSIVE).unwrap();
        lock.lower(&mut a, 0);
        assert!(!lock.is_reserved());
        lock.raise(&mut c, SHARED).unwrap();
        lock.raise(&mut c, EXCLUSIVE).unwrap();
    }

    #[test]
    fn memory_locks_exclude_each_other() {
        let mut locks = ShmLocks::default();
        let (mut a, mut b) = (Held::default(), Held::default());
        locks.share(&mut a, 0b0110).unwrap();
        locks.share(&mut b, 0b0010).unwrap();
        assert_eq!(locks.exclude(&mut b, 0b0100), Err(Busy));
        assert_eq!(locks.exclude(&mut b, 0b0010), Err(Busy));
        locks.release(&mut a, 0b0010);
        locks.exclude(&mut b, 0b0010).unwrap();
        assert_eq!(locks.share(&mut a, 0b0010), Err(Busy));
        locks.release(&mut b, 0xff);
        locks.share(&mut a, 0b0010).unwrap();
    }
}
