use crate::{Random, Secret, crockford, draw};
use data_encoding::HEXLOWER;
use std::fmt;
use subtle::ConstantTimeEq;

/// 40 letters: 200 random bits.
const LETTERS: usize = 40;

/// What a token is for. Its text begins with it, so a token of one purpose never serves another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A browser that is signed in.
    Session,
    /// An invitation to a tenant.
    Invitation,
    /// A new password.
    Reset,
    /// Proof that an e-mail address is read.
    Confirmation,
    /// The address at which a flow is started from outside.
    Webhook,
    /// A flow that is open at a path.
    Interface,
}

const PURPOSES: [(Purpose, &str); 6] = [
    (Purpose::Session, "weirs_"),
    (Purpose::Invitation, "weiri_"),
    (Purpose::Reset, "weirr_"),
    (Purpose::Confirmation, "weirc_"),
    (Purpose::Webhook, "weirh_"),
    (Purpose::Interface, "weirp_"),
];

/// A new token: the text goes to whoever holds it, only the hash is kept.
#[derive(Clone, Debug)]
pub struct Issued {
    pub token: Secret,
    pub hash: Hash,
}

/// The SHA-256 of a token. A token has too many random bits to be found from it.
#[derive(Clone, Copy, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not a token of Weir, or a part of it is missing")]
    Malformed,
    #[error("this token is for something else")]
    OtherPurpose,
    #[error("a hash is 64 hexadecimal digits")]
    Hash,
}

/// Makes a token.
pub fn issue(purpose: Purpose, random: Random) -> Issued {
    let text = format!("{}{}", purpose.begin(), crockford::encode(&draw::<25>(random)));
    Issued { hash: Hash::of(&text), token: Secret::new(text) }
}

/// Reads a token that somebody presents, and gives the hash to look for.
pub fn read(purpose: Purpose, text: &str) -> Result<Hash, Error> {
    let (found, letters) = PURPOSES
        .iter()
        .find_map(|(known, begin)| text.strip_prefix(begin).map(|rest| (*known, rest)))
        .ok_or(Error::Malformed)?;
    if !crockford::is_word(letters, LETTERS) {
        return Err(Error::Malformed);
    }
    if found == purpose { Ok(Hash::of(text)) } else { Err(Error::OtherPurpose) }
}

impl Purpose {
    fn begin(self) -> &'static str {
        PURPOSES.iter().find(|(known, _)| *known == self).map_or("", |(_, begin)| begin)
    }
}

impl Hash {
    pub(crate) fn of(text: &str) -> Hash {
        Hash(hash_bytes(text.as_bytes()))
    }

    /// Reads what [`fmt::Display`] wrote: 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Hash, Error> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| Error::Hash)?;
        bytes.try_into().map(Hash).map_err(|_| Error::Hash)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Compared in constant time.
impl PartialEq for Hash {
    fn eq(&self, other: &Hash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Hash {}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

/// SHA-256.
pub(crate) fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use proptest::prelude::*;

    #[test]
    fn a_token_serves_its_purpose_alone() {
        for (purpose, begin) in PURPOSES {
            let issued = issue(purpose, &mut random(1));
            let text = issued.token.text().unwrap();
            assert!(text.starts_with(begin) && text.len() == begin.len() + LETTERS);
            for (other, _) in PURPOSES {
                let expected = if other == purpose { Ok(issued.hash) } else { Err(Error::OtherPurpose) };
                assert_eq!(read(other, text), expected);
            }
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = format!("weirs_{}", "0".repeat(41));
        for text in ["", "weirs_", "weirs_abc", &long, &long[1..], &long.to_uppercase()[..46]] {
            assert_eq!(read(Purpose::Session, text), Err(Error::Malformed), "{text}");
        }
    }

    #[test]
    fn hashes_are_kept_as_text() {
        let hash = Hash::of("abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((hash.to_string().as_str(), Hash::parse(text)), (text, Ok(hash)));
        assert_eq!(format!("{:?}", issue(Purpose::Reset, &mut random(1))), "Issued { token: Secret, hash: Hash }");
        assert_eq!((Hash::parse("ba78"), Hash::parse("é")), (Err(Error::Hash), Err(Error::Hash)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|weir[sirchp]_[0-9a-z]{38,42}") {
            let _ = (read(Purpose::Session, &text), Hash::parse(&text));
        }
    }
}
