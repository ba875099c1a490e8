use super::*;
use crate::text::Doc;
use weir_ir::{FlowMode, ToolTarget};

/// Every key of the format in one file.
const FULL: &str = r#"
organism:
  name: research-swarm
  description: Looks things up
  version: "1.2.0"
  port: 8765
  identity: keys/private.ed25519
  entry: researcher
  max_concurrent_pipelines: 10
  thread_scheduling: depth-first
tls: {cert: full.pem, key: key.pem}
oob: {enabled: true, bind: 127.0.0.1, port: 8766, unix_socket: /tmp/x.sock}
meta:
  enabled: true
  allow_list_capabilities: true
  allow_schema_requests: admin
  allow_example_requests: authenticated
  allow_prompt_requests: none
  allow_remote: false
server: {enabled: true, host: 0.0.0.0, port: 8000}
auth: {enabled: true, totp_secret_env: TOTP}
max_concurrent_handlers: 7
max_concurrent_per_agent: 2
max_messages: 500
context_slots: 100
listeners:
  - name: researcher
    description: Thinks
    agent: true
    tool: false
    gateway: false
    prompt: Answer in {{ vars.language }}.
    model: grok-2
    temperature: 0.2
    max_tokens: 900
    options: {top_p: 0.5}
    limits: {turns: 4, tokens: 5000, micros: 20000}
    output_schema: {type: object}
    peers: [calculator.add, search, web]
    allowed_tools: [fetch, files]
    blocked_tools: [files]
    verbose: true
    confirm_actions: false
    metadata: {owner: me}
    payload: {type: object, properties: {question: {type: string}}}
  - name: calculator.add
    description: Adds two numbers.
    payload_class: calc.AddPayload
    payload_schema: {type: object, required: [a, b]}
    handler: calc.add
  - name: search.google
    description: Google.
    broadcast: true
    handler: search.google
  - name: search.bing
    description: Bing.
    broadcast: true
    handler: search.bing
gateways:
  - name: web
    remote_url: wss://search.example
    trusted_identity: keys/web.pub
    description: The web.
llm:
  strategy: least-loaded
  retries: 5
  retry_base_delay: 0.5
  retry_max_delay: 30
  backends:
    - {provider: xai, api_key_env: XAI_API_KEY, priority: 1, rate_limit_tpm: 100000, max_concurrent: 4}
    - {provider: ollama, base_url: "http://localhost:11434", supported_models: [llama3, mistral]}
    - {provider: scripted}
bindings:
  calc.add: "{{ message.payload.a + message.payload.b }}"
  search.google: {kind: http.request, url: "https://google.example?q={{ message.payload.q }}", timeout: 5s}
  search.bing: {kind: log, message: "{{ message.payload.q }}", timeout: 2s}
  web: {flow: web-search.yaml}
variables:
  language: Slovene
  count: {type: number, initial: 0, description: How many.}
signals:
  stop: {schema: {type: object}, assign: {stopped: message.reason}}
queries:
  how_many: vars.count
settings: {timeout: 10m, durability: async, egress: {allow: ["*.example"]}}
triggers: [{kind: webhook, params: {token: abc}}]
testData: {model: ["hello"]}
"#;

#[test]
fn every_key_has_its_place() {
    insta::assert_json_snapshot!(serde_json::Value::from(&plain(&clean(FULL))));
}

#[test]
fn every_listener_key_is_read_by_the_full_file() {
    let source = SourceFile { id: FileId(0), name: "full.yaml".to_owned(), text: FULL.to_owned() };
    let (documents, _) = crate::text::parse(&source, crate::text::Format::Yaml);
    let has = |doc: &Doc, key: &str| doc.get(key).is_some();
    let listeners = documents[0].get("listeners").map_or(&[][..], Doc::items);
    let organism = documents[0].get("organism").expect("organism");
    let top =
        super::super::keys::TOP.iter().filter(|field| !has(&documents[0], field.key) && !has(organism, field.key));
    let inner = super::super::keys::LISTENER.iter().filter(|field| !listeners.iter().any(|doc| has(doc, field.key)));
    assert_eq!(top.chain(inner).map(|field| field.key).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// An agent listener of the canvas: a prompt, and neither a handler nor a payload class.
const BUILDER: &str = r#"
organism:
  name: flow-builder-assistant
listeners:
  - name: builder
    agent: true
    prompt: You help people build flows.
    peers: [catalog, user-modules]
  - name: catalog
    handler: built_in.catalog.list
    description: "Lists the nodes there are."
  - name: user-modules
    handler: built_in.modules.list
bindings:
  built_in.catalog.list: "{{ ['a', 'b'] }}"
  built_in.modules.list: "{{ [] }}"
"#;

#[test]
fn an_agent_may_have_a_prompt_and_nothing_else() {
    let flow = clean(BUILDER);
    let builder = listener(&flow, "builder");
    assert_eq!((&builder.binding, &builder.payload_class, builder.agent), (&None, &None, true));
    insta::assert_json_snapshot!(serde_json::Value::from(&part(&flow, "/root/mailbox/listeners/0/handler")));
}

#[test]
fn the_defaults_are_those_of_the_format() {
    let flow = clean(
        "organism: {name: a}\nlisteners: [{name: b, agent: true, prompt: p}]\nllm: {backends: [{provider: xai}]}",
    );
    let mailbox = mailbox(&flow);
    assert_eq!((mailbox.max_concurrent, mailbox.max_concurrent_per_agent, mailbox.context_slots), (50, 5, 10_000));
    assert_eq!(mailbox.entry.as_deref(), Some("b"));
    assert_eq!((&*flow.dialect, flow.settings.mode, flow.input_as_variables), ("organism", FlowMode::Task, false));
    let models = flow.settings.models.as_ref().expect("models");
    assert_eq!((models.retries, models.retry_base_delay.millis, models.retry_max_delay.millis), (3, 1_000, 60_000));
    assert_eq!((models.backends[0].max_concurrent, models.backends[0].priority), (Some(20), 1));
    assert_eq!(
        part(&flow, "/root/mailbox/listeners/0/handler/agent/options").to_json(),
        r#"{"temperature":0.7,"maxTokens":4096}"#
    );
}

#[test]
fn listeners_may_be_a_file_each() {
    let text = "organism: {name: split}\nlisteners: {directory: listeners, include: ['*.yaml']}\n";
    let files = Files::new(&[
        ("listeners/greeter.yaml", "agent: true\nprompt: Greet.\npeers: [shouter]\n"),
        ("listeners/notes.md", "not a listener"),
        ("listeners/second.yaml", "name: shouter\nhandler: shout\n"),
        ("other/third.yaml", "name: third\n"),
    ]);
    let parsed = read_with(text, &files, &[("shout", Binding::Step("{{ message.payload }}".into()))]);
    assert_eq!(shown(text, &parsed.diagnostics), Vec::<String>::new());
    let flow = parsed.flow.expect("a flow");
    let names: Vec<&str> = mailbox(&flow).listeners.iter().map(|listener| &*listener.name).collect();
    assert_eq!(names, ["greeter", "shouter"]);
    let read: Vec<&str> = parsed.files.iter().map(|file| &*file.name).collect();
    assert_eq!(read, ["test.yaml", "listeners/greeter.yaml", "listeners/second.yaml"]);
    let span = listener(&flow, "shouter").span.expect("a span");
    assert_eq!(span.file, FileId(3));
}

#[test]
fn a_problem_in_a_listener_file_points_into_that_file() {
    let text = "organism: {name: split}\nlisteners: {directory: listeners}\n";
    let files = Files::new(&[("listeners/greeter.yaml", "agent: true\nprompt: Greet.\ntemprature: 1\n")]);
    let parsed = read_with(text, &files, &[]);
    assert_eq!(shown(text, &parsed.diagnostics), ["UNKNOWN_KEY file 1 `temprature` is not a key here"]);
}

/// 2.9: a broadcast target delivers one copy per listener in file order.
#[test]
fn broadcast_listeners_share_the_part_before_the_last_dot() {
    let text = "
organism: {name: a}
listeners:
  - {name: asker, agent: true, prompt: p, peers: [tools.search]}
  - {name: tools.search.one, broadcast: true, handler: h, description: One.}
  - {name: tools.search.two, broadcast: true, handler: h, description: Two.}
  - {name: plain.three, handler: h}
bindings: {h: '{{ 1 }}'}
";
    let parsed = read(text);
    assert_eq!(codes(&parsed.diagnostics), ["UNREACHABLE_LISTENER"]);
    let flow = parsed.flow.expect("a flow");
    let groups: Vec<Vec<Text>> = mailbox(&flow).listeners.iter().map(|listener| listener.groups.clone()).collect();
    assert_eq!(groups, [vec![], vec!["tools.search".into()], vec!["tools.search".into()], vec![]]);
    let NodeKind::Agent(agent) = &listener(&flow, "asker").handler.as_ref().expect("an agent").kind else { panic!() };
    assert_eq!(agent.tools.len(), 1);
    assert_eq!(
        (&*agent.tools[0].name, &*agent.tools[0].description),
        ("tools_search", "Sends a message to all of tools.search: One. Two.")
    );
    assert_eq!(agent.tools[0].target, ToolTarget::Peer("tools.search".into()));
}

/// 2.8: a peer is a tool; what its listener says of itself is what the model is told.
#[test]
fn tools_have_names_a_model_accepts_each_once() {
    let text = "
organism: {name: a}
listeners:
  - {name: x, agent: true, prompt: p, peers: [a.b, a_b, y], allowed_tools: [fetch, files, log], confirm_actions: true}
  - {name: a.b, handler: h, payload: {type: string}, description: First.}
  - {name: a_b, handler: h}
  - {name: y, agent: true, prompt: q}
bindings: {h: '{{ 1 }}'}
";
    insta::assert_json_snapshot!(serde_json::Value::from(&part(
        &clean(text),
        "/root/mailbox/listeners/0/handler/agent/tools"
    )));
}

#[test]
fn the_input_is_addressed_or_bare_where_the_entry_says_what_it_takes() {
    let text = "
organism: {name: a}
listeners:
  - {name: one, handler: h, payload: {type: string}, peers: [three]}
  - {name: two, agent: true, prompt: p}
  - {name: three, handler: h}
bindings: {h: '{{ 1 }}'}
";
    insta::assert_json_snapshot!(serde_json::Value::from(&part(&clean(text), "/input")));
}

/// What has to be said of an organism whose parts are not all there yet. (text, warnings)
#[test]
fn warnings_name_what_is_missing() {
    let cases: [(&str, &[&str]); 9] = [
        ("listeners: [{name: a, agent: true, prompt: p, handler: x.y}]", &[]),
        (
            "listeners: [{name: a, handler: x.y}]",
            &["UNBOUND_HANDLER 2:32 the handler `x.y` of `a` is bound to nothing"],
        ),
        ("listeners: [{name: a}]", &["UNBOUND_HANDLER 2:20 the listener `a` has no handler"]),
        (
            "listeners: [{name: a, agent: true}]",
            &["AGENT_WITHOUT_PROMPT 2:20 the agent `a` has no prompt, and nothing is bound to do its work"],
        ),
        (
            "listeners: [{name: a, agent: true, handler: x}]",
            &[
                "AGENT_WITHOUT_PROMPT 2:20 the agent `a` has no prompt, and nothing is bound to do its work",
                "UNBOUND_HANDLER 2:45 the handler `x` of `a` is bound to nothing",
            ],
        ),
        (
            "listeners: [{name: a, agent: true, prompt: p}, {name: b, handler: h, peers: [c]}, {name: c, handler: h}]\nbindings: {h: '{{ 1 }}'}",
            &[
                "UNREACHABLE_LISTENER 2:55 no message can reach `b`: no listener that can be reached has it as a peer",
                "UNREACHABLE_LISTENER 2:90 no message can reach `c`: no listener that can be reached has it as a peer",
            ],
        ),
        (
            "listeners: [{name: a, agent: true, prompt: p, peers: [g]}]\ngateways: [{name: g, remote_url: 'wss://x'}]",
            &["GATEWAY_NOT_CONNECTED 3:19 the gateway `g` is not connected, so nothing sent to it arrives"],
        ),
        (
            "listeners: [{name: a, agent: true, prompt: p, allowed_tools: [shell]}]",
            &["TOOL_NOT_AVAILABLE 2:63 `a` is allowed the tool `shell`, but no kind gives it"],
        ),
        (
            "listeners: [{name: a, agent: true, prompt: p}]\nbindings: {hander: 'kind:log'}",
            &["UNKNOWN_BINDING 3:12 nothing here has a handler named `hander`"],
        ),
    ];
    for (rest, expected) in cases {
        let text = format!("organism: {{name: o}}\n{rest}\n");
        let parsed = read(&text);
        assert_eq!(shown(&text, &parsed.diagnostics), expected, "{rest}");
        assert!(!weir_base::has_errors(&parsed.diagnostics), "{rest}");
    }
}

/// The two ways out of an unbound handler are in its help, ready to be copied.
#[test]
fn an_unbound_handler_shows_what_to_write() {
    let parsed = read("organism: {name: o}\nlisteners: [{name: a, handler: pkg.mod.run}]\n");
    let help = parsed.diagnostics[0].help.as_deref().unwrap_or_default();
    assert!(help.contains("bindings:\n  pkg.mod.run: \"{{ message.payload }}\""), "{help}");
    assert!(help.contains("--bind 'pkg.mod.run={{ message.payload }}'"), "{help}");
    let bound = "organism: {name: o}\nlisteners: [{name: a, handler: pkg.mod.run}]\nbindings:\n  pkg.mod.run: \"{{ message.payload }}\"\n";
    clean(bound);
}

#[test]
fn a_directory_holds_listeners_and_may_hold_the_organism() {
    let text = "organism: {name: split}\nlisteners: {directory: '.'}\n";
    let files = Files::new(&[
        ("a.yaml", "agent: true\nprompt: p\n"),
        ("b.yaml", "# nothing yet\n"),
        ("c.yaml", "agent: true\nprompt: p\n---\nagent: true\n"),
        ("d.yaml", "agent: [true\n"),
        ("e e.yaml", "agent: true\nprompt: p\n"),
        ("test.yaml", text),
    ]);
    let parsed = read_with(text, &files, &[]);
    let names: Vec<&str> =
        mailbox(parsed.flow.as_ref().expect("a flow")).listeners.iter().map(|item| &*item.name).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(codes(&parsed.diagnostics), ["UNEXPECTED_DOCUMENT", "YAML_SYNTAX", "INVALID_ID", "EMPTY_FILE"]);
}

/// The example of the manual is a good organism.
#[test]
fn the_manual_is_right() {
    let manual = include_str!("../../../../../docs/dialects/organism.md");
    let blocks = manual.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let whole: Vec<&str> = blocks.filter(|block| block.starts_with("organism:")).collect();
    assert!(!whole.is_empty());
    whole.into_iter().for_each(|block| drop(clean(block)));
}

/// Every key the manual's tables should name is named there.
#[test]
fn the_manual_names_every_key() {
    let manual = include_str!("../../../../../docs/dialects/organism.md");
    let keys = super::super::keys::TOP.iter().chain(super::super::keys::ORGANISM).chain(super::super::keys::LISTENER);
    let missing = keys.map(|field| field.key).filter(|key| !manual.contains(&format!("`{key}`")));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
}
