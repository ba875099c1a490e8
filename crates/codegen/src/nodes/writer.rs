use super::Call;
use crate::activities::js_string;
use crate::express;
use crate::layout::{compact, layout};
use crate::names::{comment, node_function};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Diagnostic, Text};
use weir_catalog::Catalog;
use weir_expr::{Expr, Template};
use weir_ir::{Flow, Node};

/// What the functions of a flow are written with.
pub(crate) struct Writer<'a> {
    pub flow: &'a Flow,
    pub catalog: &'a Catalog,
    /// The workflow types of flows that may be called, by name.
    pub called: &'a BTreeMap<Text, String>,
    /// The text of every step's function, parents first.
    pub functions: Vec<String>,
    pub problems: Vec<Diagnostic>,
    /// Functions of the library that are called, by name.
    pub used: BTreeSet<&'static str>,
    /// Kinds whose activities are called, and whether any of them is performed by a worker of the project itself.
    pub kinds: BTreeSet<Text>,
    pub performs: bool,
    /// The functions of definitions that were written, by name.
    pub definitions: BTreeMap<Text, String>,
    /// What the step of a function is called in the trace, by function.
    kind_names: BTreeMap<String, String>,
    /// Whether an expression was written.
    pub computes: std::cell::Cell<bool>,
    /// How many functions are called after one title.
    taken: BTreeMap<String, usize>,
    /// The function of the step whose call is being written.
    current: String,
}

impl<'a> Writer<'a> {
    pub fn new(flow: &'a Flow, catalog: &'a Catalog, called: &'a BTreeMap<Text, String>) -> Self {
        Self {
            flow,
            catalog,
            called,
            functions: Vec::new(),
            problems: Vec::new(),
            used: BTreeSet::new(),
            kinds: BTreeSet::new(),
            performs: false,
            definitions: BTreeMap::new(),
            kind_names: BTreeMap::new(),
            computes: std::cell::Cell::new(false),
            taken: BTreeMap::new(),
            current: String::new(),
        }
    }

    /// Writes the function of a node and those of the nodes inside it, parents first; gives its name.
    pub fn node(&mut self, node: &Node, above: &str) -> String {
        let name = node_function(node, &mut self.taken);
        let path = if above.is_empty() { node.id.to_string() } else { format!("{above}/{}", node.id) };
        let place = self.functions.len();
        self.functions.push(String::new());
        self.uses("step");
        let around = std::mem::replace(&mut self.current, name.clone());
        let (kind, call) = self.call(node, &path);
        self.current = around;
        self.kind_names.insert(name.clone(), kind.to_owned());
        match call {
            Ok(call) => {
                let call = self.outer(node, call);
                self.functions[place] = function(node, &name, &path, kind, &call);
            }
            Err(what) => self.problems.push(unsupported(node, &path, what)),
        }
        name
    }

    /// What the step of a function that was written is called in the trace.
    pub fn kind_of(&self, function: &str) -> &str {
        self.kind_names.get(function).map_or("", String::as_str)
    }

    /// What the step whose call is being written keeps things under.
    pub fn key(&self) -> String {
        self.current.clone()
    }

    /// A function `(at) => number`: what a template gives, read by a function of the library.
    pub fn measure(&mut self, name: &'static str, template: &Template) -> Call {
        let value = self.template(template)?;
        let (head, body) = value.split_once(" => ").ok_or("a measure")?;
        Ok(format!("{head} => {}({body})", self.uses(name)))
    }

    /// A function of the library, imported into the workflow.
    pub fn uses(&mut self, name: &'static str) -> &'static str {
        self.used.insert(name);
        name
    }

    /// A function `(at) => Json`.
    pub fn template(&self, template: &Template) -> Call {
        self.computes.set(self.computes.get() || template.constant().is_none());
        Ok(express::compute(template))
    }

    /// The same from one expression.
    pub fn expr(&self, expr: &Expr) -> Call {
        self.computes.set(true);
        Ok(express::compute_expr(expr))
    }

    /// A function `(at) => boolean`.
    pub fn test(&self, expr: &Expr) -> Call {
        self.computes.set(true);
        Ok(express::test(expr))
    }

    /// A text as a literal.
    pub fn text(&self, text: &str) -> String {
        js_string(text)
    }
}

fn function(node: &Node, name: &str, path: &str, kind: &str, call: &str) -> String {
    let title = match node.title() {
        title if title == &*node.id => String::new(),
        title => format!(": {}", comment(title)),
    };
    let body = layout(&compact(call), 4);
    let (path, id, kind) = (comment(path), js_string(&node.id), js_string(kind));
    format!(
        "/** {path}{title} */\nfunction {name}(above: At): Promise<Outcome> {{\n  return step(above, {id}, {kind}, (at) =>\n    {body},\n  );\n}}\n"
    )
}

fn unsupported(node: &Node, path: &str, what: &str) -> Diagnostic {
    let ty = if node.origin.ty.is_empty() { String::new() } else { format!(" ({})", node.origin.ty) };
    Diagnostic::error(
        crate::UNSUPPORTED,
        format!("step `{path}`{ty} has {what}, which cannot be written as TypeScript yet"),
    )
    .path(path)
    .maybe_at(node.origin.span)
    .help("run the flow with `weir run` or on a server, or take this out and generate again")
}
