use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use weir_base::Micros;

/// The one source of time of a runtime.
pub trait Clock: Send + Sync {
    fn now(&self) -> Micros;

    /// Whether time stands still until the runtime moves it: timers then fire at once, in the order of
    /// their deadlines, whenever nothing else is left to do.
    fn is_virtual(&self) -> bool {
        false
    }

    /// Moves a virtual clock forward, never back.
    fn advance_to(&self, _at: Micros) {}
}

/// The time of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
    }
}

/// A clock that only the runtime moves.
#[derive(Debug)]
pub struct VirtualClock(AtomicI64);

impl VirtualClock {
    pub fn starting_at(at: Micros) -> Self {
        Self(AtomicI64::new(at))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Micros {
        self.0.load(Ordering::SeqCst)
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn advance_to(&self, at: Micros) {
        self.0.fetch_max(at, Ordering::SeqCst);
    }
}
