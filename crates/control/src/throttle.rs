use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use weir_base::{Duration, Micros, Text};

/// How many names are remembered at most. Where there are more, those whose pause is over first are forgotten.
const REMEMBERED: usize = 10_000;

/// Lets nobody try too often. Counts failures by name: an address, an account, the start of a key. A name that ends with
/// an IPv6 address, after a blank, counts for the address's network of 64 bits: whoever has one address there has all.
pub struct Throttle {
    tries: u32,
    pause: Duration,
    failures: Mutex<HashMap<Text, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Micros,
}

impl Throttle {
    pub fn new(tries: u32, pause: Duration) -> Self {
        Self { tries, pause, failures: Mutex::default() }
    }

    /// Seconds to wait, where there were too many failures.
    pub fn check(&self, name: &str, now: Micros) -> Result<(), u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = failures.get_mut(&*counted(name)).filter(|found| found.count >= self.tries) else {
            return Ok(());
        };
        // A clock that was put back must shut nobody out for longer than the pause.
        found.last = found.last.min(now);
        let until = found.last.saturating_add(self.pause.micros());
        if until <= now { Ok(()) } else { Err(u64::try_from((until - now) / 1_000_000 + 1).unwrap_or(1)) }
    }

    pub fn failed(&self, name: &str, now: Micros) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let name: Text = (&*counted(name)).into();
        if failures.len() >= REMEMBERED && !failures.contains_key(&name) {
            self.make_room(&mut failures, now);
        }
        let found = failures.entry(name).or_insert(Failures { count: 0, last: now });
        if found.last.saturating_add(self.pause.micros()) <= now {
            found.count = 0;
        }
        (found.count, found.last) = (found.count + 1, now);
    }

    pub fn succeeded(&self, name: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&*counted(name));
    }

    /// Forgets those whose pause is over, or a tenth, those whose pause is over next. Not one at a time: each time looks at
    /// all of them.
    fn make_room(&self, failures: &mut HashMap<Text, Failures>, now: Micros) {
        failures.retain(|_, found| found.last.saturating_add(self.pause.micros()) > now);
        if failures.len() < REMEMBERED {
            return;
        }
        let mut next: Vec<_> = failures.iter().map(|(name, found)| (found.last.min(now), name.clone())).collect();
        next.sort_unstable();
        for (_, name) in next.iter().take(REMEMBERED / 10) {
            failures.remove(name);
        }
    }
}

/// What failures of this name are counted under.
fn counted(name: &str) -> Cow<'_, str> {
    let (before, address) = name.rsplit_once(' ').unwrap_or(("", name));
    let Ok(address) = address.parse::<Ipv6Addr>() else { return name.into() };
    match address.to_canonical() {
        IpAddr::V4(address) => format!("{before} {address}").into(),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            format!("{before} {}/64", Ipv6Addr::from_bits(network)).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_have_to_wait() {
        let throttle = Throttle::new(3, Duration::from_secs(60));
        for at in 0..3 {
            assert_eq!(throttle.check("a", at), Ok(()));
            throttle.failed("a", at);
        }
        assert_eq!(throttle.check("a", 3), Err(60));
        assert_eq!(throttle.check("b", 3), Ok(()));
        assert_eq!(throttle.check("a", 60_000_002), Ok(()));
        throttle.failed("a", 60_000_002);
        assert_eq!(throttle.check("a", 60_000_003), Ok(()), "old failures do not count");
        throttle.succeeded("a");
        assert_eq!(throttle.check("a", 60_000_003), Ok(()));
    }

    #[test]
    fn a_clock_that_is_put_back_or_forward_shuts_nobody_out_for_long() {
        const HOUR: Micros = 3_600_000_000;
        let throttle = Throttle::new(1, Duration::from_secs(60));
        throttle.failed("a", 5 * HOUR);
        assert_eq!(throttle.check("a", 4 * HOUR), Err(61), "nor does it let anybody in");
        assert_eq!(throttle.check("a", 4 * HOUR + 30_000_000), Err(31));
        assert_eq!(throttle.check("a", 4 * HOUR + 60_000_000), Ok(()));
        throttle.failed("a", 28 * HOUR);
        throttle.failed("a", 4 * HOUR);
        assert_eq!(throttle.check("a", 4 * HOUR + 60_000_000), Ok(()));
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let throttle = Throttle::new(1, Duration::from_secs(60));
        throttle.failed("keys 2001:db8:1:2::1", 0);
        assert!(throttle.check("keys 2001:db8:1:2:ffff::9", 1).is_err());
        for other in ["keys 2001:db8:1:3::1", "address 2001:db8:1:2::1", "keys 2001:db8:1:2::1 x"] {
            assert_eq!(throttle.check(other, 1), Ok(()), "{other}");
        }
        throttle.succeeded("keys 2001:db8:1:2::7");
        assert_eq!(throttle.check("keys 2001:db8:1:2::1", 1), Ok(()));
        throttle.failed("keys ::ffff:192.0.2.1", 1);
        assert!(throttle.check("keys 192.0.2.1", 2).is_err());
        assert_eq!(throttle.check("keys 192.0.2.2", 2), Ok(()), "an IPv4 address is one of its own");
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let throttle = Throttle::new(1, Duration::from_secs(60));
        let count = Micros::try_from(REMEMBERED).unwrap();
        for at in 0..3 * count {
            throttle.failed(&format!("keys {at}"), at);
            assert!(throttle.failures.lock().unwrap().len() <= REMEMBERED);
        }
        assert_eq!(throttle.check("keys 0", 3 * count), Ok(()), "the oldest is forgotten");
        assert!(throttle.check(&format!("keys {}", 3 * count - 1), 3 * count).is_err());
        assert!(throttle.check(&format!("keys {}", 3 * count - count / 2), 3 * count).is_err());
        for number in 0..2 * count {
            throttle.failed(&format!("at once {number}"), 3 * count);
        }
        let left = throttle.failures.lock().unwrap().len();
        assert!((REMEMBERED * 9 / 10..=REMEMBERED).contains(&left), "{left} are left of those that ended together");
    }
}
