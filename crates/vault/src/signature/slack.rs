use super::{Error, Message, any_matches, check_time, hex_tag, plain_key};
use crate::Secret;
use data_encoding::HEXLOWER_PERMISSIVE;
use weir_base::Micros;

const SIGNATURE: &str = "x-slack-signature";
const TIME: &str = "x-slack-request-timestamp";

/// The header is `v0=<hex>` over `v0:<seconds>:<body>`.
pub fn verify(secret: &Secret, message: Message, now: Micros) -> Result<(), Error> {
    let (header, time) = (message.header(SIGNATURE)?, message.header(TIME)?);
    let key = plain_key(secret)?;
    let hex = header.strip_prefix("v0=").ok_or(Error::Malformed(SIGNATURE))?;
    let signature = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map_err(|_| Error::Malformed(SIGNATURE))?;
    check_time(TIME, time, now)?;
    any_matches(&key, &signed(time, message.body), &[signature])
}

pub fn sign(secret: &Secret, body: &[u8], seconds: i64) -> Result<Vec<(&'static str, String)>, Error> {
    let time = seconds.to_string();
    let signature = hex_tag(&plain_key(secret)?, &signed(&time, body));
    Ok(vec![(SIGNATURE, format!("v0={signature}")), (TIME, time)])
}

fn signed<'a>(time: &'a str, body: &'a [u8]) -> [&'a [u8]; 4] {
    [b"v0:", time.as_bytes(), b":", body]
}
