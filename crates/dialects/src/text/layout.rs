use super::Format;
use super::doc::{Doc, DocKind, Entry};
use super::edit::Edit;
use super::write::{after_dash, after_key, inline, inline_scalar, quoted, yaml_scalar};
use weir_base::{Text, Value};

/// Where things stand in a text, and which edits change one of them.
///
/// Every function answers with its best guess; the caller reads the result again and throws wrong guesses away.
pub(super) struct Layout<'a> {
    pub(super) text: &'a str,
    pub(super) format: Format,
    newline: &'static str,
}

/// A value and the containers around it, outermost first.
pub(super) struct Place<'a> {
    pub(super) doc: &'a Doc,
    pub(super) parents: Vec<Parent<'a>>,
}

#[derive(Clone, Copy)]
pub(super) struct Parent<'a> {
    pub(super) doc: &'a Doc,
    pub(super) index: usize,
}

impl<'a> Layout<'a> {
    pub(super) fn new(text: &'a str, format: Format) -> Self {
        Self { text, format, newline: if text.contains("\r\n") { "\r\n" } else { "\n" } }
    }

    /// Puts another value in the place of one that is there.
    pub(super) fn replace(&self, place: &Place<'_>, value: &Value) -> Edit {
        let (start, end) = (self.start(place.doc), self.end(place.doc));
        let is_flow = self.format == Format::Json || place.parents.iter().any(|parent| self.is_flow(parent.doc));
        if is_flow {
            return Edit { start, end, text: self.inline(value) };
        }
        let old_inline = start < end && self.is_inline(place.doc);
        let new_inline = old_inline && (!is_container(value));
        if new_inline {
            return Edit { start, end, text: self.inline(value) };
        }
        let Some(parent) = place.parents.last() else {
            return Edit { start, end, text: self.lines(&super::write::to_yaml(value), end) };
        };
        self.replace_block(parent, place.doc, value)
    }

    fn replace_block(&self, parent: &Parent<'_>, old: &Doc, value: &Value) -> Edit {
        let mut text = String::new();
        let anchor = match parent.doc.entries().get(parent.index) {
            Some(entry) => {
                after_key(&mut text, value, self.column(entry.key_span.start as usize));
                self.after_colon(entry)
            }
            None => {
                let dash = self.dashes(parent.doc).get(parent.index).copied().unwrap_or(self.start(old));
                after_dash(&mut text, value, self.column(dash));
                dash + 1
            }
        };
        let end = if self.start(old) >= anchor { self.end(old).max(anchor) } else { anchor };
        Edit { start: anchor, end, text: self.lines(&text, end) }
    }

    /// Adds a member behind the last one of a map.
    pub(super) fn add_entry(&self, place: &Place<'_>, key: &str, value: &Value) -> Option<Edit> {
        if place.doc.entries().is_empty() {
            return None;
        }
        if self.format == Format::Json || self.is_flow(place.doc) {
            let key = if self.format == Format::Json { quoted(key) } else { inline_scalar(key) };
            return Some(self.append_flow(place.doc, format!("{key}: {}", self.inline(value))));
        }
        let column = self.column(self.start(place.doc));
        let mut text = format!("\n{}{}:", " ".repeat(column), yaml_scalar(key));
        after_key(&mut text, value, column);
        Some(self.insert_line(self.end(place.doc), &text))
    }

    /// Puts an item into a list, before item `index` or behind the last.
    pub(super) fn add_item(&self, place: &Place<'_>, index: usize, value: &Value) -> Option<Edit> {
        let items = place.doc.items();
        if items.is_empty() {
            return None;
        }
        if self.format == Format::Json || self.is_flow(place.doc) {
            return Some(match items.get(index) {
                Some(next) => self.insert(self.start(next), format!("{}, ", self.inline(value))),
                None => self.append_flow(place.doc, self.inline(value)),
            });
        }
        let column = self.column(self.start(place.doc));
        let mut text = String::from("-");
        after_dash(&mut text, value, column);
        let indent = " ".repeat(column);
        match items.get(index) {
            Some(_) => {
                let dash = *self.dashes(place.doc).get(index)?;
                Some(self.insert(dash, self.lines(&(text + &indent), dash)))
            }
            None => Some(self.insert_line(self.end(place.doc), &format!("\n{indent}{text}"))),
        }
    }

    /// Takes a member or an item out of a container that holds more than one.
    pub(super) fn remove(&self, parent: &Doc, index: usize) -> Option<Edit> {
        let places = self.places(parent);
        let (start, end) = *places.get(index)?;
        if places.len() < 2 {
            return None;
        }
        if self.format == Format::Json || self.is_flow(parent) {
            return Some(match (places.get(index + 1), index.checked_sub(1).and_then(|before| places.get(before))) {
                (Some((next, _)), _) => cut(start, *next),
                (None, Some((_, before))) => cut(*before, end),
                (None, None) => cut(start, end),
            });
        }
        let line = self.line_start(start);
        if !self.text[line..start].trim().is_empty() {
            let next = places.get(index + 1)?.0;
            return Some(cut(start, next));
        }
        let stop = self.line_end(end);
        if stop < self.text.len() {
            return Some(cut(line, stop + self.text[stop..].find('\n').map_or(0, |at| at + 1)));
        }
        let before = self.text[..line].trim_end_matches(['\n', '\r']).len();
        Some(cut(before, stop))
    }

    /// Start and end of every member or item.
    fn places(&self, parent: &Doc) -> Vec<(usize, usize)> {
        match &parent.kind {
            DocKind::Map(entries) => {
                entries.iter().map(|entry| (entry.key_span.start as usize, self.entry_end(entry))).collect()
            }
            DocKind::List(items) if self.format == Format::Json || self.is_flow(parent) => {
                items.iter().map(|item| (self.start(item), self.end(item))).collect()
            }
            DocKind::List(items) => self
                .dashes(parent)
                .into_iter()
                .zip(items)
                .map(|(dash, item)| (dash, self.end(item).max(dash + 1)))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn entry_end(&self, entry: &Entry) -> usize {
        self.end(&entry.value).max(entry.key_span.end as usize)
    }

    /// Where the dash of each item of a block list stands.
    fn dashes(&self, list: &Doc) -> Vec<usize> {
        let mut dashes: Vec<usize> = Vec::new();
        for (index, _) in list.items().iter().enumerate() {
            let dash = match dashes.last() {
                None => Some(self.start(list)),
                Some(before) => self.next_dash(self.end(&list.items()[index - 1]).max(before + 1)),
            };
            match dash {
                Some(dash) => dashes.push(dash),
                None => break,
            }
        }
        dashes
    }

    fn next_dash(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at += self.text.get(at..)?.find('\n')? + 1;
            let rest = &self.text[at..];
            let content = rest.trim_start_matches(' ');
            if content.starts_with('-') {
                return Some(at + rest.len() - content.len());
            }
            let is_blank = content.starts_with(['#', '\n', '\r']);
            if !is_blank {
                return None;
            }
        }
    }

    fn append_flow(&self, container: &Doc, text: String) -> Edit {
        let last = self.places(container).into_iter().max_by_key(|(_, end)| *end).unwrap_or((0, 0));
        let close = self.end(container).saturating_sub(1).max(last.1);
        let spread = self.text[last.1..close].contains('\n');
        let separator = if spread {
            let line = self.line_start(last.0);
            let indent: String = self.text[line..last.0].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
            format!(",{}{indent}", self.newline)
        } else {
            ", ".to_owned()
        };
        self.insert(last.1, separator + &text)
    }

    /// `text` starts with a line break and goes to the end of the line of `after`.
    fn insert_line(&self, after: usize, text: &str) -> Edit {
        let at = self.line_end(after);
        self.insert(at, self.lines(text, at))
    }

    fn insert(&self, at: usize, text: String) -> Edit {
        Edit { start: at, end: at, text }
    }

    fn inline(&self, value: &Value) -> String {
        if self.format == Format::Json { value.to_json() } else { inline(value) }
    }

    /// Written lines as they fit in front of `next`: without the last line break where the text has one there.
    fn lines(&self, text: &str, next: usize) -> String {
        let text = if next < self.text.len() { text.strip_suffix('\n').unwrap_or(text) } else { text };
        if self.newline == "\n" { text.to_owned() } else { text.replace('\n', self.newline) }
    }

    fn after_colon(&self, entry: &Entry) -> usize {
        let end = entry.key_span.end as usize;
        self.text[end..].find(':').map_or(end, |at| end + at + 1)
    }

    fn is_flow(&self, doc: &Doc) -> bool {
        (doc.is_map() || doc.is_list()) && self.text[self.start(doc)..].starts_with(['{', '['])
    }

    /// Not a block of lines: a scalar on its line, a flow collection, or an alias.
    fn is_inline(&self, doc: &Doc) -> bool {
        let text = &self.text[self.start(doc)..self.end(doc)];
        match doc.kind {
            DocKind::Map(_) | DocKind::List(_) => text.starts_with(['{', '[', '*']),
            DocKind::String(_) => text.starts_with(['"', '\'']) || !self.is_block_scalar(doc),
            _ => true,
        }
    }

    fn is_block_scalar(&self, doc: &Doc) -> bool {
        let line = self.line_start(self.start(doc));
        let before = self.text[line..self.start(doc)].trim().is_empty();
        let header = self.text[..line].trim_end_matches(['\n', '\r']);
        let header = &header[header.rfind('\n').map_or(0, |at| at + 1)..];
        before && header.contains(['|', '>'])
    }

    fn start(&self, doc: &Doc) -> usize {
        (doc.span.start as usize).min(self.text.len())
    }

    /// The end of what a person sees: without the blank lines a block scalar carries along.
    fn end(&self, doc: &Doc) -> usize {
        let start = self.start(doc);
        let end = (doc.span.end as usize).clamp(start, self.text.len());
        let written = &self.text[start..end];
        let ends_in_space = last_text(doc).trim_end_matches('\n').ends_with(char::is_whitespace);
        let seen = if ends_in_space { written.trim_end_matches(['\n', '\r']) } else { written.trim_end() };
        start + seen.len()
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        if self.text[..end].ends_with('\r') { end - 1 } else { end }
    }

    fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }
}

/// The text a value ends with; empty where it ends with something else.
fn last_text(doc: &Doc) -> &str {
    let mut doc = doc;
    loop {
        let child = match &doc.kind {
            DocKind::List(items) => items.last(),
            DocKind::Map(entries) => entries.iter().map(|entry| &entry.value).max_by_key(|value| value.span.end),
            _ => return doc.as_str().unwrap_or(""),
        };
        match child {
            Some(child) => doc = child,
            None => return "",
        }
    }
}

fn is_container(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => false,
    }
}

fn cut(start: usize, end: usize) -> Edit {
    Edit { start, end, text: String::new() }
}

/// The member or item a name or index stands for.
pub(super) fn find(doc: &Doc, key: Option<&Text>, index: Option<usize>) -> Option<usize> {
    match (key, index) {
        (Some(key), _) => doc.entries().iter().position(|entry| entry.key == *key),
        (_, Some(index)) => (index < doc.items().len()).then_some(index),
        _ => None,
    }
}
