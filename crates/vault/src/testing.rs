use crate::token::hash_bytes;

/// A repeatable source: the hashes of a counter that begins at `seed`.
pub fn random(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut count = seed;
    move |out| {
        for chunk in out.chunks_mut(32) {
            let block = hash_bytes(&count.to_le_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
            count = count.wrapping_add(1);
        }
    }
}
