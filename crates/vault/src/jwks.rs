use crate::jwt::Algorithm;
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// The most keys a set may have. Identity providers have two or three.
const MOST: usize = 64;

/// The public keys of an identity provider, read from its JWKS.
///
/// Only keys that verify RS256, ES256 or EdDSA with Ed25519 are kept. A secret in the set is never one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not a JWKS: an object with a list `keys`")]
    Malformed,
    #[error("a JWKS may have at most {MOST} keys")]
    TooMany,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    id: Option<String>,
    public: Public,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, uncompressed: 4, x, y.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWKS document. Keys that are of no use here are left out, as RFC 7517 wants.
    pub fn parse(text: &str) -> Result<KeySet, Error> {
        let document: Document = serde_json::from_str(text).map_err(|_| Error::Malformed)?;
        if document.keys.len() > MOST {
            return Err(Error::TooMany);
        }
        let keys = document.keys.into_iter().filter_map(|key| Key::read(serde_json::from_value(key).ok()?));
        Ok(KeySet { keys: keys.collect() })
    }

    /// How many keys are of use.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a key of this id verifies the signature; `None` where there is no such key.
    ///
    /// A token without an id is tried with every key of its algorithm.
    pub(crate) fn verify(&self, algorithm: Algorithm, id: Option<&str>, signed: &[u8], by: &[u8]) -> Option<bool> {
        let fits = |key: &&Key| key.public.algorithm() == algorithm && (id.is_none() || key.id.as_deref() == id);
        let mut keys = self.keys.iter().filter(fits).peekable();
        keys.peek()?;
        Some(keys.any(|key| key.public.verify(signed, by)))
    }
}

impl Key {
    fn read(jwk: Jwk) -> Option<Key> {
        let public = Public::read(&jwk)?;
        let is_named = jwk.alg.as_deref().is_none_or(|alg| Algorithm::parse(alg) == Some(public.algorithm()));
        let verifies = jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
        (is_named && verifies).then_some(Key { id: jwk.kid, public })
    }
}

impl Public {
    fn read(jwk: &Jwk) -> Option<Public> {
        match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Some(Public::Rsa { n: number(&jwk.n)?, e: number(&jwk.e)? }),
            ("EC", Some("P-256")) => Some(Public::P256([&[4], &*part(&jwk.x)?, &*part(&jwk.y)?].concat())),
            ("OKP", Some("Ed25519")) => Some(Public::Ed25519(part(&jwk.x)?)),
            _ => None,
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Public::Rsa { .. } => Algorithm::RS256,
            Public::P256(_) => Algorithm::ES256,
            Public::Ed25519(_) => Algorithm::EdDSA,
        }
    }

    fn verify(&self, signed: &[u8], by: &[u8]) -> bool {
        let result = match self {
            Public::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, by),
            Public::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, by),
            Public::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(signed, by),
        };
        result.is_ok()
    }
}

/// A coordinate of 32 bytes.
fn part(text: &Option<String>) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_ref()?.as_bytes()).ok().filter(|bytes| bytes.len() == 32)
}

/// A number without zeros before it. Keys that are too short for RSA are refused when they verify.
fn number(text: &Option<String>) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(text.as_ref()?.as_bytes()).ok()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    (zeros < bytes.len()).then(|| bytes[zeros..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ED25519_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn check(key: &str, expected: usize) {
        let set = KeySet::parse(&format!(r#"{{"keys":[{key}]}}"#)).unwrap();
        assert_eq!((set.len(), set.is_empty()), (expected, expected == 0), "{key}");
    }

    #[test]
    fn keys_of_no_use_are_left_out() {
        let with = |member: &str| format!("{},{member}}}", &ED25519_KEY[..ED25519_KEY.len() - 1]);
        check(ED25519_KEY, 1);
        check(&format!("{ED25519_KEY},{ED25519_KEY}"), 2);
        check(&with(r#""use":"sig","alg":"EdDSA","kid":"1","more":{}"#), 1);
        check(&with(r#""use":"enc""#), 0);
        check(&with(r#""alg":"RS256""#), 0);
        check(&with(r#""kid":1"#), 0);
        check(r#"{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}"#, 0);
        check(r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, 0);
        check(r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, 0);
        check(r#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#, 0);
        check(r#"{"kty":"RSA","n":"!","e":"AQAB"}"#, 0);
        check(r#"5,null,"x""#, 0);
    }

    #[test]
    fn what_is_no_set_is_told() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, &"[".repeat(100_000)] {
            assert_eq!(KeySet::parse(text), Err(Error::Malformed));
        }
        let many = format!(r#"{{"keys":[{}0]}}"#, "0,".repeat(MOST));
        assert_eq!(KeySet::parse(&many), Err(Error::TooMany));
    }

    /// RFC 8037, appendix A.4.
    #[test]
    fn a_signature_of_rfc_8037_is_verified() {
        let set = KeySet::parse(&format!(r#"{{"keys":[{ED25519_KEY}]}}"#)).unwrap();
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let by = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let by = BASE64URL_NOPAD.decode(by.as_bytes()).unwrap();
        assert_eq!(set.verify(Algorithm::EdDSA, None, signed, &by), Some(true));
        assert_eq!(set.verify(Algorithm::EdDSA, None, &signed[1..], &by), Some(false));
        assert_eq!(set.verify(Algorithm::EdDSA, None, signed, &by[1..]), Some(false));
        assert_eq!(set.verify(Algorithm::EdDSA, Some("1"), signed, &by), None);
        assert_eq!(set.verify(Algorithm::ES256, None, signed, &by), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = KeySet::parse(&text);
        }

        #[test]
        fn keys_of_any_size_refuse(n in "[A-Za-z0-9_-]{0,400}", e in "[A-Za-z0-9_-]{0,8}") {
            let text = format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"{e}"}}]}}"#);
            let found = KeySet::parse(&text).unwrap().verify(Algorithm::RS256, None, b"x", &[1; 256]);
            prop_assert!(found != Some(true));
        }
    }
}
