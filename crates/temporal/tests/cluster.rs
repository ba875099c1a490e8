//! Runs on a real cluster.

mod support;

use support::{Lab, example, flow};
use weir_base::Value;
use weir_engine::Status;
use weir_runs::Request;
use weir_testkit::temporal::Server;

#[tokio::test(flavor = "multi_thread")]
async fn examples_end_as_expected_and_leave_the_same_journal_in_the_store() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    for name in ["simple-workflow", "tour-composites", "invoice-import"] {
        let (flow, input, expected) = example(name);
        let outcome = lab.run(name, flow.clone(), input).await;
        assert_eq!(Some(outcome.state.status.as_str()), expected.get("status").and_then(Value::as_str), "{name}");
        let output = expected.get("output");
        assert!(output.is_none_or(|output| *output == outcome.state.output), "{name}: {}", outcome.state.output);
        let row = lab.store.run(name).await.unwrap().expect("a row");
        let copy = lab.store.records(row.key, 1, 10_000).await.unwrap();
        assert_eq!(copy, outcome.records, "{name}: the copy in the store");
        assert_eq!(row.status, outcome.state.status);
        let folded = weir_runtime::rehearse(&flow, &outcome.events().unwrap()).unwrap();
        assert_eq!(folded.output, outcome.state.output);
        assert!(folded.divergence.is_none() && folded.open.is_empty(), "{:?}", folded.divergence);
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_reaches_a_run_and_a_server_that_was_killed_goes_on() {
    let mut server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    let waiting = flow(WAITS);
    lab.start(&lab.begin("waits", waiting, Value::object([]))).await.unwrap();
    let state = lab.until("waits", |state| state.waiting.iter().any(|what| &**what == "signal go")).await;
    assert_eq!(state.status, Status::Waiting);
    server.kill();
    server.start_again();
    let payload = Value::object([("by", "Mira".into())]);
    lab.until("waits", |state| !state.waiting.is_empty()).await;
    lab.cluster.request("waits", &Request::Signal { name: "go".into(), id: None, payload }).await.unwrap();
    let outcome = lab.cluster.outcome("waits").await.unwrap();
    assert_eq!(outcome.state.status, Status::Succeeded);
    assert_eq!(outcome.state.output.get("by"), Some(&Value::from("Mira")));
    lab.stop().await;
}

const WAITS: &str = r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "main", "sequence": {"children": [
    {"id": "go", "wait": {"signal": {"name": "go"}}}
]}}}"#;
