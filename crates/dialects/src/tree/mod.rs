//! Behaviour trees: nodes with a type, props and children, run to their end.
//!
//! A document is one tree; further `---` documents are sub-trees. Names in `{{ }}` are variables unless
//! [semantics 4] gives them another meaning. `lower` makes the flow, `print` writes one back.

mod composites;
mod decorators;
mod document;
mod ids;
mod leaves;
mod lower;
mod names;
mod print;
mod props;
mod script;
mod subtrees;
mod types;
mod walk;

#[cfg(test)]
mod tests;

pub use ids::write_ids;
pub(crate) use leaves::literal as as_source;
pub(crate) use names::variable;
pub use types::{NodeType, node_type, node_types};

use crate::text::Doc;
use crate::{Context, Dialect, Names, Parsed, SourceFile};
use lower::Lower;
use weir_base::Diagnostic;
use weir_ir::{Flow, Node};

pub struct Tree;

impl Dialect for Tree {
    fn name(&self) -> &'static str {
        "tree"
    }

    fn fits(&self, doc: &Doc) -> bool {
        doc.get("type").is_some_and(|ty| ty.as_str().is_some())
    }

    fn parse(&self, documents: &[Doc], source: &SourceFile, cx: &Context<'_>) -> Parsed {
        document::parse(documents, source, cx)
    }

    fn print(&self, flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
        print::flow(flow, names)
    }
}

/// Lowers one step written in the words of a tree, for a dialect that holds such steps. `id` is used where the step
/// names none. A sub-tree inside it is another flow of the project.
pub(crate) fn lower_step(doc: &Doc, id: &str, cx: &Context<'_>) -> (Node, Vec<Diagnostic>) {
    let mut lower = Lower::new(cx, None);
    let written = ids::of_siblings(std::slice::from_ref(doc)).into_iter().find(|id| id.written);
    let id = written.unwrap_or_else(|| ids::Id { text: id.into(), written: false });
    let node = lower.node(doc, id, 1, &[]);
    (node, lower.finish())
}
