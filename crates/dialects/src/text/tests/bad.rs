use super::{documents, problems, read};
use crate::text::Format;

fn check(text: &str, format: Format, expected: &str) {
    let (_, diagnostics) = read(text, format);
    assert_eq!(problems(text, &diagnostics), expected, "{text}");
}

#[test]
fn yaml_problems() {
    let cases = [
        ("a: 1\nb: 2\na: 3\nb: 4\n", "DUPLICATE_KEY 3:1\nDUPLICATE_KEY 4:1"),
        ("a:\n\t- b\n", "YAML_SYNTAX 2:2"),
        ("a: b\n c: d\n", "YAML_SYNTAX 2:3"),
        ("a:\n    b: 1\n  c: 2\n", "YAML_SYNTAX 3:3"),
        ("type: Sequence\nchil", "YAML_SYNTAX 2:1"),
        ("a: \"abc", "YAML_SYNTAX 1:4"),
        ("a: [1, 2\n", "YAML_SYNTAX 1:4"),
        ("a: [1,\n---\nb: 1\n---\nc: {\n", "YAML_SYNTAX 1:4\nYAML_SYNTAX 5:4"),
        ("a: .nan\nb: -.inf\nc: 1e999\n", "VALUE_NOT_JSON 1:4\nVALUE_NOT_JSON 2:4\nVALUE_NOT_JSON 3:4"),
        ("a: 12345678901234567890\n", "NUMBER_PRECISION 1:4"),
        ("a: [9007199254740993, 9007199254740994, 0x20000000000001]\n", "NUMBER_PRECISION 1:5\nNUMBER_PRECISION 1:41"),
        ("a: *nope\nb: &x [*x]\n", "UNKNOWN_ANCHOR 1:4\nUNKNOWN_ANCHOR 2:8"),
        ("? [x]\n: y\n? {}\n: z\n", "KEY_NOT_TEXT 1:3\nKEY_NOT_TEXT 3:3"),
        ("a: !thing 5\nb: !!int x\n", "YAML_TAG 1:11\nYAML_TAG 2:10"),
        ("a:\n  <<: 5\n", "MERGE_NOT_MAP 2:7"),
    ];
    for (text, expected) in cases {
        check(text, Format::Yaml, expected);
    }
}

#[test]
fn json_problems() {
    let cases = [
        (r#"{"a": 1, "a": 2}"#, "DUPLICATE_KEY 1:10"),
        ("[1, 2,]", "JSON_SYNTAX 1:6"),
        ("[1 2 \"x\"]", "JSON_SYNTAX 1:4\nJSON_SYNTAX 1:6"),
        ("{\"a\" 1}", "JSON_SYNTAX 1:6"),
        ("{a: 1}", "JSON_SYNTAX 1:2"),
        ("{\"a\": 1", "JSON_SYNTAX 1:8"),
        ("{\"a\": \"x\n\"}", "JSON_SYNTAX 1:7"),
        (
            "[01, 1., +1, .5, 1e]",
            "JSON_SYNTAX 1:2\nJSON_SYNTAX 1:6\nJSON_SYNTAX 1:10\nJSON_SYNTAX 1:14\nJSON_SYNTAX 1:18",
        ),
        ("[NaN, -Infinity, 1e999]", "VALUE_NOT_JSON 1:2\nVALUE_NOT_JSON 1:7\nVALUE_NOT_JSON 1:18"),
        ("[12345678901234567890]", "NUMBER_PRECISION 1:2"),
        ("[9007199254740993, 9007199254740994]", "NUMBER_PRECISION 1:2"),
        ("[\"\\x\", 1]", "JSON_SYNTAX 1:4"),
        ("[\"\\ud800\", \"\\ud83d\\u0041\"]", "JSON_SYNTAX 1:3\nJSON_SYNTAX 1:13"),
        ("// hi\n[1 /* x */]", "JSON_SYNTAX 1:1\nJSON_SYNTAX 2:4"),
        ("[1] 2", "JSON_SYNTAX 1:5"),
        ("[yes]", "JSON_SYNTAX 1:2"),
        ("[\"a\tb\"]", "JSON_SYNTAX 1:4"),
    ];
    for (text, expected) in cases {
        check(text, Format::Json, expected);
    }
}

#[test]
fn what_can_be_guessed_is_read_on_past() {
    let (docs, _) = read("{\"a\": [1 2,], \"a\": 3, \"b\" 4}", Format::Json);
    assert_eq!(documents(&docs), r#"{"a":[1,2],"b":4}"#);
    let (docs, _) = read("a: 1\na: 2\nb: *x\n", Format::Yaml);
    assert_eq!(documents(&docs), r#"{"a":1,"b":null}"#);
}

#[test]
fn every_syntax_problem_says_something() {
    for text in ["a:\n\t- b\n", "a: b\n c: d\n", "a: \"abc", "- [", "a: 'x' y\n"] {
        let (docs, diagnostics) = read(text, Format::Yaml);
        assert!(
            docs.is_empty() && !diagnostics[0].message.is_empty() && diagnostics[0].help.is_some(),
            "{diagnostics:?}"
        );
    }
}
