use crate::Schedule;
use weir_base::{Duration, Micros};
use xxhash_rust::xxh3::Xxh3;

impl Schedule {
    /// When a tick fires: at it, or by a part of `jitter` later, which depends on the schedule's id and the tick, so
    /// that a restart gives the same.
    ///
    /// It is always before the next tick, so ticks fire in their order.
    pub fn fires_at(&self, id: &str, tick: Micros) -> Micros {
        let longest = self.jitter.map_or(0, Duration::micros);
        if longest == 0 {
            return tick;
        }
        let room = self.next_after(tick).map_or(Micros::MAX, |next| next.saturating_sub(tick));
        let span = longest.saturating_add(1).min(room);
        tick.saturating_add(part(seed(id, tick), span))
    }
}

fn seed(id: &str, tick: Micros) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&tick.to_le_bytes());
    hasher.update(id.as_bytes());
    hasher.digest()
}

/// A number below `span`, as even as the seed.
fn part(seed: u64, span: Micros) -> Micros {
    let span = u128::from(span.max(1).unsigned_abs());
    Micros::try_from((u128::from(seed) * span) >> 64).unwrap_or(0)
}
