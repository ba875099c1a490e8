use super::*;

const TEXT: &str = "organism: {name: o}\nlisteners: [{name: a, handler: h}]\n";

fn handler(flow: &Flow) -> Value {
    part(flow, "/root/mailbox/listeners/0/handler")
}

/// (what stands under the name in the file, the handler as JSON without `id`)
#[test]
fn a_handler_is_bound_in_every_form() {
    let cases = [
        ("'kind:http.request'", r#"{"task":{"kind":"http.request","params":"{{ message.payload }}"}}"#),
        ("'flow:other'", r#"{"call":{"flow":"other","input":"{{ message.payload }}","detached":false}}"#),
        ("'{{ message.payload.x }}'", r#"{"set":{"writes":[{"op":"set","value":"{{ message.payload.x }}"}]}}"#),
        (
            "'Hello {{ message.payload.x }}!'",
            r#"{"set":{"writes":[{"op":"set","value":"Hello {{ message.payload.x }}!"}]}}"#,
        ),
        (
            "'{{ {to: \"b\", payload: {x: {y: 1}}} }}'",
            r#"{"set":{"writes":[{"op":"set","value":"{{ {to: \"b\", payload: {x: {y: 1}}} }}"}]}}"#,
        ),
        ("{kind: log}", r#"{"task":{"kind":"log","params":"{{ message.payload }}"}}"#),
        (
            "{kind: log, message: 'got {{ thread.id }}'}",
            r#"{"task":{"kind":"log","params":{"message":"got {{ thread.id }}"}}}"#,
        ),
        ("{kind: log, params: {message: x}}", r#"{"task":{"kind":"log","params":{"message":"x"}}}"#),
        (
            "{kind: log, message: x, timeout: 5s, onUnknown: ask}",
            r#"{"task":{"kind":"log","params":{"message":"x"},"timeout":"5s","onUnknown":"ask"}}"#,
        ),
        (
            "{kind: log, retry: {strategy: fail-after-x, maxAttempts: 2, maxInterval: }}",
            r#"{"task":{"kind":"log","params":"{{ message.payload }}","retry":{"strategy":"fail-after-x","maxAttempts":2,"initial":1000,"coefficient":2,"jitter":0}}}"#,
        ),
        (
            "{kind: http.request, url: u, timeout: 5s}",
            r#"{"task":{"kind":"http.request","params":{"url":"u","timeout":"5s"}}}"#,
        ),
        ("{kind: not.there, x: 1}", r#"{"task":{"kind":"not.there","params":{"x":1}}}"#),
        (
            "{flow: sub.yaml, input: {q: '{{ message.payload }}'}, version: v2}",
            r#"{"call":{"flow":"sub.yaml","version":"v2","input":{"q":"{{ message.payload }}"},"detached":false}}"#,
        ),
    ];
    for (binding, expected) in cases {
        let flow = clean(&format!("{TEXT}bindings: {{h: {binding}}}\n"));
        let mut found = handler(&flow).as_object().cloned().expect(binding);
        assert_eq!(found.shift_remove("id"), Some("a".into()));
        assert_eq!(Value::from(found), Value::from_json(expected).expect("json"), "{binding}");
    }
}

#[test]
fn a_step_of_a_tree_may_stand_inline() {
    let step = "{step: {type: Sequence, children: [{type: LogMessage, props: {message: 'for {{ message.from }}'}}]}}";
    let flow = clean(&format!("{TEXT}bindings: {{h: {step}}}\n"));
    insta::assert_json_snapshot!(serde_json::Value::from(&handler(&flow)));
}

/// (binding from outside, the same in the file)
#[test]
fn a_binding_from_outside_means_the_same_and_wins() {
    let json = |text: &str| Value::from_json(text).expect("json");
    let cases = [
        (Binding::Kind { kind: "log".into(), params: json(r#"{"message":"x"}"#) }, "{kind: log, message: x}"),
        (Binding::Kind { kind: "log".into(), params: Value::Null }, "'kind:log'"),
        (Binding::Flow("sub".into()), "'flow:sub'"),
        (Binding::Step("{{ 1 + 1 }}".into()), "'{{ 1 + 1 }}'"),
        (Binding::Step(json(r#"{"kind":"log","message":"y"}"#)), "{kind: log, message: y}"),
        (
            Binding::Step(json(r#"{"type":"LogMessage","props":{"message":"z"}}"#)),
            "{step: {type: LogMessage, props: {message: z}}}",
        ),
    ];
    for (given, written) in cases {
        let text = format!("{TEXT}bindings: {{h: '{{{{ 0 }}}}'}}\n");
        let parsed = read_with(&text, &Files::default(), &[("h", given.clone())]);
        assert_eq!(shown(&text, &parsed.diagnostics), Vec::<String>::new());
        let from_file = clean(&format!("{TEXT}bindings: {{h: {written}}}\n"));
        assert_eq!(handler(&parsed.flow.expect("a flow")), handler(&from_file), "{given:?}");
    }
}

#[test]
fn a_bound_handler_wins_over_the_prompt() {
    let text = "organism: {name: o}\nlisteners: [{name: a, agent: true, prompt: p, handler: h}]\n";
    assert!(part(&clean(text), "/root/mailbox/listeners/0/handler/agent").as_object().is_some());
    let bound = clean(&format!("{text}bindings: {{h: 'kind:log'}}\n"));
    assert!(part(&bound, "/root/mailbox/listeners/0/handler/task").as_object().is_some());
}

/// Without a handler's name the listener's own is the one to bind; so an agent can be stood in for.
#[test]
fn a_listener_without_a_handler_is_bound_by_its_own_name() {
    for listener in ["{name: a}", "{name: a, agent: true, prompt: p}"] {
        let flow = clean(&format!("organism: {{name: o}}\nlisteners: [{listener}]\nbindings: {{a: 'kind:log'}}\n"));
        assert!(part(&flow, "/root/mailbox/listeners/0/handler/task").as_object().is_some(), "{listener}");
    }
}

#[test]
fn a_bound_gateway_is_connected() {
    let text = "organism: {name: o}\nlisteners: [{name: a, agent: true, prompt: p, peers: [web]}]\ngateways: [{name: web, description: The web.}]\nbindings: {web: 'kind:http.request'}\n";
    let flow = clean(text);
    assert_eq!(listener(&flow, "web").description.as_deref(), Some("The web."));
    assert_eq!(
        part(&flow, "/root/mailbox/listeners/0/handler/agent/tools/0/target"),
        Value::object([("peer", "web".into())])
    );
}

#[test]
fn bad_bindings_are_told_with_their_place() {
    let cases: [(&str, &[&str]); 10] = [
        ("3", &["INVALID_BINDING 3:15 a binding is text or a map, not a number"]),
        ("log", &["INVALID_BINDING 3:15 `log` says neither what to run nor what to answer"]),
        ("'kind:'", &["INVALID_BINDING 3:15 `kind:` says neither what to run nor what to answer"]),
        ("{}", &["INVALID_BINDING 3:15 a binding that is a map has `kind`, `flow` or `step`"]),
        ("{kind: 4}", &["INVALID_BINDING 3:15 `kind` of a binding does not hold what it should"]),
        ("{flow: x, inptu: 1}", &["UNKNOWN_KEY 3:25 `inptu` is not a key of this binding"]),
        ("{kind: log, params: {message: x}, level: info}", &["UNKNOWN_KEY 3:49 `level` is not a key of this binding"]),
        ("{kind: log, onUnknown: never}", &["INVALID_PROP 3:38 `onUnknown` is one of `retry`, `ask` and `fail`"]),
        ("{step: 'kind:log'}", &["INVALID_BINDING 3:15 `step` of a binding does not hold what it should"]),
        ("[]", &["INVALID_BINDING 3:15 a binding is text or a map, not a list"]),
    ];
    for (binding, expected) in cases {
        let text = format!("{TEXT}bindings: {{h: {binding}}}\n");
        assert_eq!(shown(&text, &read(&text).diagnostics), expected, "{binding}");
    }
}

#[test]
fn a_broken_expression_points_at_itself() {
    let text = format!("{TEXT}bindings: {{h: {{kind: log, message: \"x {{{{ 1 + }}}}\"}}}}\n");
    let parsed = read(&text);
    assert_eq!(codes(&parsed.diagnostics), ["EXPRESSION_SYNTAX"]);
    let span = parsed.diagnostics[0].span.expect("a span");
    let from = text.find("x {{").expect("the text") as u32;
    assert!(span.start >= from && span.end <= from + 10, "{span:?}");
}

#[test]
fn a_shared_handler_tells_its_problem_once() {
    let text = "organism: {name: o}\nlisteners: [{name: a, handler: h, peers: [b]}, {name: b, handler: h}]\nbindings: {h: 3}\n";
    assert_eq!(codes(&read(text).diagnostics), ["INVALID_BINDING"]);
}

/// A listener that is nobody's peer is of use only to whoever binds it from outside.
#[test]
fn binding_a_listener_from_outside_makes_it_reachable() {
    let text = "organism: {name: o}\nlisteners: [{name: a, agent: true, prompt: p}, {name: b, handler: h, peers: [c]}, {name: c, handler: k}]\n";
    let answer = || Binding::Step("{{ message.payload }}".into());
    let cases: [(&[&str], &[&str]); 3] = [
        (&[], &["UNREACHABLE_LISTENER", "UNBOUND_HANDLER", "UNREACHABLE_LISTENER", "UNBOUND_HANDLER"]),
        (&["k"], &["UNREACHABLE_LISTENER", "UNBOUND_HANDLER"]),
        (&["h", "k"], &[]),
    ];
    for (names, expected) in cases {
        let given: Vec<(&str, Binding)> = names.iter().map(|name| (*name, answer())).collect();
        assert_eq!(codes(&read_with(text, &Files::default(), &given).diagnostics), expected, "{names:?}");
    }
}

#[test]
fn a_binding_is_read_from_a_command_line() {
    let cases = [
        ("kind:log", "'kind:log'"),
        ("{{ {a: 1} }}", "'{{ {a: 1} }}'"),
        (r#" {"kind": "log", "message": "x"}"#, "{kind: log, message: x}"),
        (r#"{"flow": "sub"}"#, "{flow: sub}"),
        (r#"{"type": "LogMessage", "props": {"message": "z"}}"#, "{step: {type: LogMessage, props: {message: z}}}"),
    ];
    for (text, written) in cases {
        let parsed = read_with(TEXT, &Files::default(), &[("h", Binding::from_text(text))]);
        assert_eq!(shown(TEXT, &parsed.diagnostics), Vec::<String>::new(), "{text}");
        let from_file = clean(&format!("{TEXT}bindings: {{h: {written}}}\n"));
        assert_eq!(handler(&parsed.flow.expect("a flow")), handler(&from_file), "{text}");
    }
    let broken = read_with(TEXT, &Files::default(), &[("h", Binding::from_text("{kind"))]);
    assert_eq!(codes(&broken.diagnostics), ["INVALID_BINDING"]);
}
