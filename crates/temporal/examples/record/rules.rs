//! Histories that show what each number of rules has brought: small ones, of runs with small limits.

use crate::keep;
use crate::support::{Lab, catalog, flow};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use weir_base::Value;
use weir_engine::Decision;
use weir_runs::{FlowSource, Request};
use weir_runtime::FlowFinder;
use weir_store::{Place, Store};
use weir_temporal::{Begin, Rules, RunInput, input_of};
use weir_testkit::temporal::Server;

pub async fn record(server: &Server) {
    let mut lab = Lab::at(&server.address()).await;
    let usual = lab.rules.clone();
    let small = |most: u64| Rules { max_payload: Some(most), ..usual.clone() };
    let in_parts = Rules { max_part: Some(3_000), ..usual.clone() };
    carry(&lab, 3, "many-logs", in_parts, many_logs()).await;
    carry(&lab, 3, "outgrown-state", Rules { max_events: 20, ..small(8_500) }, outgrown()).await;
    leave_a_signal_out(&lab, small(6_000)).await;
    carry(&lab, 4, "large-child", small(6_000), sequence("", &[call("inner", "'x'.repeat(7000)", false)])).await;
    let three = ["a", "b", "c"].map(|id| log(id, "'x'.repeat(1500)"));
    let in_turns = |most: u64| Rules { max_turn: Some(most), ..usual.clone() };
    carry(&lab, 5, "large-steps", in_turns(8_000), parallel_of(&three)).await;
    carry(&lab, 5, "large-children", in_turns(12_000), held_children()).await;
    carry(&lab, 5, "large-data", small(9_000), with_data()).await;
    carry(&lab, 6, "secret-elsewhere", usual.clone(), with_secret()).await;
    wait_for_a_decision(&lab, Rules { ship_every: 1, ..usual.clone() }).await;
    detached_at_the_end(&mut lab, usual).await;
    lab.stop().await;
}

/// Carries a run by these rules, and keeps its history.
async fn carry(lab: &Lab, number: u32, name: &str, rules: Rules, text: String) {
    start(lab, number, name, rules, &text).await;
    lab.cluster.outcome(name).await.expect("an end");
    keep(&lab.cluster, name, &format!("{number}-{name}")).await;
}

async fn start(lab: &Lab, number: u32, name: &str, rules: Rules, text: &str) {
    let mut begin = Begin { rules, ..lab.begin(name, flow(text), Value::object([])) };
    if text.contains("\"call\"") && !text.contains("\"detached\":true") {
        begin.library.insert("inner".into(), flow(&inner()));
    }
    let input = input_of(&begin, &catalog(), None).expect("an input the flow takes");
    lab.cluster.begin(&begin, RunInput { interpreter: number, ..input }).await.expect("it starts");
}

/// The first part of its journal is cut for its log lines, and the end goes by itself.
fn many_logs() -> String {
    let mut steps = ["a", "b", "c", "d"].map(|id| log(id, "'x'.repeat(800)")).to_vec();
    steps.push(
        r#"{"id":"give","task":{"kind":"regex.extract","params":{"input":"{{ 'y'.repeat(2000) }}","pattern":".+"}}}"#
            .into(),
    );
    sequence("", &steps)
}

/// Its state fits only where it is not in quotes.
fn outgrown() -> String {
    let variables = format!(r#""variables":{{"kept":{{"initial":"{}"}}}},"#, r#"\""#.repeat(1_000));
    sequence(&variables, &["a", "b", "c", "d", "e", "f"].map(|id| log(id, "'hello'")))
}

/// Two begin in the first turn and two in the next, and one is ended before it has begun.
fn held_children() -> String {
    let called = |id: &str| call(id, "'x'", false);
    let ended = parallel(
        "race",
        r#""strategy":"any","settle":"early","#,
        &[called("e"), r#"{"id":"now","wait":{"timer":{"after":0}}}"#.to_owned()],
    );
    parallel_of(&[called("a"), called("b"), called("c"), called("d"), ended])
}

/// A step that fits a payload by its parameters, but not with the flow's data for tests.
fn with_data() -> String {
    sequence(&format!(r#""testData":{{"text":"{}"}},"#, "x".repeat(4_000)), &[log("say", "'x'.repeat(4000)")])
}

/// Nobody knows it: neither who has the step first, nor who has the store.
fn with_secret() -> String {
    let task = r#"{"kind":"http.request","params":{"url":"http://127.0.0.1:1","method":"POST","headers":{"key":"{{ secrets.word }}"}}}"#;
    sequence("", &[format!(r#"{{"id":"tell","task":{task}}}"#)])
}

async fn leave_a_signal_out(lab: &Lab, rules: Rules) {
    let name = "signal-left-out";
    start(lab, 4, name, rules, crate::support::WAITS).await;
    lab.until_kept(name).await;
    for length in [7_000, 10] {
        let request = Request::Signal { name: "go".into(), id: None, payload: "x".repeat(length).into() };
        lab.cluster.request(name, &request).await.expect("a signal");
        until_folded(lab, name).await;
    }
    lab.cluster.outcome(name).await.expect("an end");
    keep(&lab.cluster, name, &format!("4-{name}")).await;
}

/// Every record is kept before it begins to wait, as nobody answers the step; that it waits comes by itself.
async fn wait_for_a_decision(lab: &Lab, rules: Rules) {
    let (name, silent) = ("decision", std::net::TcpListener::bind("127.0.0.1:0").expect("a port"));
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let task = format!(
        r#"{{"kind":"http.request","params":{{"url":"{url}","method":"POST"}},"timeout":500,"onUnknown":"ask"}}"#
    );
    let settings = r#""settings":{"egress":{"private":["127.0.0.1"]}},"#;
    start(lab, 6, name, rules, &sequence(settings, &[format!(r#"{{"id":"pay","task":{task}}}"#)])).await;
    lab.until_kept(name).await;
    let request = Request::Decide { path: "main/pay".into(), decision: Decision::Fail };
    lab.cluster.request(name, &request).await.expect("a decision");
    lab.cluster.outcome(name).await.expect("an end");
    keep(&lab.cluster, name, &format!("6-{name}")).await;
}

/// Waits until the run has worked on the signal that came last.
async fn until_folded(lab: &Lab, run: &str) {
    let mut again = tokio::time::interval(Duration::from_millis(20));
    loop {
        let history = String::from_utf8(lab.cluster.history(run).await.expect("a history")).expect("JSON");
        if history.rfind("WorkflowTaskCompletedEvent") > history.rfind("WorkflowExecutionSignaledEvent") {
            return;
        }
        again.tick().await;
    }
}

/// The called flow is found only after the store has the end of the run that calls it.
async fn detached_at_the_end(lab: &mut Lab, rules: Rules) {
    let name = "detached-last";
    lab.stop().await;
    lab.finder = Arc::new(Slow(lab.store.clone(), name));
    lab.start_worker().await;
    carry(lab, 5, name, rules, sequence("", &[log("say", "'hello'"), call("inner", "'x'", true)])).await;
    let called = lab.cluster.outcome(&format!("{name}/main/inner")).await.expect("it has begun");
    assert_eq!(called.logs.len(), 1);
}

struct Slow(Arc<dyn Store>, &'static str);

#[async_trait]
impl FlowFinder for Slow {
    async fn find(&self, _: &Place, _: &str) -> Option<Arc<FlowSource>> {
        let mut again = tokio::time::interval(Duration::from_millis(20));
        while !self.0.run(self.1).await.expect("the store").is_some_and(|run| run.status.is_final()) {
            again.tick().await;
        }
        Some(Arc::new(FlowSource { flow: flow(&inner()), files: Vec::new() }))
    }
}

fn inner() -> String {
    sequence("", &[log("say", "input.text.length")]).replace("\"made\"", "\"inner\"")
}

fn log(id: &str, message: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"log","params":{{"message":"{{{{ {message} }}}}"}}}}}}"#)
}

fn call(id: &str, text: &str, detached: bool) -> String {
    format!(r#"{{"id":"{id}","call":{{"flow":"inner","input":{{"text":"{{{{ {text} }}}}"}},"detached":{detached}}}}}"#)
}

fn sequence(settings: &str, steps: &[String]) -> String {
    made(settings, &format!(r#"{{"id":"main","sequence":{{"children":[{}]}}}}"#, steps.join(",")))
}

fn parallel_of(steps: &[String]) -> String {
    made("", &parallel("main", "", steps))
}

fn parallel(id: &str, settings: &str, steps: &[String]) -> String {
    format!(r#"{{"id":"{id}","parallel":{{{settings}"children":[{}]}}}}"#, steps.join(","))
}

fn made(settings: &str, root: &str) -> String {
    format!(r#"{{"ir":1,"name":"made","dialect":"ir",{settings}"root":{root}}}"#)
}
