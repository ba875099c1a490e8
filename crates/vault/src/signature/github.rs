use super::{Error, Message, any_matches, hex_tag, plain_key};
use crate::Secret;
use data_encoding::HEXLOWER_PERMISSIVE;

const HEADER: &str = "x-hub-signature-256";

/// The header is `sha256=<hex>` over the body alone. It holds no time: a message that is sent again is good again,
/// and whoever must not act twice looks at `x-github-delivery`.
pub fn verify(secret: &Secret, message: Message) -> Result<(), Error> {
    let header = message.header(HEADER)?;
    let key = plain_key(secret)?;
    let hex = header.strip_prefix("sha256=").ok_or(Error::Malformed(HEADER))?;
    let signature = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map_err(|_| Error::Malformed(HEADER))?;
    any_matches(&key, &[message.body], &[signature])
}

pub fn sign(secret: &Secret, body: &[u8]) -> Result<Vec<(&'static str, String)>, Error> {
    Ok(vec![(HEADER, format!("sha256={}", hex_tag(&plain_key(secret)?, &[body])))])
}
