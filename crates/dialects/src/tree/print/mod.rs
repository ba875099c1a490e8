//! A flow as a tree. What was written is read again; a flow that would not come back the same is refused.

mod leaf;
mod node;
mod script;

use super::walk::without_places;
use crate::text::{Format, parse, to_yaml};
use crate::{Context, Names, NoFiles, Options, SourceFile, header};
use weir_base::{Diagnostic, FileId, Map, Value};
use weir_ir::{Flow, Node};

pub(super) fn flow(flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
    let mut printer = Printer { names, out: Vec::new() };
    let root = printer.node(&flow.root);
    let mut text = to_yaml(&with_header(flow, root));
    for (name, def) in &flow.defs {
        let mut document = Map::default();
        if def.id != *name {
            document.insert("treeId".into(), name.clone().into());
        }
        document.extend(printer.node(def));
        text.push_str("---\n");
        text.push_str(&to_yaml(&document.into()));
    }
    if !printer.out.is_empty() {
        return Err(printer.out);
    }
    verify(flow, &text, names).map(|()| text)
}

pub(super) struct Printer<'a> {
    names: &'a dyn Names,
    out: Vec<Diagnostic>,
}

impl Printer<'_> {
    /// Notes that a node cannot be written, and why; stands in for its kind.
    fn cannot(&mut self, node: &Node, why: &str) {
        let message = format!("`{}` cannot be written in a tree: {why}", crate::fields::short(node.title()));
        self.out.push(Diagnostic::error("NOT_EXPRESSIBLE", message).maybe_at(node.origin.span).path(&*node.id));
    }
}

/// What the flow says about itself stands before the root's children.
fn with_header(flow: &Flow, root: Map) -> Value {
    let mut out = Map::default();
    let mut tail = Map::default();
    for (key, value) in root {
        let place = if matches!(&*key, "props" | "children") { &mut tail } else { &mut out };
        place.insert(key, value);
    }
    if flow.dialect != "tree" && flow.name != *flow.root.id {
        out.insert("name".into(), flow.name.as_str().into());
    }
    let mut put =
        |key: &str, value: Option<Value>| value.into_iter().for_each(|value| drop(out.insert(key.into(), value)));
    put("description", flow.description.as_deref().map(Value::from));
    put("input", flow.input.clone());
    put("output", flow.output.clone());
    put("bindings", flow.settings.extra.get("bindings").cloned());
    out.extend(header::write(flow));
    out.extend(tail);
    out.into()
}

fn verify(flow: &Flow, text: &str, names: &dyn Names) -> Result<(), Vec<Diagnostic>> {
    let source = SourceFile { id: FileId(0), name: "printed.yaml".to_owned(), text: text.to_owned() };
    let (documents, mut diagnostics) = parse(&source, Format::Yaml);
    let options = Options { keep_disabled: true, ..Options::default() };
    let cx = Context { loader: &NoFiles, names, options: &options };
    let mut parsed = super::document::parse(&documents, &source, &cx);
    diagnostics.append(&mut parsed.diagnostics);
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        return Err(errors.into_iter().map(refused).collect());
    }
    let is_tree = flow.dialect == "tree";
    let wanted = comparable(flow, is_tree);
    let found = parsed.flow.map(|found| comparable(&found, is_tree));
    match found {
        Some(found) if found == wanted => Ok(()),
        Some(found) => Err(vec![difference(&wanted, &found)]),
        None => Err(vec![Diagnostic::error("NOT_EXPRESSIBLE", "this flow cannot be written as a tree")]),
    }
}

/// The places of a problem in the printed text mean nothing to anybody.
fn refused(mut problem: Diagnostic) -> Diagnostic {
    problem.span = None;
    problem.suggestion = None;
    problem
}

/// A flow from another dialect becomes one of this dialect.
fn comparable(flow: &Flow, is_tree: bool) -> Flow {
    let mut flow = without_places(flow, is_tree);
    if !is_tree {
        flow.dialect = "tree".to_owned();
        flow.input_as_variables = true;
        flow.root.name = None;
    }
    flow
}

fn difference(wanted: &Flow, found: &Flow) -> Diagnostic {
    let mut others: Vec<&Node> = Vec::new();
    found.for_each_node(&mut |node| others.push(node));
    let (mut index, mut last) = (0, None);
    wanted.for_each_node(&mut |node| {
        if others.get(index).is_none_or(|other| *other != node) {
            last = Some(node);
        }
        index += 1;
    });
    // A node contains what is below it, so the last one that differs is the one to name.
    let (what, path) = match last {
        Some(node) => (format!("`{}`", crate::fields::short(node.title())), node.id.to_string()),
        None => ("what the flow says about itself".to_owned(), String::new()),
    };
    let message = format!("{what} cannot be written in a tree so that it means the same");
    Diagnostic::error("NOT_EXPRESSIBLE", message).path(path)
}
