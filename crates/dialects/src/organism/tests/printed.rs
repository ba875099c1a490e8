use super::*;
use crate::print;

const FILES: &[&str] = &[
    "organism: {name: o}\nlisteners: [{name: a, agent: true, prompt: p}]\n",
    "organism: {name: o}\nlisteners: [{name: a, handler: x}, {name: b.c, broadcast: true}, {name: b.d, broadcast: true}]\n",
    "
organism: {name: o, description: d, version: '2', port: 1, entry: b, max_messages: 5, thread_scheduling: depth-first}
tls: {cert: a, key: b}
oob: {enabled: false}
meta: {enabled: true}
server: {port: 1}
auth: {enabled: true}
max_concurrent_pipelines: 3
max_concurrent_handlers: 4
listeners:
  - {name: a, agent: true, prompt: \"multi\\nline {{ message.payload }}\\n\", model: m, peers: [b, g], allowed_tools: [fetch], temperature: 0, verbose: true, metadata: {x: [1]}, confirm_actions: true}
  - {name: b, handler: h, payload_class: B, payload: {type: object}, description: 'yes', tool: true}
gateways: [{name: g, remote_url: 'wss://x'}, {name: far}]
llm: {strategy: round-robin, retries: 0, retry_base_delay: 0.25, backends: [{provider: xai, api_key_env: K, priority: 2}, {provider: scripted, max_concurrent: 1, supported_models: [m]}]}
bindings: {h: {kind: log, message: '{{ message.payload.x }}'}, g: 'flow:far.yaml'}
variables: {v: {type: string}, w: [1, 2]}
signals: {s: {}, t: {assign: {v: message.x}}}
queries: {q: vars.v}
settings: {timeout: 90s, mode: service, retry: {maxAttempts: 2}, files: out, egress: {private: ['localhost:1']}}
triggers: [{kind: webhook, params: {a: 1}}]
testData: {model: [hi]}
",
    "
organism: {name: o}
listeners: [{name: a, handler: h}]
bindings: {h: {step: {type: Sequence, children: [{type: LogMessage, props: {message: '{{ message.payload }}'}}, {type: WaitAction, props: {waitMs: 5}}]}}}
",
];

#[test]
fn what_is_printed_reads_as_the_same_flow() {
    for text in FILES {
        let flow = read(text).flow.expect("a flow");
        let printed = print(&flow, "organism", &Kinds).unwrap_or_else(|lost| panic!("{lost:?}\n{text}"));
        assert_eq!(plain(&read(&printed).flow.expect("a flow")), plain(&flow), "{printed}");
        let again = print(&read(&printed).flow.expect("a flow"), "organism", &Kinds).expect("printed");
        assert_eq!(again, printed);
    }
}

#[test]
fn the_text_is_laid_out_for_people() {
    insta::assert_snapshot!(print(&read(FILES[2]).flow.expect("a flow"), "organism", &Kinds).expect("printed"));
}

/// A binding from outside becomes part of the file: the printed organism does what the bound one did.
#[test]
fn outside_bindings_are_written_down() {
    let text = "organism: {name: o}\nlisteners: [{name: a, handler: h}]\n";
    let flow = read_with(text, &Files::default(), &[("h", Binding::Flow("sub".into()))]).flow.expect("a flow");
    let printed = print(&flow, "organism", &Kinds).expect("printed");
    assert!(printed.contains("h:\n    flow: sub"), "{printed}");
    assert_eq!(plain(&read(&printed).flow.expect("a flow")), plain(&flow));
}

/// A flow that never was organism text, as long as it is made of listeners.
#[test]
fn handlers_without_a_source_become_bindings() {
    let text = "organism: {name: o}\nlisteners: [{name: a, handler: h}, {name: b, agent: true, prompt: p, model: m, temperature: 1}]\nbindings: {h: {kind: log, message: x}}\n";
    let mut flow = read(text).flow.expect("a flow");
    flow.settings.extra.clear();
    flow.dialect = "ir".to_owned();
    let printed = print(&flow, "organism", &Kinds).unwrap_or_else(|lost| panic!("{lost:?}"));
    let again = read(&printed).flow.expect("a flow");
    assert_eq!(part(&again, "/root"), part(&flow, "/root"), "{printed}");
}

#[test]
fn what_an_organism_cannot_say_is_named() {
    let flow = read(FILES[0]).flow.expect("a flow");
    let mut limited = flow.clone();
    let NodeKind::Mailbox(mailbox) = &mut limited.root.kind else { panic!() };
    mailbox.listeners[0].handler.as_mut().expect("an agent").id = "renamed".into();
    let mut typed = flow.clone();
    typed.output = Some(Value::object([]));
    let mut other = flow;
    other.root.kind = NodeKind::Set { writes: Vec::new() };
    let cases = [
        (limited, "an organism cannot say all of `listener a`"),
        (typed, "an organism cannot say all of `output`"),
        (other, "`o` is not made of listeners, so it cannot be written as an organism"),
    ];
    for (flow, expected) in cases {
        let lost = print(&flow, "organism", &Kinds).expect_err(expected);
        let told: Vec<(&str, &str)> = lost.iter().map(|found| (&*found.code, &*found.message)).collect();
        assert!(told.contains(&("NOT_EXPRESSIBLE", expected)), "{told:?}");
    }
}
