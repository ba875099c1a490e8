//! Organisms written as a few words for each listener, and models that say what they are told to.
#![allow(dead_code)]

use crate::support::{Ran, Sim, flow, standard};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use weir_base::Value;
use weir_engine::{Status, StepError, TaskResult, TraceBody};

pub fn json(text: &str) -> Value {
    Value::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A listener whose handler is this node; `rest` are further members.
pub fn listener(name: &str, handler: &str, rest: &str) -> String {
    let rest = if rest.contains("\"peers\"") { rest.to_owned() } else { format!(r#"{rest},"peers":[]"#) };
    let rest = if rest.contains("\"agent\"") { rest } else { format!(r#"{rest},"agent":false"#) };
    format!(r#"{{"name":"{name}","handler":{handler}{rest}}}"#)
}

/// A listener that answers with an expression.
pub fn says(name: &str, expr: &str, peers: &[&str]) -> String {
    listener(name, &pure(name, expr), &with_peers(peers))
}

pub fn pure(id: &str, expr: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"op":"get","value":"{{{{ {expr} }}}}"}}]}}}}"#)
}

pub fn with_peers(peers: &[&str]) -> String {
    format!(r#","peers":{}"#, Value::array(peers.iter().map(|peer| (*peer).into())).to_json())
}

/// A listener whose handler is a task that gets the payload.
pub fn works(name: &str, kind: &str, peers: &[&str]) -> String {
    let node = format!(r#"{{"id":"{name}","task":{{"kind":"{kind}","params":"{{{{ message.payload }}}}"}}}}"#);
    listener(name, &node, &with_peers(peers))
}

/// An agent whose only tools are its peers.
pub fn agent(name: &str, peers: &[&str]) -> String {
    listener(name, &agent_node(name, peers), &format!(r#","agent":true{}"#, with_peers(peers)))
}

pub fn agent_node(name: &str, peers: &[&str]) -> String {
    let tool = |peer: &&str| {
        let name = peer.replace('.', "_");
        format!(r#"{{"name":"{name}","description":"","schema":{{}},"target":{{"peer":"{peer}"}}}}"#)
    };
    let tools: Vec<String> = peers.iter().map(tool).collect();
    let tools = tools.join(",");
    format!(
        r#"{{"id":"{name}","agent":{{"model":"{name}","prompt":"","input":"{{{{ message.payload }}}}","tools":[{tools}]}}}}"#
    )
}

pub fn mailbox(listeners: &[String]) -> String {
    mailbox_with(listeners, "")
}

/// The first listener is the entry. `rest` may set limits and the scheduling.
pub fn mailbox_with(listeners: &[String], rest: &str) -> String {
    let first = json(&format!("[{}]", listeners.join(",")));
    let entry = first.at(0).and_then(|first| first.get("name")).cloned().unwrap_or_default();
    let default = |key: &str, value: u32| {
        if rest.contains(&format!("\"{key}\"")) { String::new() } else { format!(r#","{key}":{value}"#) }
    };
    let limits = [("maxMessages", 1_000), ("maxConcurrent", 50), ("maxConcurrentPerAgent", 5), ("contextSlots", 100)];
    let limits: String = limits.into_iter().map(|(key, value)| default(key, value)).collect();
    let body = format!(r#""listeners":[{}],"entry":{entry}{limits}{rest}"#, listeners.join(","));
    flow(&format!(r#"{{"id":"org","mailbox":{{{body}}}}}"#))
}

pub fn sim(listeners: &[String], input: &str) -> Sim {
    Sim::new(&mailbox(listeners)).input(input)
}

/// Listeners, input, the run's output.
pub fn check(listeners: &[String], input: &str, output: &str) -> Ran {
    let ran = sim(listeners, input).run();
    assert_eq!((ran.status, ran.output.to_json()), (Status::Succeeded, json(output).to_json()), "{:?}", ran.error);
    ran
}

pub fn check_fails(listeners: &[String], input: &str, code: &str) -> Ran {
    let ran = sim(listeners, input).run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, code), "{:?} {:?}", ran.output, ran.error);
    ran
}

pub fn warnings(ran: &Ran) -> Vec<String> {
    let warning = |trace: &weir_engine::Trace| match &trace.body {
        TraceBody::Warning { message } => Some(format!("{}: {message}", trace.path)),
        _ => None,
    };
    ran.trace.iter().filter_map(warning).collect()
}

/// What each model was asked, in order.
pub type Asked = Rc<RefCell<Vec<(String, Value)>>>;

/// Replies by model name, in order: text, or calls written `call name arguments`.
pub fn scripted(sim: Sim, replies: &[(&str, &[&str])]) -> (Sim, Asked) {
    let mut queues: BTreeMap<String, VecDeque<String>> = BTreeMap::new();
    for (model, texts) in replies {
        queues.insert((*model).into(), texts.iter().map(|text| (*text).into()).collect());
    }
    let asked = Rc::new(RefCell::new(Vec::new()));
    let log = asked.clone();
    let sim = sim.answers(move |task| {
        if &*task.spec.kind != "model.chat" {
            return standard(task);
        }
        let model = task.params.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
        log.borrow_mut().push((model.clone(), task.params.clone()));
        let reply = queues.get_mut(&model).and_then(VecDeque::pop_front);
        Some(reply_of(&reply.unwrap_or_else(|| panic!("no reply left for {model} at {}", task.path))))
    });
    (sim, asked)
}

pub fn reply_of(text: &str) -> TaskResult {
    if text == "error" {
        return TaskResult::failure(StepError::new("OVERLOADED", "upstream", "try later"));
    }
    let calls: Vec<Value> = text.split(" & ").filter_map(|part| part.strip_prefix("call ")).map(call_of).collect();
    let text = if calls.is_empty() { text } else { "" };
    TaskResult::success(Value::object([("text", text.into()), ("toolCalls", Value::from(calls))]))
}

pub fn call_of(text: &str) -> Value {
    let (name, arguments) = text.split_once(' ').unwrap_or((text, "{}"));
    Value::object([("id", "x".into()), ("name", name.into()), ("arguments", json(arguments))])
}

/// The contents of the tool messages in the last request to a model.
pub fn results(asked: &Rc<RefCell<Vec<(String, Value)>>>, model: &str) -> Value {
    let asked = asked.borrow();
    let (_, params) = asked.iter().rev().find(|(name, _)| name == model).expect("the model was asked");
    let messages = params.get("messages").and_then(Value::as_array).unwrap_or_default();
    let tools = messages.iter().filter(|message| message.get("role").and_then(Value::as_str) == Some("tool"));
    Value::array(tools.map(|message| message.get("content").cloned().unwrap_or_default()))
}
