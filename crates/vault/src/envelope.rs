use crate::keyring::{KeyBytes, Keyring, is_id};
use crate::token::hash_bytes;
use crate::{Random, Secret, draw};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use data_encoding::BASE64URL_NOPAD;
use std::fmt;
use zeroize::Zeroizing;

/// The longest value that is sealed. What is longer is a file and no secret.
pub const LONGEST: usize = 1 << 20;

/// The form of the text; another way to seal gets another.
const FORM: &str = "w1";
const NONCE: usize = 24;
const TAG: usize = 16;
const WRAPPED: usize = NONCE + 32 + TAG;

/// Whose value it is. A value opens only for the names it was sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    pub tenant: &'a str,
    /// The id of the secret.
    pub secret: &'a str,
}

/// A value encrypted with a key of its own, which is itself encrypted with a master key.
///
/// Its text is `w1.<key id>.<owner>.<wrapped key>.<value>`, the last three in base64 for addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    key_id: String,
    owner: Owner,
    /// The nonce, then the data key encrypted with the master key.
    wrapped: [u8; WRAPPED],
    /// The nonce, then the value encrypted with the data key.
    value: Vec<u8>,
}

/// Short hashes of tenant and secret. They only tell which of them is wrong; the encryption enforces both.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Owner {
    tenant: [u8; 4],
    secret: [u8; 4],
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not the text of a sealed value, or a part of it is missing")]
    Malformed,
    #[error("the value was sealed with the master key `{id}`, which is not in the keyring")]
    UnknownKey { id: String },
    #[error("the value was sealed for another tenant")]
    OtherTenant,
    #[error("the value was sealed for another secret of the same tenant")]
    OtherSecret,
    #[error("the master key `{id}` is not the one this was sealed with, or the wrapped key was changed")]
    WrongKey { id: String },
    #[error("the value was changed after it was sealed")]
    Changed,
    #[error("the value has more than {LONGEST} bytes")]
    TooLong,
}

/// Encrypts the value with a new data key, and that with the current master key.
pub fn seal(keyring: &Keyring, context: Context, plaintext: &[u8], random: Random) -> Result<Sealed, Error> {
    if plaintext.len() > LONGEST {
        return Err(Error::TooLong);
    }
    let data_key = Zeroizing::new(draw::<32>(random));
    let value = encrypt(&data_key, &bound("value", "", context), plaintext, random)?;
    let owner = Owner::of(context);
    let (key_id, wrapped) = wrap(keyring, context, &data_key, random)?;
    Ok(Sealed { key_id, owner, wrapped, value })
}

/// Decrypts the value, if it was sealed for these names and nothing was changed since.
pub fn open(keyring: &Keyring, context: Context, sealed: &Sealed) -> Result<Secret, Error> {
    let data_key = unwrap(keyring, context, sealed)?;
    decrypt(&data_key, &bound("value", "", context), &sealed.value).ok_or(Error::Changed)
}

/// Wraps the same data key with the current master key. The encrypted value stays as it is.
pub fn rewrap(keyring: &Keyring, context: Context, sealed: &Sealed, random: Random) -> Result<Sealed, Error> {
    let data_key = unwrap(keyring, context, sealed)?;
    let (key_id, wrapped) = wrap(keyring, context, &data_key, random)?;
    Ok(Sealed { key_id, wrapped, ..sealed.clone() })
}

/// Opens and seals again with a new data key: for when a data key may have become known.
pub fn reseal(keyring: &Keyring, context: Context, sealed: &Sealed, random: Random) -> Result<Sealed, Error> {
    let plaintext = open(keyring, context, sealed)?;
    seal(keyring, context, plaintext.bytes(), random)
}

impl Sealed {
    /// Reads the text. What it says is believed only by [`open`].
    pub fn parse(text: &str) -> Result<Sealed, Error> {
        let parts: Vec<_> = text.split('.').take(6).collect();
        let [FORM, key_id, owner, wrapped, value] = parts[..] else {
            return Err(Error::Malformed);
        };
        let [owner, wrapped, value] = [decode(owner)?, decode(wrapped)?, decode(value)?];
        if !is_id(key_id) || value.len() < NONCE + TAG || value.len() > LONGEST + NONCE + TAG {
            return Err(Error::Malformed);
        }
        let wrapped = wrapped.try_into().map_err(|_| Error::Malformed)?;
        Ok(Sealed { key_id: key_id.to_owned(), owner: Owner::read(&owner)?, wrapped, value })
    }

    /// The master key that opens it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether another master key than the current one seals it, so that [`rewrap`] has something to do.
    pub fn is_outdated(&self, keyring: &Keyring) -> bool {
        self.key_id != keyring.current()
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = [self.owner.tenant, self.owner.secret].concat();
        let [owner, wrapped, value] = [&owner[..], &self.wrapped, &self.value].map(|part| BASE64URL_NOPAD.encode(part));
        write!(f, "{FORM}.{}.{owner}.{wrapped}.{value}", self.key_id)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

impl Owner {
    fn of(context: Context) -> Owner {
        Owner { tenant: mark("tenant", context.tenant), secret: mark("secret", context.secret) }
    }

    fn read(bytes: &[u8]) -> Result<Owner, Error> {
        match *bytes {
            [a, b, c, d, e, f, g, h] => Ok(Owner { tenant: [a, b, c, d], secret: [e, f, g, h] }),
            _ => Err(Error::Malformed),
        }
    }

    fn expect(self, context: Context) -> Result<(), Error> {
        let wanted = Owner::of(context);
        if self.tenant != wanted.tenant {
            return Err(Error::OtherTenant);
        }
        if self.secret != wanted.secret { Err(Error::OtherSecret) } else { Ok(()) }
    }
}

fn mark(what: &str, name: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = hash_bytes(format!("{what}:{name}").as_bytes());
    [a, b, c, d]
}

fn wrap(
    keyring: &Keyring,
    context: Context,
    data_key: &KeyBytes,
    random: Random,
) -> Result<(String, [u8; WRAPPED]), Error> {
    let id = keyring.current().to_owned();
    let master = keyring.key(&id).ok_or_else(|| Error::UnknownKey { id: id.clone() })?;
    let wrapped = encrypt(master, &bound("key", &id, context), &**data_key, random)?;
    Ok((id, wrapped.try_into().map_err(|_| Error::TooLong)?))
}

fn unwrap(keyring: &Keyring, context: Context, sealed: &Sealed) -> Result<KeyBytes, Error> {
    let id = &sealed.key_id;
    let master = keyring.key(id).ok_or_else(|| Error::UnknownKey { id: id.clone() })?;
    sealed.owner.expect(context)?;
    let plain = decrypt(master, &bound("key", id, context), &sealed.wrapped);
    let data_key = plain.and_then(|plain| plain.bytes().try_into().ok()).map(Zeroizing::new);
    data_key.ok_or_else(|| Error::WrongKey { id: id.clone() })
}

/// What the encryption is bound to. Each part follows its length, so that no two lists give the same bytes.
fn bound(what: &str, key_id: &str, context: Context) -> Vec<u8> {
    let parts = [FORM, what, key_id, context.tenant, context.secret];
    parts.iter().flat_map(|part| (part.len() as u64).to_le_bytes().into_iter().chain(part.bytes())).collect()
}

fn encrypt(key: &KeyBytes, bound: &[u8], plain: &[u8], random: Random) -> Result<Vec<u8>, Error> {
    let nonce = draw::<NONCE>(random);
    let payload = Payload { msg: plain, aad: bound };
    let encrypted = cipher(key).encrypt((&nonce).into(), payload).map_err(|_| Error::TooLong)?;
    Ok([&nonce[..], &encrypted].concat())
}

fn decrypt(key: &KeyBytes, bound: &[u8], bytes: &[u8]) -> Option<Secret> {
    let (nonce, encrypted) = bytes.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: encrypted, aad: bound };
    cipher(key).decrypt(nonce.into(), payload).ok().map(Secret::new)
}

fn cipher(key: &KeyBytes) -> XChaCha20Poly1305 {
    let key: &[u8; 32] = key;
    XChaCha20Poly1305::new(key.into())
}

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Error::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use proptest::prelude::*;

    const OURS: Context = Context { tenant: "acme", secret: "sec_1" };

    fn ring(lines: &[(&str, u8)]) -> Keyring {
        let key = |first: u8| format!("{first:02x}{}", "5a".repeat(31));
        let text: Vec<_> = lines.iter().map(|(id, first)| format!("{id}:{}", key(*first))).collect();
        Keyring::parse(&text.join("\n")).unwrap()
    }

    fn sealed(plain: &[u8]) -> Sealed {
        seal(&ring(&[("a", 1)]), OURS, plain, &mut random(9)).unwrap()
    }

    /// Opens the text with the keyring and for the names; what is expected is the error.
    fn check(lines: &[(&str, u8)], tenant: &str, secret: &str, text: &str, expected: Error) {
        let found = Sealed::parse(text).and_then(|sealed| open(&ring(lines), Context { tenant, secret }, &sealed));
        assert_eq!(found, Err(expected), "{tenant} {secret} {text}");
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        let text = sealed(b"hunter2").to_string();
        let parts: Vec<&str> = text.split('.').collect();
        let other = seal(&ring(&[("a", 1)]), OURS, b"hunter3", &mut random(77)).unwrap().to_string();
        let other: Vec<&str> = other.split('.').collect();
        let with = |at: usize| [&parts[..at], &[other[at]], &parts[at + 1..]].concat().join(".");
        let ours: &[(&str, u8)] = &[("a", 1)];
        check(ours, "acme2", "sec_1", &text, Error::OtherTenant);
        check(ours, "acme", "sec_2", &text, Error::OtherSecret);
        check(ours, "sec_1", "acme", &text, Error::OtherTenant);
        check(&[("b", 1)], "acme", "sec_1", &text, Error::UnknownKey { id: "a".into() });
        check(&[("a", 2)], "acme", "sec_1", &text, Error::WrongKey { id: "a".into() });
        check(ours, "acme", "sec_1", &with(3), Error::Changed);
        check(ours, "acme", "sec_1", &with(4), Error::Changed);
        for text in ["", "w1", "w2.a.b.c.d", &format!("{text}.x"), &text[1..], &parts[..4].join(".")] {
            check(ours, "acme", "sec_1", text, Error::Malformed);
        }
    }

    #[test]
    fn the_marks_of_an_owner_are_no_key() {
        let forged = Sealed { owner: Owner::of(Context { tenant: "evil", ..OURS }), ..sealed(b"hunter2") };
        let found = open(&ring(&[("a", 1)]), Context { tenant: "evil", ..OURS }, &forged);
        assert_eq!(found, Err(Error::WrongKey { id: "a".into() }));
    }

    #[test]
    fn nothing_cut_short_opens() {
        let text = sealed(b"hunter2").to_string();
        for end in 0..text.len() {
            let found = Sealed::parse(&text[..end]).and_then(|part| open(&ring(&[("a", 1)]), OURS, &part));
            assert!(found.is_err(), "{end}");
        }
    }

    #[test]
    fn a_new_master_key_keeps_the_value() {
        let (old, both, new) = (ring(&[("a", 1)]), ring(&[("a", 1), ("b", 2)]), ring(&[("b", 2)]));
        let first = seal(&old, OURS, b"hunter2", &mut random(1)).unwrap();
        let wrapped = rewrap(&both, OURS, &first, &mut random(2)).unwrap();
        assert_eq!((first.is_outdated(&both), wrapped.is_outdated(&both), wrapped.key_id()), (true, false, "b"));
        assert!(first.value == wrapped.value && first.wrapped != wrapped.wrapped);
        assert_eq!(open(&new, OURS, &wrapped).unwrap().bytes(), b"hunter2");
        let whole = reseal(&both, OURS, &first, &mut random(3)).unwrap();
        assert!(first.value != whole.value);
        assert_eq!(open(&new, OURS, &whole).unwrap().bytes(), b"hunter2");
        let theirs = Context { tenant: "evil", ..OURS };
        assert_eq!(rewrap(&both, theirs, &first, &mut random(4)), Err(Error::OtherTenant));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let found = seal(&ring(&[("a", 1)]), OURS, &vec![0; LONGEST + 1], &mut random(1));
        assert_eq!(found, Err(Error::TooLong));
    }

    /// Made by another program, from what is written here about the form. It has to open for ever.
    #[test]
    fn a_kept_text_opens() {
        let text = include_str!("../tests/vectors/sealed.txt").trim();
        let found = open(&ring(&[("a", 1)]), OURS, &Sealed::parse(text).unwrap());
        assert_eq!(found.unwrap().text(), Some("hunter2"));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(plain: Vec<u8>, seed: u64, tenant in "\\PC{0,9}", secret in "\\PC{0,9}") {
            let (keyring, context) = (ring(&[("a", 1)]), Context { tenant: &tenant, secret: &secret });
            let text = seal(&keyring, context, &plain, &mut random(seed)).unwrap().to_string();
            let sealed = Sealed::parse(&text).unwrap();
            prop_assert_eq!(sealed.to_string(), text);
            prop_assert_eq!(open(&keyring, context, &sealed), Ok(Secret::new(plain)));
        }

        #[test]
        fn any_flipped_bit_fails(at: prop::sample::Index, bit in 0..8u32) {
            let mut bytes = sealed(b"hunter2").to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let text = String::from_utf8_lossy(&bytes);
            let found = Sealed::parse(&text).and_then(|sealed| open(&ring(&[("a", 1)]), OURS, &sealed));
            prop_assert!(found.is_err());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}|w1(\\.[A-Za-z0-9_-]{0,99}){4}") {
            let _ = Sealed::parse(&text);
        }
    }
}
