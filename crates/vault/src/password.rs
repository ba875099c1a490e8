use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{ARGON2ID_IDENT, Argon2, Params};
use serde::{Deserialize, Serialize};

/// Bytes a new password may have.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=1024;

/// What many people take, of the length that is allowed. The shorter ones are refused anyway.
const COMMON: &str = include_str!("common_passwords.txt");
/// With fewer different letters, length helps little.
const FEWEST_LETTERS: usize = 4;

/// The most a kept hash may ask for, whoever wrote it.
const MOST: Options = Options { memory_kib: 1 << 20, passes: 64, lanes: 64 };
const SALT: usize = 16;

/// What a guess costs. The default is the least that OWASP advises for argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// How often the memory is gone through.
    pub passes: u32,
    /// Parts that could be computed at the same time.
    pub lanes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the cost of a password is out of range: 8 KiB for each lane to 1 GiB, 1 to 64 passes, 1 to 64 lanes")]
    Options,
    #[error("what is kept for this password is not a hash of argon2id")]
    Kept,
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the password needs at least {} characters", LENGTH.start())]
    TooShort,
    #[error("the password may have at most {} bytes", LENGTH.end())]
    TooLong,
    #[error("the password is the e-mail address")]
    IsEmail,
    #[error("the password is one of those that are guessed first")]
    Common,
}

/// Whether a new password is taken. What a person may choose is ruled by length alone, and by what is known to all.
pub fn check(password: &str, email: &str) -> Result<(), Refusal> {
    let plain = password.trim().to_lowercase();
    if password.len() > *LENGTH.end() {
        return Err(Refusal::TooLong);
    }
    if password.len() < *LENGTH.start() {
        return Err(Refusal::TooShort);
    }
    if plain == email.trim().to_lowercase() {
        return Err(Refusal::IsEmail);
    }
    if is_common(&plain) { Err(Refusal::Common) } else { Ok(()) }
}

fn is_common(plain: &str) -> bool {
    let letters: std::collections::BTreeSet<char> = plain.chars().collect();
    letters.len() < FEWEST_LETTERS || COMMON.lines().any(|line| line == plain)
}

/// Hashes a password to the text that is kept: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
///
/// Takes as long as it costs: the caller runs it where nothing waits for it.
pub fn hash(options: &Options, password: &str, salt: &[u8; SALT]) -> Result<String, Error> {
    let params = options.params()?;
    let hashed = Argon2::default().hash_password_with_params(password.as_bytes(), salt, params);
    hashed.map(|hash| hash.to_string()).map_err(|_| Error::Options)
}

/// Whether the password is the one whose hash is kept. Costs what the kept hash says.
pub fn verify(password: &str, kept: &str) -> Result<bool, Error> {
    let (kept, _) = read(kept)?;
    let fits = password.len() <= *LENGTH.end();
    Ok(fits && Argon2::default().verify_password(password.as_bytes(), &kept).is_ok())
}

/// Costs what [`verify`] costs and is always false: for a user who is not there.
pub fn verify_absent(options: &Options, password: &str) -> Result<bool, Error> {
    let fits = password.len() <= *LENGTH.end();
    if fits {
        hash(options, password, &[0; SALT])?;
    }
    Ok(false)
}

/// Whether the kept hash costs something else than the options say, so that it is made anew at the next sign-in.
pub fn needs_rehash(options: &Options, kept: &str) -> bool {
    read(kept).map(|(_, cost)| cost) != Ok(*options)
}

impl Options {
    fn params(&self) -> Result<Params, Error> {
        if !self.is_bounded() {
            return Err(Error::Options);
        }
        Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(|_| Error::Options)
    }

    fn is_bounded(&self) -> bool {
        self.memory_kib <= MOST.memory_kib && self.passes <= MOST.passes && self.lanes <= MOST.lanes
    }
}

fn read(kept: &str) -> Result<(PasswordHash, Options), Error> {
    let hash = PasswordHash::new(kept).map_err(|_| Error::Kept)?;
    let params = Params::try_from(&hash).map_err(|_| Error::Kept)?;
    let cost = Options { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
    let is_whole = hash.algorithm == ARGON2ID_IDENT && hash.salt.is_some() && hash.hash.is_some();
    if is_whole && cost.is_bounded() { Ok((hash, cost)) } else { Err(Error::Kept) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHEAP: Options = Options { memory_kib: 8, passes: 1, lanes: 1 };
    const PASSWORD: &str = "green table by the sea";

    #[test]
    fn a_hash_knows_its_password() {
        let kept = hash(&CHEAP, PASSWORD, b"0123456789abcdef").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"), "{kept}");
        assert_eq!(verify(PASSWORD, &kept), Ok(true));
        assert_eq!(verify("green table by the see", &kept), Ok(false));
        assert_eq!(verify(&"x".repeat(2_000), &kept), Ok(false));
        assert_eq!(verify_absent(&CHEAP, PASSWORD), Ok(false));
    }

    #[test]
    fn costs_are_compared_and_bounded() {
        let kept = hash(&CHEAP, PASSWORD, &[7; 16]).unwrap();
        assert!(!needs_rehash(&CHEAP, &kept));
        assert!(needs_rehash(&Options::default(), &kept) && needs_rehash(&CHEAP, "md5"));
        for wrong in
            [Options { memory_kib: 7, ..CHEAP }, Options { passes: 0, ..CHEAP }, Options { lanes: 65, ..CHEAP }]
        {
            assert_eq!(hash(&wrong, PASSWORD, &[7; 16]), Err(Error::Options), "{wrong:?}");
        }
        let read: Options = serde_json::from_str(r#"{"passes":3}"#).unwrap();
        assert_eq!(read, Options { memory_kib: 19_456, passes: 3, lanes: 1 });
    }

    /// Made with the reference implementation (`argon2`, the command): another program's hash is understood.
    #[test]
    fn the_hash_of_another_program_is_understood() {
        let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert_eq!(read(kept).unwrap().1, Options { memory_kib: 65_536, passes: 2, lanes: 1 });
        let small = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!((verify("password", small), verify("passwore", small)), (Ok(true), Ok(false)));
    }

    #[test]
    fn what_is_no_hash_is_told() {
        let hash = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        for kept in [
            "",
            "secret",
            "$argon2id$v=19$m=256,t=2,p=1",
            &format!("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ${hash}"),
            &format!("$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ${hash}"),
            &format!("$argon2id$v=19$m=256,t=9999,p=1$c29tZXNhbHQ${hash}"),
            &format!("$argon2id$v=19$m=256,x=9999,p=1$c29tZXNhbHQ${hash}"),
        ] {
            assert_eq!(verify(PASSWORD, kept), Err(Error::Kept), "{kept}");
        }
    }

    #[test]
    fn a_password_is_long_and_not_known_to_all() {
        let table: [(&str, Result<(), Refusal>); 10] = [
            (PASSWORD, Ok(())),
            ("kR4!kR5?kR6.", Ok(())),
            ("", Err(Refusal::TooShort)),
            ("kR4!kR5?kR6", Err(Refusal::TooShort)),
            (&"kR4!kR5?".repeat(128), Ok(())),
            (&"kR4!kR5?.".repeat(128), Err(Refusal::TooLong)),
            ("ANN@example.com", Err(Refusal::IsEmail)),
            ("Password1234", Err(Refusal::Common)),
            (" qwertyuiop123 ", Err(Refusal::Common)),
            ("abababababababab", Err(Refusal::Common)),
        ];
        for (password, expected) in table {
            assert_eq!(check(password, "ann@Example.com "), expected, "{password}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}|\\$argon2id\\$v=19\\$m=[0-9]{1,12},t=[0-9]{1,3},p=[0-9]\\$[a-zA-Z]{0,20}\\$[a-zA-Z]{0,50}") {
            let _ = (read(&text), needs_rehash(&CHEAP, &text), check(&text, &text));
        }
    }
}
