//! Identity tokens against vectors made with another program, and those of RFC 7515.

use proptest::prelude::*;
use serde::Deserialize;
use weir_vault::Secret;
use weir_vault::jwks::KeySet;
use weir_vault::jwt::{Algorithm, Claims, Error, Keys, Rule, verify};

#[derive(Deserialize)]
struct Vectors {
    /// Seconds since 1970.
    now: i64,
    issuer: String,
    audience: String,
    shared: String,
    jwks: serde_json::Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    token: String,
    /// `Ok`, or the error as `Debug` writes it.
    expected: String,
    keys: Option<String>,
    algorithms: Option<Vec<Algorithm>>,
    issuer: Option<String>,
    nonce: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/jwt.json")).unwrap()
}

impl Vectors {
    fn verify(&self, case: &Case, token: &str) -> Result<Claims, Error> {
        let mut rule = Rule::new(case.issuer.as_ref().unwrap_or(&self.issuer), self.audience.as_str());
        rule.nonce.clone_from(&case.nonce);
        rule.algorithms = case.algorithms.clone().unwrap_or(rule.algorithms);
        let (set, shared) = (KeySet::parse(&self.jwks.to_string()).unwrap(), Secret::new(self.shared.as_str()));
        let keys = if case.keys.is_some() { Keys::Shared(&shared) } else { Keys::Public(&set) };
        verify(token, keys, &rule, self.now * 1_000_000)
    }
}

#[test]
fn tokens_are_verified_as_the_vectors_say() {
    let vectors = vectors();
    for case in &vectors.cases {
        let found = vectors.verify(case, &case.token);
        let found = found.map_or_else(|error| format!("{error:?}"), |_| "Ok".to_owned());
        assert_eq!(found, case.expected, "{}", case.name);
    }
}

#[test]
fn a_verified_token_says_who_it_is() {
    let vectors = vectors();
    let claims = vectors.verify(&vectors.cases[0], &vectors.cases[0].token).unwrap();
    assert_eq!(claims.subject.as_deref(), Some("user-1"));
    assert_eq!(claims.expires, (vectors.now + 3_600) * 1_000_000);
    assert_eq!(claims.values.get("nonce").and_then(|nonce| nonce.as_str()), Some("n-1"));
}

#[test]
fn what_is_too_long_or_too_short_is_refused() {
    let vectors = vectors();
    let case = &vectors.cases[0];
    let long = format!("{}{}", case.token, "A".repeat(20_000));
    assert_eq!(vectors.verify(case, &long), Err(Error::TooLong));
    let rule = Rule { algorithms: vec![Algorithm::HS256], ..Rule::new("a", "b") };
    let found = verify("eyJhbGciOiJIUzI1NiJ9.e30.", Keys::Shared(&Secret::new("short")), &rule, 0);
    assert_eq!(found, Err(Error::ShortSecret));
}

proptest! {
    #[test]
    fn any_flipped_bit_fails(which in 0..3_usize, at: prop::sample::Index, bit in 0..8u32) {
        let vectors = vectors();
        let case = &vectors.cases[which];
        let mut bytes = case.token.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(vectors.verify(case, &String::from_utf8_lossy(&bytes)).is_err());
    }

    #[test]
    fn any_text_is_read_or_refused(token in "\\PC{0,80}|([A-Za-z0-9_-]{0,60}\\.){2}[A-Za-z0-9_-]{0,90}|eyJhbGciOiJSUzI1NiJ9\\.e30\\.[A-Za-z0-9_-]{0,400}") {
        let vectors = vectors();
        let _ = vectors.verify(&vectors.cases[0], &token);
    }
}
