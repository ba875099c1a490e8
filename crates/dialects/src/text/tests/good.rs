use super::{documents, problems, read};
use crate::text::{Doc, DocKind, Format};

fn check(text: &str, format: Format, expected: &str) {
    let (docs, diagnostics) = read(text, format);
    assert_eq!(problems(text, &diagnostics), "", "{text}");
    assert_eq!(documents(&docs), expected, "{text}");
}

#[test]
fn yaml_values() {
    let cases = [
        ("a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n", r#"{"a":1,"b":["x","y","z\n"],"c":null}"#),
        ("yes: no\n1: 2\ntrue: null\n", r#"{"yes":"no","1":2,"true":null}"#),
        ("a: '1'\nb: \"true\"\nc: !!str 5\nd: !!int 5\n", r#"{"a":"1","b":"true","c":"5","d":5}"#),
        ("a: |\n  x\n   y\nb: >-\n  x\n  y\n", r#"{"a":"x\n y\n","b":"x y"}"#),
        ("a: &n {x: 1}\nb: *n\nc: [*n]\n", r#"{"a":{"x":1},"b":{"x":1},"c":[{"x":1}]}"#),
        ("base: &b {x: 1, y: 2}\na:\n  <<: *b\n  y: 3\n", r#"{"base":{"x":1,"y":2},"a":{"y":3,"x":1}}"#),
        ("a:\n  <<: [{x: 1}, {x: 2, y: 3}]\n", r#"{"a":{"x":1,"y":3}}"#),
        ("k: &k name\n*k : v\n", r#"{"k":"name","name":"v"}"#),
        ("\"<<\": 1\n", r#"{"<<":1}"#),
        ("a: 1\n---\nb: 2\n...\n", "{\"a\":1}\n{\"b\":2}"),
        ("\u{feff}a: 1\n", r#"{"a":1}"#),
        ("- 1\n-\n- - 2\n", "[1,null,[2]]"),
        ("# only a comment\n", ""),
        ("", ""),
        ("a: 1\r\nb: 2\r\n", r#"{"a":1,"b":2}"#),
    ];
    for (text, expected) in cases {
        check(text, Format::Yaml, expected);
    }
}

#[test]
fn json_values() {
    let cases = [
        (
            r#"{"b": 1, "a": [true, null, -1.5e3], "ž": "\u00e9\ud83d\ude00\/"}"#,
            "{\"b\":1,\"a\":[true,null,-1500],\"ž\":\"é😀/\"}",
        ),
        ("\u{feff} [] ", "[]"),
        ("", ""),
        ("{}", "{}"),
        ("9007199254740992", "9007199254740992.0"),
    ];
    for (text, expected) in cases {
        check(text, Format::Json, expected);
    }
}

/// The text under the span of every scalar and key, in order.
fn spans(text: &str, doc: &Doc, out: &mut Vec<String>) {
    match &doc.kind {
        DocKind::List(items) => items.iter().for_each(|item| spans(text, item, out)),
        DocKind::Map(entries) => {
            for entry in entries {
                out.push(text[entry.key_span.range()].to_owned());
                spans(text, &entry.value, out);
            }
        }
        _ => out.push(text[doc.span.range()].to_owned()),
    }
}

#[test]
fn spans_cover_the_written_text() {
    let cases = [
        ("ž: 'a''b'\nk: [1, \"x\"] # c\nn:\n", Format::Yaml, vec!["ž", "'a''b'", "k", "1", "\"x\"", "n", ""]),
        (r#"{"a" : [ "x\n" , 12 ]}"#, Format::Json, vec!["\"a\"", "\"x\\n\"", "12"]),
    ];
    for (text, format, expected) in cases {
        let (docs, _) = read(text, format);
        let mut found = Vec::new();
        spans(text, &docs[0], &mut found);
        assert_eq!(found, expected);
    }
}

#[test]
fn a_block_ends_with_its_last_line() {
    let text = "a:\n  b: 1\n  c: two\n\n# comment\nd: 3\n";
    let (docs, _) = read(text, Format::Yaml);
    assert_eq!(&text[docs[0].get("a").unwrap().span.range()], "b: 1\n  c: two");
}
