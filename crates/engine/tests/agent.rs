//! The agent: semantics 2.8.

mod support;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use support::{Ran, Sim, flow, standard};
use weir_base::Value;
use weir_engine::{EventBody, Status, StepError, TaskResult, Usage};

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// An agent `a` with this body besides its model, prompt and input.
fn agent(rest: &str) -> String {
    flow(&format!(
        r#"{{"id":"a","agent":{{"model":"m","prompt":"You are {{{{ input.who }}}}.","input":"{{{{ input.ask }}}}"{rest}}}}}"#
    ))
}

fn tool(name: &str, node: &str) -> String {
    format!(
        r#"{{"name":"{name}","description":"Does {name}.","schema":{{"type":"object"}},"target":{{"step":{node}}}}}"#
    )
}

fn task(id: &str, kind: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{{"got":"{{{{ args.n }}}}"}}}}}}"#)
}

fn tools(list: &[String]) -> String {
    format!(r#","tools":[{}]"#, list.join(","))
}

fn says(text: &str) -> TaskResult {
    TaskResult::success(Value::object([("text", text.into()), ("toolCalls", Value::array([]))]))
}

/// A reply with these calls, written `name arguments`; the ids are the provider's and always the same.
fn calls(calls: &[&str]) -> TaskResult {
    let call = |call: &&str| {
        let (name, arguments) = call.split_once(' ').unwrap_or((call, "{}"));
        Value::object([("id", "call_x".into()), ("name", name.into()), ("arguments", json(arguments))])
    };
    TaskResult::success(Value::object([("text", "".into()), ("toolCalls", Value::array(calls.iter().map(call)))]))
}

fn with_usage(result: TaskResult, tokens_in: u64, tokens_out: u64, micros: u64) -> TaskResult {
    TaskResult { usage: Some(Usage { tokens_in, tokens_out, micros }), ..result }
}

/// Runs with these model replies in order; gives what the model was asked, too.
fn converse(flow: &str, replies: Vec<TaskResult>) -> (Ran, Vec<Value>) {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let (log, mut replies) = (asked.clone(), VecDeque::from(replies));
    let sim = Sim::new(flow).input(r#"{"who":"a clerk","ask":"How much?"}"#).answers(move |task| {
        if &*task.spec.kind != "model.chat" {
            return standard(task);
        }
        log.borrow_mut().push(task.params.clone());
        Some(replies.pop_front().unwrap_or_else(|| panic!("no reply left for {}", task.path)))
    });
    let ran = sim.run();
    let asked = asked.borrow().clone();
    (ran, asked)
}

#[test]
fn an_agent_that_answers_at_once_asks_once() {
    let (ran, asked) = converse(&agent(r#","options":{"temperature":0}"#), vec![says("Ten.")]);
    assert_eq!((ran.status, ran.output), (Status::Succeeded, Value::from("Ten.")));
    assert_eq!(ran.tasks, ["a[0]/model"]);
    let expected = r#"{"model":"m","system":"You are a clerk.","messages":[{"role":"user","content":"How much?"}],
        "temperature":0}"#;
    assert_eq!(asked, [json(expected)]);
}

#[test]
fn s2_8_tools_have_their_place_in_the_reply_and_turns_are_told_by_path() {
    let list = [tool("price", &task("look", "ok")), tool("stock", &task("count", "ok"))];
    let replies = vec![
        calls(&[r#"stock {"n":1}"#, r#"price {"n":2}"#, r#"stock {"n":3}"#]),
        calls(&[r#"price {"n":4}"#]),
        says("Ten."),
    ];
    let (ran, asked) = converse(&agent(&tools(&list)), replies);
    assert_eq!(ran.output, Value::from("Ten."));
    let expected = [
        "a[0]/model",
        "a[0]/tool[0]/count",
        "a[0]/tool[1]/look",
        "a[0]/tool[2]/count",
        "a[1]/model",
        "a[1]/tool[0]/look",
        "a[2]/model",
    ];
    assert_eq!(ran.tasks, expected);
    let messages = r#"[{"role":"user","content":"How much?"},{"$ref":"a[0]/model"},
        {"$tool":"a[0]/tool[0]/count","id":"call_x"},
        {"$tool":"a[0]/tool[1]/look","id":"call_x"},
        {"$tool":"a[0]/tool[2]/count","id":"call_x"},
        {"$ref":"a[1]/model"},{"$tool":"a[1]/tool[0]/look","id":"call_x"}]"#;
    assert_eq!(asked[2].get("messages"), Some(&json(messages)));
    assert_eq!(
        asked[0].get("tools").and_then(|tools| tools.at(1)).and_then(|tool| tool.get("name")),
        Some(&"stock".into())
    );
}

#[test]
fn s2_8_tools_of_one_turn_run_in_parallel_and_results_keep_the_order_of_the_reply() {
    let slow = r#"{"id":"slow","wait":{"timer":{"after":"1m"}}}"#;
    let list =
        [tool("slow", slow), tool("fast", r#"{"id":"fast","set":{"writes":[{"op":"get","value":"{{ args.n }}"}]}}"#)];
    let (ran, asked) =
        converse(&agent(&tools(&list)), vec![calls(&["slow", r#"fast {"n":7}"#, "slow"]), says("Done.")]);
    assert_eq!((ran.status, ran.elapsed_ms()), (Status::Succeeded, 60_000));
    let contents = r#"[{"role":"tool","toolCallId":"call_x","content":null},
        {"role":"tool","toolCallId":"call_x","content":7},{"role":"tool","toolCallId":"call_x","content":null}]"#;
    let messages = asked[1].get("messages").and_then(Value::as_array).unwrap();
    assert_eq!(Value::array(messages[2..].iter().cloned()), json(contents));
}

/// What the model is told of a call, given as `name arguments`.
fn told(list: &[String], call: &str) -> Value {
    let (ran, asked) = converse(&agent(&tools(list)), vec![calls(&[call]), says("ok")]);
    assert_eq!(ran.status, Status::Succeeded, "{call}: {:?}", ran.error);
    let content =
        asked[1].get("messages").and_then(|messages| messages.at(2)).and_then(|message| message.get("content"));
    content.cloned().unwrap_or_else(|| panic!("no content for {call}"))
}

fn error_code(content: &Value) -> Option<&str> {
    content.get("error")?.get("code")?.as_str()
}

#[test]
fn what_goes_wrong_with_a_tool_is_its_result() {
    let peer = r#"{"name":"boss","description":"","schema":{},"target":{"peer":"boss"}}"#.to_owned();
    let list = [tool("bad", &task("x", "fail")), peer];
    let cases = [
        ("bad {}", "BROKEN"),
        ("nothing {}", "UNKNOWN_TOOL"),
        // A peer is a tool only within a mailbox.
        ("boss {}", "UNKNOWN_TOOL"),
        ("todo {}", "UNKNOWN_TOOL"),
        ("bad [1]", "INVALID_ARGUMENTS"),
        (r#"bad "{""#, "INVALID_ARGUMENTS"),
    ];
    for (call, code) in cases {
        assert_eq!(error_code(&told(&list, call)), Some(code), "{call}");
    }
    assert_eq!(told(&list, "nothing {}"), told(&list, "boss {}"), "unknown and forbidden read the same");
}

#[test]
fn arguments_may_come_as_text() {
    let echo = tool("echo", r#"{"id":"e","set":{"writes":[{"op":"get","value":"{{ args.n }}"}]}}"#);
    assert_eq!(told(&[echo], r#"echo "{\"n\": 5}""#), Value::from(5));
}

#[test]
fn a_long_result_is_cut_and_what_is_carried_is_bounded() {
    let long = tool("long", r#"{"id":"l","set":{"writes":[{"op":"get","value":"{{ 'ž'.repeat(40000) }}"}]}}"#);
    let call = ["long"; 20];
    let (ran, asked) = converse(&agent(&tools(&[long])), vec![calls(&call), says("ok")]);
    assert_eq!(ran.status, Status::Succeeded);
    let size = asked[1].to_json().len();
    assert!((1_000_000..1_100_000).contains(&size), "{size}");
}

#[test]
fn more_calls_than_a_turn_takes_are_told_so() {
    let names: Vec<&str> = vec!["t"; 130];
    let (ran, asked) = converse(&agent(&tools(&[tool("t", &task("x", "ok"))])), vec![calls(&names), says("ok")]);
    assert_eq!(ran.tasks.len(), 2 + 128);
    let messages = asked[1].get("messages").and_then(Value::as_array).unwrap();
    assert_eq!(messages[130].get("content").and_then(error_code), Some("TOO_MANY_CALLS"));
}

/// Limits, replies, and the code the agent fails with after this many turns; no code for success.
fn check_limit(limits: &str, replies: Vec<TaskResult>, code: &str, turns: usize) {
    let rest = format!(r#"{},"limits":{limits}"#, tools(&[tool("t", &task("x", "ok"))]));
    let (ran, asked) = converse(&agent(&rest), replies);
    assert_eq!((ran.code(), asked.len()), (code, turns), "{limits}");
}

#[test]
fn s2_8_limits_are_checked_when_a_result_is_folded() {
    let ask = || calls(&["t"]);
    check_limit(r#"{"turns":2}"#, vec![ask(), ask()], "AGENT_TURN_LIMIT", 2);
    check_limit(r#"{"turns":2}"#, vec![ask(), says("ok")], "", 2);
    check_limit(r#"{"turns":0}"#, vec![], "AGENT_TURN_LIMIT", 0);
    let spent = || with_usage(ask(), 60, 40, 500);
    check_limit(r#"{"tokens":150}"#, vec![spent(), spent()], "AGENT_TOKEN_LIMIT", 2);
    check_limit(r#"{"tokens":200}"#, vec![spent(), spent(), says("ok")], "", 3);
    check_limit(r#"{"micros":900}"#, vec![spent(), spent()], "AGENT_COST_LIMIT", 2);
    // A result that carries no usage of its own: the reply's word is taken.
    let reply = json(r#"{"text":"ok","usage":{"inputTokens":90,"outputTokens":20}}"#);
    check_limit(r#"{"tokens":100}"#, vec![TaskResult::success(reply)], "AGENT_TOKEN_LIMIT", 1);
}

#[test]
fn tools_are_not_run_when_no_turn_is_left_to_read_them() {
    let rest = format!(r#"{},"limits":{{"turns":1}}"#, tools(&[tool("t", &task("x", "ok"))]));
    let (ran, _) = converse(&agent(&rest), vec![calls(&["t"])]);
    assert_eq!((ran.code(), ran.tasks.len()), ("AGENT_TURN_LIMIT", 1));
}

#[test]
fn what_a_tool_uses_counts_for_the_agent() {
    let inner = r#"{"id":"inner","agent":{"model":"m","prompt":"","input":"x"}}"#;
    let rest = format!(r#"{},"limits":{{"turns":5,"tokens":100}}"#, tools(&[tool("helper", inner)]));
    let replies = vec![calls(&["helper"]), with_usage(says("inner answer"), 80, 30, 0)];
    let (ran, _) = converse(&agent(&rest), replies);
    assert_eq!(ran.tasks, ["a[0]/model", "a[0]/tool[0]/inner[0]/model"]);
    assert_eq!(ran.code(), "AGENT_TOKEN_LIMIT");
}

#[test]
fn a_promised_shape_is_read_from_the_answer() {
    let rest = r#","output":{"type":"object"},"assign":[{"var":"price","value":"output.price"}]"#;
    let (ran, asked) = converse(&agent(rest), vec![says(r#" {"price": 10} "#)]);
    assert_eq!((ran.output, ran.vars), (json(r#"{"price":10}"#), json(r#"{"price":10}"#)));
    assert_eq!(asked[0].get("output"), Some(&json(r#"{"type":"object"}"#)));
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    for refused in ["ten", "", "{\"price\": 10", &deep] {
        let (ran, _) = converse(&agent(rest), vec![says(refused)]);
        assert_eq!(ran.code(), "AGENT_OUTPUT_INVALID", "{refused}");
    }
}

#[test]
fn digits_of_an_answer_are_kept_but_in_runs_from_before_they_were() {
    let rest = r#","output":{"type":"object"}"#;
    let answer = r#"{"id":9007199254740993,"even":9007199254740994}"#;
    let kept = r#"{"id":"9007199254740993","even":9007199254740994.0}"#;
    let rounded = r#"{"id":9007199254740992.0,"even":9007199254740994.0}"#;
    for (semantics, expected) in [(1, rounded), (2, kept), (weir_engine::SEMANTICS, kept)] {
        let sim = Sim::new(&agent(rest)).semantics(semantics).input(r#"{"who":"a clerk","ask":"Which?"}"#);
        let ran = sim.answers(move |_| Some(says(answer))).run();
        assert_eq!(ran.output.to_json(), expected, "under {semantics}");
    }
}

#[test]
fn a_failed_model_task_fails_the_agent() {
    let (ran, _) =
        converse(&agent(""), vec![TaskResult::failure(StepError::new("OVERLOADED", "upstream", "try later"))]);
    assert_eq!((ran.status, ran.code()), (Status::Failed, "OVERLOADED"));
    assert_eq!(ran.error.map(|error| error.path), Some("a[0]/model".into()));
}

#[test]
fn cancel_withdraws_the_tools() {
    let sim = Sim::new(&agent(&tools(&[tool("t", &task("x", "never")), tool("u", &task("y", "never"))])));
    let sim = sim.input(r#"{"who":"x","ask":"y"}"#).answers(|task| match &*task.spec.kind {
        "model.chat" => Some(calls(&["t", "u"])),
        _ => None,
    });
    let ran = sim.then(EventBody::Cancel { reason: "enough".into() }).run();
    assert_eq!(ran.status, Status::Cancelled);
    assert_eq!(ran.cancelled.len(), 2, "{:?}", ran.cancelled);
}

#[test]
fn a_secret_in_the_prompt_stays_sealed_over_a_snapshot() {
    let node = r#"{"id":"a","agent":{"model":"m","prompt":"Key {{ secrets.key }}","input":"x"}}"#;
    let (ran, asked) = converse(&flow(node), vec![says("ok")]);
    assert_eq!(ran.status, Status::Succeeded);
    assert!(matches!(asked[0].get("system"), Some(Value::Sealed(_))));
}

#[test]
fn what_is_no_reply_is_taken_as_best_it_can() {
    for (reply, output) in [("null", ""), (r#""hello""#, "hello"), (r#"{"text":3,"toolCalls":"x"}"#, ""), ("[]", "")] {
        let (ran, _) = converse(&agent(""), vec![TaskResult::success(json(reply))]);
        assert_eq!((ran.status, ran.output), (Status::Succeeded, Value::from(output)), "{reply}");
    }
}
