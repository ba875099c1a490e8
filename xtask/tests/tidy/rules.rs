use crate::project::{File, files};
use std::collections::BTreeSet;

/// The rules of the engine: chapters, and how many each has. A test names the rule it holds: `rule_6_1_…` or `s6_1_…`,
/// or `Semantics 6.1` in the words above it.
const CHAPTERS: [(u32, u32); 5] = [(1, 5), (2, 13), (3, 8), (5, 14), (6, 3)];

/// Those of runs on Temporal, named `Semantics 7(a)` and so on.
const LETTERS: std::ops::RangeInclusive<char> = 'a'..='h';

pub fn findings() -> Vec<String> {
    let named: BTreeSet<String> = files().iter().flat_map(named_by).collect();
    let numbers = CHAPTERS.iter().flat_map(|(chapter, last)| (1..=*last).map(move |rule| format!("{chapter}.{rule}")));
    let rules = numbers.chain(LETTERS.map(|letter| format!("7({letter})")));
    rules.filter(|rule| !named.contains(rule)).map(|rule| format!("no test names rule {rule}")).collect()
}

/// The rules that the tests of a file name.
fn named_by(file: &File) -> Vec<String> {
    let from = if file.path.contains("/tests/") { Some(0) } else { file.text.find("#[cfg(test)]") };
    let Some(tests) = from.filter(|_| file.path.starts_with("crates/") && file.is_rust()).map(|at| &file.text[at..])
    else {
        return Vec::new();
    };
    tests.lines().flat_map(|line| of_name(line).into_iter().chain(of_words(line))).collect()
}

/// `fn rule_6_1_…` and `fn s6_1_…`.
fn of_name(line: &str) -> Option<String> {
    let name = line.trim_start().trim_start_matches("async ").strip_prefix("fn ")?;
    let numbers = name.strip_prefix("rule_").or_else(|| name.strip_prefix('s'))?;
    let mut parts = numbers.split(['_', '(']).map(str::parse::<u32>);
    let (Some(Ok(chapter)), Some(Ok(rule))) = (parts.next(), parts.next()) else { return None };
    Some(format!("{chapter}.{rule}"))
}

/// `Semantics 2.8 and 6.3: …`
fn of_words(line: &str) -> Vec<String> {
    let comment = line.trim_start().strip_prefix("//").unwrap_or_default();
    let Some((_, told)) = comment.split_once("emantics ") else { return Vec::new() };
    let rule = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
    let words = told.split([' ', ',', ':', ';']).map(|word| word.trim_end_matches('.'));
    words.filter(|word| rule(word)).map(str::to_owned).collect()
}

#[test]
fn the_rule_can_be_broken() {
    let file = |path: &str, text: &str| File { path: path.into(), bytes: 0, text: text.into() };
    let text =
        "/// Semantics 2.8 and 7(b): why.\nasync fn rule_6_1_holds() {}\n    fn s3_4_too(x: u8) {}\nfn sums() {}\n";
    assert_eq!(named_by(&file("crates/a/tests/b.rs", text)), ["2.8", "7(b)", "6.1", "3.4"]);
    assert!(named_by(&file("crates/a/src/b.rs", text)).is_empty(), "what is no test holds nothing");
}
