//! Generated workflows beside the workers they leave steps to, which keep large payloads in a database.

use crate::support::compilers::lend_packages;
use crate::support::process::Place;
use crate::{place, stop, worker};
use std::fs::File;
use std::process::{Child, Command, Stdio};
use weir_codegen::{Options, generate};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::Database;
use weir_testkit::temporal::Server;

const QUEUE: &str = "generated";

/// A large result, one that is too large, and a failure with more to say than goes through the cluster otherwise.
const FLOW: &str = r#"{"ir": 1, "name": "left", "dialect": "ir",
"variables": {"made": {"type": "any"}, "said": {"initial": []}},
"root": {"id": "all", "sequence": {"children": [
    {"id": "large", "task": {"kind": "mock", "params": {"output": "{{ 'x'.repeat(600000) }}"}, "assign": [{"var": "made", "value": "output"}]}},
    {"id": "fails", "try": {
        "body": {"id": "fail", "task": {"kind": "mock", "params": {"returnStatus": "FAILURE", "errorMessage": "{{ 'no '.repeat(200) }}"}}},
        "catch": {"id": "failed", "set": {"writes": [{"target": {"name": "said"}, "op": "append", "value": "{{ error.code + error.message.length }}"}]}}}},
    {"id": "grows", "try": {
        "body": {"id": "huge", "task": {"kind": "mock", "params": {"output": "{{ '\"'.repeat(700000) }}"}}},
        "catch": {"id": "refused", "set": {"writes": [{"target": {"name": "said"}, "op": "append", "value": "{{ error.code }}"}]}}}},
    {"id": "end", "return": {"value": ["{{ vars.made.length }}", "{{ vars.said }}"]}}]}}}"#;

/// What the run gives.
const OUTPUT: &str = r#"[600000,["MOCK_FAILURE600","PAYLOAD_TOO_LARGE"]]"#;

/// Writes and builds the flow as a project that has `mock` performed by Weir's worker.
fn project(place: &Place) {
    let mut mock = weir_kinds::catalog().unwrap().record("mock").unwrap().clone();
    mock.typescript_template = "// proxied: to see how that goes".to_owned();
    let mut catalog = weir_catalog::Catalog::default();
    catalog.insert(mock).unwrap();
    let options = Options { task_queue: Some(QUEUE.to_owned()), ..Options::default() };
    let made = generate(&weir_ir::from_json(FLOW).unwrap(), &catalog, &options).unwrap();
    std::fs::create_dir(place.path("made")).unwrap();
    made.files.iter().for_each(|(name, text)| place.file(&format!("made/{name}"), text));
    lend_packages(place, "made");
    let mut tsc = Command::new("node");
    let built = tsc.arg("node_modules/typescript7/bin/tsc").current_dir(place.path("made")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
}

/// A program of the project's; it ends with the value.
struct Own(Child);

impl Own {
    fn start(place: &Place, script: &str, variables: &[(&str, &str)]) -> Self {
        let said = File::options().create(true).append(true).open(place.path("said")).unwrap();
        let mut node = Command::new("node");
        node.arg(script).current_dir(place.path("made")).envs(variables.iter().copied()).stdin(Stdio::null());
        Self(node.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// All that the project's programs have written.
fn said(place: &Place) -> String {
    String::from_utf8_lossy(&std::fs::read(place.path("said")).unwrap()).into_owned()
}

/// Starts a run, and waits for its result.
#[track_caller]
fn runs(place: &Place, variables: &[(&str, &str)]) {
    let mut client = Command::new("node");
    client.arg("dist/client.js").current_dir(place.path("made")).envs(variables.iter().copied());
    let ended = client.output().unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(output.contains(OUTPUT), "{output}\n{}\n{}", String::from_utf8_lossy(&ended.stderr), said(place));
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_left_to_a_worker_that_keeps_large_payloads_in_a_database() {
    let (server, database) = (Server::start(), Database::fresh().await);
    let (place, address, url) = (place(), server.address(), database.url());
    drop(PgStore::open(&url, &PgOptions::default()).await.unwrap());
    place.file("keys", format!("a:{}", "1f".repeat(32)));
    project(&place);
    let blobs = ["--blobs", &*url, "--blobs-over", "500", "--payload-keys", "keys"];
    let weir = worker(&place, &address, &blobs);
    let keys = place.path("keys").display().to_string();
    let variables = [("TEMPORAL_ADDRESS", &*address), ("WEIR_PAYLOAD_KEYS", &*keys)];
    let own = Own::start(&place, "dist/worker.js", &variables);
    runs(&place, &variables);
    drop(own);
    stop(weir);
}
