use super::{Error, Message, any_matches, check_time, hex_tag, plain_key};
use crate::Secret;
use data_encoding::HEXLOWER_PERMISSIVE;
use weir_base::Micros;

const HEADER: &str = "stripe-signature";

/// The header is `t=<seconds>,v1=<hex>,v1=<hex>,v0=…`; only `v1` counts. The secret is used with its `whsec_`.
pub fn verify(secret: &Secret, message: Message, now: Micros) -> Result<(), Error> {
    let header = message.header(HEADER)?;
    let key = plain_key(secret)?;
    let time = values(header, "t").next().ok_or(Error::Malformed(HEADER))?;
    let signatures: Vec<Vec<u8>> =
        values(header, "v1").filter_map(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()).collect();
    if signatures.is_empty() {
        return Err(Error::Malformed(HEADER));
    }
    check_time(HEADER, time, now)?;
    any_matches(&key, &signed(time, message.body), &signatures)
}

pub fn sign(secret: &Secret, body: &[u8], seconds: i64) -> Result<Vec<(&'static str, String)>, Error> {
    let time = seconds.to_string();
    let signature = hex_tag(&plain_key(secret)?, &signed(&time, body));
    Ok(vec![(HEADER, format!("t={time},v1={signature}"))])
}

fn values<'a>(header: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let pairs = header.split(',').filter_map(|part| part.trim().split_once('='));
    pairs.filter(move |(known, _)| *known == name).map(|(_, value)| value)
}

fn signed<'a>(time: &'a str, body: &'a [u8]) -> [&'a [u8]; 3] {
    [time.as_bytes(), b".", body]
}
