//! Numbers as text that nobody can read, compare or make up: for places in lists, which would otherwise count what
//! everybody together has done.

use crate::keyring::Keyring;
use data_encoding::BASE64URL_NOPAD;
use ring::hmac::{self, HMAC_SHA256, Key};
use std::fmt;
use subtle::ConstantTimeEq;

const HALF: usize = 16;

/// Hides and shows pairs of numbers. The same pair in the same context is always the same text, also after a restart.
///
/// The text is a synthetic initialisation vector, made from context and numbers, and the numbers under a pad made
/// from it. So a text is shown in its own context alone, and one that was changed is shown nowhere.
pub struct Cipher {
    /// The one that hides, and then those of older master keys.
    keys: Vec<Pair>,
}

struct Pair {
    tag: Key,
    pad: Key,
}

impl Cipher {
    /// With keys made from the master keys. What was hidden under one is shown as long as the ring has it.
    pub fn new(ring: &Keyring) -> Cipher {
        let older = ring.ids().filter(|id| *id != ring.current());
        let keys = std::iter::once(ring.current()).chain(older).filter_map(|id| ring.key(id));
        Cipher { keys: keys.map(|key| Pair::new(&**key)).collect() }
    }

    /// `context` names whose numbers these are and what they count.
    pub fn hide(&self, context: &[&str], numbers: [i64; 2]) -> String {
        let Some(pair) = self.keys.first() else { return String::new() };
        let plain = joined(numbers);
        let tag = pair.tag(context, &plain);
        let mut text = [0; 2 * HALF];
        text[..HALF].copy_from_slice(&tag);
        text[HALF..].copy_from_slice(&pair.padded(&tag, plain));
        BASE64URL_NOPAD.encode(&text)
    }

    /// None for what was not hidden in this context with one of these keys.
    pub fn show(&self, context: &[&str], text: &str) -> Option<[i64; 2]> {
        let bytes: [u8; 2 * HALF] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (tag, hidden) = (first(&bytes[..HALF]), first(&bytes[HALF..]));
        self.keys.iter().find_map(|pair| {
            let plain = pair.padded(&tag, hidden);
            bool::from(pair.tag(context, &plain).ct_eq(&tag)).then(|| split(&plain))
        })
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Pair {
    fn new(master: &[u8]) -> Pair {
        let master = Key::new(HMAC_SHA256, master);
        let derived = |name: &str| Key::new(HMAC_SHA256, hmac::sign(&master, name.as_bytes()).as_ref());
        Pair { tag: derived("weir places: tag"), pad: derived("weir places: pad") }
    }

    /// Each part with its length before it, so that no two contexts are the same bytes.
    fn tag(&self, context: &[&str], plain: &[u8; HALF]) -> [u8; HALF] {
        let mut signing = hmac::Context::with_key(&self.tag);
        for part in context {
            signing.update(&(part.len() as u64).to_be_bytes());
            signing.update(part.as_bytes());
        }
        signing.update(plain);
        first(signing.sign().as_ref())
    }

    fn padded(&self, tag: &[u8; HALF], mut bytes: [u8; HALF]) -> [u8; HALF] {
        let pad: [u8; HALF] = first(hmac::sign(&self.pad, tag).as_ref());
        bytes.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        bytes
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

fn joined([a, b]: [i64; 2]) -> [u8; HALF] {
    let mut bytes = [0; HALF];
    bytes[..HALF / 2].copy_from_slice(&a.to_be_bytes());
    bytes[HALF / 2..].copy_from_slice(&b.to_be_bytes());
    bytes
}

fn split(bytes: &[u8; HALF]) -> [i64; 2] {
    [i64::from_be_bytes(first(&bytes[..HALF / 2])), i64::from_be_bytes(first(&bytes[HALF / 2..]))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: &str = "old:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const NEW: &str = "new:ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn cipher(text: &str) -> Cipher {
        Cipher::new(&Keyring::parse(text).unwrap())
    }

    #[test]
    fn a_text_is_the_same_after_a_restart_and_shown_in_its_own_context_alone() {
        let text = cipher(OLD).hide(&["runs", "a"], [7, 9]);
        assert_eq!((text.len(), &text), (43, &cipher(OLD).hide(&["runs", "a"], [7, 9])));
        for (context, expected) in [
            (vec!["runs", "a"], Some([7, 9])),
            (vec!["runs", "b"], None),
            (vec!["events", "a"], None),
            (vec!["runsa"], None),
            (vec!["run", "sa"], None),
            (vec![], None),
        ] {
            assert_eq!(cipher(OLD).show(&context, &text), expected, "{context:?}");
        }
        assert_eq!(format!("{:?}", cipher(OLD)), "Cipher");
    }

    #[test]
    fn neighbours_have_nothing_in_common() {
        let texts: Vec<Vec<u8>> =
            (0..200).map(|n| BASE64URL_NOPAD.decode(cipher(OLD).hide(&["a"], [n, 0]).as_bytes()).unwrap()).collect();
        for pair in texts.windows(2) {
            let same = pair[0].iter().zip(&pair[1]).filter(|(a, b)| a == b).count();
            assert!(same < 6, "{same} bytes of 32 are the same");
        }
    }

    #[test]
    fn what_an_older_key_has_hidden_is_shown_while_it_is_there() {
        let text = cipher(OLD).hide(&["a"], [1, 2]);
        assert_eq!(cipher(&format!("{OLD}\n{NEW}")).show(&["a"], &text), Some([1, 2]));
        assert_eq!(cipher(NEW).show(&["a"], &text), None);
        assert_ne!(cipher(&format!("{OLD}\n{NEW}")).hide(&["a"], [1, 2]), text);
    }

    proptest! {
        #[test]
        fn every_pair_comes_back(a: i64, b: i64, context in "\\PC{0,8}") {
            let cipher = cipher(OLD);
            prop_assert_eq!(cipher.show(&[&context], &cipher.hide(&[&context], [a, b])), Some([a, b]));
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC{0,60}|[A-Za-z0-9_-]{43}", bit in 0usize..256) {
            let cipher = cipher(OLD);
            prop_assert_eq!(cipher.show(&["a"], &text), None);
            let mut bytes = BASE64URL_NOPAD.decode(cipher.hide(&["a"], [3, 4]).as_bytes()).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(cipher.show(&["a"], &BASE64URL_NOPAD.encode(&bytes)), None);
        }
    }
}
