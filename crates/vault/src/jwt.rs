use crate::Secret;
use crate::jwks::KeySet;
use data_encoding::BASE64URL_NOPAD;
use ring::hmac::{HMAC_SHA256, Key};
use serde::{Deserialize, Serialize};
use weir_base::{Duration, Micros, Value};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 << 10;
/// The fewest bytes of a shared secret (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// The ways to sign that are understood. There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    RS256,
    ES256,
    EdDSA,
    HS256,
}

/// What verifies a token. The caller decides which of the two it is, never the token.
#[derive(Clone, Copy, Debug)]
pub enum Keys<'a> {
    /// Public keys: RS256, ES256 and EdDSA.
    Public(&'a KeySet),
    /// A secret of at least 32 bytes that both sides know: HS256 and nothing else.
    Shared(&'a Secret),
}

/// What a token has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The algorithms that are taken; a token cannot choose another.
    pub algorithms: Vec<Algorithm>,
    pub issuer: String,
    /// One of the token's audiences.
    pub audience: String,
    /// What was sent along when the sign-in began, for identity tokens.
    pub nonce: Option<String>,
    /// How far the clocks of both sides may differ.
    pub leeway: Duration,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    pub subject: Option<String>,
    pub expires: Micros,
    /// All of it as it was written: always an object.
    pub values: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not a signed JSON web token in its compact form")]
    Malformed,
    #[error("the token has more than {LONGEST} bytes")]
    TooLong,
    #[error("the token is signed in a way that is not taken here")]
    Algorithm,
    #[error("the token wants something understood that is not known here (`crit`)")]
    Critical,
    #[error("the token is signed with a key that is not in the set")]
    UnknownKey { id: Option<String> },
    #[error("the shared secret has fewer than {SHORTEST_SECRET} bytes")]
    ShortSecret,
    #[error("the signature is not made from this token with this key")]
    Signature,
    #[error("the token has no `{0}`, or not in the form it should have")]
    Claim(&'static str),
    #[error("the token comes from another issuer")]
    Issuer,
    #[error("the token is meant for another audience")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not good yet")]
    NotYet,
    #[error("the token answers another sign-in")]
    Nonce,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl Rule {
    /// The three algorithms with public keys, and a minute of leeway.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Rule {
        Rule {
            algorithms: vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
            issuer: issuer.into(),
            audience: audience.into(),
            nonce: None,
            leeway: Duration::from_secs(60),
        }
    }
}

/// Verifies a token: first its signature, then what it says.
///
/// On [`Error::UnknownKey`] the caller may fetch the key set anew, if it has not done so just now.
pub fn verify(token: &str, keys: Keys, rule: &Rule, now: Micros) -> Result<Claims, Error> {
    if token.len() > LONGEST {
        return Err(Error::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Error::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Error::Malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Error::Malformed)?;
    let algorithm = rule.choose(&header)?;
    check_signature(keys, algorithm, &header, signed.as_bytes(), &decode(signature)?)?;
    let values = read_values(&decode(payload)?)?;
    rule.check(&values, now)
}

fn check_signature(
    keys: Keys,
    algorithm: Algorithm,
    header: &Header,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let is_good = match (keys, algorithm) {
        (Keys::Shared(secret), Algorithm::HS256) => check_shared(secret, signed, signature)?,
        (Keys::Shared(_), _) | (Keys::Public(_), Algorithm::HS256) => return Err(Error::Algorithm),
        (Keys::Public(set), _) => set
            .verify(algorithm, header.kid.as_deref(), signed, signature)
            .ok_or_else(|| Error::UnknownKey { id: header.kid.clone() })?,
    };
    if is_good { Ok(()) } else { Err(Error::Signature) }
}

fn check_shared(secret: &Secret, signed: &[u8], signature: &[u8]) -> Result<bool, Error> {
    if secret.bytes().len() < SHORTEST_SECRET {
        return Err(Error::ShortSecret);
    }
    Ok(ring::hmac::verify(&Key::new(HMAC_SHA256, secret.bytes()), signed, signature).is_ok())
}

impl Algorithm {
    pub(crate) fn parse(name: &str) -> Option<Algorithm> {
        match name {
            "RS256" => Some(Algorithm::RS256),
            "ES256" => Some(Algorithm::ES256),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDSA),
            "HS256" => Some(Algorithm::HS256),
            _ => None,
        }
    }
}

impl Rule {
    fn choose(&self, header: &Header) -> Result<Algorithm, Error> {
        if header.crit.is_some() {
            return Err(Error::Critical);
        }
        Algorithm::parse(&header.alg).filter(|found| self.algorithms.contains(found)).ok_or(Error::Algorithm)
    }

    fn check(&self, values: &Value, now: Micros) -> Result<Claims, Error> {
        let text = |name| values.get(name).and_then(Value::as_str);
        if text("iss") != Some(self.issuer.as_str()) {
            return Err(Error::Issuer);
        }
        if !names(values.get("aud"), &self.audience) {
            return Err(Error::Audience);
        }
        let expires = self.check_times(values, now)?;
        if self.nonce.as_deref().is_some_and(|nonce| text("nonce") != Some(nonce)) {
            return Err(Error::Nonce);
        }
        Ok(Claims { subject: text("sub").map(str::to_owned), expires, values: values.clone() })
    }

    fn check_times(&self, values: &Value, now: Micros) -> Result<Micros, Error> {
        let leeway = self.leeway.micros();
        let expires = time(values, "exp")?.ok_or(Error::Claim("exp"))?;
        if now.saturating_sub(leeway) >= expires {
            return Err(Error::Expired);
        }
        match time(values, "nbf")? {
            Some(begins) if now.saturating_add(leeway) < begins => Err(Error::NotYet),
            _ => Ok(expires),
        }
    }
}

/// Whether the audience, one or a list, names ours.
fn names(audience: Option<&Value>, ours: &str) -> bool {
    match audience {
        Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(ours)),
        Some(one) => one.as_str() == Some(ours),
        None => false,
    }
}

/// Seconds since 1970 as the claim has them, perhaps with a fraction.
fn time(values: &Value, name: &'static str) -> Result<Option<Micros>, Error> {
    let seconds = values.get(name).map(|value| value.as_f64().ok_or(Error::Claim(name))).transpose()?;
    // A number out of range becomes the nearest that is in it.
    Ok(seconds.map(|seconds| (seconds * 1e6) as Micros))
}

fn read_values(payload: &[u8]) -> Result<Value, Error> {
    let text = std::str::from_utf8(payload).map_err(|_| Error::Malformed)?;
    let values = Value::from_json(text).map_err(|_| Error::Malformed)?;
    if values.as_object().is_some() { Ok(values) } else { Err(Error::Malformed) }
}

fn decode(part: &str) -> Result<Vec<u8>, Error> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Error::Malformed)
}
