use super::{Error, Message, any_matches, check_time, plain_key, tag};
use crate::Secret;
use data_encoding::BASE64;
use ring::hmac::Key;
use weir_base::Micros;

const ID: [&str; 2] = ["webhook-id", "svix-id"];
const TIME: [&str; 2] = ["webhook-timestamp", "svix-timestamp"];
const SIGNATURE: [&str; 2] = ["webhook-signature", "svix-signature"];

/// The header holds a list such as `v1,<base64> v1,<base64>`, one for each secret while secrets are changed.
/// Other versions than `v1` are passed over.
pub fn verify(secret: &Secret, message: Message, now: Micros) -> Result<(), Error> {
    let (id, time, list) = (header(message, ID)?, header(message, TIME)?, header(message, SIGNATURE)?);
    let key = key(secret)?;
    let signatures: Vec<Vec<u8>> = list.split(' ').filter_map(read).collect();
    if signatures.is_empty() {
        return Err(Error::Malformed(SIGNATURE[0]));
    }
    check_time(TIME[0], time, now)?;
    any_matches(&key, &signed(id, time, message.body), &signatures)
}

pub fn sign(secret: &Secret, id: &str, body: &[u8], seconds: i64) -> Result<Vec<(&'static str, String)>, Error> {
    let time = seconds.to_string();
    let signature = BASE64.encode(tag(&key(secret)?, &signed(id, &time, body)).as_ref());
    Ok(vec![(ID[0], id.to_owned()), (SIGNATURE[0], format!("v1,{signature}")), (TIME[0], time)])
}

fn header<'a>(message: Message<'a>, names: [&'static str; 2]) -> Result<&'a str, Error> {
    message.header(names[0]).or_else(|missing| message.find(names[1]).ok_or(missing))
}

fn read(one: &str) -> Option<Vec<u8>> {
    let text = one.strip_prefix("v1,")?;
    BASE64.decode(text.as_bytes()).ok()
}

fn signed<'a>(id: &'a str, time: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", time.as_bytes(), b".", body]
}

/// Secrets are written `whsec_<base64>`; some senders leave out the beginning.
fn key(secret: &Secret) -> Result<Key, Error> {
    let text = secret.text().map(str::trim).ok_or(Error::Secret)?;
    let text = text.strip_prefix("whsec_").unwrap_or(text);
    let bytes = BASE64.decode(text.as_bytes()).map(Secret::new).map_err(|_| Error::Secret)?;
    plain_key(&bytes)
}
