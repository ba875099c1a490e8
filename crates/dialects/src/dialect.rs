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

    /// Whether names in it can be given a meaning from outside.
    fn binds(&self) -> bool {
        false
    }

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
    let dialect = detect(first);
    let mut parsed = dialect.parse(&documents, &source, cx);
    if !dialect.binds() {
        diagnostics.extend(cx.options.bindings.keys().map(|name| bound_in_vain(name)));
    }
    diagnostics.append(&mut parsed.diagnostics);
    if let Some(flow) = &mut parsed.flow {
        crate::pure::lower(flow, cx.names, &mut diagnostics);
    }
    parsed.files.insert(0, source);
    Parsed { flow: parsed.flow, diagnostics, files: parsed.files }
}

fn bound_in_vain(name: &str) -> Diagnostic {
    let message = format!("nothing here has a handler named `{}`", crate::fields::short(name));
    Diagnostic::warning("UNKNOWN_BINDING", message).path("bindings").help("only listeners of an organism have handlers")
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

#[cfg(test)]
mod tests {
    use super::{Context, parse};
    use crate::{Binding, Leaf, Names, NoFiles, Options, SourceFile};

    struct NoKinds;

    impl Names for NoKinds {
        fn by_kind(&self, _: &str) -> Option<Leaf> {
            None
        }

        fn by_tree(&self, _: &str) -> Option<Leaf> {
            None
        }
    }

    #[test]
    fn what_is_bound_where_there_are_no_handlers_is_told() {
        for text in ["type: SuccessNode", "{nodes: [], edges: []}", "{ir: 1, name: a, root: {id: a, set: []}}"] {
            let bindings = [("speak".into(), Binding::from_text("kind:log"))].into_iter().collect();
            let cx =
                Context { loader: &NoFiles, names: &NoKinds, options: &Options { bindings, ..Options::default() } };
            let source = SourceFile { id: weir_base::FileId(0), name: "a.yaml".into(), text: text.into() };
            let found = parse(source, &cx).diagnostics;
            assert!(found.iter().any(|problem| problem.code == "UNKNOWN_BINDING"), "{text}: {found:?}");
        }
    }
}
