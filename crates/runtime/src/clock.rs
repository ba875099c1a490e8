use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
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

    /// Whether a virtual clock may be moved now; see [`VirtualClock::hold`].
    fn may_advance(&self) -> bool {
        true
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
pub struct VirtualClock {
    now: AtomicI64,
    held: AtomicBool,
}

impl VirtualClock {
    pub fn starting_at(at: Micros) -> Self {
        Self { now: AtomicI64::new(at), held: AtomicBool::new(false) }
    }

    /// Lets no time pass until [`VirtualClock::release`], so that something can happen before any timer fires.
    pub fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Lets time pass again, from the next time the runtime is asked anything.
    pub fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Micros {
        self.now.load(Ordering::SeqCst)
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn may_advance(&self) -> bool {
        !self.held.load(Ordering::SeqCst)
    }

    fn advance_to(&self, at: Micros) {
        self.now.fetch_max(at, Ordering::SeqCst);
    }
}
