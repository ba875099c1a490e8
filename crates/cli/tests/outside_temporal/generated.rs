//! Generated workflows beside the workers they leave steps to, which keep large payloads in a database.

use crate::support::compilers::lend_packages;
use crate::support::process::Place;
use crate::support::server::PATIENCE;
use crate::{place, stop, worker};
use std::fs::File;
use std::process::{Child, Command, Stdio};
use weir_base::Value;
use weir_codegen::{Options, generate};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::Database;
use weir_testkit::temporal::Server;
use weir_testkit::until;

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

/// Has compiled the flow, and keeps what a host tells last.
const COMPILED: &str = r"
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const files = Object.fromEntries(readdirSync('.').filter((name) => /\.(?:ts|json|md)$/.test(name)).map((name) => [name, readFileSync(name, 'utf8')]));
const code = { compilation: { number: 1, hash: 'a1'.repeat(32) }, files };
const server = require('node:http').createServer((asked, answer) => {
  let body = '';
  asked.on('data', (part) => (body += part)).on('end', () => {
    if (asked.method === 'PUT') writeFileSync('../told', body);
    if (asked.method === 'PUT' || !asked.url.includes('after=')) return answer.end(JSON.stringify(code));
    setTimeout(() => answer.writeHead(204).end(), 500);
  });
});
server.listen(0, '127.0.0.1', () => writeFileSync('../url', `http://127.0.0.1:${server.address().port}`));
";

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

/// What the host tells, once it is so.
#[track_caller]
fn told(place: &Place, is_so: impl Fn(&Value) -> bool) -> Value {
    let read = || Value::from_json(&std::fs::read_to_string(place.path("told")).ok()?).ok().filter(&is_so);
    let found = until(PATIENCE * 4, read);
    found.unwrap_or_else(|| panic!("{:?}\n{}", std::fs::read_to_string(place.path("told")), said(place)))
}

#[test]
fn a_host_says_which_worker_its_flow_needs_and_that_it_is_missing() {
    let server = Server::start();
    let (place, address) = (place(), server.address());
    project(&place);
    place.file("made/compiled.cjs", COMPILED);
    let compiled = Own::start(&place, "compiled.cjs", &[]);
    let url =
        until(PATIENCE, || std::fs::read_to_string(place.path("url")).ok().filter(|url| !url.is_empty())).unwrap();
    let of_server = [("WEIR_SERVER", &*url), ("WEIR_KEY", "k"), ("WEIR_FLOW", "left"), ("WEIR_HOST", "one")];
    let variables = [&of_server[..], &[("TEMPORAL_ADDRESS", &address)]].concat();
    let host = Own::start(&place, "dist/hosting.js", &variables);
    let needs = |missing: bool| {
        let kinds = Value::array(["mock".into()]);
        Value::object([("queue", "weir".into()), ("kinds", kinds), ("missing", missing.into())])
    };
    let runs_and_needs = |told: &Value, missing| {
        told.get("state") == Some(&"running".into()) && told.get("needs") == Some(&needs(missing))
    };
    let waits = told(&place, |told| runs_and_needs(told, true));
    let error = waits.get("error").and_then(Value::as_str).unwrap_or_default();
    assert_eq!(error, "nobody takes work from the task queue weir: steps of mock wait for a weir worker");
    let weir = worker(&place, &address, &[]);
    let well = told(&place, |told| runs_and_needs(told, false));
    assert_eq!(well.get("error"), None, "{}", well.to_json());
    runs(&place, &variables);
    drop((host, compiled));
    stop(weir);
}
