use crate::{RunKey, StoreError};
use async_trait::async_trait;
use weir_base::Text;

/// A payload of more bytes than this is kept as a blob.
pub const BLOB_THRESHOLD: usize = 64 * 1024;

/// The name of some bytes: their BLAKE3 hash in 64 hexadecimal digits.
pub fn blob_hash(bytes: &[u8]) -> Text {
    blake3::hash(bytes).to_hex().as_str().into()
}

/// Large values by the hash of their content; equal content is kept once.
#[async_trait]
pub trait Blobs {
    /// Keeps the bytes at least as long as the run is kept; for ever where there is none. Returns their name.
    async fn put_blob(&self, run: Option<RunKey>, bytes: Vec<u8>) -> Result<Text, StoreError>;

    async fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError>;
}
