use super::*;

/// (listeners and the rest, problems in order of place)
const CASES: &[(&str, &[&str])] = &[
    (
        "listeners: [{name: a, agent: true, prompt: p, peers: [b]}]",
        &["UNKNOWN_PEER 2:55 `a` names the peer `b`, which is no listener, group or gateway"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p, peers: [a, a]}]",
        &["INVALID_PROP 2:58 `a` is named twice in `peers`"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}, {name: a, agent: true, prompt: p}]",
        &["DUPLICATE_ID 2:55 the name `a` is taken by an earlier listener"],
    ),
    ("listeners: [{name: 1a, agent: true, prompt: p}]", &["INVALID_ID 2:20 `1a` is not a listener's name"]),
    ("listeners: [{name: 'a b', agent: true, prompt: p}]", &["INVALID_ID 2:20 `a b` is not a listener's name"]),
    ("listeners: [{agent: true, prompt: p}]", &["MISSING_KEY 2:13 this listener has no `name`"]),
    ("listeners: [3]", &["INVALID_PROP 2:13 `listeners[0]` is a map, not a number"]),
    (
        "listeners: [{name: a, agent: true, prompt: p, temperature: 3}]",
        &["INVALID_PROP 2:60 `listeners[0].temperature` is a number from 0 to 2, not 3"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p, max_tokens: 0}]",
        &["INVALID_PROP 2:59 `listeners[0].max_tokens` is a whole number from 1 to 4294967295, not 0"],
    ),
    ("listeners: [{name: a, agent: true, prompt: p, promt: q}]", &["UNKNOWN_KEY 2:47 `promt` is not a key here"]),
    (
        "listeners: [{name: a, agent: 1, prompt: p, handler: h}]\nbindings: {h: '{{ 1 }}'}",
        &["INVALID_PROP 2:30 `listeners[0].agent` is true or false, not 1"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p, allowed_tools: [fetsh]}]",
        &["INVALID_PROP 2:63 `fetsh` is neither a tool nor a kind"],
    ),
    (
        "listeners: [{name: a, broadcast: true, handler: h}]\nbindings: {h: '{{ 1 }}'}",
        &["INVALID_PROP 2:20 `a` shares no group: the group is what stands before the last dot"],
    ),
    (
        "listeners: [{name: s, agent: true, prompt: p, peers: [s.a]}, {name: s.a, broadcast: true, handler: h}]\nbindings: {h: '{{ 1 }}'}",
        &["DUPLICATE_ID 2:69 `s` is a listener and also the group of `s.a`"],
    ),
    (
        "listeners: [{name: q, agent: true, prompt: p, peers: [s]}, {name: s.a, broadcast: true, handler: h, payload_class: A}, {name: s.b, broadcast: true, handler: h, payload_class: B}]\nbindings: {h: '{{ 1 }}'}",
        &["INVALID_PROP 2:127 `s.a` and `s.b` share the group `s` but take different payloads"],
    ),
    ("listeners: []", &["MISSING_KEY 2:12 an organism needs at least one listener"]),
    ("description: none", &["MISSING_KEY 1:1 this organism has no `listeners`"]),
    ("listeners: {directory: nowhere}", &["FILE_NOT_FOUND 2:12 no listener file was found in `nowhere`"]),
    ("listeners: {include: ['*']}", &["MISSING_KEY 2:12 `listeners` names no `directory`"]),
    ("listeners: hello", &["INVALID_PROP 2:12 `listeners` is a list, or a map with `directory`, not text"]),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nentry: b",
        &["INVALID_PROP 3:8 the entry `b` is no listener here"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nthread_scheduling: sideways",
        &["INVALID_PROP 3:20 `thread_scheduling` is one of `breadth-first` and `depth-first`, not `sideways`"],
    ),
    ("listeners: [{name: a, agent: true, prompt: p}]\nlistners: []", &["UNKNOWN_KEY 3:1 `listners` is not a key here"]),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nllm: {strategy: best}",
        &["INVALID_PROP 3:17 `llm.strategy` is one of `failover`, `round-robin` and `least-loaded`, not `best`"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nllm: {backends: [{provider: opanai}]}",
        &["INVALID_PROP 3:29 `opanai` is not a provider known here"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nllm: {backends: [{priority: 1}]}",
        &["MISSING_KEY 3:18 this backend names no `provider`"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nmeta: {allow_schema_requests: everyone}",
        &[
            "INVALID_PROP 3:31 `meta.allow_schema_requests` is one of `admin`, `authenticated` and `none`, not `everyone`",
        ],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\noob: {port: 70000}",
        &["INVALID_PROP 3:13 `oob.port` is a whole number from 0 to 65535, not 70000"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nsettings: {timeout: 5 parsecs}",
        &[
            "INVALID_DURATION 3:21 `5 parsecs` is not a duration; write a whole number and ms, s, m, h or d, such as `30s`",
        ],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\ngateways: [{name: a}]",
        &["DUPLICATE_ID 3:19 the name `a` is taken by an earlier listener"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\nvariables: {n: {type: number, initial: x}}",
        &["INVALID_PROP 3:40 `n` begins with text, which is not of its type"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p, payload: {}, payload_schema: {}}]",
        &["INVALID_PROP 2:13 `payload` and `payload_schema` mean the same; write one of them"],
    ),
    (
        "listeners: [{name: a, agent: true, prompt: p}]\n---\nmore: 1",
        &["UNEXPECTED_DOCUMENT 4:1 an organism is one document; this one is not read"],
    ),
];

#[test]
fn bad_input_is_told_with_its_place() {
    for (rest, expected) in CASES {
        let text = format!("organism: {{name: o}}\n{rest}\n");
        assert_eq!(shown(&text, &read(&text).diagnostics), *expected, "{rest}");
    }
}

/// (what stands at the top of the file besides, the problem)
#[test]
fn what_every_dialect_says_at_the_top_is_checked() {
    let cases = [
        ("signals: {s: {schma: {}}}", "UNKNOWN_KEY 3:15 `schma` is not a key here"),
        ("signals: {s: 3}", "INVALID_PROP 3:14 `signals.s` is a map, not a number"),
        ("queries: {q: 3}", "INVALID_PROP 3:14 an expression is text, not a number"),
        ("triggers: [{params: {}}]", "MISSING_KEY 3:12 this trigger names no `kind`"),
        ("settings: {concurrency: {key: input.user}}", "INVALID_PROP 3:25 `concurrency` needs a `limit`"),
        ("settings: {retry: {maxAttempt: 2}}", "UNKNOWN_KEY 3:20 `maxAttempt` is not a key here"),
        (
            "settings: {retry: {initialInterval: soon}}",
            "INVALID_DURATION 3:37 `soon` is not a duration; write a whole number and ms, s, m, h or d, such as `30s`",
        ),
        (
            "settings: {taskTimeout: [1]}",
            "INVALID_PROP 3:25 a duration is text such as `30s`, or milliseconds, not a list",
        ),
        ("settings: {models: {backends: [{}]}}", "MISSING_KEY 3:32 this backend names no `provider`"),
        (
            "variables: {n: {type: integer}}",
            "INVALID_PROP 3:23 a variable's type is one of `any`, `string`, `number`, `boolean`, `array` and `object`",
        ),
    ];
    for (rest, expected) in cases {
        let text = format!("organism: {{name: o}}\nlisteners: [{{name: a, agent: true, prompt: p}}]\n{rest}\n");
        assert_eq!(shown(&text, &read(&text).diagnostics), [expected], "{rest}");
    }
}

#[test]
fn the_organism_itself_needs_a_good_name() {
    let cases = [
        ("organism: {}", "MISSING_KEY 1:11 the organism has no name"),
        ("organism: {name: my.flow}", "INVALID_ID 1:18 `my.flow` is not an organism's name"),
        ("organism: {name: -x}", "INVALID_ID 1:18 `-x` is not an organism's name"),
        ("organism: {name: 12}", "INVALID_PROP 1:18 `organism.name` is text, not 12"),
        ("organism: {name: o, prot: 1}", "UNKNOWN_KEY 1:21 `prot` is not a key here"),
        ("organism: {name: o, version: 1.0}", "INVALID_PROP 1:30 `organism.version` is text, not 1"),
    ];
    for (first, expected) in cases {
        let text = format!("{first}\nlisteners: [{{name: a, agent: true, prompt: p}}]\n");
        let parsed = read(&text);
        assert_eq!(shown(&text, &parsed.diagnostics), [expected]);
        assert!(parsed.flow.is_some());
    }
}

#[test]
fn a_limit_stands_in_one_place() {
    let text =
        "organism: {name: o, max_messages: 5}\nmax_messages: 6\nlisteners: [{name: a, agent: true, prompt: p}]\n";
    let parsed = read(text);
    assert_eq!(codes(&parsed.diagnostics), ["DUPLICATE_KEY"]);
    assert_eq!(mailbox(parsed.flow.as_ref().expect("a flow")).max_messages, 5);
}

#[test]
fn a_near_miss_is_offered() {
    let cases = [
        (
            "listeners: [{name: a, agent: true, prompt: p, peers: [shoter]}, {name: shouter, agent: true, prompt: p}]",
            "shouter",
        ),
        ("listeners: [{name: a, agent: true, promt: p}]", "prompt"),
        ("listeners: [{name: a, agent: true, prompt: p, allowed_tools: [fecth]}]", "fetch"),
        ("listeners: [{name: a, agent: true, prompt: p}]\nentry: A", "a"),
        ("listeners: [{name: a, agent: true, prompt: p}]\nllm: {backends: [{provider: antropic}]}", "anthropic"),
    ];
    for (rest, expected) in cases {
        let parsed = read(&format!("organism: {{name: o}}\n{rest}\n"));
        let offered: Vec<&str> = parsed.diagnostics.iter().filter_map(|found| found.suggestion.as_deref()).collect();
        assert_eq!(offered, [expected], "{rest}");
    }
}

/// Nothing stops at the first problem.
#[test]
fn all_problems_are_told_at_once() {
    let listeners: String =
        (0..50).map(|n| format!("  - {{name: a{n}, agent: true, prompt: p, temperature: 9}}\n")).collect();
    let parsed = read(&format!("organism: {{name: o}}\nlisteners:\n{listeners}"));
    assert_eq!(codes(&parsed.diagnostics), ["INVALID_PROP"; 50]);
}
