use crate::{Random, Secret, draw};
use data_encoding::BASE32_NOPAD;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use subtle::ConstantTimeEq;
use weir_base::Micros;
use zeroize::Zeroizing;

/// Seconds a code is good for.
const PERIOD: i64 = 30;
/// Steps before and after the present one whose codes are taken too.
const DRIFT: u64 = 1;
const DIGITS: usize = 6;

/// The secret that a user's authenticator app shares (RFC 6238: SHA-1, 30 seconds, 6 digits, as every app expects).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    secret: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the secret is not base32 of 16 to 64 bytes")]
    Secret,
    #[error("a code is 6 digits")]
    Malformed,
    #[error("the code is wrong or no longer good")]
    Wrong,
    #[error("the code was used before; wait for the next one")]
    Replayed,
}

impl Totp {
    /// A new secret of 160 bits.
    pub fn generate(random: Random) -> Totp {
        Totp { secret: Secret::new(draw::<20>(random)) }
    }

    /// Reads the secret from base32, in either case, with or without spaces.
    pub fn parse(text: &str) -> Result<Totp, Error> {
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '=');
        let plain: Zeroizing<String> = Zeroizing::new(kept.map(|c| c.to_ascii_uppercase()).collect());
        let secret = BASE32_NOPAD.decode(plain.as_bytes()).map_err(|_| Error::Secret)?;
        if (16..=64).contains(&secret.len()) { Ok(Totp { secret: Secret::new(secret) }) } else { Err(Error::Secret) }
    }

    /// The secret in base32: what is kept, sealed, and what a user types who cannot scan.
    pub fn secret(&self) -> Secret {
        Secret::new(BASE32_NOPAD.encode(self.secret.bytes()))
    }

    /// The address that an app reads from a QR code.
    pub fn uri(&self, issuer: &str, account: &str) -> Secret {
        let (issuer, account) = (escape(issuer), escape(account));
        let secret = Zeroizing::new(BASE32_NOPAD.encode(self.secret.bytes()));
        let settings = format!("algorithm=SHA1&digits={DIGITS}&period={PERIOD}");
        Secret::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&{settings}", *secret))
    }

    /// Checks a code and gives its step, which the caller keeps and passes as `last_used` the next time.
    ///
    /// No code of that step or an earlier one is taken again.
    pub fn verify(&self, code: &str, now: Micros, last_used: Option<u64>) -> Result<u64, Error> {
        let code = code.trim().replace(' ', "");
        if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::Malformed);
        }
        let step = self.step_of(&code, step_at(now)).ok_or(Error::Wrong)?;
        if last_used.is_some_and(|last| step <= last) { Err(Error::Replayed) } else { Ok(step) }
    }

    /// The latest step near the present one that has this code.
    fn step_of(&self, code: &str, present: u64) -> Option<u64> {
        let near = present.saturating_sub(DRIFT)..=present.saturating_add(DRIFT);
        let fits = |step: &u64| bool::from(self.code(*step).as_bytes().ct_eq(code.as_bytes()));
        near.rev().find(fits)
    }

    /// The code of a step.
    pub fn code(&self, step: u64) -> String {
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.secret.bytes());
        let tag = sign(&key, &step.to_be_bytes());
        let number = truncate(tag.as_ref()) % 10_u32.pow(DIGITS as u32);
        format!("{number:0DIGITS$}")
    }
}

/// The step of a time: how many periods have passed since 1970.
pub fn step_at(now: Micros) -> u64 {
    u64::try_from(now / 1_000_000 / PERIOD).unwrap_or(0)
}

/// RFC 4226, 5.3: the last four bits say where the number begins.
fn truncate(tag: &[u8]) -> u32 {
    let at = tag.last().map_or(0, |last| usize::from(last & 15));
    let bytes = tag.get(at..).and_then(|rest| rest.first_chunk::<4>());
    bytes.map_or(0, |four| u32::from_be_bytes(*four) & 0x7fff_ffff)
}

fn escape(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let each = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use proptest::prelude::*;

    const SECONDS: Micros = 1_000_000;

    fn rfc() -> Totp {
        Totp::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_are_those_of_rfc_4226() {
        let codes =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, code) in codes.iter().enumerate() {
            assert_eq!(rfc().code(step as u64), *code);
        }
    }

    /// RFC 6238, appendix B: the last six of the eight digits of SHA-1.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let table = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (seconds, code) in table {
            assert_eq!(rfc().code(step_at(seconds * SECONDS)), code[2..], "{seconds}");
        }
    }

    /// Code, seconds, last step, and what comes of it.
    type Row = (&'static str, i64, Option<u64>, Result<u64, Error>);

    /// The code `287082` is that of step 1, from 30 to 59 seconds.
    #[test]
    fn a_code_is_good_once_and_not_for_long() {
        let table: [Row; 11] = [
            ("287082", 59, None, Ok(1)),
            (" 287 082 ", 30, Some(0), Ok(1)),
            ("287082", 0, None, Ok(1)),
            ("287082", 89, None, Ok(1)),
            ("287082", 90, None, Err(Error::Wrong)),
            ("287082", 59, Some(1), Err(Error::Replayed)),
            ("287082", 59, Some(2), Err(Error::Replayed)),
            ("287083", 59, None, Err(Error::Wrong)),
            ("28708", 59, None, Err(Error::Malformed)),
            ("28708a", 59, None, Err(Error::Malformed)),
            ("755224", -99, None, Ok(0)),
        ];
        for (code, seconds, last_used, expected) in table {
            assert_eq!(rfc().verify(code, seconds * SECONDS, last_used), expected, "{code} {seconds}");
        }
        assert_eq!(rfc().verify("287082", Micros::MAX, None), Err(Error::Wrong));
    }

    #[test]
    fn apps_read_the_address() {
        let uri = rfc().uri("Weir & Co", "ann@example.com");
        let expected = "otpauth://totp/Weir%20%26%20Co:ann%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                        &issuer=Weir%20%26%20Co&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri.text(), Some(expected));
    }

    #[test]
    fn secrets_are_read_as_people_write_them() {
        assert_eq!(Totp::parse("gezd gnbv gy3t qojq gezd gnbv gy3t qojq").unwrap(), rfc());
        let new = Totp::generate(&mut random(1));
        assert_eq!(Totp::parse(new.secret().text().unwrap()).unwrap(), new);
        assert_eq!(format!("{new:?}"), "Totp { secret: Secret }");
        for wrong in ["", "GEZDGNBV", "0000000000000000000000000000000", "é"] {
            assert_eq!(Totp::parse(wrong), Err(Error::Secret), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}", now: Micros) {
            let _ = (Totp::parse(&text), rfc().verify(&text, now, None));
        }
    }
}
