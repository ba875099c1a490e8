use crate::ast::{Kind, Node, Property};
use crate::lexer::is_name;
use std::ops::Range;
use weir_base::Text;

/// A free name and the static members read from it: `nodes.a.output[0].x` is `nodes` with `a`, `output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub root: Text,
    /// Members that are written out; it ends at the first computed or numeric one.
    pub path: Vec<Text>,
    /// The bytes of the source from the root to the last member of `path`.
    pub range: Range<usize>,
}

pub(crate) fn references(node: &Node) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(node, &mut found);
    found
}

fn collect(node: &Node, found: &mut Vec<Reference>) {
    match static_path(node) {
        Some((root, path)) => found.push(Reference { root, path, range: node.range() }),
        None => node.for_each_child(&mut |child| collect(child, found)),
    }
}

fn static_path(node: &Node) -> Option<(Text, Vec<Text>)> {
    match &node.kind {
        Kind::Free(root) => Some((root.clone(), Vec::new())),
        Kind::Vars(steps) => Some(("vars".into(), steps.iter().map(|step| step.key.clone()).collect())),
        Kind::Member(object, key, _) => {
            let (root, mut path) = static_path(object)?;
            path.push(key.clone());
            Some((root, path))
        }
        Kind::Chain(inner) => static_path(inner),
        _ => None,
    }
}

/// The source with free roots replaced, or `None` where nothing is to be replaced.
pub(crate) fn rename(node: &Node, source: &str, rename: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut edits = Vec::new();
    find_roots(node, source, rename, &mut edits);
    edits.sort_by_key(|(at, ..)| *at);
    let mut out = String::with_capacity(source.len());
    let mut done = 0;
    for (start, end, text) in &edits {
        out.push_str(&source[done..*start]);
        out.push_str(text);
        done = *end;
    }
    out.push_str(&source[done..]);
    (!edits.is_empty()).then_some(out)
}

type Edit = (usize, usize, String);

fn find_roots(node: &Node, source: &str, rename: &dyn Fn(&str) -> Option<String>, edits: &mut Vec<Edit>) {
    let name: &str = match &node.kind {
        Kind::Free(name) => name,
        Kind::Vars(_) => "vars",
        Kind::Object(properties) => return find_in_object(properties, source, rename, edits),
        _ => return node.for_each_child(&mut |child| find_roots(child, source, rename, edits)),
    };
    let Some(replacement) = rename(name) else { return };
    // The range of a chain may begin with parentheses around its root.
    let Some(offset) = source.get(node.start as usize..).and_then(|rest| rest.find(name)) else { return };
    let start = node.start as usize + offset;
    let replacement = if is_path(&replacement) { replacement } else { format!("({replacement})") };
    edits.push((start, start + name.len(), replacement));
}

/// In `{ name }` the member keeps its name.
fn find_in_object(
    properties: &[Property],
    source: &str,
    rename: &dyn Fn(&str) -> Option<String>,
    edits: &mut Vec<Edit>,
) {
    for property in properties {
        let known = edits.len();
        property.for_each_child(&mut |child| find_roots(child, source, rename, edits));
        let Property::Named(key, value) = property else { continue };
        let shorthand = !source[..value.start as usize].trim_end().ends_with(':');
        if let Some((_, _, text)) = edits.get_mut(known).filter(|_| shorthand) {
            *text = format!("{key}: {text}");
        }
    }
}

/// A name followed by dots and names needs no parentheses.
fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}
