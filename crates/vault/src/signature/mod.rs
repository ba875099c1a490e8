//! Signatures of webhooks, one file per scheme. All are over the raw body, before anything reads it.
//!
//! Start with [`Scheme`], the one door to all of them.

mod github;
mod slack;
mod standard;
mod stripe;

use crate::Secret;
use data_encoding::HEXLOWER;
use ring::hmac::{HMAC_SHA256, Key};
use serde::{Deserialize, Serialize};
use weir_base::Micros;

/// Seconds by which the time of a signature may differ from the present.
const TOLERANCE: i64 = 300;
const SECOND: Micros = 1_000_000;

/// How a sender signs what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Standard Webhooks, which are Svix: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard,
    /// `stripe-signature: t=…,v1=…`
    Stripe,
    /// `x-hub-signature-256: sha256=…`; there is no time in it.
    GitHub,
    /// `x-slack-signature: v0=…` and `x-slack-request-timestamp`.
    Slack,
}

/// What arrived or is sent: the body and the headers, whose names are found in any case.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the header `{0}` is missing")]
    MissingHeader(&'static str),
    #[error("the header `{0}` is not as this scheme writes it")]
    Malformed(&'static str),
    #[error("the message was signed more than five minutes ago")]
    TooOld,
    #[error("the message was signed more than five minutes in the future; compare the clocks")]
    TooNew,
    #[error("the signature is not made from this body with this secret")]
    Mismatch,
    #[error("the secret is not as this scheme writes it: empty, or `whsec_` without base64 behind it")]
    Secret,
}

impl Scheme {
    /// Whether the message was signed with the secret, and not long ago.
    pub fn verify(self, secret: &Secret, message: Message, now: Micros) -> Result<(), Error> {
        match self {
            Scheme::Standard => standard::verify(secret, message, now),
            Scheme::Stripe => stripe::verify(secret, message, now),
            Scheme::GitHub => github::verify(secret, message),
            Scheme::Slack => slack::verify(secret, message, now),
        }
    }

    /// The headers that sign the body. `id` names the message; only Standard Webhooks send it.
    pub fn sign(
        self,
        secret: &Secret,
        id: &str,
        body: &[u8],
        now: Micros,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let seconds = now.div_euclid(SECOND);
        match self {
            Scheme::Standard => standard::sign(secret, id, body, seconds),
            Scheme::Stripe => stripe::sign(secret, body, seconds),
            Scheme::GitHub => github::sign(secret, body),
            Scheme::Slack => slack::sign(secret, body, seconds),
        }
    }
}

impl<'a> Message<'a> {
    fn header(&self, name: &'static str) -> Result<&'a str, Error> {
        self.find(name).ok_or(Error::MissingHeader(name))
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The key of a secret that is used as it is written.
fn plain_key(secret: &Secret) -> Result<Key, Error> {
    if secret.bytes().is_empty() { Err(Error::Secret) } else { Ok(Key::new(HMAC_SHA256, secret.bytes())) }
}

/// Whether one of the signatures is that of the parts, one after the other. Every one is compared in constant time.
fn any_matches<S: AsRef<[u8]>>(key: &Key, parts: &[&[u8]], signatures: &[S]) -> Result<(), Error> {
    let tag = tag(key, parts);
    let matches = |signature: &S| subtle::ConstantTimeEq::ct_eq(tag.as_ref(), signature.as_ref());
    let found = signatures.iter().map(matches).fold(subtle::Choice::from(0), |found, one| found | one);
    if bool::from(found) { Ok(()) } else { Err(Error::Mismatch) }
}

fn tag(key: &Key, parts: &[&[u8]]) -> ring::hmac::Tag {
    let mut context = ring::hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    context.sign()
}

fn hex_tag(key: &Key, parts: &[&[u8]]) -> String {
    HEXLOWER.encode(tag(key, parts).as_ref())
}

/// Seconds since 1970 in digits, not too far from now.
fn check_time(header: &'static str, text: &str, now: Micros) -> Result<(), Error> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = text.parse().ok().filter(|_| is_number).ok_or(Error::Malformed(header))?;
    let age = now.div_euclid(SECOND).saturating_sub(seconds);
    match age {
        _ if age > TOLERANCE => Err(Error::TooOld),
        _ if age < -TOLERANCE => Err(Error::TooNew),
        _ => Ok(()),
    }
}
