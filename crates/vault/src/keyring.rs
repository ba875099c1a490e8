use crate::token::hash_bytes;
use crate::{Random, Secret, draw};
use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::hmac;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// The most letters an id may have.
const LONGEST_ID: usize = 32;

pub(crate) type KeyBytes = Zeroizing<[u8; 32]>;

/// Master keys by id. What is sealed anew is sealed with the current one; the others only open.
pub struct Keyring {
    current: String,
    keys: BTreeMap<String, KeyBytes>,
}

/// What is wrong with the text of a keyring. Lines count from 1; no part of a key is ever repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("there is no key; write 32 bytes as 64 hexadecimal digits or base64")]
    Empty,
    #[error("line {line}: a key is 32 bytes, written as 64 hexadecimal digits or base64")]
    NotAKey { line: usize },
    #[error("line {line}: this key is one byte repeated, which anyone can guess")]
    Guessable { line: usize },
    #[error("line {line}: where there are several keys, each is written `id:key`")]
    NoId { line: usize },
    #[error("line {line}: an id is 1 to 32 letters, digits, `-` or `_`")]
    Id { line: usize },
    #[error("line {line}: the id `{id}` was given before")]
    Repeated { line: usize, id: String },
}

/// A new master key as text: 64 hexadecimal digits.
pub fn generate(random: Random) -> Secret {
    let key = Zeroizing::new(draw::<32>(random));
    Secret::new(HEXLOWER.encode(&*key))
}

impl Keyring {
    /// Reads one key alone, or a line `id:key` for each of several, of which the last is current.
    ///
    /// Rotation is a line added below. Empty lines and lines that begin with `#` say nothing.
    /// A key without an id gets one made from its hash, so that another key in its place is noticed.
    pub fn parse(text: &str) -> Result<Keyring, Error> {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
        let lines: Vec<_> = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect();
        let mut ring = Keyring { current: String::new(), keys: BTreeMap::new() };
        for (at, line) in &lines {
            ring.add(at + 1, line, lines.len() == 1)?;
        }
        if ring.keys.is_empty() { Err(Error::Empty) } else { Ok(ring) }
    }

    fn add(&mut self, line: usize, text: &str, alone: bool) -> Result<(), Error> {
        let (id, key) = match text.split_once(':') {
            Some((id, key)) => (id.trim().to_owned(), read_key(line, key.trim())?),
            None if alone => read_key(line, text).map(|key| (name_of(&key), key))?,
            None => return Err(Error::NoId { line }),
        };
        if !is_id(&id) {
            return Err(Error::Id { line });
        }
        if self.keys.contains_key(&id) {
            return Err(Error::Repeated { line, id });
        }
        self.current.clone_from(&id);
        self.keys.insert(id, key);
        Ok(())
    }

    /// The id of the key that seals.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Every id, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// What a ring may be told from others by: a mark of each key, that of the current one first. It says nothing about
    /// the key.
    pub fn marks(&self) -> Vec<String> {
        let others = self.keys.iter().filter(|(id, _)| **id != self.current);
        self.keys.get(&self.current).into_iter().chain(others.map(|(_, key)| key)).map(mark_of).collect()
    }

    pub(crate) fn key(&self, id: &str) -> Option<&KeyBytes> {
        self.keys.get(id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

pub(crate) fn is_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fits)
}

fn read_key(line: usize, text: &str) -> Result<KeyBytes, Error> {
    let bytes = [HEXLOWER_PERMISSIVE, BASE64, BASE64_NOPAD]
        .iter()
        .filter_map(|form| form.decode(text.as_bytes()).ok().map(Zeroizing::new))
        .find_map(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
        .map(Zeroizing::new)
        .ok_or(Error::NotAKey { line })?;
    if bytes.iter().all(|byte| *byte == bytes[0]) { Err(Error::Guessable { line }) } else { Ok(bytes) }
}

fn mark_of(key: &KeyBytes) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &**key);
    HEXLOWER.encode(&hmac::sign(&key, b"weir installation").as_ref()[..8])
}

fn name_of(key: &KeyBytes) -> String {
    format!("k{}", HEXLOWER.encode(&hash_bytes(&**key)[..4]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use proptest::prelude::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64_TEXT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER: &str = "FF0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    fn check(text: &str, expected: Result<(&str, &[&str]), Error>) {
        let found = Keyring::parse(text);
        let found = found.as_ref().map(|ring| (ring.current(), ring.ids().collect::<Vec<_>>()));
        let expected = expected.as_ref().map(|(current, ids)| (*current, ids.to_vec()));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_ring_is_known_again_after_a_key_was_added() {
        let marks = |text: &str| Keyring::parse(text).unwrap().marks();
        let (old, other) = (marks(HEX), marks(OTHER));
        let both = marks(&format!("a: {HEX}\nb: {OTHER}"));
        assert_eq!(both, [other.clone(), old.clone()].concat(), "the current one first");
        assert!(old != other && old[0].len() == 16);
    }

    #[test]
    fn keys_are_read_from_text() {
        check(HEX, Ok(("k630dcd29", &["k630dcd29"])));
        check(&format!("\u{feff}{BASE64_TEXT}\r\n"), Ok(("k630dcd29", &["k630dcd29"])));
        check(BASE64_TEXT.trim_end_matches('='), Ok(("k630dcd29", &["k630dcd29"])));
        check(&format!("2026:{HEX}"), Ok(("2026", &["2026"])));
        check(&format!("# ours\n\nold: {HEX}\n new:{OTHER}\n"), Ok(("new", &["new", "old"])));
        check("", Err(Error::Empty));
        check("# nothing\n\n", Err(Error::Empty));
        check("abc", Err(Error::NotAKey { line: 1 }));
        check(&HEX[2..], Err(Error::NotAKey { line: 1 }));
        check(&"00".repeat(32), Err(Error::Guessable { line: 1 }));
        check(&format!("{HEX}\n{OTHER}"), Err(Error::NoId { line: 1 }));
        check(&format!("a:{HEX}\n\nb c:{OTHER}"), Err(Error::Id { line: 3 }));
        check(&format!("a:{HEX}\na:{OTHER}"), Err(Error::Repeated { line: 2, id: "a".into() }));
        check(&format!("a.b:{HEX}"), Err(Error::Id { line: 1 }));
    }

    #[test]
    fn a_new_key_is_read_again_and_never_shown() {
        let ring = Keyring::parse(generate(&mut random(1)).text().unwrap()).unwrap();
        assert_eq!(format!("{ring:?}"), "Keyring");
        assert_eq!(ring.ids().count(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-f0-9:#\\n =]{0,200}|\\PC{0,80}") {
            let _ = Keyring::parse(&text);
        }
    }
}
