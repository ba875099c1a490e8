//! The graph dialect: workflow JSON (or the same in YAML), nodes and edges as people draw them.
//!
//! A document is taken apart ([`read`]), its edges get their handles ([`routes`]), its shape is found
//! ([`analysis`]: loops, retries, exclusive paths), and every node and region becomes IR ([`lower`]).
//!
//! Node types: the twenty of the format, and `wait`, `approval`, `fail`, `return` and `set`, which the format
//! has no word for; the name of a kind is a type too. In expressions `data` is the node's own input.

mod analysis;
mod loops;
mod lower;
mod node_type;
mod policy;
mod print;
mod read;
mod routes;
mod validate;
mod words;

pub use node_type::node_types;

#[cfg(test)]
mod tests;

use crate::text::Doc;
use crate::{Context, Dialect, Names, Parsed, SourceFile};
use read::Workflow;
use weir_base::Diagnostic;
use weir_ir::Flow;

/// Workflows of nodes and edges.
pub struct Graph;

impl Dialect for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn fits(&self, doc: &Doc) -> bool {
        read::unwrap(doc).is_some_and(|(body, _)| body.get("listeners").is_none() && body.get("ir").is_none())
    }

    fn parse(&self, documents: &[Doc], source: &SourceFile, cx: &Context<'_>) -> Parsed {
        let mut diagnostics = Vec::new();
        let flow = documents.first().and_then(|doc| parse(doc, &source.text, cx, &mut diagnostics));
        if let Some(second) = documents.get(1) {
            let message = "a file holds one workflow; this document is not read";
            diagnostics.push(Diagnostic::error("STRUCTURE", message).at(second.span));
        }
        Parsed { flow, diagnostics, files: Vec::new() }
    }

    fn print(&self, flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
        print::print(flow, names)
    }
}

fn parse(doc: &Doc, source: &str, cx: &Context<'_>, report: &mut Vec<Diagnostic>) -> Option<Flow> {
    let Some(workflow) = Workflow::read(doc, cx.names, report) else {
        let message = format!("a workflow is a map with `nodes` and `edges`, but this is {}", doc.describe());
        report.push(Diagnostic::error("STRUCTURE", message).at(doc.span));
        return None;
    };
    lower::lower(&workflow, source, cx, report)
}
