use crate::text::{Doc, Format};
use crate::{DIALECTS, Loader, Names, Options, SourceFile};
use weir_base::Diagnostic;
use weir_ir::Flow;

/// What a text turned out to be. `flow` is there whenever something could be made of the text, even with errors.
#[derive(Debug, Default)]
pub struct Parsed {
    pub flow: Option<Flow>,
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read, the given one first, in the order of their ids.
    pub files: Vec<SourceFile>,
}

/// One way of writing flows down.
pub trait Dialect: Sync {
    fn name(&self) -> &'static str;

    /// Whether a document looks like this dialect.
    fn fits(&self, doc: &Doc) -> bool;

    /// Reads the documents of one file. Never stops at the first problem.
    fn parse(&self, documents: &[Doc], source: &SourceFile, cx: &Context<'_>) -> Parsed;

    /// Writes a flow in this dialect; the diagnostics say what it cannot express.
    fn print(&self, flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>>;
}

/// What a dialect may ask for while it reads.
pub struct Context<'a> {
    pub loader: &'a dyn Loader,
    pub names: &'a dyn Names,
    pub options: &'a Options,
}

/// Reads a file in whichever dialect it is written.
pub fn parse(source: SourceFile, cx: &Context<'_>) -> Parsed {
    let (documents, mut diagnostics) = crate::text::parse(&source, Format::of(&source.name));
    let Some(first) = documents.first() else {
        if diagnostics.is_empty() {
            diagnostics.push(Diagnostic::error("EMPTY_FILE", "this file holds no flow"));
        }
        return Parsed { flow: None, diagnostics, files: vec![source] };
    };
    let mut parsed = detect(first).parse(&documents, &source, cx);
    diagnostics.append(&mut parsed.diagnostics);
    if let Some(flow) = &mut parsed.flow {
        crate::pure::lower(flow, cx.names, &mut diagnostics);
    }
    parsed.files.insert(0, source);
    Parsed { flow: parsed.flow, diagnostics, files: parsed.files }
}

/// The dialect a document looks like; a tree where none fits better.
pub fn detect(doc: &Doc) -> &'static dyn Dialect {
    DIALECTS.into_iter().find(|dialect| dialect.fits(doc)).unwrap_or(&crate::tree::Tree)
}

/// Writes a flow in the named dialect.
pub fn print(flow: &Flow, dialect: &str, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
    match DIALECTS.into_iter().find(|known| known.name() == dialect) {
        Some(found) => found.print(flow, names),
        None => Err(vec![Diagnostic::error("UNKNOWN_DIALECT", format!("there is no dialect `{dialect}`"))]),
    }
}

/// [`print`] under the name the command uses.
pub fn convert(flow: &Flow, to: &str, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
    print(flow, to, names)
}
