use crate::token::hash_bytes;
use crate::{Random, Secret, draw};
use data_encoding::BASE64URL_NOPAD;

/// What ties the two halves of a sign-in elsewhere together (RFC 7636): the verifier stays here, the provider gets the
/// challenge first and the verifier last. Also made this way: `state` and `nonce`. 256 random bits in 43 letters.
pub fn verifier(random: Random) -> Secret {
    Secret::new(BASE64URL_NOPAD.encode(&draw::<32>(random)))
}

/// The challenge of a verifier by the method `S256`.
pub fn challenge(verifier: &Secret) -> String {
    BASE64URL_NOPAD.encode(&hash_bytes(verifier.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    #[test]
    fn the_example_of_the_standard() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn verifiers_differ_and_are_long_enough() {
        let mut source = random(1);
        let (one, other) = (verifier(&mut source), verifier(&mut source));
        assert_ne!(one, other);
        assert_eq!(one.bytes().len(), 43);
    }
}
