//! Runs on a real cluster.

mod support;

use std::sync::Arc;
use support::{FINALLY, Lab, WAITS, compare_steps, example, flow};
use weir_base::Value;
use weir_engine::Status;
use weir_runs::Request;
use weir_temporal::{Address, Blobs, Codec, Keys};
use weir_testkit::MemoryStore;
use weir_testkit::temporal::Server;

/// Semantics 7(a): the copy in the store is the journal that the history makes, and folds to the same.
#[tokio::test(flavor = "multi_thread")]
async fn examples_end_as_expected_and_leave_the_same_journal_in_the_store() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    for name in ["simple-workflow", "tour-composites", "invoice-import", "order-process", "trip-booking"] {
        let (flow, input, expected) = example(name);
        let outcome = lab.run(name, flow.clone(), input).await;
        assert_eq!(Some(outcome.state.status.as_str()), expected.get("status").and_then(Value::as_str), "{name}");
        let output = expected.get("output");
        assert!(output.is_none_or(|output| *output == outcome.state.output), "{name}: {}", outcome.state.output);
        compare_steps(name, &flow, &expected, &outcome);
        let row = lab.store.run(name).await.unwrap().expect("a row");
        let copy = lab.store.records(row.key, 1, 10_000).await.unwrap();
        assert_eq!(copy, outcome.records, "{name}: the copy in the store");
        assert_eq!(row.status, outcome.state.status);
        let folded = weir_runtime::rehearse(&flow, &outcome.events().unwrap()).unwrap();
        assert_eq!((folded.output, folded.variables), (outcome.state.output, outcome.state.variables), "{name}");
        assert!(folded.divergence.is_none() && folded.open.is_empty(), "{:?}", folded.divergence);
    }
    lab.stop().await;
}

/// Semantics 7(d): a hand-over is a new link of the same run, and its journal goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_continues_as_new_has_one_journal() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    let (flow, input, expected) = example("base-long-running-workflow");
    let outcome = lab.run("long", flow.clone(), input).await;
    assert_eq!(Some(&outcome.state.output), expected.get("output"));
    let numbers: Vec<u64> = outcome.records.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=outcome.records.len() as u64).collect::<Vec<_>>());
    assert!(outcome.records.iter().any(|record| record.ty == "continued"));
    compare_steps("long", &flow, &expected, &outcome);
    let row = lab.store.run("long").await.unwrap().expect("a row");
    assert_eq!(lab.store.records(row.key, 1, 10_000).await.unwrap(), outcome.records);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_reaches_a_run_and_a_server_that_was_killed_goes_on() {
    let mut server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.start(&lab.begin("waits", flow(WAITS), Value::object([]))).await.unwrap();
    let state = lab.until("waits", |state| state.waiting.iter().any(|what| &**what == "signal go")).await;
    assert_eq!(state.status, Status::Waiting);
    server.kill();
    server.start_again();
    lab.until("waits", |state| !state.waiting.is_empty()).await;
    signal(&lab, "waits").await;
    let outcome = lab.cluster.outcome("waits").await.unwrap();
    assert_eq!(outcome.state.status, Status::Succeeded);
    assert_eq!(outcome.state.output.get("by"), Some(&Value::from("Mira")));
    lab.stop().await;
}

async fn signal(lab: &Lab, run: &str) {
    let payload = Value::object([("by", "Mira".into())]);
    let request = Request::Signal { name: "go".into(), id: Some("1".into()), payload };
    lab.cluster.request(run, &request).await.unwrap();
}

/// Semantics 2.6 and 7(b): what is done finally is done after a cancellation from either side.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_tidies_up() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    for (run, by_temporal) in [("mine", false), ("theirs", true)] {
        lab.start(&lab.begin(run, flow(FINALLY), Value::object([]))).await.unwrap();
        lab.until(run, |state| !state.waiting.is_empty()).await;
        match by_temporal {
            true => lab.cluster.cancel(run, "enough").await.unwrap(),
            false => lab.cluster.request(run, &Request::Cancel { reason: "enough".into() }).await.unwrap(),
        }
        let outcome = lab.cluster.outcome(run).await.unwrap();
        assert_eq!(outcome.state.status, Status::Cancelled, "{run}");
        assert_eq!(outcome.logs.iter().map(|log| &*log.message).collect::<Vec<_>>(), ["tidied"], "{run}");
    }
    lab.stop().await;
}

/// A run is told to hold, and what comes meanwhile waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_begins_nothing() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.start(&lab.begin("held", flow(WAITS), Value::object([]))).await.unwrap();
    lab.until("held", |state| !state.waiting.is_empty()).await;
    lab.cluster.request("held", &Request::Pause).await.unwrap();
    lab.until("held", |state| state.status == Status::Paused).await;
    lab.cluster.request("held", &Request::Resume).await.unwrap();
    signal(&lab, "held").await;
    assert_eq!(lab.cluster.outcome("held").await.unwrap().state.status, Status::Succeeded);
    what_comes_again_by_the_same_id_counts_once(&lab).await;
    lab.stop().await;
}

/// Whoever passes a request on and hears nothing passes it on again.
async fn what_comes_again_by_the_same_id_counts_once(lab: &Lab) {
    let waits = |id: &str, name: &str| format!(r#"{{"id": "{id}", "wait": {{"signal": {{"name": "{name}"}}}}}}"#);
    let steps = [waits("first", "go"), waits("second", "go"), waits("third", "end")];
    lab.start(&lab.begin("once", flow(&sequence(&steps)), Value::Null)).await.unwrap();
    // The last is what the run cannot end without: no request comes to one that is over.
    for (name, id) in [("go", "1"), ("go", "1"), ("end", "2"), ("end", "2"), ("go", "3")] {
        let request = Request::Signal { name: name.into(), id: None, payload: Value::Null };
        lab.cluster.request_once("once", &request, id).await.unwrap();
    }
    let outcome = lab.cluster.outcome("once").await.unwrap();
    assert_eq!(outcome.state.status, Status::Succeeded);
    assert_eq!(outcome.records.iter().filter(|record| record.ty == "signal").count(), 3, "{:?}", outcome.records);
}

/// Nothing a flow says can be read on the cluster by who has no key.
#[tokio::test(flavor = "multi_thread")]
async fn sealed_payloads_are_read_by_who_has_the_key() {
    let server = Server::start();
    let keys = Keys::parse(&format!("a:{}", "5a".repeat(32))).unwrap();
    let codec = Some(Codec { keys: Some(Arc::new(keys)), blobs: None });
    let address = Address { codec, ..Address::new(server.address()) };
    let mut lab = Lab::with(address, Arc::new(MemoryStore::new())).await;
    let (flow, input, expected) = example("simple-workflow");
    let outcome = lab.run("sealed", flow, input).await;
    assert_eq!(Some(outcome.state.status.as_str()), expected.get("status").and_then(Value::as_str));
    let shown = server.ask(&["workflow", "show", "--workflow-id", "sealed", "--output", "json"]).unwrap();
    assert!(shown.contains("YmluYXJ5L3dlaXItc2VhbGVk"), "payloads are marked as sealed");
    let plain = String::from_utf8(lab.cluster.history("sealed").await.unwrap()).unwrap();
    assert!(!plain.is_empty());
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_cluster_is_said() {
    let server = Server::start();
    let nowhere = weir_temporal::Cluster::connect(&Address::new("127.0.0.1:1")).await.err().expect("nobody is there");
    assert!(nowhere.to_string().starts_with("no Temporal server answers at 127.0.0.1:1"), "{nowhere}");
    let other = Address { namespace: "other".to_owned(), ..Address::new(server.address()) };
    let unknown = weir_temporal::Cluster::connect(&other).await.err().expect("no such namespace");
    assert!(unknown.to_string().contains("has no namespace `other`"), "{unknown}");
    let cluster = weir_temporal::Cluster::connect(&Address::new(server.address())).await.unwrap();
    let idle = cluster.require_worker("nobody-here").await.expect_err("nobody works there");
    assert!(idle.to_string().starts_with("nobody works on the task queue `nobody-here`"), "{idle}");
    assert_eq!(
        cluster.state("none").await.err().map(|error| error.to_string()),
        Some("there is no run `none` on this cluster".to_owned())
    );
}

/// What people ask where the copy is kept reaches the run, and the copy itself is carried on by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_is_seen_and_spoken_to_through_the_store() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.start(&lab.begin("seen", flow(WAITS), Value::object([]))).await.unwrap();
    let row = lab.until_kept("seen").await;
    assert_eq!((row.status, row.is_elsewhere()), (Status::Waiting, true));
    let payload = Value::object([("by", "Mira".into())]);
    let request = Request::Signal { name: "go".into(), id: None, payload };
    weir_runtime::post_request(&*lab.store, "seen", &request, &weir_runtime::SystemClock).await.unwrap();
    assert_eq!(lab.cluster.outcome("seen").await.unwrap().state.status, Status::Succeeded);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_runtime_leaves_a_copy_alone() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.start(&lab.begin("copy", flow(WAITS), Value::object([]))).await.unwrap();
    lab.until_kept("copy").await;
    lab.stop().await;
    let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
    let registry = weir_kinds::registry(egress).map_err(|problem| problem.message).unwrap();
    let parts = weir_runtime::Parts::new(lab.store.clone(), registry);
    let runtime = weir_runtime::Runtime::open(weir_runtime::Options::default(), parts).await.unwrap();
    runtime.recovered().await;
    let asked = weir_runs::RunsPort::signal(&runtime, "copy", "go", None, Value::Null).await;
    assert!(asked.expect_err("a refusal").to_string().contains("carried elsewhere"));
    runtime.stop().await.unwrap();
}

/// Semantics 7(d): where a history is full, the run goes on in the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_history_is_followed_by_another() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.rules.max_events = 60;
    let steps: Vec<String> = (0..25).map(|at| log_step(&format!("s{at}"), "'hello'")).collect();
    let outcome = lab.run("full", flow(&sequence(&steps)), Value::object([])).await;
    assert_eq!(outcome.state.status, Status::Succeeded);
    assert_eq!(outcome.logs.len(), 25);
    let links = outcome.records.iter().filter(|record| record.ty == "continued").count();
    assert!(links >= 2, "{links} hand-overs");
    let numbers: Vec<u64> = outcome.records.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=outcome.records.len() as u64).collect::<Vec<_>>());
    lab.stop().await;
}

/// A store that has lost a run gets all of it from the run's histories, the earlier ones too.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_lost_here_are_fetched_from_the_cluster() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.rules.max_events = 60;
    let mut steps: Vec<String> = (0..25).map(|at| log_step(&format!("s{at}"), "'hello'")).collect();
    steps.push(r#"{"id": "go", "wait": {"signal": {"name": "go"}}}"#.to_owned());
    lab.start(&lab.begin("lost", flow(&sequence(&steps)), Value::object([]))).await.unwrap();
    lab.until_kept("lost").await;
    lab.stop().await;
    lab.store = Arc::new(MemoryStore::new());
    lab.start_worker().await;
    signal(&lab, "lost").await;
    let outcome = lab.cluster.outcome("lost").await.unwrap();
    assert!(outcome.records.iter().any(|record| record.ty == "continued"), "in several histories");
    let row = lab.store.run("lost").await.unwrap().expect("a row");
    assert_eq!(row.status, Status::Succeeded);
    assert!(lab.store.flow_version("", &row.version).await.unwrap().is_some(), "its flow came back too");
    assert_eq!(lab.store.records(row.key, 1, 10_000).await.unwrap(), outcome.records);
    lab.stop().await;
}

/// Semantics 7(f): what does not fit is a failure that says so, of a step where it is one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_says_so() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.rules.max_payload = Some(20_000);
    let twice = flow(&sequence(&[log_step("big", "input.text + input.text")]));
    let text = |length: usize| Value::object([("text", "x".repeat(length).into())]);
    let outcome = lab.run("step", twice.clone(), text(12_000)).await;
    let error = outcome.state.error.expect("an error");
    assert_eq!((&*error.code, &*error.path), ("PAYLOAD_TOO_LARGE", "main/big"));
    let refused = lab.start(&lab.begin("input", twice.clone(), text(30_000))).await.expect_err("too large to start");
    assert_eq!(refused.code(), Some("PAYLOAD_TOO_LARGE"));
    // In quotes, as the first part of the journal has it, it is twice as large.
    let quotes = Value::object([("text", "\"".repeat(7_000).into())]);
    let refused = lab.start(&lab.begin("quotes", twice, quotes)).await.expect_err("too large to hand over");
    assert_eq!(refused.code(), Some("PAYLOAD_TOO_LARGE"));
    signals_that_are_too_large_say_so(&lab).await;
    lab.stop().await;
}

/// What comes by Temporal's own means was not asked about: the run leaves it out and says so.
async fn signals_that_are_too_large_say_so(lab: &Lab) {
    lab.start(&lab.begin("signal", flow(WAITS), Value::object([]))).await.unwrap();
    let go = |length: usize| Request::Signal { name: "go".into(), id: None, payload: "x".repeat(length).into() };
    let refused = lab.cluster.request("signal", &go(2_500_000)).await.expect_err("nobody is asked");
    assert_eq!(refused.code(), Some("PAYLOAD_TOO_LARGE"));
    lab.cluster.request("signal", &go(30_000)).await.unwrap();
    lab.cluster.request("signal", &go(10)).await.unwrap();
    let outcome = lab.cluster.outcome("signal").await.unwrap();
    assert_eq!((outcome.state.status, outcome.state.output), (Status::Succeeded, "x".repeat(10).into()));
    let said = outcome.logs.first().map(|log| log.message.to_string()).unwrap_or_default();
    assert!(said.starts_with("PAYLOAD_TOO_LARGE: a request about the run"), "{said}");
}

/// Semantics 7(e): more steps at once than a cluster likes begin one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_wide_run_is_carried_in_parts() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    let steps: Vec<String> = (0..1_050).map(|at| log_step(&format!("s{at}"), "'hello'")).collect();
    let wide = sequence(&steps).replace("sequence", "parallel");
    let outcome = lab.run("wide", flow(&wide), Value::object([])).await;
    assert_eq!(outcome.state.status, Status::Succeeded);
    let shown = server.ask(&["workflow", "describe", "--workflow-id", "wide", "--output", "json"]).unwrap();
    assert!(shown.contains("historyLength"), "{shown}");
    assert_eq!(outcome.records.iter().filter(|record| record.ty == "task_finished").count(), 1_050);
    lab.stop().await;
}

/// Semantics 2.12: a secret is put in where a step is performed, and is in no history.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_history() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    lab.secrets.put("token", "hunter2-hunter2");
    let outcome = lab.run("secret", flow(&sequence(&[log_step("say", "'key ' + secrets.token")])), Value::Null).await;
    assert_eq!(outcome.state.status, Status::Succeeded, "{:?}", outcome.state.error);
    let line = outcome.logs.first().map(|log| log.message.to_string()).unwrap_or_default();
    assert!(line.starts_with("key ") && !line.contains("hunter2"), "{line}");
    let shown = server.ask(&["workflow", "show", "--workflow-id", "secret", "--output", "json"]).unwrap();
    let read = payloads(&Value::from_json(&shown).unwrap());
    assert!(read.contains("$sealed") && read.contains("token") && !read.contains("hunter2"), "{read}");
    lab.stop().await;
}

/// Everything a history holds as payloads, as text.
fn payloads(value: &Value) -> String {
    use base64::Engine;
    match value {
        Value::Array(items) => items.iter().map(payloads).collect(),
        Value::Object(map) => map.values().map(payloads).collect(),
        Value::String(text) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(&**text).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => String::new(),
    }
}

/// With a store for large values nothing is too large: only their hash goes through the cluster.
#[tokio::test(flavor = "multi_thread")]
async fn large_values_go_through_a_store() {
    let server = Server::start();
    let store: Arc<dyn weir_store::Store> = Arc::new(MemoryStore::new());
    let codec = Some(Codec { keys: None, blobs: Some(Blobs { store, threshold: 100_000 }) });
    let address = Address { codec, ..Address::new(server.address()) };
    let mut lab = Lab::with(address, Arc::new(MemoryStore::new())).await;
    lab.rules.max_payload = None;
    let input = Value::object([("text", "x".repeat(3_000_000).into())]);
    let outcome = lab.run("large", flow(&sequence(&[log_step("big", "input.text.length")])), input).await;
    assert_eq!(outcome.state.status, Status::Succeeded);
    assert_eq!(outcome.logs.first().map(|log| &*log.message), Some("3000000"));
    lab.stop().await;
}

fn log_step(id: &str, message: &str) -> String {
    format!(r#"{{"id": "{id}", "task": {{"kind": "log", "params": {{"message": "{{{{ {message} }}}}"}}}}}}"#)
}

fn sequence(steps: &[String]) -> String {
    let head = r#"{"ir": 1, "name": "made", "dialect": "ir", "root": {"id": "main", "sequence": {"children": ["#;
    format!("{head}{}]}}}}}}", steps.join(","))
}
