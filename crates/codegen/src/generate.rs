//! A flow as a whole project.

use crate::activities::{Proxied, assemble, js_string, literal, task_kinds};
use crate::names::comment;
use crate::nodes::Writer;
use crate::support;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_base::Diagnostic;
use weir_catalog::Catalog;
use weir_ir::{Flow, Settings};

/// The code of everything that cannot be written as TypeScript yet.
pub const UNSUPPORTED: &str = "CODEGEN_UNSUPPORTED";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The task queue that the worker listens on and the client starts runs on.
    pub task_queue: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { task_queue: "weir".to_owned() }
    }
}

/// A project that builds and runs on its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// Text by file name.
    pub files: BTreeMap<String, String>,
    /// Kinds whose steps go to Weir's own worker.
    pub proxied: Vec<Proxied>,
}

/// The flow as TypeScript for Temporal: the same flow and options give the same bytes.
///
/// What cannot be written so that it behaves as the flow does is a `CODEGEN_UNSUPPORTED` at its place, all of them
/// at once, and nothing is generated.
pub fn generate(flow: &Flow, catalog: &Catalog, options: &Options) -> Result<Project, Vec<Diagnostic>> {
    let mut writer = Writer::new(flow);
    let root = writer.node(&flow.root, "");
    let mut problems = whole_flow(flow);
    problems.append(&mut writer.problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let activities = assemble(flow, catalog, &task_kinds(flow))?;
    let mut files = activities.files;
    files.extend(support::workflow_files());
    files.insert("workflow.ts".into(), workflow(flow, &root, &writer.functions));
    files.extend(support::project_files(flow, options));
    Ok(Project { files, proxied: activities.proxied })
}

/// Parts of a flow beside its steps that are not written yet.
fn whole_flow(flow: &Flow) -> Vec<Diagnostic> {
    let parts = [
        ("an input schema", flow.input.is_some()),
        ("an output schema", flow.output.is_some()),
        ("an input whose keys are variables", flow.input_as_variables),
        ("signals", !flow.signals.is_empty()),
        ("queries", !flow.queries.is_empty()),
        ("shared definitions", !flow.defs.is_empty()),
        ("triggers", !flow.triggers.is_empty()),
        ("settings", flow.settings != Settings::default()),
    ];
    parts.iter().filter(|(_, there)| *there).map(|(what, _)| unsupported(what)).collect()
}

fn unsupported(what: &str) -> Diagnostic {
    Diagnostic::error(UNSUPPORTED, format!("the flow has {what}, which cannot be written as TypeScript yet"))
        .help("run the flow with `weir run` or on a server, or take this out and generate again")
}

fn workflow(flow: &Flow, root: &str, functions: &[String]) -> String {
    let body = functions.join("\n");
    let mut out = format!("// The flow {}: one function for every step.\n", comment(&flow.name));
    out.push_str("import { runFlow } from './entry';\n");
    push_import(&mut out, &body, &["fails", "returns", "set"], "./pure");
    out.push_str("import type { Json, Outcome, Result } from './run';\n");
    push_import(&mut out, &body, &["branch", "select", "sequence", "step"], "./steps");
    out.push_str("import type { At } from './steps';\n");
    push_import(&mut out, &body, &["attempt", "force", "invert"], "./wrap");
    out.push_str("\n/** Runs the flow once. */\nexport async function flow(input: Json): Promise<Result> {\n");
    let _ = writeln!(out, "  return runFlow(input, {}, {root});\n}}\n", variables(flow));
    out + &body
}

/// An import of those names that the body calls.
fn push_import(out: &mut String, body: &str, names: &[&str], from: &str) {
    let used = |name: &&&str| body.contains(&format!("\n    {name}(")) || body.contains(&format!("return {name}("));
    let used: Vec<&str> = names.iter().filter(used).copied().collect();
    if !used.is_empty() {
        let _ = writeln!(out, "import {{ {} }} from '{from}';", used.join(", "));
    }
}

/// What every declared variable holds at first, by name.
fn variables(flow: &Flow) -> String {
    if flow.variables.is_empty() {
        return "[]".to_owned();
    }
    let mut out = "[\n".to_owned();
    for (name, variable) in &flow.variables {
        let initial = variable.initial.clone().unwrap_or_else(|| variable.ty.initial());
        let _ = writeln!(out, "    [{}, {}],", js_string(name), literal(&initial, 4));
    }
    out + "  ]"
}
