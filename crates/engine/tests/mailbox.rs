//! The mailbox: semantics 2.9.

mod organism;
mod support;

use organism::{
    agent, check, check_fails, json, listener, mailbox, mailbox_with, pure, says, scripted, sim, with_peers, works,
};
use support::{Sim, flow};
use weir_base::Value;
use weir_engine::{EventBody, Status};

#[test]
fn s2_9_what_is_sent_to_the_root_is_the_output() {
    let echo = |expr: &str| [says("e", expr, &["e"])];
    check(&echo("message.payload + 1"), "41", "42");
    check(&echo("null"), "41", "null");
    check(&echo("[{respond: 1}, {respond: 2}]"), "0", "[1,2]");
    check(&echo("[]"), "0", "[]");
    check(
        &echo("({from: message.from, to: message.to, thread: message.thread})"),
        "0",
        r#"{"from":null,"to":"e","thread":"t0"}"#,
    );
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
    let listeners = [
        says("boss.of.all", boss, &["calc.add"]),
        says("calc", "'wrong'", &[]),
        says("calc.add", "message.payload + 1", &[]),
    ];
    let ran = check(&listeners, "1", r#""2 via calc.add""#);
    let paths: Vec<String> = ran.steps().into_iter().map(|(path, _)| path).collect();
    let expected = [
        "org/t0/boss.of.all[0]/boss.of.all",
        "org/t1/calc.add[0]/calc.add",
        "org/t0/boss.of.all[1]/boss.of.all",
        "org",
    ];
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
    let ran =
        check(&[says("caller", asks, &["me"]), says("me", counts, &[])], "0", r#"{"n":5,"chain":["caller","me"]}"#);
    assert!(ran.steps().iter().any(|(path, _)| path == "org/t1/me[4]/me"), "{:?}", ran.steps());
}

#[test]
fn s2_9_three_conversations_on_one_route_stay_apart() {
    let fan = "message.from === null ? [1, 2, 3].map(n => ({to: 'mid', payload: n})) : message.payload";
    let mid = "message.kind === 'Response' ? {respond: message.payload} : {to: 'sink', payload: message.payload}";
    let sink = "({n: message.payload, seen: thread.history.length, thread: thread.id, chain: thread.chain})";
    let listeners = [says("fan", fan, &["mid"]), says("mid", mid, &["sink"]), says("sink", sink, &[])];
    let seen =
        |n: u32, thread: u32| format!(r#"{{"n":{n},"seen":0,"thread":"t{thread}","chain":["fan","mid","sink"]}}"#);
    check(&listeners, "0", &format!("[{},{},{}]", seen(1, 4), seen(2, 5), seen(3, 6)));
}

#[test]
fn s2_9_several_payloads_are_several_messages_and_nothing_is_joined() {
    let fan = "message.from === null ? [{to: 'a', payload: 1}, {to: 'b', payload: 2}, {to: 'a', payload: 3}] : message.payload";
    let listeners = [
        says("fan", fan, &["a", "b"]),
        says("a", "'a' + message.payload", &[]),
        says("b", "'b' + message.payload", &[]),
    ];
    let ran = check(&listeners, "0", r#"["a1","b2","a3"]"#);
    let own = ran.steps().into_iter().filter(|(path, _)| path.starts_with("org/t0/fan[")).count();
    assert_eq!(own, 4, "the opening message and one for each answer");
}

#[test]
fn s2_9_a_broadcast_reaches_every_listener_in_file_order() {
    let ask = "message.from === null ? {to: 'search', payload: 'q'} : message.from + ' ' + message.payload";
    let grouped = |name: &str| listener(name, &pure(name, "message.payload.toUpperCase()"), r#","groups":["search"]"#);
    let listeners =
        [says("ask", ask, &["search"]), grouped("search.google"), says("other", "0", &[]), grouped("search.bing")];
    check(&listeners, "0", r#"["search.google Q","search.bing Q"]"#);
    // A group as a peer does not make its members peers one by one.
    let direct = "message.kind === 'SystemError' ? message.payload.code : {to: 'search.bing', payload: 1}";
    check(&[says("ask", direct, &["search"]), grouped("search.bing")], "0", r#""routing""#);
}

#[test]
fn s2_9_the_routing_error_is_delivered_in_the_same_words_for_unknown_and_forbidden() {
    let tries = |to: &str| {
        format!("message.kind === 'SystemError' ? [message.from, message.payload] : {{to: '{to}', payload: 1}}")
    };
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
    let large = format!("\"{}\"", "x".repeat(5 << 20));
    let fitting = format!("\"{}\"", "x".repeat(4_000_000));
    let copies = "Array.of(1, 2, 3, 4, 5, 6, 7).map(n => ({to: 'me', payload: message.payload}))";
    let cases = [
        ("({to: 'me', payload: [message.payload, message.payload]})", "0", "MESSAGE_TOO_LARGE"),
        ("message.payload", &large, "MESSAGE_TOO_LARGE"),
        (copies, &fitting, "MESSAGE_LIMIT"),
        // The context is cut to its size, so this one ends for being too deep.
        ("({to: 'me', payload: thread.history.slice(-1)})", "0", "VALUE_NOT_JSON"),
    ];
    for (expr, input, code) in cases {
        let ran = sim(&[says("me", expr, &[])], input).once().run();
        assert_eq!((ran.status, ran.code()), (Status::Failed, code), "{expr}");
    }
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
        says(
            "top",
            "message.kind === 'SystemError' ? message.payload.x.y : [{to: 'slow', payload: 1}, {to: 'bad', payload: 1}]",
            &["slow", "bad"],
        ),
        works("slow", "never", &[]),
        works("bad", "fail", &[]),
    ];
    let ran = check_fails(&listeners, "0", "EXPRESSION_TYPE");
    assert_eq!(ran.cancelled, ["org/t1/slow[0]/slow"]);
}

#[test]
fn an_unbound_handler_names_its_binding() {
    let unbound = r#"{"name":"greeter","agent":false,"peers":[],"binding":"handlers.hello.greet"}"#.to_owned();
    let ran = check_fails(std::slice::from_ref(&unbound), "0", "UNBOUND_HANDLER");
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
        let ran = Sim::new(&mailbox_with(&[says("me", counts, &[])], &format!(r#","contextSlots":{slots}"#)))
            .input("0")
            .run();
        assert_eq!(ran.output, json(expected), "{slots} slots");
    }
    // What was sent to others is part of the context, what they say among themselves is not.
    let asks =
        "message.from === null ? {to: 'b', payload: 'q'} : {respond: thread.history.map(m => m.to + ':' + m.payload)}";
    let b = "message.kind === 'Response' ? {respond: 'a'} : {to: 'c', payload: 'inner'}";
    let listeners = [says("asks", asks, &["b"]), says("b", b, &["c"]), says("c", "'deep'", &[])];
    check(&listeners, r#""start""#, r#"["asks:start","b:q"]"#);
}

/// The order in which tasks are asked for, with one handler at work at a time.
fn check_order(scheduling: &str, expected: &[&str]) {
    let tree = "message.payload < 2 ? [{to: 'n', payload: message.payload * 2 + 1}, {to: 'm', payload: message.payload * 2 + 2}] : null";
    let both = |name: &str| {
        listener(
            name,
            &format!(
                r#"{{"id":"s","sequence":{{"children":[{{"id":"task","task":{{"kind":"ok","params":{{}}}}}},{}]}}}}"#,
                pure("x", tree)
            ),
            &with_peers(&["m", "n"]),
        )
    };
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
