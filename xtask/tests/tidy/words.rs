use crate::project::{File, files};

/// Marks of unfinished work. Written in two parts, so that this file does not hold them.
const UNFINISHED: [&str; 6] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("#[ign", "ore"),
    concat!("FIX", "ME"),
    concat!("// TO", "DO"),
];

const SLEEPS: [&str; 2] = [concat!("thread", "::sleep"), concat!("time", "::sleep(")];

/// Words that would tell how the project was made instead of what it is, and paths of one machine.
const FOREIGN: [&str; 16] = [
    concat!("iss", "ue #"),
    concat!("this iss", "ue"),
    concat!("the iss", "ue"),
    concat!("sub", "agent"),
    concat!("this ses", "sion"),
    concat!("this con", "versation"),
    concat!("shared ", "folder"),
    concat!("my ta", "sk"),
    concat!("the br", "ief"),
    concat!("the le", "ad engineer"),
    concat!("architecture", ".md section"),
    concat!("semantics", ".md"),
    concat!("upstream-", "facts"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/."),
    concat!("/ho", "me/"),
];

pub fn unfinished() -> Vec<String> {
    let rust = files().iter().filter(|file| file.is_rust());
    rust.flat_map(|file| with_any(file, file.numbered(), &UNFINISHED)).collect()
}

/// Tests that sleep are slow and fail by chance. In tokio's paused time nothing is slept.
pub fn sleeping() -> Vec<String> {
    let paused = |file: &&File| file.text.contains("start_paused = true") || file.text.contains("time::pause()");
    files().iter().filter(|file| !paused(file)).flat_map(|file| with_any(file, file.test_lines(), &SLEEPS)).collect()
}

pub fn foreign() -> Vec<String> {
    files().iter().flat_map(|file| with_any(file, file.numbered(), &FOREIGN)).collect()
}

fn with_any<'a>(file: &File, lines: impl Iterator<Item = (usize, &'a str)>, words: &[&str]) -> Vec<String> {
    let found = |line: &str| words.iter().find(|word| holds(line, word)).copied();
    let lines = lines.filter_map(|(at, line)| found(line).map(|word| (at, word)));
    lines.map(|(at, word)| format!("{}:{at}: `{word}`", file.path)).collect()
}

/// Words in lower case are found in any case, and none as the beginning of a longer one but its plural.
fn holds(line: &str, word: &str) -> bool {
    let line = if word.chars().all(|c| !c.is_uppercase()) { line.to_lowercase() } else { line.to_owned() };
    let goes_on = |end: usize| line[end..].starts_with(|c: char| c.is_alphanumeric() && c != 's');
    let letter = word.ends_with(char::is_alphanumeric);
    line.match_indices(word).any(|(at, found)| !letter || !goes_on(at + found.len()))
}

#[test]
fn the_rules_can_be_broken() {
    let file = |path: &str, text: &str| File { path: path.into(), bytes: text.len(), text: text.into() };
    let source =
        file("crates/x/src/a.rs", &format!("fn a() {{}}\n#[cfg(test)]\nmod t {{\n    std::{}(x);\n}}", SLEEPS[0]));
    assert_eq!(with_any(&source, source.test_lines(), &SLEEPS).len(), 1);
    assert!(with_any(&source, source.product_lines(), &SLEEPS).is_empty());
    let test = file("crates/x/tests/a.rs", &format!("tokio::{}d).await", SLEEPS[1]));
    assert_eq!(with_any(&test, test.test_lines(), &SLEEPS), [format!("crates/x/tests/a.rs:1: `{}`", SLEEPS[1])]);
    assert!(holds(concat!("See Iss", "ue #2."), FOREIGN[0]));
    assert!(!holds("an issue of a record", FOREIGN[0]));
    assert!(holds(concat!("of the iss", "ue."), FOREIGN[2]) && !holds(concat!("of the iss", "uer"), FOREIGN[2]));
    assert!(holds(&format!("  {}\"x\")", UNFINISHED[0]), UNFINISHED[0]));
}
