//! Attempts on a real cluster that nobody ends in an orderly way.

mod support;

use serde_json::json;
use std::time::{Duration, Instant};
use support::{Lab, flow, steps};
use temporalio_client::Client;
use temporalio_client::tonic::Request;
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueRequest, PollActivityTaskQueueResponse, RecordActivityTaskHeartbeatRequest,
    RespondActivityTaskCompletedRequest,
};
use weir_base::Value;
use weir_engine::Status;
use weir_temporal::{Options, work};
use weir_testkit::temporal::{NAMESPACE, Server};

/// A queue of which the lab's worker does not know.
const AWAY: &str = "away";

const SAYS: &str = r#"{"ir": 1, "name": "says", "dialect": "ir", "root": {"id": "main", "sequence": {"children": [
    {"id": "say", "task": {"kind": "log", "params": {"message": "hello"}}}
]}}}"#;

/// Whose steps are performed at the queue.
async fn lab(server: &Server) -> Lab {
    let mut lab = Lab::at(&server.address()).await;
    lab.rules.queues.insert("log".into(), AWAY.to_owned());
    lab
}

/// Takes a step, as a worker does.
async fn take(client: &Client) -> PollActivityTaskQueueResponse {
    let request = PollActivityTaskQueueRequest {
        namespace: NAMESPACE.to_owned(),
        task_queue: Some(TaskQueue { name: AWAY.to_owned(), ..Default::default() }),
        identity: "whoever is lost".to_owned(),
        ..Default::default()
    };
    loop {
        let mut service = client.connection().workflow_service();
        let taken =
            service.poll_activity_task_queue(Request::new(request.clone())).await.expect("an answer").into_inner();
        if !taken.task_token.is_empty() {
            return taken;
        }
    }
}

fn payloads(value: &serde_json::Value) -> Option<Payloads> {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    let payload = Payload { metadata, data: value.to_string().into_bytes(), ..Default::default() };
    Some(Payloads { payloads: vec![payload] })
}

/// The attempt that is asked for.
fn attempt(taken: &PollActivityTaskQueueResponse) -> u64 {
    let payload = &taken.input.as_ref().expect("an input").payloads[0];
    let input: serde_json::Value = serde_json::from_slice(&payload.data).expect("JSON");
    input["attempt"].as_u64().expect("a number")
}

/// Semantics 5.6: an attempt that was lost does not count. The run hears of it as soon as the cluster knows, and asks for
/// another itself; a wait of the cluster's own would be one more. If that is lost as well, the cluster waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_again_at_once_for_a_step_whose_worker_was_lost() {
    let server = Server::start();
    let mut lab = lab(&server).await;
    let client = lab.address.connect("whoever is lost").await.unwrap();
    lab.start(&lab.begin("lost", flow(SAYS), Value::object([]))).await.unwrap();
    let first = take(&client).await;
    assert_eq!((attempt(&first), first.attempt), (1, 1));
    let request = RecordActivityTaskHeartbeatRequest {
        namespace: NAMESPACE.to_owned(),
        task_token: first.task_token,
        // The second attempt has failed, and whoever was to make the third is not heard of again.
        details: payloads(&json!({"attempt": 2, "failed": true, "parts": 0})),
        ..Default::default()
    };
    client.connection().workflow_service().record_activity_task_heartbeat(Request::new(request)).await.unwrap();
    let second = take(&client).await;
    assert_eq!((attempt(&second), second.attempt), (3, 1), "of an activity that the run has asked for");
    let third = take(&client).await;
    assert_eq!((attempt(&third), third.attempt), (3, 2), "of the same, as the cluster makes it");
    let done = json!({"output": null, "attempt": 3, "beganAt": 1});
    let request = RespondActivityTaskCompletedRequest {
        namespace: NAMESPACE.to_owned(),
        task_token: third.task_token,
        result: payloads(&done),
        ..Default::default()
    };
    client.connection().workflow_service().respond_activity_task_completed(Request::new(request)).await.unwrap();
    let outcome = lab.cluster.outcome("lost").await.unwrap();
    assert_eq!(outcome.state.status, Status::Succeeded, "{:?}", outcome.state.error);
    let attempts: Vec<u32> = steps(&flow(SAYS), &outcome).into_iter().map(|(.., attempts)| attempts).collect();
    assert_eq!(attempts.iter().max(), Some(&3));
    lab.stop().await;
}

/// How often a step was tried, and how long it waits for the next time.
fn tried(server: &Server, run: &str) -> Option<(u64, Duration)> {
    let shown = server.ask(&["workflow", "describe", "--workflow-id", run, "--output", "json"]).ok()?;
    let shown: serde_json::Value = serde_json::from_str(&shown).ok()?;
    let pending = shown["pendingActivities"].get(0)?;
    let wait = pending["currentRetryInterval"].as_str()?.strip_suffix('s')?.parse().ok()?;
    Some((pending["attempt"].as_u64()?, Duration::from_secs_f64(wait)))
}

/// It is tried seldom, and still soon by whoever comes and knows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_kind_nobody_knows_is_tried_calmly_until_somebody_does() {
    let server = Server::start();
    let mut lab = lab(&server).await;
    let at = |kinds: &[&str]| Options {
        queues: vec![AWAY.to_owned()],
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        ..Options::default()
    };
    let other = work(&lab.address, at(&["regex.extract"]), lab.parts(None)).await.unwrap();
    let begun = Instant::now();
    lab.start(&lab.begin("unknown", flow(SAYS), Value::object([]))).await.unwrap();
    let asked = async {
        let mut again = tokio::time::interval(Duration::from_millis(100));
        loop {
            again.tick().await;
            match tried(&server, "unknown") {
                Some((tried, wait)) if wait >= Duration::from_millis(4_500) => return tried,
                _ => {}
            }
        }
    };
    let tried = tokio::time::timeout(Duration::from_secs(60), asked).await.expect("its waits grow");
    assert!(tried <= 20, "{tried} times within {:?}", begun.elapsed());
    other.stop().await.unwrap();
    let knows = work(&lab.address, at(&["log"]), lab.parts(None)).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(15), lab.cluster.outcome("unknown")).await;
    let outcome = ended.expect("within the longest wait").unwrap();
    assert_eq!(outcome.state.status, Status::Succeeded, "{:?}", outcome.state.error);
    knows.stop().await.unwrap();
    lab.stop().await;
}
