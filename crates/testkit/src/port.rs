use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::ops::Range;

/// Below the ports that a kernel gives to whoever asks for any, which are 32768 and more on Linux.
const RANGE: Range<u16> = 20_000..32_000;

/// A port of 127.0.0.1 on which nobody listens, for a program that wants to be told a number.
///
/// Neither somebody who listens on port 0 nor the near end of a connection takes it a moment later: those come from
/// another range. Two who ask at once begin at different places.
///
/// # Panics
///
/// Where every port of the range is taken.
pub fn free_port() -> u16 {
    let begin = RandomState::new().hash_one(std::process::id()) as u16 % RANGE.len() as u16;
    let all = (0..RANGE.len() as u16).map(|step| RANGE.start + (begin + step) % RANGE.len() as u16);
    all.into_iter().find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_given() {
        let held: Vec<TcpListener> =
            (0..50).map(|_| TcpListener::bind(("127.0.0.1", free_port())).expect("it is free")).collect();
        assert!(held.iter().all(|one| RANGE.contains(&one.local_addr().expect("an address").port())));
    }
}
