//! The flow as it is checked and run, written as JSON (or the same in YAML).

#[cfg(test)]
mod tests;

use crate::fields::short;
use crate::text::{Doc, Format};
use crate::{Context, Dialect, Names, Parsed, SourceFile};
use weir_base::{Diagnostic, Span};
use weir_ir::{Flow, JsonError, Node};

pub struct Ir;

impl Dialect for Ir {
    fn name(&self) -> &'static str {
        "ir"
    }

    fn fits(&self, doc: &Doc) -> bool {
        doc.get("ir").is_some() && doc.get("root").is_some()
    }

    fn parse(&self, documents: &[Doc], source: &SourceFile, _: &Context<'_>) -> Parsed {
        let Some(doc) = documents.first() else {
            return Parsed::default();
        };
        let is_json = Format::of(&source.name) == Format::Json || source.text.trim_start().starts_with('{');
        let read = match is_json.then(|| weir_ir::from_json(&source.text)) {
            Some(Err(JsonError::Shape(error))) if error.is_syntax() => weir_ir::from_json(&doc.to_value().to_json()),
            Some(read) => read,
            None => weir_ir::from_json(&doc.to_value().to_json()),
        };
        match read {
            Ok(flow) => Parsed { flow: Some(flow), ..Parsed::default() },
            Err(error) => Parsed { diagnostics: vec![problem(&error, doc, source, is_json)], ..Parsed::default() },
        }
    }

    fn print(&self, flow: &Flow, _: &dyn Names) -> Result<String, Vec<Diagnostic>> {
        let mut disabled = Vec::new();
        flow.for_each_node(&mut |node| disabled.extend(node.origin.disabled.then(|| not_run(node))));
        if disabled.is_empty() { Ok(weir_ir::to_json(flow) + "\n") } else { Err(disabled) }
    }
}

fn not_run(node: &Node) -> Diagnostic {
    let message = format!("`{}` is disabled, and this form holds only what is run", short(node.title()));
    let found = Diagnostic::error("NOT_EXPRESSIBLE", message).path(&*node.id).maybe_at(node.origin.span);
    found.help("switch it on, or delete it, and convert the flow then")
}

fn problem(error: &JsonError, doc: &Doc, source: &SourceFile, is_json: bool) -> Diagnostic {
    let version = doc.entry("ir").map_or(doc.span, |entry| entry.value.span);
    match error {
        JsonError::Version(_) => Diagnostic::error("IR_VERSION", error.to_string()).at(version),
        JsonError::Shape(shape) => {
            let place = if is_json { place(source, shape.line(), shape.column()) } else { None };
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            Diagnostic::error("IR_SHAPE", message).at(place.unwrap_or(doc.span))
        }
    }
}

/// A line and a column of bytes, both from 1, as a span of one character.
fn place(source: &SourceFile, line: usize, column: usize) -> Option<Span> {
    let start: usize = source.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(source.text.len());
    while !source.text.is_char_boundary(at) {
        at -= 1;
    }
    let width = source.text[at..].chars().next().map_or(0, char::len_utf8);
    Some(Span::new(source.id, at, at + width))
}
