//! Everything through one door: a text goes in, a flow and the codes of its problems come out.

mod accepted;
mod bindings;
mod hostile;
mod printed;
mod refused;

use super::print::plain;
use crate::{Binding, Context, Leaf, Loader, Names, Options, Parsed, SourceFile, parse};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use weir_base::{Diagnostic, FileId, LineIndex, Text, Value, sort_by_place};
use weir_ir::{Flow, Listener, Mailbox, NodeKind};

/// A few kinds, as a catalogue would name them.
pub(super) struct Kinds;

const KINDS: [(&str, &str, &[&str]); 6] = [
    ("http.request", "HttpRequest", &["url", "method", "timeout"]),
    ("file.read", "FileRead", &["path"]),
    ("file.write", "FileWrite", &["path", "text"]),
    ("counter", "CounterAction", &["counterKey", "increment"]),
    ("wait", "WaitAction", &["waitMs"]),
    ("log", "LogMessage", &["message", "level"]),
];

fn leaf(name: &str, of: impl Fn(&(&str, &str, &[&str])) -> bool) -> Option<Leaf> {
    let (kind, tree, params) = KINDS.into_iter().find(of)?;
    let params = params.iter().map(|param| Text::from(*param)).collect();
    (!name.is_empty()).then(|| Leaf {
        kind: kind.into(),
        tree: tree.into(),
        params,
        engine: kind == "counter" || kind == "wait",
        ..Leaf::default()
    })
}

impl Names for Kinds {
    fn by_tree(&self, tree: &str) -> Option<Leaf> {
        leaf(tree, |kind| kind.1 == tree)
    }

    fn by_kind(&self, name: &str) -> Option<Leaf> {
        leaf(name, |kind| kind.0 == name)
    }
}

/// Files by path.
#[derive(Default)]
pub(super) struct Files(BTreeMap<String, String>);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect())
    }
}

impl Loader for Files {
    fn load(&self, _: &str, path: &str) -> Option<SourceFile> {
        let at = self.0.keys().position(|name| name == path)?;
        let text = self.0.get(path)?.clone();
        Some(SourceFile { id: FileId(at as u32 + 1), name: path.to_owned(), text })
    }

    fn list(&self, _: &str, directory: &str) -> Vec<String> {
        let inside = |name: &str| name.rsplit_once('/').map_or(".", |(folder, _)| folder) == directory;
        self.0.keys().filter(|name| inside(name)).cloned().collect()
    }
}

pub(super) fn read_with(text: &str, files: &Files, bindings: &[(&str, Binding)]) -> Parsed {
    let bindings: IndexMap<Text, Binding> =
        bindings.iter().map(|(name, binding)| (Text::from(*name), binding.clone())).collect();
    let options = Options { bindings, ..Options::default() };
    let source = SourceFile { id: FileId(0), name: "test.yaml".to_owned(), text: text.to_owned() };
    let mut parsed = parse(source, &Context { loader: files, names: &Kinds, options: &options });
    sort_by_place(&mut parsed.diagnostics);
    parsed
}

pub(super) fn read(text: &str) -> Parsed {
    read_with(text, &Files::default(), &[])
}

/// A flow that has to come out without any problem.
pub(super) fn clean(text: &str) -> Flow {
    let parsed = read(text);
    assert_eq!(shown(text, &parsed.diagnostics), Vec::<String>::new());
    parsed.flow.expect("a flow")
}

pub(super) fn mailbox(flow: &Flow) -> &Mailbox {
    match &flow.root.kind {
        NodeKind::Mailbox(mailbox) => mailbox,
        other => panic!("an organism is a mailbox, not {other:?}"),
    }
}

pub(super) fn listener<'a>(flow: &'a Flow, name: &str) -> &'a Listener {
    mailbox(flow).listeners.iter().find(|listener| &*listener.name == name).expect(name)
}

/// The part of a flow's JSON at a JSON pointer, without spans.
pub(super) fn part(flow: &Flow, pointer: &str) -> Value {
    let whole = serde_json::Value::from(&plain(flow));
    whole.pointer(pointer).cloned().map_or(Value::Null, Value::from)
}

/// `CODE line:column message`, in order of place.
pub(super) fn shown(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let index = LineIndex::new(text);
    let place = |found: &Diagnostic| match found.span {
        Some(span) if span.file == FileId(0) => {
            let at = index.position(span.start);
            format!("{}:{}", at.line, at.column)
        }
        Some(span) => format!("file {}", span.file.0),
        None => "-".to_owned(),
    };
    diagnostics.iter().map(|found| format!("{} {} {}", found.code, place(found), found.message)).collect()
}

pub(super) fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|found| &*found.code).collect()
}
