use super::{problems, read};
use crate::text::Format;
use proptest::prelude::*;

fn check(text: &str, format: Format, code: &str) {
    let (docs, diagnostics) = read(text, format);
    assert!(docs.is_empty());
    assert_eq!(diagnostics.last().map(|last| last.code.as_str()), Some(code), "{}", problems(text, &diagnostics));
}

#[test]
fn an_alias_bomb_ends_early() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(", "));
    }
    check(&text, Format::Yaml, "YAML_TOO_LARGE");
}

#[test]
fn deep_nesting_ends_early() {
    for depth in [513, 10_000, 100_000] {
        check(&"[".repeat(depth), Format::Yaml, "TOO_DEEP");
        check(&"[".repeat(depth), Format::Json, "TOO_DEEP");
        check(&"{\"a\":".repeat(depth), Format::Json, "TOO_DEEP");
        check(&"- ".repeat(depth), Format::Yaml, "TOO_DEEP");
    }
    let lines: String = (0..3_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    check(&lines, Format::Yaml, "TOO_DEEP");
}

#[test]
fn aliases_count_towards_depth() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
    check(&format!("a: &a {}\nb: {}\n", deep("1"), deep("*a")), Format::Yaml, "TOO_DEEP");
}

#[test]
fn long_texts_end_early() {
    check(&"- x\n".repeat(200_001), Format::Yaml, "YAML_TOO_LARGE");
    check(&format!("[{}0]", "0,".repeat(200_001)), Format::Json, "JSON_TOO_LARGE");
    check(&" ".repeat((16 << 20) + 1), Format::Yaml, "YAML_TOO_LARGE");
}

#[test]
fn nested_anchors_are_not_a_bomb() {
    let text = format!("{}1{}", (0..100).map(|n| format!("&a{n} [")).collect::<String>(), "]".repeat(100));
    let (docs, diagnostics) = read(&text, Format::Yaml);
    assert_eq!((docs.len(), diagnostics.len()), (1, 0));
}

proptest! {
    /// Any text ends in documents or diagnostics, and a document's spans lie within the text.
    #[test]
    fn token_soup_never_panics(words in proptest::collection::vec(
        prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(": "), Just("- "), Just("\n"), Just("  "), Just("\t"),
            Just("&a "), Just("*a"), Just("<<"), Just("|\n"), Just(">-\n"), Just("\""), Just("'"), Just("# "), Just("!!str "),
            Just("---\n"), Just("...\n"), Just("? "), Just(","), Just("x"), Just("ž😀"), Just("1e9"), Just("\\u12"), Just("%YAML 1.2\n"),
            Just("\u{feff}"), Just("\r\n"), Just("null"), Just("/*"), Just("//"),
        ], 0..40)) {
        let text = words.concat();
        for format in [Format::Yaml, Format::Json] {
            let (docs, diagnostics) = read(&text, format);
            prop_assert!(docs.iter().all(|doc| text.get(doc.span.range()).is_some()));
            prop_assert!(diagnostics.iter().filter_map(|d| d.span).all(|span| text.get(span.range()).is_some()));
        }
    }
}
