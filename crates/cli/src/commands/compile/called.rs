//! The flows that a flow calls, from the files beside it: what `weir run` would find, the code brings along.

use crate::args::compile::Compile;
use crate::load::{self, Loaded};
use crate::loader::{beside, folder_of};
use std::collections::BTreeMap;
use std::path::Path;
use weir_base::{Text, has_errors};
use weir_catalog::Catalog;
use weir_dialects::SourceFile;
use weir_ir::Flow;

/// The flows that are called, and the files they were read from, each with an id of its own.
#[derive(Default)]
pub struct Called {
    /// By name.
    pub flows: BTreeMap<Text, Flow>,
    pub files: Vec<SourceFile>,
}

/// What a flow calls whose files are these; or the first of them that has problems.
pub fn library(
    flow: &Flow,
    own: &[SourceFile],
    args: &Compile,
    catalog: &Catalog,
) -> anyhow::Result<Result<Called, Loaded>> {
    let folder = folder_of(&args.file);
    let mut called = Called::default();
    let mut open = names(flow, folder);
    while let Some(name) = open.pop() {
        let Some(path) = beside(folder, &name).filter(|_| !called.flows.contains_key(&name)) else { continue };
        let first = own.iter().chain(&called.files).map(|file| file.id.0 + 1).max().unwrap_or_default();
        let mut loaded = load::load_as(&path, &args.bind, catalog, first)?;
        loaded.diagnostics = weir_check::for_running(loaded.diagnostics);
        let Some(found) = loaded.flow.take_if(|_| !has_errors(&loaded.diagnostics)) else { return Ok(Err(loaded)) };
        open.extend(names(&found, folder));
        called.files.extend(loaded.files);
        // The name it is called by is the name it is kept under.
        called.flows.insert(name.clone(), Flow { name: name.to_string(), ..found });
    }
    Ok(Ok(called))
}

/// What the calls of a flow name. A name that is computed may be that of any file in the folder.
fn names(flow: &Flow, folder: &Path) -> Vec<Text> {
    let calls = flow.calls();
    let any = if calls.any { in_folder(folder) } else { Vec::new() };
    calls.names.into_iter().chain(any).collect()
}

fn in_folder(folder: &Path) -> Vec<Text> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let flows =
        entries.filter(|path| path.extension().is_some_and(|end| ["yaml", "yml"].iter().any(|one| end == *one)));
    flows.filter_map(|path| Some(path.file_stem()?.to_str()?.into())).collect()
}
