use super::image::{Image, Luck};
use super::locks::FileLock;
use super::vfs::Shm;
use super::{Fault, FaultPoint};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The power is off, or the handle is from before the crash.
#[derive(Debug)]
pub struct Dead;

/// Why a write failed.
#[derive(Debug)]
pub enum WriteError {
    Dead,
    Full,
}

/// A disk with its files, and what its present life knows of locks and shared memory.
#[derive(Default)]
pub struct State {
    files: BTreeMap<String, Image>,
    /// Files deleted since the last sync of anything; a crash brings them back. As on a file system with a
    /// journal, folders change in order, and a sync of one file takes the changes before it along.
    deleted: BTreeMap<String, Image>,
    pub locks: HashMap<String, FileLock>,
    pub memories: HashMap<String, Arc<Shm>>,
    /// Counts the crashes; a handle remembers in which life it was opened.
    pub life: u64,
    pub operations: u64,
    pub syncs: u64,
    pub fault: Option<Fault>,
    pub dead: bool,
    /// Told when the power goes off.
    pub alarm: Option<Box<dyn Fn() + Send>>,
    /// How many bytes all files together may take up.
    pub space: Option<usize>,
    /// How many syncs are still to fail, and whether each throws away what it should have synced.
    pub failing: (u64, bool),
    random: u64,
    temporary: u64,
}

impl State {
    pub fn alive(&self, life: u64) -> Result<(), Dead> {
        if self.dead || self.life != life { Err(Dead) } else { Ok(()) }
    }

    pub fn file(&self, path: &str) -> Option<&Image> {
        self.files.get(path)
    }

    pub fn create(&mut self, path: &str) {
        self.files.entry(path.to_owned()).or_default();
    }

    pub fn write(&mut self, life: u64, path: &str, offset: usize, bytes: &[u8]) -> Result<(), WriteError> {
        if !self.has_space(path, offset.saturating_add(bytes.len())) {
            return Err(WriteError::Full);
        }
        self.operate(life, |state| state.image(path).write(offset, bytes)).map_err(|Dead| WriteError::Dead)
    }

    fn has_space(&self, path: &str, end: usize) -> bool {
        let Some(space) = self.space else { return true };
        let growth = end.saturating_sub(self.file(path).map_or(0, Image::len));
        growth == 0 || self.bytes() + growth <= space
    }

    pub fn truncate(&mut self, life: u64, path: &str, length: usize) -> Result<(), Dead> {
        self.operate(life, |state| state.image(path).truncate(length))
    }

    pub fn sync(&mut self, life: u64, path: &str) -> Result<(), Dead> {
        if self.failing.0 > 0 {
            self.failing.0 -= 1;
            let forget = self.failing.1;
            self.alive(life)?;
            if forget {
                self.image(path).crash(None);
            }
            return Err(Dead);
        }
        self.operate(life, |state| {
            state.syncs += 1;
            state.deleted.clear();
            state.image(path).sync();
        })
    }

    /// Whether there was such a file. `synced` says whether its absence survives a crash.
    pub fn delete(&mut self, life: u64, path: &str, synced: bool) -> Result<bool, Dead> {
        if !self.files.contains_key(path) {
            return self.alive(life).map(|()| false);
        }
        self.operate(life, |state| {
            let image = state.files.remove(path);
            if let Some(image) = image.filter(|image| image.is_durable && !synced) {
                state.deleted.entry(path.to_owned()).or_insert(image);
            }
        })?;
        Ok(true)
    }

    /// Forgets a temporary file without an operation: nothing of it was ever to survive.
    pub fn discard(&mut self, path: &str) {
        self.files.remove(path);
    }

    pub fn temporary_name(&mut self) -> String {
        self.temporary += 1;
        format!("/temporary/{}", self.temporary)
    }

    /// Not random at all, so that a run of tests can be repeated.
    pub fn random(&mut self) -> u64 {
        let mut luck = Luck::new(self.random);
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        luck.next()
    }

    pub fn bytes(&self) -> usize {
        self.files.values().map(Image::len).sum()
    }

    pub fn unsynced_files(&self) -> usize {
        self.files.values().filter(|image| !image.is_synced()).count()
    }

    pub fn crash(&mut self, seed: Option<u64>) {
        let mut luck = seed.map(Luck::new);
        for (path, image) in std::mem::take(&mut self.deleted) {
            self.files.entry(path).or_insert(image);
        }
        self.files.retain(|_, image| image.crash(luck.as_mut()));
        self.locks.clear();
        self.memories.clear();
        (self.life, self.operations, self.syncs) = (self.life + 1, 0, 0);
        (self.fault, self.dead) = (None, false);
    }

    pub fn lose_power(&mut self) {
        self.dead = true;
        if let Some(alarm) = &self.alarm {
            alarm();
        }
    }

    /// Takes over what would survive a crash of the other disk.
    pub fn copy_from(&mut self, other: &State) {
        let all = other.files.iter().chain(&other.deleted);
        for (path, image) in all.filter(|(_, image)| image.is_durable) {
            self.files.entry(path.clone()).or_insert_with(|| image.durable_copy());
        }
    }

    pub fn erase(&mut self) {
        self.crash(None);
        self.files.clear();
        self.dead = true;
    }

    fn image(&mut self, path: &str) -> &mut Image {
        self.files.entry(path.to_owned()).or_default()
    }

    fn operate(&mut self, life: u64, change: impl FnOnce(&mut Self)) -> Result<(), Dead> {
        self.alive(life)?;
        self.operations += 1;
        let hit = self.fault.filter(|fault| fault.operation == self.operations).map(|fault| fault.point);
        if hit.is_some() {
            self.lose_power();
        }
        if hit != Some(FaultPoint::Before) {
            change(self);
        }
        self.alive(life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(state: &State, path: &str) -> Option<Vec<u8>> {
        state.file(path).map(|image| image.read(0, 100).to_vec())
    }

    #[test]
    fn power_is_cut_before_or_after_the_operation() {
        for (point, expected) in [(FaultPoint::Before, &b"a"[..]), (FaultPoint::After, b"b")] {
            let mut state = State::default();
            state.write(0, "f", 0, b"a").unwrap();
            state.sync(0, "f").unwrap();
            state.write(0, "f", 0, b"b").unwrap();
            state.fault = Some(Fault { operation: 4, point });
            state.sync(0, "f").unwrap_err();
            state.write(0, "f", 0, b"c").unwrap_err();
            state.crash(None);
            assert_eq!(contents(&state, "f").unwrap(), expected);
            state.write(0, "f", 0, b"d").unwrap_err();
            state.write(1, "f", 0, b"d").unwrap();
        }
    }

    #[test]
    fn a_deletion_that_was_not_synced_is_undone() {
        for synced in [false, true] {
            let mut state = State::default();
            state.write(0, "f", 0, b"a").unwrap();
            state.sync(0, "f").unwrap();
            assert!(state.delete(0, "f", synced).unwrap());
            assert!(!state.delete(0, "f", synced).unwrap());
            state.crash(None);
            assert_eq!(contents(&state, "f").is_some(), !synced);
            state.delete(1, "f", false).unwrap();
            state.sync(1, "g").unwrap();
            state.crash(None);
            assert_eq!(contents(&state, "f"), None);
        }
    }
}
