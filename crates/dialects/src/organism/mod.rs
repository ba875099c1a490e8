//! Organisms: agents and other listeners that send each other messages, written in YAML.
//!
//! One file becomes one [`weir_ir::Mailbox`]. What a handler's import path stands for is not imported: it is
//! bound by name, in the file or from outside. This folder routes nothing and runs nothing. Start with `lower`,
//! then `listener`; `keys` holds every key a file may have.

mod agent;
mod binding;
mod directory;
mod draft;
mod keys;
mod listener;
mod llm;
mod lower;
mod print;
mod source;

#[cfg(test)]
mod tests;

use crate::text::Doc;
use crate::{Context, Dialect, Names, Parsed, SourceFile};
use weir_base::Diagnostic;
use weir_ir::Flow;

pub struct Organism;

impl Dialect for Organism {
    fn name(&self) -> &'static str {
        "organism"
    }

    fn binds(&self) -> bool {
        true
    }

    fn fits(&self, doc: &Doc) -> bool {
        doc.get("organism").is_some() || (doc.get("listeners").is_some() && doc.get("type").is_none())
    }

    fn parse(&self, documents: &[Doc], source: &SourceFile, cx: &Context<'_>) -> Parsed {
        let Some((first, more)) = documents.split_first() else { return Parsed::default() };
        let mut parsed = lower::lower(first, source, cx);
        let extra = |doc: &Doc| {
            let message = "an organism is one document; this one is not read";
            Diagnostic::error("UNEXPECTED_DOCUMENT", message).at(doc.span)
        };
        parsed.diagnostics.extend(more.iter().map(extra));
        parsed
    }

    fn print(&self, flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
        print::print(flow, names)
    }
}
