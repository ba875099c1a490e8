use crate::project::{files, literals};

/// Tables in the source whose names a page has to explain: where they are, how a row begins, and the page.
const TABLES: [(&str, &str, &str); 4] = [
    ("crates/dialects/src/tree/types.rs", "    spec(Type::", "docs/dialects/tree.md"),
    ("crates/dialects/src/graph/node_type.rs", "    (\"", "docs/dialects/graph.md"),
    ("crates/expr/src/names.rs", "        ", "docs/expressions.md"),
    ("crates/engine/src/record.rs", "            \"", "docs/journal.md"),
];

pub fn findings() -> Vec<String> {
    TABLES
        .iter()
        .flat_map(|(source, begin, page)| {
            let names = names(text(source), begin);
            assert!(names.len() > 10, "{source}: the table was not found");
            let lacking = names.into_iter().filter(|name| !text(page).contains(&format!("`{name}`")));
            lacking.map(|name| format!("{page}: does not explain `{name}` of {source}")).collect::<Vec<_>>()
        })
        .collect()
}

fn text(path: &str) -> &'static str {
    files().iter().find(|file| file.path == path).map_or("", |file| &file.text)
}

/// The first name on each row of the table. Rows of `names.rs` are `Variant "name" "other name",`.
fn names<'a>(source: &'a str, begin: &str) -> Vec<&'a str> {
    let rows = source.lines().filter_map(|line| line.strip_prefix(begin));
    let rows = rows.filter(|rest| begin != "        " || is_variant(rest));
    let named = |rest: &'a str| if begin.ends_with('"') { rest.split('"').next() } else { literals(rest).next() };
    rows.filter_map(named).filter(|name| !name.is_empty()).collect()
}

/// `Variant "name",`
fn is_variant(rest: &str) -> bool {
    let mut parts = rest.trim_end_matches(',').split(' ');
    let word =
        |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase()) && part.chars().all(char::is_alphanumeric);
    parts.next().is_some_and(word) && parts.clone().count() > 0 && parts.all(|part| part.starts_with('"'))
}

#[test]
fn the_rule_can_be_broken() {
    assert_eq!(names("    spec(Type::Repeat, \"Repeat\", ONE),\n", "    spec(Type::"), ["Repeat"]);
    assert_eq!(names("    (\"trigger\", Trigger),\n", "    (\""), ["trigger"]);
    assert_eq!(names("        ToSorted \"toSorted\" \"sort\",\n        let x = \"no\";\n", "        "), ["toSorted"]);
}
