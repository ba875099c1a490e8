//! Payloads as the code of generated projects writes and reads them, and as Weir's own workers do.
//!
//! Needs Node and the pinned compilers, which `make test` puts into `.tools/toolchain`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use temporalio_common::data_converters::{PayloadCodec, SerializationContextData};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use weir_temporal::{Blobs, Codec, Keys};

/// Opens what is given as `open`, and seals the same anew.
const SCRIPT: &str = "
const { converter } = require('./out/payloads.js');
const { readFileSync } = require('node:fs');
const [codec] = converter().payloadCodecs;
const bytes = (text) => Buffer.from(text, 'base64');
const each = (members, how) => Object.fromEntries(Object.entries(members).map(([name, value]) => [name, how(value)]));
const read = ({ metadata, data }) => ({ metadata: each(metadata, bytes), data: bytes(data) });
const text = (value) => Buffer.from(value).toString('base64');
const told = ({ metadata, data }) => ({ metadata: each(metadata, text), data: text(data) });
async function main() {
  const given = JSON.parse(readFileSync(0, 'utf8')).map(read);
  const answers = await Promise.all(given.map(async (one) => {
    try {
      const [opened] = await codec.decode([one]);
      const [sealed] = await codec.encode([opened]);
      return { opened: told(opened), sealed: told(sealed) };
    } catch (error) {
      return { error: error.message };
    }
  }));
  console.log(JSON.stringify(answers));
}
main();
";

/// Fails as a step does, as the SDK writes that into a history.
const FAILS: &str = "
const { converter } = require('./out/payloads.js');
const internal = require('@temporalio/common/lib/internal-non-workflow');
async function main() {
  const loaded = internal.loadDataConverter(converter());
  const failure = await internal.encodeErrorToFailure(loaded, new Error('card 4242'));
  const told = JSON.stringify(failure, (_, value) => (value?.data ? Buffer.from(value.data).toString() : value));
  const back = await internal.decodeOptionalFailureToOptionalError(loaded, failure);
  console.log(JSON.stringify([told.includes('4242'), back.message]));
}
main();
";

fn keys() -> [String; 2] {
    [format!("a:{}", "1f".repeat(32)), format!("later:{}", "e2".repeat(32))]
}

fn codec(keys: &[String], blobs: Option<Blobs>) -> Codec {
    Codec { keys: Some(Arc::new(Keys::parse(&keys.join("\n")).unwrap())), blobs }
}

fn payload(encoding: &str, data: &[u8]) -> Payload {
    let mut payload = Payload { data: data.to_vec(), ..Payload::default() };
    payload.metadata.insert("encoding".to_owned(), encoding.as_bytes().to_vec());
    payload.metadata.insert("é".to_owned(), vec![0, 255]);
    payload
}

async fn out(codec: &Codec, payload: &Payload) -> Payload {
    codec.encode(&SerializationContextData::None, vec![payload.clone()]).await.unwrap().remove(0)
}

async fn back(codec: &Codec, payload: Payload) -> Payload {
    codec.decode(&SerializationContextData::None, vec![payload]).await.unwrap().remove(0)
}

fn to_json(payload: &Payload) -> Value {
    let metadata: serde_json::Map<String, Value> =
        payload.metadata.iter().map(|(name, value)| (name.clone(), BASE64.encode(value).into())).collect();
    json!({"metadata": metadata, "data": BASE64.encode(&payload.data)})
}

fn from_json(value: &Value) -> Payload {
    let bytes = |value: &Value| BASE64.decode(value.as_str().unwrap()).unwrap();
    let mut payload = Payload { data: bytes(&value["data"]), ..Payload::default() };
    for (name, value) in value["metadata"].as_object().unwrap() {
        payload.metadata.insert(name.clone(), bytes(value));
    }
    payload
}

/// What Node makes of these, with the keys of a file.
fn node(keys: &[String], given: &[Payload]) -> Vec<Value> {
    run(SCRIPT, keys, given.iter().map(to_json).collect())
}

fn run(script: &str, keys: &[String], given: Vec<Value>) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/toolchain/node_modules");
    assert!(modules.is_dir(), "{} is missing: `make test` installs it", modules.display());
    std::os::unix::fs::symlink(modules.canonicalize().unwrap(), folder.path().join("node_modules")).unwrap();
    put("payloads.ts", include_str!("../../codegen/src/workflow/host/payloads.ts"));
    put("failures.ts", include_str!("../../codegen/src/workflow/host/failures.ts"));
    put("run.cjs", script);
    put("keys", &keys.join("\n"));
    let mut tsc = Command::new("node");
    tsc.args(["node_modules/typescript7/bin/tsc", "--strict", "--skipLibCheck", "--noUncheckedIndexedAccess"]);
    tsc.args(["--target", "es2023", "--module", "node16", "--types", "node", "--outDir", "out"]);
    tsc.args(["payloads.ts", "failures.ts"]);
    let compiled = tsc.current_dir(&folder).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stdout));
    let mut node = Command::new("node");
    node.arg("run.cjs").env("WEIR_PAYLOAD_KEYS", "keys").current_dir(&folder);
    let mut ran = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    ran.stdin.take().unwrap().write_all(Value::from(given).to_string().as_bytes()).unwrap();
    let said = ran.wait_with_output().unwrap();
    assert!(said.status.success());
    serde_json::from_slice(&said.stdout).unwrap()
}

#[tokio::test]
async fn what_one_side_seals_the_other_opens() {
    let plain = [
        payload("json/plain", br#"{"card": "4242"}"#),
        payload("binary/plain", &[0; 100_000]),
        payload("json/plain", b""),
        payload("json/plain", &(0..=255).collect::<Vec<u8>>()),
    ];
    let (old, new) = (codec(&keys()[..1], None), codec(&keys(), None));
    let mut given = Vec::new();
    for one in &plain {
        given.push(out(&old, one).await);
        given.push(out(&new, one).await);
    }
    let answers = node(&keys(), &given);
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(from_json(&answer["opened"]), plain[place / 2], "{}", answer["error"]);
        let sealed = from_json(&answer["sealed"]);
        assert!(sealed.data.starts_with(b"\x05later"), "the last key seals");
        assert_eq!(back(&new, sealed).await, plain[place / 2]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let one = payload("json/plain", b"1");
    let store: Arc<dyn weir_store::Store> = Arc::new(weir_testkit::MemoryStore::new());
    let away = out(&codec(&keys(), Some(Blobs { store, threshold: 10 })), &payload("json/plain", &[b'1'; 99])).await;
    let strange = out(&codec(&keys()[1..], None), &one).await;
    let mut forged = out(&codec(&keys()[..1], None), &one).await;
    *forged.data.last_mut().unwrap() ^= 1;
    let answers = node(&keys()[..1], &[away, strange, forged, one.clone()]);
    assert_eq!(from_json(&answers[0]["opened"]).data, br#"{"$weirElsewhere":true}"#);
    assert!(answers[1]["error"].as_str().unwrap().contains("no key `later`"), "{}", answers[1]);
    assert!(answers[2]["error"].is_string(), "{}", answers[2]);
    assert_eq!(from_json(&answers[3]["opened"]), one, "what is not sealed is taken as it is");
}

#[tokio::test]
async fn what_failures_say_is_sealed_too() {
    let answers = run(FAILS, &keys(), Vec::new());
    assert_eq!(answers, [json!(false), json!("card 4242")]);
}
