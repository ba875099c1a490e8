mod bad;
mod edges;
mod hostile;
mod ids;
mod lower;
mod print;
mod subtrees;

use crate::{Context, Leaf, Loader, Names, Options, Parsed, SourceFile, parse};
use std::collections::BTreeMap;
use weir_base::{Diagnostic, FileId, LineIndex, Severity, sort_by_place};
use weir_ir::Flow;

/// A few kinds under the names trees and graphs know them by.
struct Kinds;

const KINDS: [(&str, &str, Option<&str>, &[&str]); 5] = [
    ("http.request", "HttpRequest", Some("httpResponse"), &["url", "method", "headers", "body", "timeout"]),
    ("file.read", "ReadFile", None, &["path"]),
    ("set", "SetVariable", None, &["scope", "name", "op", "value"]),
    ("transform", "Transform", None, &["value"]),
    ("odd", "Odd", None, &["retry", "outputKey"]),
];

fn leaf(found: impl Fn(&str, &str) -> bool) -> Option<Leaf> {
    let (kind, tree, output_key, params) = KINDS.into_iter().find(|kind| found(kind.0, kind.1))?;
    let params = params.iter().map(|name| (*name).into()).collect();
    Some(Leaf {
        kind: kind.into(),
        tree: tree.into(),
        output_key: output_key.map(Into::into),
        params,
        ..Leaf::default()
    })
}

impl Names for Kinds {
    fn by_tree(&self, name: &str) -> Option<Leaf> {
        leaf(|_, tree| tree == name)
    }

    fn by_kind(&self, name: &str) -> Option<Leaf> {
        leaf(|kind, _| kind == name)
    }
}

/// Files by name; `load` looks beside the file that asks.
#[derive(Default)]
struct Files(BTreeMap<&'static str, &'static str>);

impl Loader for Files {
    fn load(&self, from: &str, path: &str) -> Option<SourceFile> {
        let beside = from.rsplit_once('/').map_or(path.to_owned(), |(folder, _)| format!("{folder}/{path}"));
        let id = self.0.keys().position(|name| *name == beside)? as u32 + 1;
        Some(SourceFile { id: FileId(id), text: (*self.0.get(&*beside)?).to_owned(), name: beside })
    }

    fn list(&self, _: &str, _: &str) -> Vec<String> {
        Vec::new()
    }
}

fn read_with(text: &str, files: &Files) -> Parsed {
    read_as(text, files, Options::default())
}

fn read_as(text: &str, files: &Files, options: Options) -> Parsed {
    let cx = Context { loader: files, names: &Kinds, options: &options };
    parse(SourceFile { id: FileId(0), name: "main.yaml".to_owned(), text: text.to_owned() }, &cx)
}

fn read(text: &str) -> Parsed {
    read_with(text, &Files::default())
}

/// The flow of a text without problems.
fn flow(text: &str) -> Flow {
    let parsed = read(text);
    assert_eq!(problems(text, parsed.diagnostics), "", "{text}");
    parsed.flow.expect("a text without problems is a flow")
}

/// `CODE line:column path`, one per line, sorted by place; warnings with a `~` in front.
fn problems(text: &str, mut diagnostics: Vec<Diagnostic>) -> String {
    sort_by_place(&mut diagnostics);
    let index = LineIndex::new(text);
    let line = |found: &Diagnostic| {
        let mark = if found.severity == Severity::Error { "" } else { "~" };
        let place = found.span.map(|span| index.position(span.start));
        let place = place.map_or("-".to_owned(), |place| format!("{}:{}", place.line, place.column));
        format!("{mark}{} {place} {}", found.code, found.path).trim_end().to_owned()
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}
