use crate::token::Hash;
use crate::{Random, Secret, crockford, draw};

/// How many codes are made at once.
pub const CODES: usize = 10;
/// 80 random bits: too many to be found from the hash.
const LETTERS: usize = 16;

/// A code for a user who has lost the authenticator: it is good once. Only the hash is kept.
#[derive(Clone, Debug)]
pub struct Code {
    /// Written `abcd-efgh-jkmn-pqrs`.
    pub text: Secret,
    pub hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code is 16 letters and digits, written in groups of four")]
pub struct Malformed;

/// Makes ten codes.
pub fn issue(random: Random) -> Vec<Code> {
    (0..CODES).map(|_| code(&crockford::encode(&draw::<10>(random)))).collect()
}

/// Reads a code that somebody types, in either case and with or without hyphens, and gives the hash to look for.
pub fn read(text: &str) -> Result<Hash, Malformed> {
    let letters = crockford::tidy(text);
    if crockford::is_word(&letters, LETTERS) { Ok(hash(&letters)) } else { Err(Malformed) }
}

fn code(letters: &str) -> Code {
    let groups: Vec<&str> = (0..LETTERS).step_by(4).map(|at| &letters[at..at + 4]).collect();
    Code { hash: hash(letters), text: Secret::new(groups.join("-")) }
}

/// The purpose is hashed too, so that no token has the hash of a code.
fn hash(letters: &str) -> Hash {
    Hash::of(&format!("recovery:{letters}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_found_as_people_type_them() {
        let codes = issue(&mut random(1));
        let texts: BTreeSet<&str> = codes.iter().filter_map(|code| code.text.text()).collect();
        assert_eq!(texts.len(), CODES);
        for code in &codes {
            let text = code.text.text().unwrap();
            let typed = text.to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l");
            assert_eq!((read(text), read(&typed)), (Ok(code.hash), Ok(code.hash)));
            assert_eq!((text.len(), read(&text[1..]), read("")), (19, Err(Malformed), Err(Malformed)));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}
