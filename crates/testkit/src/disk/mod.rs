//! A disk in memory that can lose power, as a file layer for SQLite.
//!
//! What is written is seen at once and survives only once it was synced. [`Disk::crash`] throws the rest away,
//! with every lock, handle and shared memory of the time before. Power can be cut at a chosen operation, before
//! or after it took effect. `image.rs` is one file, `state.rs` the disk, `vfs.rs` the C side.

mod image;
mod locks;
mod state;
mod vfs;

use state::State;
use std::sync::{Arc, Mutex, MutexGuard};

/// Whether the operation at which power is cut still takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    Before,
    After,
}

/// Cuts the power at the `operation`-th write, truncation, sync or deletion, counted from 1 since the last crash.
///
/// That operation and all after it fail with an I/O error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub operation: u64,
    pub point: FaultPoint,
}

/// Files that SQLite opens under the layer's name. They live as long as this value.
///
/// A store is put on it by giving [`Disk::name`] as the name of its file layer. To restart after a loss of power,
/// drop every store that is open, call [`Disk::crash`], and open a store on the same path again.
pub struct Disk {
    name: String,
    shared: Shared,
    registration: vfs::Registration,
}

impl Disk {
    /// An empty disk, registered with SQLite under a name of its own.
    pub fn new() -> Self {
        let shared = Shared::default();
        let registration = vfs::Registration::new(shared.clone());
        Self { name: registration.name(), shared, registration }
    }

    /// The name to open files under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Cuts the power at the fault, or never.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.shared.lock().fault = fault;
    }

    /// Calls `alarm` at the moment the power goes off. It must not touch the disk.
    pub fn set_alarm(&self, alarm: impl Fn() + Send + 'static) {
        self.shared.lock().alarm = Some(Box::new(alarm));
    }

    /// A disk of its own with the files as they would be after a crash now.
    pub fn copy(&self) -> Disk {
        let copy = Disk::new();
        copy.shared.lock().copy_from(&self.shared.lock());
        copy
    }

    /// Lets no file grow once all of them together take up this many bytes; `None` for no such limit.
    pub fn set_space(&self, space: Option<usize>) {
        self.shared.lock().space = space;
    }

    /// Lets the next `count` syncs fail. What was written can be read all the same, and is written by a later sync.
    pub fn fail_syncs(&self, count: u64) {
        self.shared.lock().failing = (count, false);
    }

    /// As [`Disk::fail_syncs`], and each throws away what it should have synced, as some file systems do.
    pub fn fail_syncs_and_forget(&self, count: u64) {
        self.shared.lock().failing = (count, true);
    }

    /// How many bytes the files take up.
    pub fn bytes(&self) -> usize {
        self.shared.lock().bytes()
    }

    /// Cuts the power now.
    pub fn cut_power(&self) {
        self.shared.lock().lose_power();
    }

    pub fn has_power(&self) -> bool {
        !self.shared.lock().dead
    }

    /// How many operations of the kinds a [`Fault`] counts there were since the last crash.
    pub fn operations(&self) -> u64 {
        self.shared.lock().operations
    }

    /// How many syncs there were since the last crash.
    pub fn syncs(&self) -> u64 {
        self.shared.lock().syncs
    }

    /// How many files have changes that were not synced.
    pub fn unsynced_files(&self) -> usize {
        self.shared.lock().unsynced_files()
    }

    /// Loses all that was not synced and comes back with power and without a fault. Handles opened before fail.
    pub fn crash(&self) {
        self.shared.lock().crash(None);
    }

    /// As [`Disk::crash`], but some of what was not synced has reached the platter after all: any part of it in
    /// any order, cut at sectors, as the seed has it.
    pub fn crash_torn(&self, seed: u64) {
        self.shared.lock().crash(Some(seed));
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.registration.end();
        self.shared.lock().erase();
    }
}

/// The disk's state, shared with the handles SQLite holds.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
