//! The keys a map in a source file may have, as tables: checked in one place, then read without further doubt.

use crate::text::{Doc, Entry};
use weir_base::{Diagnostic, Map, Span, Text, Value, closest};

/// What a key may hold. Nothing at all (`key:`) counts as the key being absent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Bool,
    Text,
    Whole { min: u64, max: u64 },
    Number { min: f64, max: f64 },
    Choice(&'static [&'static str]),
    Texts,
    Map,
    Any,
    Section(&'static [Field]),
    Sections(&'static [Field]),
}

/// One key of a section and what it may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub key: &'static str,
    pub shape: Shape,
}

pub(crate) const fn field(key: &'static str, shape: Shape) -> Field {
    Field { key, shape }
}

/// Reports unknown keys and values of the wrong shape, in this section and the ones inside it.
pub(crate) fn check(doc: &Doc, fields: &[Field], path: &str, out: &mut Vec<Diagnostic>) {
    for entry in doc.entries() {
        let place = join(path, &entry.key);
        match fields.iter().find(|field| field.key == &*entry.key) {
            Some(field) => check_value(&entry.value, field.shape, &place, out),
            None => out.push(unknown_key(entry, fields, &place)),
        }
    }
}

fn check_value(doc: &Doc, shape: Shape, path: &str, out: &mut Vec<Diagnostic>) {
    if doc.is_null() {
        return;
    }
    match shape {
        Shape::Section(fields) if doc.is_map() => check(doc, fields, path, out),
        Shape::Sections(fields) if doc.is_list() => {
            for (index, item) in doc.items().iter().enumerate() {
                check_section(item, fields, &format!("{path}[{index}]"), out);
            }
        }
        Shape::Texts if doc.is_list() => {
            let wrong = doc.items().iter().filter(|item| item.as_str().is_none());
            out.extend(wrong.map(|item| {
                invalid(item.span, path, format!("`{path}` is a list of names, not of {}", item.describe()))
            }));
        }
        other if holds(doc, other) => {}
        other => out.push(invalid(doc.span, path, expected(doc, other, path))),
    }
}

/// [`check`] on something that has to be a map in the first place.
pub(crate) fn check_section(doc: &Doc, fields: &[Field], path: &str, out: &mut Vec<Diagnostic>) {
    match doc.is_map() {
        true => check(doc, fields, path, out),
        false => out.push(invalid(doc.span, path, format!("`{path}` is a map, not {}", doc.describe()))),
    }
}

fn holds(doc: &Doc, shape: Shape) -> bool {
    match shape {
        Shape::Bool => doc.as_bool().is_some(),
        Shape::Text => doc.as_str().is_some(),
        Shape::Whole { min, max } => count(doc).is_some_and(|number| (min..=max).contains(&number)),
        Shape::Number { min, max } => doc.as_f64().is_some_and(|number| (min..=max).contains(&number)),
        Shape::Choice(choices) => doc.as_str().is_some_and(|text| choices.contains(&text)),
        Shape::Map => doc.is_map(),
        Shape::Any => true,
        Shape::Texts | Shape::Section(_) | Shape::Sections(_) => false,
    }
}

fn expected(doc: &Doc, shape: Shape, path: &str) -> String {
    let wanted = match shape {
        Shape::Bool => "true or false".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Whole { min, max: u64::MAX } => format!("a whole number of at least {min}"),
        Shape::Whole { min, max } => format!("a whole number from {min} to {max}"),
        Shape::Number { min, max } if max.is_infinite() => format!("a number of at least {min}"),
        Shape::Number { min, max } => format!("a number from {min} to {max}"),
        Shape::Choice(choices) => format!("one of {}", list(choices.iter().copied())),
        Shape::Texts => "a list of names".to_owned(),
        Shape::Map | Shape::Section(_) => "a map".to_owned(),
        Shape::Sections(_) => "a list".to_owned(),
        Shape::Any => "a value".to_owned(),
    };
    format!("`{path}` is {wanted}, not {}", shown(doc))
}

/// A scalar as it is written, anything else by its type.
fn shown(doc: &Doc) -> String {
    match (doc.as_str(), doc.as_f64()) {
        (Some(text), _) if text.chars().count() <= 40 => format!("`{text}`"),
        (_, Some(number)) => weir_base::format_number(number),
        _ => doc.describe().to_owned(),
    }
}

fn unknown_key(entry: &Entry, fields: &[Field], path: &str) -> Diagnostic {
    let message = format!("`{}` is not a key here", short(&entry.key));
    let found = Diagnostic::error("UNKNOWN_KEY", message).at(entry.key_span).path(path);
    match near(&entry.key, fields.iter().map(|field| field.key)) {
        Some(known) => found.help(format!("did you mean `{known}`?")).suggest(known),
        None => found.help(format!("the keys here are {}", list(fields.iter().map(|field| field.key)))),
    }
}

pub(crate) fn invalid(span: Span, path: &str, message: String) -> Diagnostic {
    Diagnostic::error("INVALID_PROP", message).at(span).path(path)
}

/// `a`, `b` and `c`.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { short(key) } else { format!("{path}.{}", short(key)) }
}

/// A name as it is shown in a message: long ones are cut.
pub(crate) fn short(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// [`closest`] for names from a file, which may be of any length.
pub(crate) fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 200 { None } else { closest(name, candidates) }
}

fn count(doc: &Doc) -> Option<u64> {
    doc.as_f64().map(Value::from)?.as_u64()
}

/// Reading a map whose shape [`check`] has judged: what is of the wrong type reads as absent.
pub(crate) trait Read {
    /// The value under a key, where there is one and it is not nothing.
    fn given(&self, key: &str) -> Option<&Doc>;
    fn text(&self, key: &str) -> Option<&str>;
    fn flag(&self, key: &str) -> bool;
    fn whole(&self, key: &str) -> Option<u64>;
    fn number(&self, key: &str) -> Option<f64>;
    /// The names in a list, each with its place.
    fn texts(&self, key: &str) -> Vec<(Text, Span)>;
    /// The members of a map but for the named ones, as an object.
    fn rest(&self, without: &[&str]) -> Map;
}

impl Read for Doc {
    fn given(&self, key: &str) -> Option<&Doc> {
        self.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.given(key)?.as_str()
    }

    fn flag(&self, key: &str) -> bool {
        self.given(key).and_then(Doc::as_bool).unwrap_or(false)
    }

    fn whole(&self, key: &str) -> Option<u64> {
        count(self.given(key)?)
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.given(key)?.as_f64()
    }

    fn texts(&self, key: &str) -> Vec<(Text, Span)> {
        let items = self.given(key).map_or(&[][..], Doc::items);
        items.iter().filter_map(|item| item.as_str().map(|text| (Text::from(text), item.span))).collect()
    }

    fn rest(&self, without: &[&str]) -> Map {
        let kept = self.entries().iter().filter(|entry| !without.contains(&&*entry.key) && !entry.value.is_null());
        kept.map(|entry| (entry.key.clone(), entry.value.to_value())).collect()
    }
}
