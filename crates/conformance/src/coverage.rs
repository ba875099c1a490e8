//! Nothing is left out: every node of a tree, every component of a graph and every kind is in a case.

use crate::case::Case;
use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// Kinds that run only inside a server, for itself.
const OF_SERVERS: &str = "system.";

/// Members whose value is the name of a node type or a kind.
const NAMING: [&str; 4] = ["type", "kind", "activityName", "componentName"];

pub fn check(cases: &[Case]) -> Result<()> {
    let named = named(cases);
    let catalog = crate::compose::catalog()?;
    let nodes = weir_dialects::tree_node_types().map(|name| ("tree node", name.to_owned()));
    let components = weir_dialects::graph_node_types().map(|name| ("component", name.to_owned()));
    let kinds = catalog.iter().map(|entry| entry.component());
    let kinds = kinds.filter(|component| !component.name.starts_with(OF_SERVERS));
    let kinds = kinds.filter(|component| {
        let tree = component.tree.as_deref().is_some_and(|tree| named.contains(tree));
        !tree && !named.contains(&*component.name)
    });
    let missing = nodes.chain(components).filter(|(_, name)| !named.contains(name));
    let missing = missing.chain(kinds.map(|component| ("kind", component.name.to_string())));
    let missing: Vec<String> = missing.map(|(what, name)| format!("{what} {name}")).collect();
    if missing.is_empty() { Ok(()) } else { bail!("in no case: {}", missing.join(", ")) }
}

/// What the flows of the cases name as a type or a kind.
fn named(cases: &[Case]) -> BTreeSet<String> {
    let texts = cases.iter().flat_map(|case| &case.files).map(|file| &file.text);
    texts.flat_map(|text| NAMING.iter().flat_map(|key| values(text, key))).collect()
}

/// The words after `key:`, in JSON or YAML.
fn values<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = String> + 'a {
    let quote = |c: char| c == '"' || c == '\'' || c.is_whitespace();
    text.split(key).skip(1).filter_map(move |rest| {
        let rest = rest.trim_start_matches(['"', '\'']).strip_prefix(':')?.trim_start_matches(quote);
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len());
        Some(rest[..end].to_owned())
    })
}

#[test]
fn names_are_found_in_json_and_in_yaml() {
    let text = "{\"type\": \"graph-thing\", kind: a.b}\n- {type: Thing, id: type}";
    assert_eq!(values(text, "type").collect::<Vec<_>>(), ["graph-thing", "Thing"]);
    assert_eq!(values(text, "kind").collect::<Vec<_>>(), ["a.b"]);
}
