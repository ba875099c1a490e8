//! What keeps and proves secrets: sealed values, passwords, tokens, one-time codes, signatures and identity tokens.
//!
//! Everything here is a function of its arguments. The crate reads no clock, no file and no environment and has no
//! source of random bytes: the caller passes the time and fills the bytes. It stores nothing and fetches nothing.
//! What it takes for secret is wiped from memory when dropped, and never shown by `Debug`.
//! Start with [`envelope`] and the [`keyring::Keyring`] it needs.

pub mod api_key;
mod crockford;
pub mod envelope;
pub mod jwks;
pub mod jwt;
pub mod keyring;
pub mod opaque;
pub mod password;
pub mod pkce;
pub mod recovery;
mod secret;
pub mod signature;
#[cfg(test)]
mod testing;
pub mod token;
pub mod totp;

pub use secret::Secret;

/// Fills the buffer with bytes nobody can guess. The composition root passes the system's own source.
pub type Random<'a> = &'a mut dyn FnMut(&mut [u8]);

/// That many random bytes.
fn draw<const N: usize>(random: Random) -> [u8; N] {
    let mut bytes = [0; N];
    random(&mut bytes);
    bytes
}
