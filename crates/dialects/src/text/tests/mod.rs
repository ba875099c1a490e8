mod bad;
mod edit;
mod good;
mod hostile;

use super::{Doc, Format, parse};
use crate::SourceFile;
use weir_base::{Diagnostic, FileId, LineIndex};

fn read(text: &str, format: Format) -> (Vec<Doc>, Vec<Diagnostic>) {
    parse(&SourceFile { id: FileId(0), name: "test".into(), text: text.into() }, format)
}

/// The documents as JSON, one per line.
fn documents(docs: &[Doc]) -> String {
    docs.iter().map(|doc| doc.to_value().to_json()).collect::<Vec<_>>().join("\n")
}

/// `CODE line:column`, one per line, in the order they were found.
fn problems(text: &str, diagnostics: &[Diagnostic]) -> String {
    let index = LineIndex::new(text);
    let line = |diagnostic: &Diagnostic| match diagnostic.span {
        Some(span) => {
            let place = index.position(span.start);
            format!("{} {}:{}", diagnostic.code, place.line, place.column)
        }
        None => diagnostic.code.clone(),
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}
