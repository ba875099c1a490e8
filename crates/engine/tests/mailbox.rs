//! The mailbox: semantics 2.9, and what an agent does within one (2.8).

mod support;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use support::{Ran, Sim, flow, standard};
use weir_base::Value;
use weir_engine::{EventBody, Status, StepError, TaskResult, TraceBody};

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A listener whose handler is this node; `rest` are further members.
fn listener(name: &str, handler: &str, rest: &str) -> String {
    let rest = if rest.contains("\"peers\"") { rest.to_owned() } else { format!(r#"{rest},"peers":[]"#) };
    let rest = if rest.contains("\"agent\"") { rest } else { format!(r#"{rest},"agent":false"#) };
    format!(r#"{{"name":"{name}","handler":{handler}{rest}}}"#)
}

/// A listener that answers with an expression.
fn says(name: &str, expr: &str, peers: &[&str]) -> String {
    listener(name, &pure(name, expr), &with_peers(peers))
}

fn pure(id: &str, expr: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"op":"get","value":"{{{{ {expr} }}}}"}}]}}}}"#)
}

fn with_peers(peers: &[&str]) -> String {
    format!(r#","peers":{}"#, Value::array(peers.iter().map(|peer| (*peer).into())).to_json())
}

/// A listener whose handler is a task that gets the payload.
fn works(name: &str, kind: &str, peers: &[&str]) -> String {
    let node = format!(r#"{{"id":"{name}","task":{{"kind":"{kind}","params":"{{{{ message.payload }}}}"}}}}"#);
    listener(name, &node, &with_peers(peers))
}

/// An agent whose only tools are its peers.
fn agent(name: &str, peers: &[&str]) -> String {
    listener(name, &agent_node(name, peers), &format!(r#","agent":true{}"#, with_peers(peers)))
}

fn agent_node(name: &str, peers: &[&str]) -> String {
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

fn mailbox(listeners: &[String]) -> String {
    mailbox_with(listeners, "")
}

/// The first listener is the entry. `rest` may set limits and the scheduling.
fn mailbox_with(listeners: &[String], rest: &str) -> String {
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

fn sim(listeners: &[String], input: &str) -> Sim {
    Sim::new(&mailbox(listeners)).input(input)
}

/// Listeners, input, the run's output.
fn check(listeners: &[String], input: &str, output: &str) -> Ran {
    let ran = sim(listeners, input).run();
    assert_eq!((ran.status, ran.output.to_json()), (Status::Succeeded, json(output).to_json()), "{:?}", ran.error);
    ran
}

fn check_fails(listeners: &[String], input: &str, code: &str) -> Ran {
    let ran = sim(listeners, input).run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, code), "{:?}", ran.output);
    ran
}

fn warnings(ran: &Ran) -> Vec<String> {
    let warning = |trace: &weir_engine::Trace| match &trace.body {
        TraceBody::Warning { message } => Some(format!("{}: {message}", trace.path)),
        _ => None,
    };
    ran.trace.iter().filter_map(warning).collect()
}

#[test]
fn s2_9_what_is_sent_to_the_root_is_the_output() {
    let echo = |expr: &str| [says("e", expr, &["e"])];
    check(&echo("message.payload + 1"), "41", "42");
    check(&echo("null"), "41", "null");
    check(&echo("[{respond: 1}, {respond: 2}]"), "0", "[1,2]");
    check(&echo("[]"), "0", "[]");
    check(&echo("({from: message.from, to: message.to, thread: message.thread})"), "0", r#"{"from":null,"to":"e","thread":"t0"}"#);
}

#[test]
fn s2_9_an_outside_message_names_an_agent_or_goes_to_the_entry() {
    let listeners = [says("entry", "'entry ' + message.payload", &[]), says("inner", "1", &[])];
    check(&listeners, r#""hi""#, r#""entry hi""#);
    check(&listeners, r#"{"to":"entry","payload":"hi"}"#, r#""entry hi""#);
    for input in [r#"{"to":"inner","payload":1}"#, r#"{"to":"nobody","payload":1}"#] {
        let ran = check_fails(&listeners, input, "ROUTING");
        let message = "Message could not be delivered. Please verify your target and try again.";
        assert_eq!(ran.error.unwrap().message, message.into());
    }
    let open = [says("entry", "1", &[]), listener("ag", &pure("ag", "'agent ' + message.payload"), r#","agent":true"#)];
    check(&open, r#"{"to":"ag","payload":"x"}"#, r#""agent x""#);
}

#[test]
fn s2_9_answers_go_back_the_way_they_came_also_with_dots_in_names() {
    let boss = "message.kind === 'Response' ? {respond: message.payload + ' via ' + message.from} \
                : {to: 'calc.add', payload: message.payload}";
    let listeners = [says("boss.of.all", boss, &["calc.add"]), says("calc", "'wrong'", &[]), says("calc.add", "message.payload + 1", &[])];
    let ran = check(&listeners, "1", r#""2 via calc.add""#);
    let paths: Vec<String> = ran.steps().into_iter().map(|(path, _)| path).collect();
    let expected =
        ["org/t0/boss.of.all[0]/boss.of.all", "org/t1/calc.add[0]/calc.add", "org/t0/boss.of.all[1]/boss.of.all", "org"];
    assert_eq!(paths, expected);
}

#[test]
fn s2_9_the_chain_is_a_list_and_forwarding_extends_it() {
    let last = [
        says("a.b", "message.from === null ? {to: 'c', payload: 0} : message.payload", &["c"]),
        says("c", "message.kind === 'Response' ? message.payload : {to: 'd.e', payload: 0}", &["d.e"]),
        says("d.e", "thread.chain", &[]),
    ];
    check(&last, "0", r#"["a.b","c","d.e"]"#);
}

#[test]
fn s2_9_a_hop_to_oneself_collapses() {
    let counts = "message.payload < 5 ? {to: 'me', payload: message.payload + 1} : {respond: {n: message.payload, chain: thread.chain}}";
    let asks = "message.from === 'me' ? message.payload : {to: 'me', payload: 1}";
    let ran = check(&[says("caller", asks, &["me"]), says("me", counts, &[])], "0", r#"{"n":5,"chain":["caller","me"]}"#);
    assert!(ran.steps().iter().any(|(path, _)| path == "org/t1/me[4]/me"), "{:?}", ran.steps());
}

#[test]
fn s2_9_three_conversations_on_one_route_stay_apart() {
    let fan = "message.from === null ? [1, 2, 3].map(n => ({to: 'mid', payload: n})) : message.payload";
    let mid = "message.kind === 'Response' ? {respond: message.payload} : {to: 'sink', payload: message.payload}";
    let sink = "({n: message.payload, seen: thread.history.length, thread: thread.id, chain: thread.chain})";
    let listeners = [says("fan", fan, &["mid"]), says("mid", mid, &["sink"]), says("sink", sink, &[])];
    let seen = |n: u32, thread: u32| format!(r#"{{"n":{n},"seen":0,"thread":"t{thread}","chain":["fan","mid","sink"]}}"#);
    check(&listeners, "0", &format!("[{},{},{}]", seen(1, 4), seen(2, 5), seen(3, 6)));
}

#[test]
fn s2_9_several_payloads_are_several_messages_and_nothing_is_joined() {
    let fan = "message.from === null ? [{to: 'a', payload: 1}, {to: 'b', payload: 2}, {to: 'a', payload: 3}] : message.payload";
    let listeners = [says("fan", fan, &["a", "b"]), says("a", "'a' + message.payload", &[]), says("b", "'b' + message.payload", &[])];
    let ran = check(&listeners, "0", r#"["a1","b2","a3"]"#);
    let own = ran.steps().into_iter().filter(|(path, _)| path.starts_with("org/t0/fan[")).count();
    assert_eq!(own, 4, "the opening message and one for each answer");
}

#[test]
fn s2_9_a_broadcast_reaches_every_listener_in_file_order() {
    let ask = "message.from === null ? {to: 'search', payload: 'q'} : message.from + ' ' + message.payload";
    let grouped = |name: &str| listener(name, &pure(name, "message.payload.toUpperCase()"), r#","groups":["search"]"#);
    let listeners = [says("ask", ask, &["search"]), grouped("search.google"), says("other", "0", &[]), grouped("search.bing")];
    check(&listeners, "0", r#"["search.google Q","search.bing Q"]"#);
    // A group as a peer does not make its members peers one by one.
    let direct = "message.kind === 'SystemError' ? message.payload.code : {to: 'search.bing', payload: 1}";
    check(&[says("ask", direct, &["search"]), grouped("search.bing")], "0", r#""routing""#);
}

#[test]
fn s2_9_the_routing_error_is_delivered_in_the_same_words_for_unknown_and_forbidden() {
    let tries = |to: &str| format!("message.kind === 'SystemError' ? [message.from, message.payload] : {{to: '{to}', payload: 1}}");
    let error = r#"["system",{"code":"routing","message":"Message could not be delivered. Please verify your target and try again.","retryAllowed":true}]"#;
    for agent in [false, true] {
        for to in ["nobody", "other"] {
            let node = listener("me", &pure("me", &tries(to)), &format!(r#","agent":{agent}"#));
            check(&[node, says("other", "'reached'", &[])], "0", error);
        }
    }
    check(&[says("me", &tries("other"), &["other"]), says("other", "null", &[])], "0", "null");
}

#[test]
fn a_handler_that_keeps_misrouting_ends_at_the_message_limit() {
    check_fails(&[says("me", "({to: 'nobody', payload: 1})", &[])], "0", "MESSAGE_LIMIT");
    check_fails(&[says("me", "({to: 'me', payload: 1})", &[])], "0", "MESSAGE_LIMIT");
    let flood = "Array.of(1, 2, 3, 4).map(n => ({to: 'me', payload: n}))";
    check_fails(&[says("me", flood, &[])], "0", "MESSAGE_LIMIT");
    let one = Sim::new(&mailbox_with(&[says("me", "1", &[])], r#","maxMessages":1"#)).input("0").run();
    assert_eq!(one.status, Status::Succeeded);
    let none = Sim::new(&mailbox_with(&[says("me", "1", &[])], r#","maxMessages":0"#)).input("0").run();
    assert_eq!(none.code(), "MESSAGE_LIMIT");
}

#[test]
fn messages_that_grow_for_ever_end_at_a_limit() {
    check_fails(&[says("me", "({to: 'me', payload: [message.payload, message.payload]})", &[])], "0", "MESSAGE_TOO_LARGE");
    check_fails(&[says("me", "({to: 'me', payload: thread.history})", &[])], "0", "MESSAGE_TOO_LARGE");
    check_fails(&[says("me", "[message.payload, message.payload].map(p => ({respond: p}))", &[])], &format!("\"{}\"", "x".repeat(5 << 20)), "MESSAGE_TOO_LARGE");
    let copies = "message.from === null ? Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17) \
        .map(n => ({to: 'me', payload: 'x'.repeat(4000000)})) : null";
    check_fails(&[says("me", copies, &[])], "0", "MESSAGE_LIMIT");
}

#[test]
fn a_failed_handler_is_told_to_its_caller() {
    let asks = "message.kind === 'SystemError' ? [message.from, message.payload.code, message.payload.error.code] \
                : {to: 'bad', payload: 1}";
    check(&[says("asks", asks, &["bad"]), works("bad", "fail", &[])], "0", r#"["bad","handler","BROKEN"]"#);
    let ran = check_fails(&[works("bad", "fail", &[])], "0", "BROKEN");
    assert_eq!(ran.error.unwrap().path, "org/t0/bad[0]/bad".into());
    // The error climbs while nobody deals with it.
    let forwards = "message.kind === null ? {to: 'bad', payload: 1} : message.payload.no.such.thing";
    check_fails(&[says("asks", forwards, &["bad"]), works("bad", "fail", &[])], "0", "EXPRESSION_TYPE");
}

#[test]
fn a_failure_outside_ends_what_is_still_at_work() {
    let listeners = [
        says("top", "message.kind === 'SystemError' ? message.payload.x.y : [{to: 'slow', payload: 1}, {to: 'bad', payload: 1}]", &["slow", "bad"]),
        works("slow", "never", &[]),
        works("bad", "fail", &[]),
    ];
    let ran = check_fails(&listeners, "0", "EXPRESSION_TYPE");
    assert_eq!(ran.cancelled, ["org/t1/slow[0]/slow"]);
}

#[test]
fn an_unbound_handler_names_its_binding() {
    let unbound = r#"{"name":"greeter","agent":false,"peers":[],"binding":"handlers.hello.greet"}"#.to_owned();
    let ran = check_fails(&[unbound.clone()], "0", "UNBOUND_HANDLER");
    let error = ran.error.unwrap();
    assert!(error.message.contains("handlers.hello.greet"), "{error}");
    assert_eq!(error.path, "org/t0/greeter[0]".into());
    let asks = "message.kind === 'SystemError' ? message.payload.error.code : {to: 'greeter', payload: 1}";
    check(&[says("asks", asks, &["greeter"]), unbound], "0", r#""UNBOUND_HANDLER""#);
}

#[test]
fn a_secret_does_not_travel() {
    check_fails(&[says("me", "({to: 'me', payload: secrets.key})", &[])], "0", "SECRET_NOT_ALLOWED");
}

#[test]
fn the_kind_of_a_message_is_what_its_listener_takes() {
    let named = listener("named", &pure("named", "message.kind"), r#","payloadClass":"Greeting""#);
    check(&[named], "0", r#""Greeting""#);
}

#[test]
fn history_holds_what_the_thread_has_seen_and_no_more_than_its_slots() {
    let counts = "message.payload < 4 ? {to: 'me', payload: message.payload + 1} : {respond: thread.history.map(m => m.payload)}";
    for (slots, expected) in [(10, "[0,1,2,3]"), (2, "[2,3]"), (0, "[]")] {
        let ran = Sim::new(&mailbox_with(&[says("me", counts, &[])], &format!(r#","contextSlots":{slots}"#))).input("0").run();
        assert_eq!(ran.output, json(expected), "{slots} slots");
    }
    // What was sent to others is part of the context, what they say among themselves is not.
    let asks = "message.from === null ? {to: 'b', payload: 'q'} : {respond: thread.history.map(m => m.to + ':' + m.payload)}";
    let b = "message.kind === 'Response' ? {respond: 'a'} : {to: 'c', payload: 'inner'}";
    let listeners = [says("asks", asks, &["b"]), says("b", b, &["c"]), says("c", "'deep'", &[])];
    check(&listeners, r#""start""#, r#"["asks:start","b:q"]"#);
}

/// The order in which tasks are asked for, with one handler at work at a time.
fn check_order(scheduling: &str, expected: &[&str]) {
    let tree = "message.payload < 2 ? [{to: 'n', payload: message.payload * 2 + 1}, {to: 'm', payload: message.payload * 2 + 2}] : null";
    let both = |name: &str| listener(name, &format!(
        r#"{{"id":"s","sequence":{{"children":[{{"id":"task","task":{{"kind":"ok","params":{{}}}}}},{}]}}}}"#, pure("x", tree)
    ), &with_peers(&["m", "n"]));
    let rest = format!(r#","maxConcurrent":1,"scheduling":"{scheduling}""#);
    let ran = Sim::new(&mailbox_with(&[both("n"), both("m")], &rest)).input("0").run();
    assert_eq!(ran.status, Status::Succeeded, "{:?}", ran.error);
    let order: Vec<&str> = ran.tasks.iter().map(|path| path.trim_end_matches("/s/task")).collect();
    assert_eq!(order, expected, "{scheduling}");
}

#[test]
fn messages_are_taken_breadth_first_or_depth_first() {
    check_order("breadth-first", &["org/t0/n[0]", "org/t0/n[1]", "org/t1/m[0]", "org/t0/n[2]", "org/t2/m[0]"]);
    check_order("depth-first", &["org/t0/n[0]", "org/t0/n[1]", "org/t0/n[2]", "org/t2/m[0]", "org/t1/m[0]"]);
}

/// How many tasks are open at most when ten messages are sent to a listener.
fn most_open(rest: &str, agent: bool) -> usize {
    let fan = "message.from === null ? [1,2,3,4,5,6,7,8,9,10].map(n => ({to: 'w', payload: n})) : null";
    let work = r#"{"id":"w","task":{"kind":"never","params":{}}}"#;
    let listeners = [says("fan", fan, &["w"]), listener("w", work, &format!(r#","agent":{agent}"#))];
    let ran = Sim::new(&mailbox_with(&listeners, rest)).input("0").run();
    assert_eq!(ran.status, Status::Running);
    ran.tasks.len()
}

#[test]
fn no_more_handlers_are_at_work_than_the_limits_say() {
    assert_eq!(most_open("", false), 10);
    assert_eq!(most_open(r#","maxConcurrent":3"#, false), 3);
    assert_eq!(most_open(r#","maxConcurrentPerAgent":2"#, false), 10);
    assert_eq!(most_open(r#","maxConcurrentPerAgent":2"#, true), 2);
}

#[test]
fn a_mailbox_in_a_graph_takes_what_flows_in() {
    let inner = json(&mailbox(&[says("e", "message.payload * 2", &[])])).get("root").cloned().unwrap();
    let graph = format!(
        r#"{{"id":"g","graph":{{"nodes":[{{"node":{}}},{{"node":{inner},"input":"bare"}}],"edges":[{{"from":"in","to":"org","handle":"out"}}]}}}}"#,
        pure("in", "21")
    );
    let ran = Sim::new(&flow(&graph)).run();
    assert_eq!((ran.status, ran.output), (Status::Succeeded, Value::from(42)), "{:?}", ran.error);
}

#[test]
fn finished_threads_are_gone() {
    let counts = "message.kind === 'Response' ? null : message.payload < 100 ? \
        [{to: 'me', payload: message.payload + 1}, {to: 'you', payload: 1}] : null";
    let ran = check(&[says("me", counts, &["you"]), says("you", "'yes'", &[])], "0", "null");
    assert_eq!(ran.machine.size(), 1, "only the variables are left");
}

// Agents within a mailbox.

/// Replies by model name, in order: text, or calls written `call name arguments`.
fn scripted(sim: Sim, replies: &[(&str, &[&str])]) -> (Sim, Rc<RefCell<Vec<(String, Value)>>>) {
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

fn reply_of(text: &str) -> TaskResult {
    if text == "error" {
        return TaskResult::failure(StepError::new("OVERLOADED", "upstream", "try later"));
    }
    let calls: Vec<Value> = text.split(" & ").filter_map(|part| part.strip_prefix("call ")).map(call_of).collect();
    let text = if calls.is_empty() { text } else { "" };
    TaskResult::success(Value::object([("text", text.into()), ("toolCalls", Value::from(calls))]))
}

fn call_of(text: &str) -> Value {
    let (name, arguments) = text.split_once(' ').unwrap_or((text, "{}"));
    Value::object([("id", "x".into()), ("name", name.into()), ("arguments", json(arguments))])
}

/// The contents of the tool messages in the last request to a model.
fn results(asked: &Rc<RefCell<Vec<(String, Value)>>>, model: &str) -> Value {
    let asked = asked.borrow();
    let (_, params) = asked.iter().rev().find(|(name, _)| name == model).expect("the model was asked");
    let messages = params.get("messages").and_then(Value::as_array).unwrap_or_default();
    let tools = messages.iter().filter(|message| message.get("role").and_then(Value::as_str) == Some("tool"));
    Value::array(tools.map(|message| message.get("content").cloned().unwrap_or_default()))
}

/// Listeners, the input for the first one, replies by model, the output, and what the model `a` was told by its tools.
fn check_agents(listeners: &[String], replies: &[(&str, &[&str])], output: &str, told: &str) -> Ran {
    let (sim, asked) = scripted(sim(listeners, r#""go""#), replies);
    let ran = sim.run();
    assert_eq!((ran.status, ran.output.to_json()), (Status::Succeeded, json(output).to_json()), "{:?}", ran.error);
    assert_eq!(results(&asked, "a").to_json(), json(told).to_json());
    ran
}

#[test]
fn s2_8_a_peer_is_a_tool_and_its_answer_the_result() {
    let listeners = [agent("a", &["calc.add"]), says("calc.add", "message.payload.x + message.payload.y", &[])];
    let replies: [(&str, &[&str]); 1] = [("a", &[r#"call calc_add {"x":1,"y":2} & call calc_add {"x":3,"y":4}"#, "ten"])];
    let ran = check_agents(&listeners, &replies, r#""ten""#, "[3,7]");
    assert_eq!(ran.tasks, ["org/t0/a[0]/a[0]/model", "org/t0/a[0]/a[1]/model"]);
}

#[test]
fn s2_8_a_call_gone_quiet_answers_no_reply() {
    let replies: [(&str, &[&str]); 1] = [("a", &["call b", "ok"])];
    check_agents(&[agent("a", &["b"]), says("b", "null", &[])], &replies, r#""ok""#, r#"["no reply"]"#);
    // Quiet means that nothing below it is left either.
    let b = "message.kind === 'Response' ? null : {to: 'c', payload: 1}";
    let deep = [agent("a", &["b"]), says("b", b, &["c"]), works("c", "ok", &[])];
    check_agents(&deep, &replies, r#""ok""#, r#"["no reply"]"#);
    // An answer may come from further down.
    let b = "message.kind === 'Response' ? message.payload + 1 : {to: 'c', payload: 1}";
    check_agents(&[agent("a", &["b"]), says("b", b, &["c"]), works("c", "ok", &[])], &replies, r#""ok""#, "[2]");
}

#[test]
fn s2_8_only_the_first_answer_to_a_call_counts() {
    let replies: [(&str, &[&str]); 1] = [("a", &["call b", "ok"])];
    let ran = check_agents(&[agent("a", &["b"]), says("b", "[{respond: 1}, {respond: 2}]", &[])], &replies, r#""ok""#, "[1]");
    assert_eq!(warnings(&ran), ["org/t1: `b` answered again; only the first answer counts"]);
}

#[test]
fn a_call_to_a_group_gives_a_list_in_file_order() {
    let grouped = |name: &str, expr: &str| listener(name, &pure(name, expr), r#","groups":["search"]"#);
    let listeners = [agent("a", &["search"]), grouped("search.b", "'b'"), grouped("search.a", "null")];
    check_agents(&listeners, &[("a", &["call search", "ok"])], r#""ok""#, r#"[["b","no reply"]]"#);
}

#[test]
fn a_failed_peer_is_the_result_of_the_call() {
    let listeners = [agent("a", &["b"]), works("b", "fail", &[])];
    let error = r#"[{"error":{"code":"BROKEN","category":"upstream","message":"it broke","retryable":false,"path":"org/t1/b[0]/b","detail":null}}]"#;
    check_agents(&listeners, &[("a", &["call b {}", "ok"])], r#""ok""#, error);
}

#[test]
fn an_agent_with_no_peers_may_send_to_nobody() {
    // The tool is there, the peer is not the agent's to use.
    let lone = agent("a", &["b"]).replace(r#""peers":["b"]"#, r#""peers":[]"#);
    let told = r#"[{"error":{"code":"UNKNOWN_TOOL","message":"This tool cannot be used. Please verify its name and try again."}}]"#;
    check_agents(&[lone, says("b", "'reached'", &[])], &[("a", &["call b", "ok"])], r#""ok""#, told);
}

#[test]
fn agents_call_agents_with_one_handler_at_a_time() {
    let listeners = [agent("a", &["b"]), agent("b", &["a", "c"]), works("c", "ok", &[])];
    let flow = mailbox_with(&listeners, r#","maxConcurrent":1,"maxConcurrentPerAgent":1"#);
    // The second and third replies of `a` are of the call that `b` makes back to it.
    let replies: [(&str, &[&str]); 2] =
        [("a", &["call b", "inner", "outer"]), ("b", &[r#"call a {"q":1} & call c {"n":5}"#, "b is done"])];
    let (sim, asked) = scripted(Sim::new(&flow).input(r#""go""#), &replies);
    let ran = sim.run();
    assert_eq!((ran.status, ran.output), (Status::Succeeded, "outer".into()), "{:?}", ran.error);
    assert_eq!(results(&asked, "a"), json(r#"["b is done"]"#));
    assert_eq!(results(&asked, "b"), json(r#"["inner",{"n":5}]"#));
}

#[test]
fn a_failed_agent_fails_the_run_it_answers_to() {
    let (sim, _) = scripted(sim(&[agent("a", &[])], r#""go""#), &[("a", &["error"])]);
    let ran = sim.run();
    assert_eq!((ran.status, ran.code()), (Status::Failed, "OVERLOADED"));
}

#[test]
fn an_agent_that_sends_gets_the_routing_error() {
    let sender = agent("a", &[]).replace(r#""input":"#, r#""output":{},"input":"#);
    let (sim, asked) = scripted(sim(&[sender, says("b", "'reached'", &[])], r#""go""#), &[("a", &[r#"{"to":"b","payload":1}"#, r#""sorry""#])]);
    let ran = sim.run();
    assert_eq!((ran.status, ran.output), (Status::Succeeded, "sorry".into()), "{:?}", ran.error);
    let second = asked.borrow()[1].1.get("messages").and_then(|messages| messages.at(0)).cloned().unwrap_or_default();
    assert_eq!(second.get("content").and_then(|content| content.get("code")), Some(&"routing".into()));
}

// Todos.

#[test]
fn s2_9_an_open_todo_nags_and_is_a_warning_at_the_end() {
    let me = "message.from === null ? [{todo: {waitFor: 'Response', from: 'SHOP', description: 'the price'}}, {to: 'shop', payload: 1}] \
              : {respond: message.todoNudge}";
    let listeners = [says("me", me, &["shop"]), says("shop", "10", &[])];
    let nudge = r#""Open todos:\n- todo-0 (Response from SHOP: the price) has come; close it once it is dealt with""#;
    let ran = check(&listeners, "0", nudge);
    assert_eq!(warnings(&ran), ["org/t0: the thread ended with an open todo: todo-0 (Response from SHOP: the price)"]);
}

#[test]
fn a_todo_waits_for_exactly_what_it_names() {
    let me = "message.from === null ? [{todo: {waitFor: 'shopping'}}, {to: 'shop', payload: 1}] : {respond: thread.todos.map(t => t.raised)}";
    let raised = |wanted: &str| [says("me", &me.replace("shopping", wanted), &["shop"]), says("shop", "10", &[])];
    for (wanted, expected) in [("shop", "[true]"), ("RESPONSE", "[true]"), ("sho", "[false]"), ("shopping", "[false]")] {
        check(&raised(wanted), "0", expected);
    }
}

#[test]
fn a_closed_todo_is_quiet() {
    let me = "message.from === null ? [{todo: {waitFor: 'shop'}}, {to: 'shop', payload: 1}] \
              : message.from === 'shop' ? [{todoDone: thread.todos[0].id}, {to: 'me', payload: 1}] \
              : {respond: message.todoNudge ?? 'quiet'}";
    let ran = check(&[says("me", me, &["shop"]), says("shop", "10", &[])], "0", r#""quiet""#);
    assert_eq!(warnings(&ran), Vec::<String>::new());
    let ran = check(&[says("me", "({todoDone: 'todo-9'})", &[])], "0", "null");
    assert_eq!(warnings(&ran), ["org/t0: there is no open todo `todo-9` in this thread"]);
}

#[test]
fn an_agent_keeps_todos_with_tools() {
    let listeners = [agent("a", &["b"]), says("b", "1", &[])];
    let replies: [(&str, &[&str]); 1] =
        [("a", &[r#"call todo {"waitFor":"b"}"#, "call b", r#"call todoDone {"id":"todo-0"} & call todoDone {"id":"todo-7"}"#, "ok"])];
    let (sim, asked) = scripted(sim(&listeners, r#""go""#), &replies);
    let ran = sim.run();
    assert_eq!((ran.status, ran.output), (Status::Succeeded, "ok".into()), "{:?}", ran.error);
    let told = r#"[{"id":"todo-0"},1,{"id":"todo-0","wasRaised":true},{"id":"todo-7","wasRaised":null}]"#;
    assert_eq!(results(&asked, "a"), json(told));
    let last = |at: usize| {
        let asked = asked.borrow();
        asked[at].1.get("messages").and_then(Value::as_array).and_then(|all| all.last()).cloned().unwrap_or_default().to_json()
    };
    assert!(last(1).contains("todo-0 (b) is still to come"), "{}", last(1));
    assert!(last(2).contains("todo-0 (b) has come"), "{}", last(2));
    assert!(!last(3).contains("Open todos"), "{}", last(3));
    let names = |at: usize| asked.borrow()[at].1.get("tools").map(Value::to_json).unwrap_or_default();
    assert!(names(0).contains("\"todo\"") && names(0).contains("\"todoDone\""));
}

#[test]
fn todos_are_bounded() {
    let many = "Object.keys('x'.repeat(150).split('')).map(n => ({todo: {waitFor: n}}))";
    let ran = check(&[says("me", many, &[])], "0", "null");
    let (refused, left): (Vec<_>, Vec<_>) = warnings(&ran).into_iter().partition(|text| text.contains("was not noted"));
    assert_eq!((refused.len(), left.len()), (50, 100));
}

// Cancelling.

#[test]
fn cancel_ends_every_handler() {
    let fan = "[1, 2, 3].map(n => ({to: 'w', payload: n}))";
    let listeners = [says("fan", fan, &["w"]), works("w", "never", &[])];
    let ran = sim(&listeners, "0").then(EventBody::Cancel { reason: "".into() }).run();
    assert_eq!((ran.status, ran.cancelled.len()), (Status::Cancelled, 3));
    let (sim, _) = scripted(sim(&[agent("a", &["w"]), works("w", "never", &[])], "0"), &[("a", &["call w & call w"])]);
    let ran = sim.then(EventBody::Cancel { reason: "".into() }).run();
    assert_eq!((ran.status, ran.cancelled.len()), (Status::Cancelled, 2));
}

#[test]
fn an_agent_that_ran_out_of_time_leaves_its_peers_to_themselves() {
    let body = agent_node("a", &["b"]);
    let timed = format!(r#"{{"id":"t","decorate":{{"with":{{"timeout":{{"after":"1s"}}}},"body":{body}}}}}"#);
    let timed = listener("a", &timed, &format!(r#","agent":true{}"#, with_peers(&["b"])));
    let late = r#"{"id":"b","sequence":{"children":[{"id":"w","wait":{"timer":{"after":"1m"}}},{"id":"v","set":{"writes":[{"op":"get","value":1}]}}]}}"#;
    let asks = "message.kind === 'SystemError' ? message.payload.error.code : message.kind === 'Response' ? 'answered' : {to: 'a', payload: 1}";
    let listeners = [says("asks", asks, &["a"]), timed, listener("b", late, "")];
    let (sim, _) = scripted(sim(&listeners, "0"), &[("a", &["call b"])]);
    let ran = sim.run();
    assert_eq!((ran.status, &ran.output), (Status::Succeeded, &"TIMEOUT".into()), "{:?}", ran.error);
    assert_eq!(ran.elapsed_ms(), 60_000, "the run ends when no message is in work");
}
