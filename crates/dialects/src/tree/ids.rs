use crate::text::{Doc, Edit, Entry, apply, yaml_scalar};
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, FileId, Text, format_number};

/// The id of one node among its siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub text: Text,
    /// Written in the file, as opposed to derived from type and place.
    pub written: bool,
}

/// The ids of siblings, in order. An id that is not written, or cannot be one, is derived from the node's type and
/// its place among the siblings of that type, so it does not depend on anything outside their list.
pub(super) fn of_siblings(nodes: &[Doc]) -> Vec<Id> {
    let mut taken: HashSet<Text> = nodes.iter().filter_map(written).collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut ids = Vec::with_capacity(nodes.len());
    for node in nodes {
        let ty = node.get("type").and_then(Doc::as_str).unwrap_or("node");
        let place = places.entry(ty).or_default();
        *place += 1;
        ids.push(match written(node) {
            Some(text) => Id { text, written: true },
            None => Id { text: free(&format!("{}-{place}", kebab(ty)), &mut taken), written: false },
        });
    }
    ids
}

/// The id a node has in the file, where it can be one.
fn written(node: &Doc) -> Option<Text> {
    let text = as_id(node.get("id")?)?;
    problem(&text).is_none().then_some(text)
}

/// A number is taken as the text it is written as.
pub(super) fn as_id(doc: &Doc) -> Option<Text> {
    doc.as_str().map(Text::from).or_else(|| doc.as_f64().map(|number| format_number(number).into()))
}

/// Why a text cannot name a node.
pub(super) fn problem(id: &str) -> Option<&'static str> {
    const LONGEST: usize = 200;
    match id {
        "" => Some("an id cannot be empty"),
        _ if id.len() > LONGEST => Some("an id is at most 200 bytes long"),
        _ if id.contains(['/', '[', ']']) => {
            Some("an id cannot hold `/`, `[` or `]`, which separate the parts of a step's path")
        }
        _ if id.contains(char::is_control) => Some("an id cannot hold control characters"),
        _ => None,
    }
}

pub(super) fn free(wanted: &str, taken: &mut HashSet<Text>) -> Text {
    let numbered = (2..).map(|number| Text::from(format!("{wanted}-{number}")));
    let mut candidates = std::iter::once(Text::from(wanted)).chain(numbered);
    // There are more candidates than siblings, so one of them is free.
    let id = candidates.find(|id| !taken.contains(id)).unwrap_or_else(|| wanted.into());
    taken.insert(id.clone());
    id
}

/// Whether an id reads like a derived one of this type. Such ids need only differ from their siblings'.
pub(super) fn looks_derived(id: &str, ty: &str) -> bool {
    let could =
        id.len() > ty.len().min(LONGEST_TYPE) + 1 && id.ends_with(|last: char| last.is_ascii_digit() || last == '-');
    if !could {
        return false;
    }
    let rest = id.strip_prefix(&*kebab(ty)).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

/// As much of a type name as goes into an id, in bytes.
const LONGEST_TYPE: usize = 60;

/// `PrintAction` as `print-action`; what cannot stand in an id is left out.
fn kebab(ty: &str) -> String {
    let mut out = String::with_capacity(ty.len() + 4);
    for (at, character) in ty.char_indices().take_while(|(at, _)| *at < LONGEST_TYPE) {
        if character.is_uppercase() && at > 0 && !out.ends_with('-') {
            out.push('-');
        }
        match character {
            '/' | '[' | ']' | '.' => out.push('-'),
            c if c.is_control() || c.is_whitespace() => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    if out.is_empty() { "node".to_owned() } else { out }
}

/// Writes the derived ids of a tree down, so that later edits do not move the paths of its steps.
///
/// Everything else in the text stays as it is. The error is the first problem of a text that cannot be read.
pub fn write_ids(source_text: &str) -> Result<String, Box<Diagnostic>> {
    let file = crate::SourceFile { id: FileId(0), name: "tree.yaml".to_owned(), text: source_text.to_owned() };
    let (documents, diagnostics) = crate::text::parse(&file, crate::text::Format::Yaml);
    if let Some(error) = diagnostics.into_iter().find(Diagnostic::is_error) {
        return Err(Box::new(error));
    }
    let mut edits = Vec::new();
    for document in &documents {
        add_ids(source_text, std::slice::from_ref(document), &mut edits);
    }
    let result = apply(source_text, &edits);
    verify(&documents, &result)?;
    Ok(result)
}

/// Goes down level by level: the nesting of nodes in a text is bounded only by that of the text itself.
fn add_ids(text: &str, siblings: &[Doc], edits: &mut Vec<Edit>) {
    let mut lists = vec![siblings];
    while let Some(siblings) = lists.pop() {
        for (node, id) in siblings.iter().zip(of_siblings(siblings)) {
            if let (false, None, Some(ty)) = (id.written, node.entry("id"), node.entry("type")) {
                edits.push(id_edit(text, node, ty, &id.text));
            }
            lists.extend(node.get("children").map(Doc::items));
        }
    }
}

/// The id goes behind the type: on a line of its own in a block, on the same line within braces.
fn id_edit(text: &str, node: &Doc, ty: &Entry, id: &str) -> Edit {
    let (id, at) = (yaml_scalar(id), ty.value.span.end as usize);
    if text[node.span.start as usize..].starts_with('{') {
        let quoted = text[ty.key_span.range()].starts_with('"');
        let new = if quoted {
            format!(", \"id\": {}", weir_base::Value::from(&*id).to_json())
        } else {
            format!(", id: {id}")
        };
        return Edit { start: at, end: at, text: new };
    }
    let key = ty.key_span.start as usize;
    let line = text[..key].rfind('\n').map_or(0, |newline| newline + 1);
    let column = text[line..key].chars().count();
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    let (end, newline) = if text[..end].ends_with('\r') { (end - 1, "\r\n") } else { (end, "\n") };
    Edit { start: end, end, text: format!("{newline}{}id: {id}", " ".repeat(column)) }
}

/// The new text holds the same values plus the ids, or it is not given out.
fn verify(before: &[Doc], after: &str) -> Result<(), Box<Diagnostic>> {
    let file = crate::SourceFile { id: FileId(0), name: "tree.yaml".to_owned(), text: after.to_owned() };
    let (documents, diagnostics) = crate::text::parse(&file, crate::text::Format::Yaml);
    let same = documents.len() == before.len() && before.iter().zip(&documents).all(|(a, b)| agree(a, b));
    if same && !diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(());
    }
    let message = "the ids cannot be written into this text without changing something else";
    let help = "a node behind an alias has no place of its own; write it out";
    Err(Box::new(Diagnostic::error("EDIT_NOT_POSSIBLE", message).help(help)))
}

fn agree(before: &Doc, after: &Doc) -> bool {
    if !before.is_map() || before.get("type").is_none() {
        return before.to_value() == after.to_value();
    }
    let others =
        |doc: &Doc| doc.entries().iter().filter(|e| !matches!(&*e.key, "id" | "children")).cloned().collect::<Vec<_>>();
    let (a, b) = (others(before), others(after));
    let same =
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.key == b.key && a.value.to_value() == b.value.to_value());
    let ids = before.get("id").is_none() || before.get("id").map(Doc::to_value) == after.get("id").map(Doc::to_value);
    let children = |doc: &Doc| doc.get("children").cloned();
    same && ids
        && match (children(before), children(after)) {
            (Some(a), Some(b)) if a.is_list() => {
                a.items().len() == b.items().len() && a.items().iter().zip(b.items()).all(|(a, b)| agree(a, b))
            }
            (a, b) => a.map(|a| a.to_value()) == b.map(|b| b.to_value()),
        }
}
