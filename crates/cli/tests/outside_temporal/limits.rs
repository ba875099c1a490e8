//! What a cluster does not take, and what a worker does not know.

use crate::support::process::text;
use crate::{FLOW, place, run, stop, worker};
use weir_base::Value;
use weir_testkit::temporal::Server;

/// A step that gives more than Temporal takes.
const LARGE: &str = r#"type: Sequence
id: main
children:
- {type: Mock, id: large, props: {output: "{{ 'x'.repeat(2500000) }}"}}
"#;

#[test]
fn values_over_two_megabytes_are_refused_where_they_arise() {
    let server = Server::start();
    let (place, address) = (place(), server.address());
    let worker = worker(&place, &address, &[]);
    place.file("input.json", format!(r#"{{"text": "{}"}}"#, "x".repeat(2_500_000)));
    run(&place, &address, &["--input", "@input.json"]).says(2, "PAYLOAD_TOO_LARGE: the flow with its input");
    assert!(place.runs(&[]).is_empty(), "nothing was begun");
    place.file("flow.yaml", LARGE);
    let ended = run(&place, &address, &[]);
    let error = ended.json().get("error").cloned().unwrap_or_default();
    assert_eq!((ended.code, &*text(&error, "code")), (1, "PAYLOAD_TOO_LARGE"), "{ended:?}");
    assert_eq!(text(&error, "path"), "main/large");
    place.file("flow.yaml", FLOW);
    assert_eq!(run(&place, &address, &[]).code, 0, "the worker is well");
    stop(worker);
}

/// Steps that are begun at once, each of which a message holds, but not all of them.
const MANY: &str = r#"type: Sequence
id: main
children:
- type: Parallel
  id: all
  children:
  - {type: Mock, id: a, props: {output: "{{ 'a'.repeat(1800000) }}"}}
  - {type: Mock, id: b, props: {output: "{{ 'b'.repeat(1800000) }}"}}
  - {type: Mock, id: c, props: {output: "{{ 'c'.repeat(1800000) }}"}}
- {type: Mock, id: last, props: {output: all are done}}
"#;

#[test]
fn large_steps_begin_in_as_many_messages_as_they_need() {
    let server = Server::start();
    let (place, address) = (place(), server.address());
    let worker = worker(&place, &address, &[]);
    place.file("flow.yaml", MANY);
    let ended = run(&place, &address, &[]);
    assert_eq!((ended.code, &*text(&ended.json(), "output")), (0, "all are done"), "{}", ended.err);
    stop(worker);
}

/// Steps in a loop, which may go on in a fresh history.
const ROUNDS: &str = "type: Repeat
id: main
props: {numCycles: 60}
children:
- {type: Mock, id: step, props: {output: 1}}
";

#[test]
fn a_long_run_goes_on_in_fresh_histories() {
    let server = Server::with(&[("limit.historyCount.suggestContinueAsNew", "100")]);
    let (place, address) = (place(), server.address());
    let worker = worker(&place, &address, &[]);
    place.file("flow.yaml", ROUNDS);
    let ended = run(&place, &address, &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    stop(worker);
    let continued = place.journal(&place.newest()).iter().filter(|(ty, _)| ty == "continued").count();
    assert!(continued >= 3, "{continued} hand-overs");
}

#[test]
fn a_run_whose_history_the_cluster_refuses_to_lengthen_says_so() {
    let server = Server::with(&[("limit.historyCount.error", "60"), ("limit.historyCount.warn", "50")]);
    let (place, address) = (place(), server.address());
    let worker = worker(&place, &address, &[]);
    place.file("flow.yaml", ROUNDS);
    let ended = run(&place, &address, &[]);
    assert_eq!(ended.code, 1, "{ended:?}");
    ended.says(1, "TEMPORAL_ENDED");
    place.file("flow.yaml", FLOW);
    assert_eq!(run(&place, &address, &[]).code, 0, "the worker is well");
    stop(worker);
}

/// A worker of this version meets a run that a newer one has begun: the input of one of its own, but for the number.
#[test]
fn a_worker_leaves_runs_of_newer_rules_alone() {
    let server = Server::start();
    let (place, address) = (place(), server.address());
    let mut worker = worker(&place, &address, &[]);
    assert_eq!(run(&place, &address, &[]).code, 0);
    place.file("newer.json", newer(&server, &newest(&server)));
    let input = place.path("newer.json").to_string_lossy().into_owned();
    let start = ["workflow", "start", "--workflow-id", "newer", "--type", "weir.run", "--task-queue", "weir"];
    server.ask(&[&start[..], &["--input-file", &input]].concat()).unwrap();
    worker.until("WORKER_TOO_OLD");
    assert_eq!(run(&place, &address, &[]).code, 0, "the worker is well");
    let told = server.ask(&["workflow", "show", "--workflow-id", "newer", "--output", "json"]).unwrap();
    assert!(told.contains("WORKER_TOO_OLD: the run follows rules 99"), "{told}");
    assert!(!told.contains("WORKFLOW_EXECUTION_FAILED"), "the run has lost nothing: {told}");
    stop(worker);
}

/// The id of the one run there is.
fn newest(server: &Server) -> String {
    let listed = server.ask(&["workflow", "list", "--output", "json"]).unwrap();
    let listed = Value::from_json(&listed).unwrap();
    text(listed.at(0).unwrap().get("execution").unwrap(), "workflowId")
}

fn newer(server: &Server, run: &str) -> String {
    let history = server.ask(&["workflow", "show", "--workflow-id", run, "--output", "json"]).unwrap();
    let history = Value::from_json(&history).unwrap();
    let begun = history.get("events").and_then(|events| events.at(0)).unwrap();
    let attributes = begun.get("workflowExecutionStartedEventAttributes").unwrap();
    let payload = attributes.get("input").and_then(|input| input.get("payloads")).and_then(|all| all.at(0)).unwrap();
    let data = data_encoding::BASE64.decode(text(payload, "data").as_bytes()).unwrap();
    let input = String::from_utf8(data).unwrap();
    let own = format!("\"interpreter\":{},", weir_temporal::INTERPRETER);
    assert!(input.contains(&own), "{input}");
    input.replace(&own, "\"interpreter\":99,")
}
