//! Agents within a mailbox, their peers and their todos: semantics 2.8 and 2.9.

mod organism;
mod support;

use organism::{
    agent, agent_node, check, json, listener, mailbox_with, pure, results, says, scripted, sim, warnings, with_peers,
    works,
};
use support::{Ran, Sim};
use weir_base::Value;
use weir_engine::Status;

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
    let replies: [(&str, &[&str]); 1] =
        [("a", &[r#"call calc_add {"x":1,"y":2} & call calc_add {"x":3,"y":4}"#, "ten"])];
    let ran = check_agents(&listeners, &replies, r#""ten""#, "[3,7]");
    assert_eq!(ran.tasks, ["org/t0/a[0]/a[0]/model", "org/t0/a[0]/a[1]/model"]);
}

/// 2.8: models give objects only, so another payload travels as their member `payload`.
#[test]
fn s2_8_a_payload_that_is_no_object_is_wrapped() {
    let asks = |schema: &str| agent("a", &["b"]).replace(r#""schema":{}"#, &format!(r#""schema":{schema}"#));
    let check = |schema: &str, call: &str, told: &str, tool: &str| {
        let replies: [(&str, &[&str]); 1] = [("a", &[call, "ok"])];
        let listeners = [asks(schema), says("b", "message.payload", &[])];
        let (sim, asked) = scripted(sim(&listeners, r#""go""#), &replies);
        assert_eq!(sim.run().status, Status::Succeeded, "{schema}");
        assert_eq!(results(&asked, "a").to_json(), told, "{schema}");
        let asked = asked.borrow();
        let told = asked[0].1.get("tools").and_then(|tools| tools.at(0)).and_then(|tool| tool.get("schema"));
        assert_eq!(told.map(Value::to_json).as_deref(), Some(tool), "{schema}");
    };
    let wrapped = r#"{"type":"object","properties":{"payload":{"type":"string"}},"required":["payload"]}"#;
    check(r#"{"type":"string"}"#, r#"call b {"payload":"hello"}"#, r#"["hello"]"#, wrapped);
    let missing = r#"[{"error":{"code":"INVALID_ARGUMENTS","message":"The arguments of this tool are an object with `payload`."}}]"#;
    check(r#"{"type":"string"}"#, r#"call b {"text":"hello"}"#, missing, wrapped);
    let one_of = r#"{"type":"object","properties":{"payload":{"enum":[1,2]}},"required":["payload"]}"#;
    check(r#"{"enum":[1,2]}"#, r#"call b {"payload":2}"#, "[2]", one_of);
    check(r#"{"type":"object"}"#, r#"call b {"payload":2}"#, r#"[{"payload":2}]"#, r#"{"type":"object"}"#);
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
    let ran =
        check_agents(&[agent("a", &["b"]), says("b", "[{respond: 1}, {respond: 2}]", &[])], &replies, r#""ok""#, "[1]");
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
    let (sim, asked) = scripted(
        sim(&[sender, says("b", "'reached'", &[])], r#""go""#),
        &[("a", &[r#"{"to":"b","payload":1}"#, r#""sorry""#])],
    );
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
    for (wanted, expected) in [("shop", "[true]"), ("RESPONSE", "[true]"), ("sho", "[false]"), ("shopping", "[false]")]
    {
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
    let replies: [(&str, &[&str]); 1] = [(
        "a",
        &[
            r#"call todo {"waitFor":"b"}"#,
            "call b",
            r#"call todoDone {"id":"todo-0"} & call todoDone {"id":"todo-7"}"#,
            "ok",
        ],
    )];
    let (sim, asked) = scripted(sim(&listeners, r#""go""#), &replies);
    let ran = sim.run();
    assert_eq!((ran.status, ran.output), (Status::Succeeded, "ok".into()), "{:?}", ran.error);
    let told = r#"[{"id":"todo-0"},1,{"id":"todo-0","wasRaised":true},{"id":"todo-7","wasRaised":null}]"#;
    assert_eq!(results(&asked, "a"), json(told));
    let last = |at: usize| {
        let asked = asked.borrow();
        asked[at]
            .1
            .get("messages")
            .and_then(Value::as_array)
            .and_then(|all| all.last())
            .cloned()
            .unwrap_or_default()
            .to_json()
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
