use crate::control::Control;
use crate::model::{FlowDraft, FlowFile};
use crate::names::CatalogNames;
use crate::{ControlError, Result};
use std::collections::BTreeMap;
use weir_base::{Diagnostic, FileId, Text, has_errors, sort_by_place};
use weir_catalog::Catalog;
use weir_dialects::{Binding, Context, Loader, Options, Parsed, SourceFile, parse};
use weir_ir::Flow;
use weir_store::{FlowVersion, blob_hash};

/// A flow's files, read and checked. Nothing of it is run.
pub struct Compiled {
    pub flow: Option<Flow>,
    pub diagnostics: Vec<Diagnostic>,
    /// Names of the files, by the ids in the diagnostics' spans.
    pub files: Vec<SourceFile>,
}

impl Compiled {
    /// The diagnostics as they count for a run: what would stop one is an error.
    pub fn for_running(&self) -> Vec<Diagnostic> {
        weir_check::for_running(self.diagnostics.clone())
    }

    /// How many steps and regions the flow has.
    pub fn steps(&self) -> usize {
        let mut count = 0;
        self.flow.iter().for_each(|flow| flow.for_each_node(&mut |_| count += 1));
        count
    }

    /// The flow, if it can run; else what stands in the way.
    pub fn runnable(&self) -> Result<&Flow> {
        let problems = self.for_running();
        match &self.flow {
            Some(flow) if !has_errors(&problems) => Ok(flow),
            _ => {
                let count = problems.iter().filter(|problem| problem.is_error()).count();
                let message =
                    if count == 1 { "the flow has a problem".into() } else { format!("the flow has {count} problems") };
                Err(ControlError::Invalid { code: "FLOW_PROBLEMS", message, diagnostics: problems })
            }
        }
    }
}

/// Reads and checks a flow under the name it is known by. `known` tells which other flows of the project there are.
pub fn compile(
    catalog: &Catalog,
    name: &str,
    files: &[FlowFile],
    bindings: &BTreeMap<Text, Text>,
    known: &dyn Fn(&str) -> bool,
) -> Compiled {
    let parsed = parsed(catalog, files, options(bindings));
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(parsed.flow.iter().flat_map(|flow| weir_check::check(flow, catalog)));
    diagnostics.extend(parsed.flow.iter().flat_map(|flow| weir_check::unknown_flows(flow, known)));
    sort_by_place(&mut diagnostics);
    diagnostics.dedup();
    let flow = parsed
        .flow
        .map(|flow| Flow { name: if name.is_empty() { flow.name.clone() } else { name.to_owned() }, ..flow });
    Compiled { flow, diagnostics, files: parsed.files }
}

fn options(bindings: &BTreeMap<Text, Text>) -> Options {
    let bound = bindings.iter().map(|(name, meaning)| (name.clone(), Binding::from_text(meaning)));
    Options { bindings: bound.collect(), ..Options::default() }
}

fn parsed(catalog: &Catalog, files: &[FlowFile], options: Options) -> Parsed {
    let names = CatalogNames(catalog);
    let loader = FilesOf(files);
    let context = Context { loader: &loader, names: &names, options: &options };
    let main = files.first().cloned().unwrap_or(FlowFile { name: "flow.yaml".into(), text: "".into() });
    let source = SourceFile { id: FileId(0), name: main.name.to_string(), text: main.text.to_string() };
    parse(source, &context)
}

/// The files a flow brought along, and no others.
struct FilesOf<'a>(&'a [FlowFile]);

impl Loader for FilesOf<'_> {
    fn load(&self, _: &str, path: &str) -> Option<SourceFile> {
        let path = path.trim_start_matches("./");
        let index = self.0.iter().position(|file| &*file.name == path)?;
        let id = FileId(u32::try_from(index).ok()?);
        Some(SourceFile { id, name: self.0[index].name.to_string(), text: self.0[index].text.to_string() })
    }

    fn list(&self, _: &str, directory: &str) -> Vec<String> {
        let prefix = format!("{}/", directory.trim_start_matches("./").trim_end_matches('/'));
        let inside = self.0.iter().filter(|file| file.name.starts_with(&prefix));
        let mut names: Vec<String> = inside.map(|file| file.name.to_string()).collect();
        names.sort();
        names
    }
}

/// What the runtime keeps of a flow.
pub(crate) fn version_of(tenant: &Text, project: &Text, flow: &Flow, files: &[FlowFile], at: i64) -> FlowVersion {
    let ir = weir_ir::to_json(flow);
    let kept = |file: &FlowFile| weir_store::SourceFile { name: file.name.clone(), text: file.text.clone() };
    FlowVersion {
        hash: blob_hash(ir.as_bytes()),
        tenant: tenant.clone(),
        project: project.clone(),
        name: flow.name.as_str().into(),
        dialect: flow.dialect.as_str().into(),
        files: files.iter().map(kept).collect(),
        ir,
        published_at: at,
    }
}

impl Control {
    /// Reads and checks a draft. Flows it calls are looked for among those of its project.
    pub(crate) async fn compile_draft(&self, tenant: &Text, draft: &FlowDraft) -> Result<Compiled> {
        let known = self.flow_names(tenant, &draft.project).await?;
        Ok(compile(&self.catalog, &draft.name, &draft.files, &draft.bindings, &|name| known.contains(name)))
    }

    /// The same flow in another dialect; what it cannot say there is named.
    pub fn convert(&self, files: &[FlowFile], to: &str) -> Result<String> {
        if !["tree", "organism", "graph", "ir"].contains(&to) {
            let message = "a flow is written as tree, organism, graph or ir";
            return Err(ControlError::invalid("UNKNOWN_DIALECT", message));
        }
        let compiled = self.validate(files, &BTreeMap::new());
        let problems = |diagnostics| ControlError::Invalid {
            code: "FLOW_PROBLEMS",
            message: "the flow cannot be written in this dialect".to_owned(),
            diagnostics,
        };
        if has_errors(&compiled.diagnostics) {
            return Err(problems(compiled.diagnostics));
        }
        let read = parsed(&self.catalog, files, Options { keep_disabled: true, ..Options::default() });
        let unreadable = has_errors(&read.diagnostics);
        let Some(flow) = read.flow.filter(|_| !unreadable) else { return Err(problems(read.diagnostics)) };
        weir_dialects::convert(&flow, to, &CatalogNames(&self.catalog)).map_err(problems)
    }

    /// The flow of files that are kept nowhere, as far as it can be read.
    pub(crate) fn read(&self, files: &[FlowFile], bindings: &BTreeMap<Text, Text>) -> Option<Flow> {
        parsed(&self.catalog, files, options(bindings)).flow
    }

    /// Reads and checks files that are kept nowhere.
    pub fn validate(&self, files: &[FlowFile], bindings: &BTreeMap<Text, Text>) -> Compiled {
        compile(&self.catalog, "", files, bindings, &|_| false)
    }
}
