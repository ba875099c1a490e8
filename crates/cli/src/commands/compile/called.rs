//! The flows that a flow calls, from the files beside it: what `weir run` would find, the code brings along.

use crate::args::Bind;
use crate::load::{self, Loaded};
use crate::loader::{beside, folder_of};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use weir_base::{Text, has_errors};
use weir_catalog::Catalog;
use weir_ir::{Flow, NodeKind};

/// By name; or the first of them that has problems.
pub fn library(flow: &Flow, path: &Path, bind: &Bind, catalog: &Catalog) -> anyhow::Result<Result<Library, Loaded>> {
    let folder = folder_of(path);
    let mut found = Library::new();
    let mut open = names(flow, folder);
    while let Some(name) = open.pop() {
        let Some(path) = beside(folder, &name).filter(|_| !found.contains_key(&name)) else { continue };
        let mut loaded = load::load(&path, bind, catalog)?;
        loaded.diagnostics = weir_check::for_running(loaded.diagnostics);
        let Some(called) = loaded.flow.take_if(|_| !has_errors(&loaded.diagnostics)) else { return Ok(Err(loaded)) };
        open.extend(names(&called, folder));
        // The name it is called by is the name it is kept under.
        found.insert(name.clone(), Flow { name: name.to_string(), ..called });
    }
    Ok(Ok(found))
}

pub type Library = BTreeMap<Text, Flow>;

/// What the calls of a flow name. A name that is computed may be that of any file in the folder.
fn names(flow: &Flow, folder: &Path) -> Vec<Text> {
    let (mut names, mut computed) = (BTreeSet::new(), false);
    flow.for_each_node(&mut |node| {
        let NodeKind::Call(call) = &node.kind else { return };
        match call.flow.constant() {
            Some(value) => names.extend(value.as_str().map(Text::from)),
            None => computed = true,
        }
    });
    if computed {
        names.extend(in_folder(folder));
    }
    names.into_iter().collect()
}

fn in_folder(folder: &Path) -> Vec<Text> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let flows =
        entries.filter(|path| path.extension().is_some_and(|end| ["yaml", "yml"].iter().any(|one| end == *one)));
    flows.filter_map(|path| Some(path.file_stem()?.to_str()?.into())).collect()
}
