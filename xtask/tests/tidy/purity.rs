use crate::project::files;

/// Crates whose results depend on their arguments alone.
const PURE: [&str; 10] =
    ["base", "expr", "ir", "catalog", "dialects", "check", "codegen", "engine", "schedule", "vault"];

/// Ways to the outside, and to what differs from one call to the next.
const OUTSIDE: [&str; 11] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::io",
    "std::time",
    "SystemTime",
    "Instant::now",
    "tokio",
    "rand::",
];

pub fn findings() -> Vec<String> {
    let pure = files().iter().filter(|file| file.krate().is_some_and(|name| PURE.contains(&name)));
    pure.flat_map(|file| {
        let lines = file.product_lines().filter_map(|(at, line)| reaches(line).map(|way| (at, way)));
        lines.map(|(at, way)| format!("{}:{at}: `{way}` in a pure crate", file.path)).collect::<Vec<_>>()
    })
    .collect()
}

/// What a line of code reaches; comments may speak of anything.
fn reaches(line: &str) -> Option<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    OUTSIDE.into_iter().find(|way| code.contains(way))
}

#[test]
fn the_rule_can_be_broken() {
    assert_eq!(reaches("use std::fs::File;"), Some("std::fs"));
    assert_eq!(reaches("    let now = Instant::now();"), Some("Instant::now"));
    assert_eq!(reaches("/// There is no tokio here."), None);
    assert_eq!(reaches("use std::fmt;"), None);
}
