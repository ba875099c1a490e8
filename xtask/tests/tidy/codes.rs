use crate::project::{files, literals};
use std::collections::{BTreeMap, BTreeSet};

/// Crates that are no part of the product.
const APART: [&str; 2] = ["conformance", "testkit"];

/// Texts in capitals that are not codes: variables of the environment, words of other formats, states of PostgreSQL.
const NOT_CODES: [&str; 9] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_VERSION",
    "NO_COLOR",
    "OUT_DIR",
    "S256",
    "TEMPORAL_ADDRESS",
    "TEMPORAL_NAMESPACE",
    "XX001",
    "XX002",
];
const NOT_CODES_BEGIN: [&str; 2] = ["WEIR_", "XDG_"];
const NOT_CODES_END: [&str; 1] = ["_API_KEY"];

/// Codes made of a port's name and what became of it.
const COMPOSED: [(&str, [&str; 2]); 4] = [
    ("SECRETS", ["SECRETS_UNAVAILABLE", "SECRETS_REJECTED"]),
    ("MEMORY", ["MEMORY_UNAVAILABLE", "MEMORY_REJECTED"]),
    ("VARIABLES", ["VARIABLES_UNAVAILABLE", "VARIABLES_REJECTED"]),
    ("TRANSCRIPT", ["TRANSCRIPT_UNAVAILABLE", "TRANSCRIPT_REJECTED"]),
];

pub fn findings() -> Vec<String> {
    let (codes, pages) = (codes(), pages());
    let lacking = codes.iter().filter(|(code, _)| !pages.contains(code.as_str()));
    let lacking = lacking.map(|(code, place)| format!("{place}: {code} has no page docs/errors/{code}.md"));
    let unused = pages.iter().filter(|page| !codes.contains_key(**page));
    let unused = unused.map(|page| format!("docs/errors/{page}.md: nothing gives this code"));
    let short = files().iter().filter(|file| page_of(&file.path).is_some() && !is_whole(&file.text));
    let short = short.map(|file| format!("{}: a page is a heading, what the code means, and what to do", file.path));
    lacking.chain(unused).chain(short).collect()
}

/// Every code in the source of the product, and where it stands first.
fn codes() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for file in files().iter().filter(|file| file.krate().is_some_and(|name| !APART.contains(&name))) {
        for (at, line) in file.product_lines() {
            for code in codes_of(line) {
                found.entry(code).or_insert_with(|| format!("{}:{at}", file.path));
            }
        }
    }
    found
}

fn codes_of(line: &str) -> Vec<String> {
    let code = line.trim_start();
    if code.starts_with("//") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for text in literals(line).filter(|text| is_capitals(text)) {
        match COMPOSED.iter().find(|(port, _)| *port == text) {
            Some((_, codes)) => found.extend(codes.map(str::to_owned)),
            None if is_code(text, line) => found.push(text.to_owned()),
            None => {}
        }
    }
    found
}

fn is_capitals(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() >= 4 && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(fits)
}

/// Several words are a code unless the list says otherwise; one word is a code only where the line says so.
fn is_code(text: &str, line: &str) -> bool {
    let listed = NOT_CODES.contains(&text)
        || NOT_CODES_BEGIN.iter().any(|begin| text.starts_with(begin))
        || NOT_CODES_END.iter().any(|end| text.ends_with(end));
    let spoken_of = ["Diagnostic::", "Error::", "code", ".at("].iter().any(|mark| line.contains(mark));
    let named = line.contains(&format!("const {text}: &str"));
    !listed && (text.contains('_') || spoken_of || named)
}

fn pages() -> BTreeSet<&'static str> {
    files().iter().filter_map(|file| page_of(&file.path)).collect()
}

fn page_of(path: &str) -> Option<&str> {
    path.strip_prefix("docs/errors/")?.strip_suffix(".md").filter(|name| *name != "README")
}

fn is_whole(page: &str) -> bool {
    page.starts_with("# ") && page.split("\n\n").filter(|part| !part.starts_with("```")).count() >= 3
}

#[test]
fn the_rules_can_be_broken() {
    assert_eq!(codes_of(r#"Diagnostic::error("STRUCTURE", "x")"#), ["STRUCTURE"]);
    assert_eq!(codes_of(r#"self.fail("NOT_A_THING", "HERE")"#), ["NOT_A_THING"]);
    assert_eq!(codes_of(r#"pub const STUCK: &str = "STUCK";"#), ["STUCK"]);
    assert_eq!(codes_of(r#"port_error("SECRETS", error)"#), ["SECRETS_UNAVAILABLE", "SECRETS_REJECTED"]);
    assert!(codes_of(r#"["GET", "POST", "DELETE"]"#).is_empty());
    assert!(codes_of(r#"/// `"NOT_A_CODE"` in a comment"#).is_empty());
    assert!(codes_of(r#"env!("CARGO_PKG_VERSION")"#).is_empty());
    assert!(!is_whole("# X\n\nOnly this.\n"));
    assert!(codes().contains_key("UNKNOWN_KEY"), "the source was scanned");
    assert!(codes().contains_key("IR_SHAPE"), "what follows the line of a test module was scanned too");
}
