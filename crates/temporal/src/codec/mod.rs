//! What payloads look like on the cluster: sealed under a key where there is one, and large ones kept elsewhere.

mod seal;

pub use seal::Keys;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use std::sync::Arc;
use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadCodec, PayloadConversionError, PayloadConverter, SerializationContext,
    SerializationContextData, TemporalDeserializable, TemporalSerializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use weir_store::Store;

const ENCODING: &str = "encoding";
const SEALED: &str = "binary/weir-sealed";
const ELSEWHERE: &str = "binary/weir-blob";
const HASH: &str = "weir-blob";
/// Of a payload that is never kept elsewhere; it is taken off on the way out.
const INLINE: &str = "weir-inline";

/// What is told to whoever asked. Somebody without the store is told all of it `inline`, however large it is.
pub(crate) struct Told<T> {
    pub value: T,
    pub inline: bool,
}

impl<T: Serialize + 'static> TemporalSerializable for Told<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        let mut payload = PayloadConverter::serde_json().to_payload(context, &self.value)?;
        if self.inline {
            payload.metadata.insert(INLINE.to_owned(), Vec::new());
        }
        Ok(payload)
    }
}

/// Nobody reads it as this: a workflow reads what it holds.
impl<T> TemporalDeserializable for Told<T> {}

/// Seals payloads, and keeps what is larger than a threshold in a store, by the hash of its content.
#[derive(Clone, Default)]
pub struct Codec {
    pub keys: Option<Arc<Keys>>,
    pub blobs: Option<Blobs>,
}

/// Every client and worker of a run must reach the same store.
#[derive(Clone)]
pub struct Blobs {
    pub store: Arc<dyn Store>,
    /// In bytes.
    pub threshold: usize,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (keys, blobs) = (self.keys.is_some(), self.blobs.is_some());
        f.debug_struct("Codec").field("keys", &keys).field("blobs", &blobs).finish()
    }
}

impl PayloadCodec for Codec {
    fn encode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let codec = self.clone();
        async move { codec.each(payloads, true).await }.boxed()
    }

    fn decode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let codec = self.clone();
        async move { codec.each(payloads, false).await }.boxed()
    }
}

impl Codec {
    async fn each(&self, payloads: Vec<Payload>, out: bool) -> Result<Vec<Payload>, PayloadConversionError> {
        let mut done = Vec::with_capacity(payloads.len());
        for payload in payloads {
            done.push(match out {
                true => self.go_out(payload).await?,
                false => self.come_in(payload).await?,
            });
        }
        Ok(done)
    }

    async fn go_out(&self, mut payload: Payload) -> Result<Payload, PayloadConversionError> {
        let stays = payload.metadata.remove(INLINE).is_some();
        let payload = match &self.keys {
            Some(keys) => with_encoding(SEALED, keys.seal(&encode(&payload)).map_err(failed)?),
            None => payload,
        };
        let Some(blobs) = self.blobs.as_ref().filter(|blobs| !stays && payload.data.len() > blobs.threshold) else {
            return Ok(payload);
        };
        let hash = blobs.store.put_blob(None, encode(&payload)).await.map_err(failed)?;
        let mut elsewhere = with_encoding(ELSEWHERE, Vec::new());
        elsewhere.metadata.insert(HASH.to_owned(), hash.as_bytes().to_vec());
        Ok(elsewhere)
    }

    async fn come_in(&self, payload: Payload) -> Result<Payload, PayloadConversionError> {
        let payload = match is(&payload, ELSEWHERE) {
            true => self.fetch(&payload).await?,
            false => payload,
        };
        if !is(&payload, SEALED) {
            return Ok(payload);
        }
        let keys = self.keys.as_ref().ok_or_else(|| failed("the payload is sealed, and there is no key here"))?;
        decode(&keys.open(&payload.data).map_err(failed)?)
    }

    async fn fetch(&self, payload: &Payload) -> Result<Payload, PayloadConversionError> {
        let hash =
            payload.metadata.get(HASH).map(|hash| String::from_utf8_lossy(hash).into_owned()).unwrap_or_default();
        let blobs = self.blobs.as_ref().ok_or_else(|| failed("the payload is in a store that is not known here"))?;
        let bytes = blobs.store.blob(&hash).await.map_err(failed)?;
        decode(&bytes.ok_or_else(|| failed(format!("the payload {hash} is not in the store")))?)
    }
}

fn is(payload: &Payload, encoding: &str) -> bool {
    payload.metadata.get(ENCODING).is_some_and(|found| found == encoding.as_bytes())
}

fn with_encoding(encoding: &str, data: Vec<u8>) -> Payload {
    let mut payload = Payload { data, ..Payload::default() };
    payload.metadata.insert(ENCODING.to_owned(), encoding.as_bytes().to_vec());
    payload
}

/// The whole payload, with what is said about it: members in order, so that the same is the same.
fn encode(payload: &Payload) -> Vec<u8> {
    let metadata: std::collections::BTreeMap<_, _> = payload.metadata.iter().collect();
    let mut bytes = Vec::with_capacity(payload.data.len() + 64);
    bytes.extend((metadata.len() as u32).to_le_bytes());
    for (name, value) in metadata {
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, value);
    }
    bytes.extend(&payload.data);
    bytes
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u32).to_le_bytes());
    bytes.extend(part);
}

fn decode(bytes: &[u8]) -> Result<Payload, PayloadConversionError> {
    let mut rest = bytes;
    read(&mut rest).ok_or_else(|| failed("the payload is cut off"))
}

fn read(rest: &mut &[u8]) -> Option<Payload> {
    let mut payload = Payload::default();
    for _ in 0..number(rest)? {
        let name = String::from_utf8(part(rest)?.to_vec()).ok()?;
        let value = part(rest)?.to_vec();
        payload.metadata.insert(name, value);
    }
    payload.data = rest.to_vec();
    Some(payload)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(u32::from_le_bytes(*number))
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(rest)? as usize;
    let (part, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(part)
}

fn failed(why: impl std::fmt::Display) -> PayloadConversionError {
    PayloadConversionError::EncodingError(why.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec(keys: &[&str]) -> Codec {
        let keys = Keys::parse(&keys.join("\n")).unwrap();
        Codec { keys: Some(Arc::new(keys)), blobs: None }
    }

    async fn round(out: &Codec, back: &Codec) -> Result<Payload, String> {
        let mut payload = with_encoding("json/plain", br#"{"card": "4242"}"#.to_vec());
        payload.metadata.insert("x".to_owned(), vec![0, 255]);
        let sealed = out.go_out(payload.clone()).await.unwrap();
        assert!(is(&sealed, SEALED));
        assert!(!sealed.data.windows(4).any(|part| part == b"4242"), "what is sealed is not to be read");
        back.come_in(sealed).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn what_is_sealed_comes_back_under_the_same_key_only() {
        let (one, two) = (format!("a:{}", "11".repeat(32)), format!("b:{}", "22".repeat(32)));
        let back = round(&codec(&[&one]), &codec(&[&one, &two])).await.unwrap();
        assert_eq!(back.data, br#"{"card": "4242"}"#);
        assert_eq!(back.metadata["x"], [0, 255]);
        assert!(round(&codec(&[&one]), &codec(&[&two])).await.unwrap_err().contains("no key `a`"));
        let forged = format!("a:{}", "33".repeat(32));
        assert!(round(&codec(&[&one]), &codec(&[&forged])).await.is_err());
        assert!(round(&codec(&[&one]), &Codec::default()).await.unwrap_err().contains("there is no key here"));
    }

    #[tokio::test]
    async fn large_payloads_are_kept_elsewhere() {
        let store: Arc<dyn Store> = Arc::new(weir_testkit::MemoryStore::new());
        let codec = Codec { keys: None, blobs: Some(Blobs { store, threshold: 100 }) };
        let small = with_encoding("json/plain", vec![b'1'; 100]);
        assert_eq!(codec.go_out(small.clone()).await.unwrap(), small);
        let large = with_encoding("json/plain", vec![b'1'; 3_000_000]);
        let away = codec.go_out(large.clone()).await.unwrap();
        assert!(is(&away, ELSEWHERE) && away.data.is_empty());
        assert_eq!(codec.come_in(away).await.unwrap(), large);
    }

    #[tokio::test]
    async fn what_is_for_somebody_without_the_store_stays_as_it_is() {
        let store: Arc<dyn Store> = Arc::new(weir_testkit::MemoryStore::new());
        let codec = Codec { keys: None, blobs: Some(Blobs { store, threshold: 10 }) };
        let converter = PayloadConverter::default();
        let context = SerializationContext::new(&SerializationContextData::None, &converter);
        let told = |inline| converter.to_payload(&context, &Told { value: "1".repeat(100), inline }).unwrap();
        let plain = converter.to_payload(&context, &"1".repeat(100)).unwrap();
        assert_eq!(codec.go_out(told(true)).await.unwrap(), plain, "and nothing shows it");
        assert!(is(&codec.go_out(told(false)).await.unwrap(), ELSEWHERE));
    }

    #[test]
    fn a_payload_that_was_cut_off_is_an_error() {
        let whole = encode(&with_encoding("json/plain", b"1".to_vec()));
        assert!((0..whole.len() - 1).all(|end| decode(&whole[..end]).is_err()));
        assert!(decode(&whole).is_ok());
    }
}
