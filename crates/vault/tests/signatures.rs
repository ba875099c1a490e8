//! Signatures against vectors: the examples of the vendors' documentation, and others made with another program.

use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use weir_vault::Secret;
use weir_vault::signature::{Error, Message, Scheme};

#[derive(Deserialize)]
struct Vector {
    name: String,
    scheme: Scheme,
    secret: String,
    headers: BTreeMap<String, String>,
    body: String,
    /// Seconds since 1970.
    now: i64,
    /// `Ok`, or the error as `Debug` writes it.
    expected: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors/signatures.json")).unwrap()
}

fn verify(vector: &Vector, headers: &[(&str, &str)], body: &[u8]) -> Result<(), Error> {
    let message = Message { headers, body };
    vector.scheme.verify(&Secret::new(vector.secret.as_str()), message, vector.now * 1_000_000)
}

fn headers(vector: &Vector) -> Vec<(&str, &str)> {
    vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn signatures_are_verified_as_the_vectors_say() {
    for vector in vectors() {
        let found = verify(&vector, &headers(&vector), vector.body.as_bytes());
        let found = found.map_or_else(|error| format!("{error:?}"), |()| "Ok".to_owned());
        assert_eq!(found, vector.expected, "{}", vector.name);
    }
}

/// What is signed here has the same signature as the vector, where that has but one.
#[test]
fn signing_gives_the_vectors_own_signatures() {
    let mut signed = 0;
    for vector in vectors().iter().filter(|vector| vector.expected == "Ok") {
        let header = |name: &str| headers(vector).into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let id = header("webhook-id").map_or("", |(_, id)| id);
        let secret = Secret::new(vector.secret.as_str());
        for (name, value) in vector.scheme.sign(&secret, id, vector.body.as_bytes(), vector.now * 1_000_000).unwrap() {
            let theirs = header(name).map(|(_, theirs)| theirs);
            let is_plain = theirs.is_some_and(|theirs| theirs.len() == value.len());
            signed += usize::from(theirs == Some(value.as_str()));
            assert!(!is_plain || theirs == Some(&value) || vector.name.contains("five minutes"), "{}", vector.name);
        }
    }
    assert!(signed >= 12, "{signed}");
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_nothing_else(
        scheme in prop::sample::select(vec![Scheme::Standard, Scheme::Stripe, Scheme::GitHub, Scheme::Slack]),
        body in prop::collection::vec(any::<u8>(), 1..200),
        at: prop::sample::Index,
        bit in 0..8u32,
        now in 0..4_000_000_000_i64,
    ) {
        let (secret, now) = (Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"), now * 1_000_000);
        let signed = scheme.sign(&secret, "msg_1", &body, now).unwrap();
        let headers: Vec<(&str, &str)> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        prop_assert_eq!(scheme.verify(&secret, Message { headers: &headers, body: &body }, now), Ok(()));
        let mut other = body.clone();
        other[at.index(body.len())] ^= 1 << bit;
        let found = scheme.verify(&secret, Message { headers: &headers, body: &other }, now);
        prop_assert_eq!(found, Err(Error::Mismatch));
    }

    #[test]
    fn any_header_is_read_or_refused(at: prop::sample::Index, value in "\\PC{0,40}|t=[0-9]{0,20},v1=[0-9a-f]{0,64}|v[01],?[A-Za-z0-9+/=]{0,44}", secret in "\\PC{0,20}", now: i64) {
        let vectors = vectors();
        let vector = &vectors[at.index(vectors.len())];
        for (name, _) in headers(vector) {
            let mut changed = headers(vector);
            changed.iter_mut().filter(|(known, _)| *known == name).for_each(|header| header.1 = &value);
            let message = Message { headers: &changed, body: b"x" };
            let _ = vector.scheme.verify(&Secret::new(secret.as_str()), message, now);
        }
    }
}
