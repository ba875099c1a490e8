/// Places where a process may die, for tests that make it do so.
///
/// The points: `commit.before`, `commit.after`, `effect.before`, `effect.after`, `inbox.before`, `inbox.after`.
/// Whatever the implementation does there, it does in the middle of the runtime's own work.
pub trait Faults: Send + Sync {
    fn at(&self, point: &'static str);

    /// Called within the fold of an event that has been written; a panic in it is one of the engine.
    fn folding(&self) {}
}

/// Nothing ever happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _point: &'static str) {}
}
