//! Rules of the house that a compiler cannot check: what may depend on what, what every crate says of itself,
//! what no file may hold, and that every code has its page. Each rule also has a test that it can be broken.

mod arrows;
mod codes;
mod documented;
mod kinds;
mod project;
mod purity;
mod rules;
mod words;

use project::{File, files};

/// Larger files do not belong into a repository of text.
const LARGEST_FILE: usize = 1 << 20;

/// A source file that is longer is more than one thing.
const LONGEST_SOURCE: usize = 1_000;

/// Fails with every finding at once.
fn assert_none(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn crates_depend_only_on_what_they_may() {
    assert_none(arrows::findings());
}

#[test]
fn every_rule_of_the_engine_has_a_test() {
    assert_none(rules::findings());
}

#[test]
fn every_crate_says_what_it_is() {
    let heads = |file: &&File| file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
    let lacking = |file: &&File| !file.text.starts_with("//! ") && !has_library(file);
    assert_none(
        files().iter().filter(heads).filter(lacking).map(|file| format!("{}: no `//!` head", file.path)).collect(),
    );
}

/// Where a program has a library beside it, the library has the head.
fn has_library(file: &File) -> bool {
    let library = file.path.replace("/main.rs", "/lib.rs");
    file.path.ends_with("/main.rs") && files().iter().any(|other| other.path == library)
}

#[test]
fn files_are_small() {
    let large =
        files().iter().filter(|file| file.bytes > LARGEST_FILE).map(|file| format!("{}: over 1 MiB", file.path));
    let long = files().iter().filter(|file| file.is_rust() && file.text.lines().count() > LONGEST_SOURCE);
    let long = long.map(|file| format!("{}: over {LONGEST_SOURCE} lines", file.path));
    assert_none(large.chain(long).collect());
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none(words::unfinished());
}

#[test]
fn tests_do_not_sleep() {
    assert_none(words::sleeping());
}

#[test]
fn the_project_speaks_of_itself_alone() {
    assert_none(words::foreign());
}

#[test]
fn pure_crates_reach_nothing_outside() {
    assert_none(purity::findings());
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    assert_none(codes::findings());
}

#[test]
fn kinds_are_named_only_where_they_live() {
    assert_none(kinds::findings());
}

#[test]
fn pages_explain_every_name_of_a_table() {
    assert_none(documented::findings());
}
