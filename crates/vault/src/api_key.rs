use crate::token::{Hash, hash_bytes};
use crate::{Random, Secret, crockford, draw};
use zeroize::Zeroizing;

const BEGIN: &str = "weir_";
const PREFIX: usize = 8;
/// 40 letters are 200 random bits.
const SECRET: usize = 40;
const CHECKSUM: usize = 8;

/// A new API key, `weir_<prefix>_<secret>`. The text is shown once; prefix and hash are kept.
#[derive(Clone, Debug)]
pub struct Issued {
    pub key: Secret,
    pub prefix: String,
    pub hash: Hash,
}

/// An API key that somebody presents: the prefix to look for, and the hash that has to be found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub prefix: String,
    pub hash: Hash,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not an API key; one begins with `{BEGIN}`")]
    NotAKey,
    #[error("this API key is mistyped or a part of it is missing; copy it again")]
    Mistyped,
}

/// Makes a key. The last eight letters of its secret are a checksum of all before them.
pub fn issue(random: Random) -> Issued {
    let prefix = crockford::encode(&draw::<5>(random));
    let secret = Zeroizing::new(crockford::encode(&draw::<25>(random)));
    let begin = Zeroizing::new(format!("{BEGIN}{prefix}_{}", *secret));
    let text = format!("{}{}", *begin, checksum(&begin));
    Issued { hash: Hash::of(&text), prefix, key: Secret::new(text) }
}

/// Reads a key. A mistyped one is known without asking the store.
pub fn read(text: &str) -> Result<Presented, Error> {
    let rest = text.strip_prefix(BEGIN).ok_or(Error::NotAKey)?;
    let (prefix, secret) = rest.split_once('_').ok_or(Error::Mistyped)?;
    if !crockford::is_word(prefix, PREFIX) || !crockford::is_word(secret, SECRET + CHECKSUM) {
        return Err(Error::Mistyped);
    }
    let (begin, end) = text.split_at(text.len() - CHECKSUM);
    if checksum(begin) != end {
        return Err(Error::Mistyped);
    }
    Ok(Presented { prefix: prefix.to_owned(), hash: Hash::of(text) })
}

fn checksum(begin: &str) -> String {
    crockford::encode(&hash_bytes(begin.as_bytes())[..5])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_found_by_its_prefix() {
        let issued = issue(&mut random(1));
        let text = issued.key.text().unwrap();
        assert_eq!(read(text), Ok(Presented { prefix: issued.prefix.clone(), hash: issued.hash }));
        assert!(text.starts_with(&format!("weir_{}_", issued.prefix)) && text.len() == 62);
        assert!(!format!("{issued:?}").contains(text));
    }

    #[test]
    fn what_is_no_key_is_told_apart_from_a_typo() {
        let issued = issue(&mut random(2));
        let text = issued.key.text().unwrap();
        for other in ["", "Bearer x", "weirs_0000", &text[1..]] {
            assert_eq!(read(other), Err(Error::NotAKey), "{other}");
        }
        for typo in ["weir_", "weir_0_0", &text[..61], &format!("{text}0"), &text.replace('_', "__")] {
            assert_eq!(read(typo), Err(Error::Mistyped), "{typo}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_letter_is_noticed(seed: u64, at in 5..62_usize, letter in "[0-9a-z_]") {
            let issued = issue(&mut random(seed));
            let mut text = issued.key.text().unwrap().to_owned();
            text.replace_range(at..=at, &letter);
            prop_assert_eq!(read(&text).is_ok(), text == issued.key.text().unwrap());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,70}|weir_[0-9a-z]{8}_[0-9a-z]{48}") {
            let _ = read(&text);
        }
    }
}
