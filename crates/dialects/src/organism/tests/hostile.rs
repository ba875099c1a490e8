use super::*;
use proptest::prelude::*;

const SEED: &str = "
organism: {name: o, entry: a, max_messages: 5}
listeners:
  - {name: a, agent: true, prompt: 'do {{ message.payload }}', peers: [s, b, g], allowed_tools: [fetch], temperature: 1}
  - {name: b, handler: h, payload: {type: object}}
  - {name: s.x, broadcast: true, handler: k}
gateways: [{name: g, remote_url: 'wss://x'}]
llm: {backends: [{provider: xai, priority: 1}]}
bindings: {h: {kind: log, message: '{{ message.payload.x }}'}, k: 'flow:other', g: {step: {type: Sequence, children: []}}}
signals: {s: {assign: {v: message.x}}}
settings: {timeout: 90s, retry: {maxAttempts: 2}}
";

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "-",
    "'",
    "{{",
    "}}",
    "null",
    "true",
    "1e400",
    "\n",
    "  ",
    "é",
    "listeners",
    "name: ",
];

/// Whatever comes in, an answer comes out: a flow, or a reason why there is none. A good flow can be written again.
fn survives(text: &str) {
    let parsed = read(text);
    assert!(parsed.flow.is_some() || !parsed.diagnostics.is_empty());
    let Some(flow) = parsed.flow.filter(|flow| flow.dialect == "organism") else { return };
    let printed = crate::print(&flow, "organism", &Kinds);
    assert!(printed.is_ok() || weir_base::has_errors(&parsed.diagnostics), "{text}\n{printed:?}");
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn truncated_files_do_not_break_it(at in 0..SEED.len()) {
        survives(&SEED[..boundary(SEED, at)]);
    }

    #[test]
    fn changed_files_do_not_break_it(edits in prop::collection::vec((0..SEED.len(), 0..12usize, 0..PIECES.len()), 1..6)) {
        let mut text = SEED.to_owned();
        for (at, cut, piece) in edits {
            let from = boundary(&text, at);
            let to = boundary(&text, from + cut).max(from);
            text.replace_range(from..to, PIECES[piece]);
        }
        survives(&text);
    }

    /// A value of any shape in any place is refused, not stumbled over.
    #[test]
    fn wrong_shapes_do_not_break_it(key in 0..7usize, shape in 0..8usize) {
        let key = ["organism", "listeners", "gateways", "llm", "bindings", "signals", "settings"][key];
        let shape = ["null", "1", "x", "[]", "{}", "[1, [2]]", "{a: {b: [c]}}", "[{name: [x]}]"][shape];
        survives(&format!("organism: {{name: o}}\nlisteners: [{{name: a}}]\n{key}: {shape}\n"));
        survives(&format!("organism: {{name: o, {key}: {shape}}}\nlisteners: [{{name: a, peers: {shape}, prompt: {shape}}}]\n"));
    }
}

#[test]
fn a_very_long_name_is_shown_short() {
    // YAML itself allows a key no more than 1,024 characters.
    let (name, key) = ("x".repeat(100_000), "x".repeat(1_000));
    let listener = format!("{{name: a, agent: true, prompt: p, peers: [{name}], {key}: 1}}");
    let parsed = read(&format!("organism: {{name: o}}\nlisteners: [{listener}]\n"));
    assert_eq!(codes(&parsed.diagnostics), ["UNKNOWN_PEER", "UNKNOWN_KEY"]);
    assert!(parsed.diagnostics.iter().all(|found| found.message.len() < 300));
}

#[test]
fn many_listeners_are_read_in_good_time() {
    let listeners: String =
        (0..5_000).map(|n| format!("- {{name: a{n}, handler: h, peers: [a{}]}}\n", n + 1)).collect();
    let text = format!("organism: {{name: o}}\nbindings: {{h: '{{{{ 1 }}}}'}}\nlisteners:\n{listeners}");
    assert_eq!(codes(&read(&text).diagnostics), ["UNKNOWN_PEER"]);
}
