use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// A key, and the name it goes by in what is sealed under it.
pub struct Key {
    pub id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// Keys that open; the last one seals. So a new key is added at the end, and an old one taken away once no history
/// needs it.
pub struct Keys(Vec<Key>);

const NONCE: usize = 24;

impl Keys {
    /// Lines of `id:key`, the key in 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Vec<Key> = lines.map(key).collect::<Result<_, _>>()?;
        match keys.is_empty() {
            true => Err("there is no key: write lines of `id:key`, the key in 64 hexadecimal digits".to_owned()),
            false => Ok(Self(keys)),
        }
    }

    /// The key's name, a nonce, and what is sealed.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, String> {
        let key = self.0.last().ok_or("there is no key")?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), plain).map_err(|_| "it cannot be sealed")?;
        let id = key.id.as_bytes();
        let length = u8::try_from(id.len()).map_err(|_| "the key's name is too long")?;
        Ok([&[length], id, &nonce, &sealed].concat())
    }

    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let cut = || "what is sealed is cut off".to_owned();
        let (length, rest) = sealed.split_first().ok_or_else(cut)?;
        let (id, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(cut)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(cut)?;
        let id = String::from_utf8_lossy(id);
        let key = self.0.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| format!("it is sealed under a key that is not here: there is no key `{id}`"))?;
        cipher(key).decrypt(&XNonce::from(*nonce), sealed).map_err(|_| "it was not sealed under this key".to_owned())
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.bytes).into())
}

fn key(line: &str) -> Result<Key, String> {
    let wrong = || "a key is a line `id:key`, the key in 64 hexadecimal digits".to_owned();
    let (id, digits) = line.split_once(':').ok_or_else(wrong)?;
    let mut bytes = Zeroizing::new([0; 32]);
    if digits.len() != 64 || id.is_empty() || id.len() > 255 || !digits.is_ascii() {
        return Err(wrong());
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(Key { id: id.to_owned(), bytes })
}
