use crate::args::Bind;
use crate::commands::run::exact;
use crate::exit::UsageError;
use crate::loader::{FolderLoader, beside, folder_of, read};
use std::path::Path;
use weir_base::{Diagnostic, FileId, sort_by_place};
use weir_catalog::Catalog;
use weir_control::CatalogNames;
use weir_dialects::{Binding, Context, Options, Parsed, SourceFile, parse};
use weir_ir::Flow;

/// A flow file that was read and checked.
pub struct Loaded {
    pub flow: Option<Flow>,
    pub diagnostics: Vec<Diagnostic>,
    /// The file itself first, then those it brought in, by id.
    pub files: Vec<SourceFile>,
}

impl Loaded {
    /// Names and texts of the files, as a version keeps them.
    pub fn named_texts(&self) -> Vec<(weir_base::Text, weir_base::Text)> {
        self.files.iter().map(|file| (file.name.as_str().into(), file.text.as_str().into())).collect()
    }
}

pub fn catalog() -> anyhow::Result<Catalog> {
    weir_kinds::catalog().map_err(|problem| anyhow::anyhow!("a built-in record is broken: {}", problem.message))
}

/// Reads and checks a flow. Only a file that cannot be read is an error; all else is diagnostics.
pub fn load(path: &Path, bind: &Bind, catalog: &Catalog) -> anyhow::Result<Loaded> {
    load_as(path, bind, catalog, 0)
}

/// As [`load`], with ids of files from `first` on: for one that is read beside others.
pub fn load_as(path: &Path, bind: &Bind, catalog: &Catalog, first: u32) -> anyhow::Result<Loaded> {
    let parsed = parsed(path, catalog, first, Options { bindings: bindings(bind)?, ..Options::default() })?;
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(parsed.flow.iter().flat_map(|flow| weir_check::check(flow, catalog)));
    let beside = |name: &str| beside(folder_of(path), name).is_some();
    diagnostics.extend(parsed.flow.iter().flat_map(|flow| weir_check::unknown_flows(flow, &beside)));
    sort_by_place(&mut diagnostics);
    diagnostics.dedup();
    Ok(Loaded { flow: parsed.flow, diagnostics, files: parsed.files })
}

/// Reads a flow to write it again: with its disabled steps, which are marked. It is not checked, and not to be run.
pub fn load_to_write(path: &Path, bind: &Bind, catalog: &Catalog) -> anyhow::Result<Parsed> {
    parsed(path, catalog, 0, Options { bindings: bindings(bind)?, keep_disabled: true })
}

fn parsed(path: &Path, catalog: &Catalog, first: u32, options: Options) -> anyhow::Result<Parsed> {
    let text = read(path).map_err(UsageError)?;
    let names = CatalogNames(catalog);
    let loader = FolderLoader::beside(path, first + 1);
    let context = Context { loader: &loader, names: &names, options: &options };
    let source = SourceFile { id: FileId(first), name: path.to_string_lossy().into_owned(), text };
    Ok(parse(source, &context))
}

fn bindings<T: FromIterator<(weir_base::Text, Binding)>>(bind: &Bind) -> anyhow::Result<T> {
    bind.bind.iter().map(|text| binding(text)).collect()
}

/// `NAME=kind:X`, `NAME=flow:other`, `NAME={{ expression }}` or `NAME={"kind": …}`.
fn binding(text: &str) -> anyhow::Result<(weir_base::Text, Binding)> {
    let wrong =
        |why: &str| UsageError(format!("--bind {text}: {why}; write NAME=kind:X, NAME=flow:X or NAME={{{{…}}}}"));
    let (name, meaning) = text.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
    let (name, meaning) = (name.trim(), meaning.trim());
    if name.is_empty() || meaning.is_empty() {
        return Err(wrong("a name stands before the `=` and a meaning after it").into());
    }
    if meaning.starts_with('{') && !meaning.starts_with("{{") {
        exact(&format!("--bind {name}"), meaning)?;
    }
    Ok((name.into(), Binding::from_text(meaning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_needs_a_name_and_a_meaning() {
        assert_eq!(&*binding("a.b = kind:log").unwrap().0, "a.b");
        for wrong in ["a", "a=", "=log", ""] {
            assert!(binding(wrong).is_err(), "{wrong}");
        }
    }
}
