use super::{problems, read};

fn check(text: &str, expected: &str) {
    assert_eq!(problems(text, read(text).diagnostics), expected, "{text}");
}

#[test]
fn structure() {
    let cases = [
        ("id: a\n", "STRUCTURE 1:1"),
        ("type: ''\n", "STRUCTURE 1:7"),
        ("type: [x]\n", "STRUCTURE 1:7"),
        ("type: Sequence\nchildren: {a: 1}\n", "STRUCTURE 2:11"),
        ("type: Sequence\nprops: [a]\n", "STRUCTURE 2:8"),
        (
            "type: Sequence\nchildren: [a, 5, null, {id: x}]\n",
            "STRUCTURE 2:12\nSTRUCTURE 2:15\nSTRUCTURE 2:18\nSTRUCTURE 2:24",
        ),
        ("type: Sequence\nname: [a]\nwas: b\n", "STRUCTURE 2:7\nSTRUCTURE 3:6"),
        ("type: Sequence\nchilden: []\n", "UNKNOWN_KEY 2:1"),
        ("type: Sequence\ncolour: red\n", "~UNKNOWN_KEY 2:1"),
        ("type: Sequence\nid: a\ndisabled: true\n", "STRUCTURE 3:11 a"),
        ("type: Sequence\nchildren: [{type: SuccessNode, id: a, disabled: maybe}]\n", "STRUCTURE 2:49 a"),
        ("- type: Sequence\n", "STRUCTURE 1:1"),
        ("just text\n", "STRUCTURE 1:1"),
        ("", "EMPTY_FILE -"),
        ("type: Sequence\nchildren: [\n", "YAML_SYNTAX 2:11"),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn ids() {
    let cases = [
        ("type: Sequence\nid: a/b\n", "INVALID_ID 2:5"),
        ("type: Sequence\nid: 'a[0]'\n", "INVALID_ID 2:5"),
        ("type: Sequence\nid: ''\n", "INVALID_ID 2:5"),
        ("type: Sequence\nid: \"a\\u0001\"\n", "INVALID_ID 2:5"),
        ("type: Sequence\nid: [a]\n", "INVALID_ID 2:5"),
        ("type: Sequence\nid: 'two words \"quoted\" 😀'\n", ""),
        ("type: Sequence\nid: 7\n", ""),
        (
            "type: Sequence\nid: a\nchildren: [{type: SuccessNode, id: b}, {type: Invert, id: c, children: [{type: SuccessNode, id: b}]}]\n",
            "DUPLICATE_ID 3:97",
        ),
        ("type: Sequence\nid: a\nchildren: [{type: SuccessNode, id: a}]\n", "DUPLICATE_ID 3:36"),
        (
            "type: Sequence\nchildren: [{type: SuccessNode, id: success-node-1}, {type: SuccessNode, id: success-node-1}]\n",
            "DUPLICATE_ID 2:77",
        ),
        (
            "type: Sequence\nchildren: [{type: SuccessNode, id: success-node-1}, {type: Invert, children: [{type: SuccessNode, id: success-node-1}]}]\n",
            "",
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn arity() {
    let success = "{type: SuccessNode}";
    let decorators =
        ["Invert", "ForceSuccess", "ForceFailure", "RunOnce", "KeepRunningUntilFailure", "Precondition", "SoftAssert"];
    for ty in decorators {
        check(&format!("type: {ty}\n"), &format!("DECORATOR_ARITY 1:7 {}", read_id(ty)));
        check(
            &format!("type: {ty}\nchildren: [{success}, {success}]\n"),
            &format!("DECORATOR_ARITY 1:7 {}", read_id(ty)),
        );
    }
    for (ty, props, allowed) in [
        ("Conditional", "", 2..=3),
        ("While", "", 2..=2),
        ("Recovery", "", 1..=3),
        ("ForEach", "{collectionKey: a, itemKey: b}", 1..=1),
    ] {
        for count in 0..5 {
            let text = format!("type: {ty}\nid: n\nprops: {props}\nchildren: [{}]\n", vec![success; count].join(", "));
            let found = problems(&text, read(&text).diagnostics);
            let expected = match count {
                _ if allowed.contains(&count) => "",
                2.. if ty == "ForEach" => "~UNREACHABLE_NODE",
                _ => "COMPOSITE_ARITY 1:7 n",
            };
            assert!(found == expected || (!expected.is_empty() && found.starts_with(expected)), "{text}{found}");
        }
    }
    check("type: SuccessNode\nid: a\nchildren: [{type: SuccessNode}]\n", "LEAF_ARITY 3:1 a");
    check("type: SubTree\nid: a\nprops: {treeId: x}\nchildren: [{type: SuccessNode}]\n", "LEAF_ARITY 4:1 a");
    check("type: HttpRequest\nid: a\nchildren: [{type: SuccessNode}]\n", "LEAF_ARITY 3:1 a");
}

fn read_id(ty: &str) -> String {
    read(&format!("type: {ty}\n")).flow.unwrap().root.id.to_string()
}

#[test]
fn props() {
    let body = "children: [{type: SuccessNode}]\n";
    let cases = [
        ("type: Timeout\nid: a\n".to_owned() + body, "MISSING_PROP 1:7 a"),
        (format!("type: Timeout\nid: a\nprops: {{timeoutMs: 0}}\n{body}"), "INVALID_PROP 3:20 a"),
        (format!("type: Timeout\nid: a\nprops: {{timeoutMs: soon}}\n{body}"), "INVALID_DURATION 3:20 a"),
        (format!("type: Timeout\nid: a\nprops: {{timeoutMs: -5}}\n{body}"), "INVALID_DURATION 3:20 a"),
        (format!("type: Timeout\nid: a\nprops: {{timeoutms: 5}}\n{body}"), "MISSING_PROP 1:7 a\nUNKNOWN_PROP 3:9 a"),
        (format!("type: Delay\nid: a\nprops: {{delayMs: 1.5}}\n{body}"), "INVALID_DURATION 3:18 a"),
        (format!("type: Repeat\nid: a\nprops: {{numCycles: true}}\n{body}"), "INVALID_PROP 3:20 a"),
        (format!("type: Repeat\nid: a\n{body}"), "MISSING_PROP 1:7 a"),
        (format!("type: Invert\nid: a\nprops: {{x: 1}}\n{body}"), "UNKNOWN_PROP 3:9 a"),
        (
            "type: Parallel\nid: a\nprops: {strategy: all, successThreshold: 0, limit: x}\n".to_owned(),
            "INVALID_PROP 3:19 a\nINVALID_PROP 3:42 a\nINVALID_PROP 3:52 a",
        ),
        (
            format!("type: ForEach\nid: a\nprops: {{collectionKey: '{{{{ x }}}}'}}\n{body}"),
            "MISSING_PROP 1:7 a\nINVALID_PROP 3:24 a",
        ),
        (
            "type: MockAction\nid: a\nprops: {returnStatus: success, ticksBeforeComplete: 0}\n".to_owned(),
            "INVALID_PROP 3:23 a\nINVALID_PROP 3:53 a",
        ),
        ("type: CheckCondition\nid: a\nprops: {operator: '=='}\n".to_owned(), "MISSING_PROP 1:7 a"),
        ("type: CheckCondition\nid: a\nprops: {key: a, operator: '='}\n".to_owned(), "INVALID_PROP 3:27 a"),
        (
            "type: CheckCondition\nid: a\nprops: {key: a, expression: 'a >'}\n".to_owned(),
            "INVALID_PROP 3:14 a\nEXPRESSION_SYNTAX 3:33",
        ),
        ("type: PrintAction\nid: a\n".to_owned(), "MISSING_PROP 1:7 a"),
        ("type: PrintAction\nid: a\nprops: {mesage: x}\n".to_owned(), "MISSING_PROP 1:7 a\nUNKNOWN_PROP 3:9 a"),
        ("type: PrintAction\nid: a\nprops: {message: '{{ a + }}'}\n".to_owned(), "EXPRESSION_SYNTAX 3:25"),
        (
            "type: PrintAction\nid: a\nprops: {message: x, timeout: 0, onUnknown: maybe, retry: 0, outputKey: 5}\n"
                .to_owned(),
            "INVALID_PROP 3:30 a\nINVALID_PROP 3:44 a\nINVALID_PROP 3:58 a\nINVALID_PROP 3:72 a",
        ),
        (
            "type: CounterAction\nid: a\nprops: {counterKey: 5, increment: x}\n".to_owned(),
            "INVALID_PROP 3:21 a\nINVALID_PROP 3:35 a",
        ),
        ("type: LogMessage\nid: a\nprops: {message: x, level: loud}\n".to_owned(), "INVALID_PROP 3:28 a"),
        ("type: RegexExtract\nid: a\nprops: {input: x}\n".to_owned(), "MISSING_PROP 1:7 a\nMISSING_PROP 1:7 a"),
        ("type: SubTree\nid: a\n".to_owned(), "MISSING_PROP 1:7 a"),
        ("type: SetVariable\nid: a\nprops: {name: x, value: 1, retry: 2}\n".to_owned(), "UNKNOWN_PROP 3:28 a"),
        (format!("type: Precondition\nid: a\nprops: {{conditions: x}}\n{body}"), "INVALID_PROP 3:21 a"),
        (
            format!(
                "type: Precondition\nid: a\nprops: {{conditions: [a, {{requird: 1}}, {{condition: x, required: 5}}, {{condition: {{type: Nope}}}}]}}\n{body}"
            ),
            "INVALID_PROP 3:22 a\nMISSING_PROP 3:25 a\nUNKNOWN_PROP 3:26 a\nINVALID_PROP 3:64 a",
        ),
    ];
    for (text, expected) in cases {
        check(&text, expected);
    }
}

#[test]
fn types() {
    let cases = [
        ("type: PrintActon\nid: a\n", "UNKNOWN_NODE_TYPE 1:7 a"),
        (
            "type: Sequnce\nid: a\nchildren: [{type: PrintAction, id: b}]\n",
            "UNKNOWN_NODE_TYPE 1:7 a\nMISSING_PROP 3:19 b",
        ),
        ("type: Whatever\nid: a\nchildren: [{type: SuccessNode}]\n", "UNKNOWN_NODE_TYPE 1:7 a"),
        // Whether there is such a kind is for the check to say.
        ("type: Whatever\nid: a\n", ""),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

/// A lexer error is an error, with its place in the script.
#[test]
fn scripts() {
    let cases = [
        ("type: Script\nid: a\n", "MISSING_PROP 1:7 a"),
        ("type: Script\nid: a\nprops: {textContent: 5}\n", "INVALID_PROP 3:22 a"),
        ("type: Script\nprops:\n  textContent: \"x = 10 @ 5\"\n", "EXPRESSION_SYNTAX 3:24"),
        ("type: Script\nprops:\n  textContent: |\n    y = 1\n\n    x = 10 @ 5\n", "EXPRESSION_SYNTAX 6:12"),
        ("type: Script\nprops:\n  textContent: env('HOME')\n", "ENV_NOT_AVAILABLE 3:16"),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn header() {
    let cases = [
        ("type: SuccessNode\nsettings: {timeot: 5m}\n", "UNKNOWN_KEY 2:12 settings.timeot"),
        ("type: SuccessNode\ninput: 5\n", "INVALID_PROP 2:8 input"),
        ("type: Sequence\nchildren: [{type: SuccessNode, variables: {a: 1}}]\n", "~UNKNOWN_KEY 2:32"),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

/// All problems of a file are shown, not the first only.
#[test]
fn fifty_problems_are_fifty_lines() {
    let rows: String = (0..50)
        .map(|n| format!("  - {{type: Delay, id: d{n}, props: {{delay: 1}}, children: [{{type: SuccessNode}}]}}\n"))
        .collect();
    let text = format!("type: Sequence\nchildren:\n{rows}");
    let found = read(&text).diagnostics;
    assert_eq!(found.iter().filter(|problem| problem.code == "UNKNOWN_PROP").count(), 50);
    assert_eq!(found.iter().filter(|problem| problem.code == "MISSING_PROP").count(), 50);
}

#[test]
fn suggestions() {
    let suggestion = |text: &str, code: &str| {
        let found = read(text).diagnostics.into_iter().find(|problem| problem.code == code);
        found.and_then(|problem| problem.suggestion)
    };
    assert_eq!(suggestion("type: PrintActon\n", "UNKNOWN_NODE_TYPE").as_deref(), Some("PrintAction"));
    assert_eq!(suggestion("type: PrintAction\nprops: {mesage: x}\n", "UNKNOWN_PROP").as_deref(), Some("message"));
    assert_eq!(suggestion("type: Sequence\nchilden: []\n", "UNKNOWN_KEY").as_deref(), Some("children"));
    assert_eq!(suggestion("type: Parallel\nprops: {strategy: anny}\n", "INVALID_PROP").as_deref(), Some("any"));
}
