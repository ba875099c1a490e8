//! Values with `{{ }}` in their texts, read with the place of every text.

use crate::text::{Doc, DocKind};
use std::collections::HashMap;
use weir_base::{Diagnostic, Span, Value};
use weir_expr::{Expr, Template};

/// A value with `{{ }}` in its texts. Problems point at the text they are in; the value then stands as it is.
pub(crate) fn of(doc: &Doc, out: &mut Vec<Diagnostic>) -> Template {
    let value = doc.to_value();
    let spans = spans(doc);
    match Template::parse(&value) {
        Ok(mut template) => {
            template.set_spans(&mut |pointer| spans.get(pointer).copied());
            template
        }
        Err(problems) => {
            out.extend(problems.iter().map(|problem| problem.to_diagnostic(spans.get(&*problem.path).copied())));
            Template::Value(value)
        }
    }
}

/// A template that is one expression written here, in the code.
pub(crate) fn expression(source: &'static str) -> Template {
    Expr::parse(source).map_or(Template::Value(Value::Null), Template::Expr)
}

/// The places of the texts that hold expressions, by JSON pointer.
fn spans(doc: &Doc) -> HashMap<String, Span> {
    let mut found = HashMap::new();
    collect(doc, &mut String::new(), &mut found);
    found
}

fn collect(doc: &Doc, pointer: &mut String, found: &mut HashMap<String, Span>) {
    let length = pointer.len();
    match &doc.kind {
        DocKind::String(text) if text.contains("{{") => {
            found.insert(pointer.clone(), content(doc.span, text));
        }
        DocKind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                collect(item, pointer, found);
                pointer.truncate(length);
            }
        }
        DocKind::Map(entries) => {
            for entry in entries {
                pointer.push('/');
                pointer.push_str(&entry.key.replace('~', "~0").replace('/', "~1"));
                collect(&entry.value, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// The place of a text without its quotes, where it has some and no escapes.
fn content(span: Span, text: &str) -> Span {
    let length = span.range().len();
    if length == text.len() + 2 { span.slice(1, length - 1) } else { span }
}
