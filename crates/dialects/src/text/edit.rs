use super::doc::{Doc, DocKind};
use super::layout::{Layout, Parent, Place, find};
use super::{Format, parse};
use crate::SourceFile;
use weir_base::{Diagnostic, FileId, Map, Text, Value};

/// Puts `text` in the place of the bytes `start..end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// One step on the way to a value. A path without [`PathPart::Document`] starts at the first document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// The document of this index; only at the start of a path.
    Document(usize),
    Key(Text),
    Index(usize),
}

/// What is to become of the value a path names.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another value in its place; a key that is not there is added, and so are the maps that lead to it.
    Set(Value),
    /// A new item of a list, before the one the path's last index names.
    Insert(Value),
    Remove,
}

/// The text with all edits made. Edits must not overlap; an edit outside the text is left out.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.start, edit.end));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for edit in sorted {
        let (Some(before), Some(_)) = (text.get(at..edit.start), text.get(edit.start..edit.end)) else {
            continue;
        };
        out.push_str(before);
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(&text[at..]);
    out
}

/// [`change`] with [`Change::Set`], in whichever of the two formats the text is.
pub fn set_value(source_text: &str, path: &[PathPart], new: &Value) -> Result<String, Box<Diagnostic>> {
    change(source_text, guess_format(source_text), path, &Change::Set(new.clone()))
}

fn guess_format(text: &str) -> Format {
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json { Format::Json } else { Format::Yaml }
}

/// Changes one value in a text and leaves the rest of it (comments, order, layout) as it is.
///
/// The result is read again and must mean exactly what was asked for; where no edit achieves that, it is an error
/// (EDIT_NOT_POSSIBLE), and so are a text that does not parse and a path that leads nowhere (PATH_NOT_FOUND).
pub fn change(text: &str, format: Format, path: &[PathPart], change: &Change) -> Result<String, Box<Diagnostic>> {
    let docs = read(text, format)?;
    let (number, path) = match path {
        [PathPart::Document(number), rest @ ..] => (*number, rest),
        _ => (0, path),
    };
    let doc = docs.get(number).ok_or_else(not_found)?;
    let intended = changed(&doc.to_value(), path, change)?;
    let layout = Layout::new(text, format);
    let mut wanted: Vec<Value> = docs.iter().map(Doc::to_value).collect();
    wanted[number] = intended.clone();
    let attempts = [direct(&layout, doc, path, change), around(&layout, doc, path, &intended)];
    for edit in attempts.into_iter().flatten() {
        let result = apply(text, &[edit]);
        if means(&result, format, &wanted) {
            return Ok(result);
        }
    }
    let message = "this value cannot be changed without changing something else";
    Err(Box::new(Diagnostic::error("EDIT_NOT_POSSIBLE", message).at(doc.span).help("edit the text by hand")))
}

fn read(text: &str, format: Format) -> Result<Vec<Doc>, Box<Diagnostic>> {
    let source = SourceFile { id: FileId(0), name: String::new(), text: text.to_owned() };
    let (docs, diagnostics) = parse(&source, format);
    match diagnostics.into_iter().find(Diagnostic::is_error) {
        Some(error) => Err(Box::new(error)),
        None => Ok(docs),
    }
}

fn means(text: &str, format: Format, wanted: &[Value]) -> bool {
    read(text, format).is_ok_and(|docs| docs.iter().map(Doc::to_value).eq(wanted.iter().cloned()))
}

fn not_found() -> Box<Diagnostic> {
    Box::new(Diagnostic::error("PATH_NOT_FOUND", "the path leads to nothing in this text"))
}

/// The value as it shall be.
fn changed(value: &Value, path: &[PathPart], change: &Change) -> Result<Value, Box<Diagnostic>> {
    let Some((first, rest)) = path.split_first() else {
        return match change {
            Change::Set(new) => Ok(new.clone()),
            _ => Err(not_found()),
        };
    };
    match first {
        PathPart::Key(key) => changed_map(value, key, rest, change),
        PathPart::Index(index) => changed_list(value, *index, rest, change),
        PathPart::Document(_) => Err(not_found()),
    }
}

fn changed_map(value: &Value, key: &Text, rest: &[PathPart], change: &Change) -> Result<Value, Box<Diagnostic>> {
    let mut map = match value {
        Value::Object(map) => (**map).clone(),
        Value::Null => Map::default(),
        _ => return Err(not_found()),
    };
    if rest.is_empty() && *change == Change::Remove {
        map.shift_remove(key).ok_or_else(not_found)?;
        return Ok(map.into());
    }
    let before = map.get(key).cloned().unwrap_or_default();
    map.insert(key.clone(), changed(&before, rest, change)?);
    Ok(map.into())
}

fn changed_list(value: &Value, index: usize, rest: &[PathPart], change: &Change) -> Result<Value, Box<Diagnostic>> {
    let mut items = match value {
        Value::Array(items) => (**items).clone(),
        Value::Null => Vec::new(),
        _ => return Err(not_found()),
    };
    match (rest.is_empty(), change) {
        (true, Change::Remove) if index < items.len() => {
            items.remove(index);
        }
        (true, Change::Insert(new)) if index <= items.len() => items.insert(index, new.clone()),
        (true, Change::Set(new)) if index == items.len() => items.push(new.clone()),
        _ => {
            let item = items.get_mut(index).ok_or_else(not_found)?;
            *item = changed(item, rest, change)?;
        }
    }
    Ok(items.into())
}

/// The edit that touches nothing but the value itself.
fn direct(layout: &Layout<'_>, doc: &Doc, path: &[PathPart], change: &Change) -> Option<Edit> {
    let (place, rest) = locate(doc, path);
    match (change, rest) {
        (Change::Set(new), []) => Some(layout.replace(&place, new)),
        (Change::Set(new), [PathPart::Key(key), deeper @ ..]) if place.doc.is_map() => {
            layout.add_entry(&place, key, &nested(deeper, new)?)
        }
        (Change::Set(new), [PathPart::Index(index)]) => layout.add_item(&place, *index, new),
        (Change::Insert(new), [PathPart::Index(index)]) => layout.add_item(&place, *index, new),
        (Change::Insert(new), []) => {
            let parent = place.parents.last()?;
            let list = Place { doc: parent.doc, parents: place.parents[..place.parents.len() - 1].to_vec() };
            layout.add_item(&list, parent.index, new)
        }
        (Change::Remove, []) => {
            let parent = place.parents.last()?;
            layout.remove(parent.doc, parent.index)
        }
        _ => None,
    }
}

/// The edit that writes the container of the value anew.
fn around(layout: &Layout<'_>, doc: &Doc, path: &[PathPart], intended: &Value) -> Option<Edit> {
    let (place, rest) = locate(doc, path);
    let depth = place.parents.len() - usize::from(rest.is_empty() && !place.parents.is_empty());
    let mut value = intended;
    for part in path.get(..depth)? {
        value = match part {
            PathPart::Key(key) => value.get(key)?,
            PathPart::Index(index) => value.at(*index)?,
            PathPart::Document(_) => return None,
        };
    }
    let (place, _) = locate(doc, &path[..depth]);
    Some(layout.replace(&place, value))
}

/// As far as the path leads, and what is left of it.
fn locate<'a, 'p>(doc: &'a Doc, path: &'p [PathPart]) -> (Place<'a>, &'p [PathPart]) {
    let mut place = Place { doc, parents: Vec::new() };
    for (depth, part) in path.iter().enumerate() {
        let index = match part {
            PathPart::Key(key) => find(place.doc, Some(key), None),
            PathPart::Index(index) => find(place.doc, None, Some(*index)),
            PathPart::Document(_) => None,
        };
        let child = index.and_then(|index| match &place.doc.kind {
            DocKind::Map(entries) => entries.get(index).map(|entry| (&entry.value, index)),
            DocKind::List(items) => items.get(index).map(|item| (item, index)),
            _ => None,
        });
        let Some((child, index)) = child else {
            return (place, &path[depth..]);
        };
        place.parents.push(Parent { doc: place.doc, index });
        place.doc = child;
    }
    (place, &[])
}

/// Maps around a value, one for each key of the path.
fn nested(path: &[PathPart], value: &Value) -> Option<Value> {
    path.iter().rev().try_fold(value.clone(), |inner, part| match part {
        PathPart::Key(key) => Some(Value::object([(&**key, inner)])),
        _ => None,
    })
}
