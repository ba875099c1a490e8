//! A flow as a whole project.

use crate::activities::{Proxied, assemble, js_string, literal};
use crate::express::compute_expr;
use crate::names::comment;
use crate::nodes::Writer;
use crate::nodes::outer::reads_outer;
use crate::support;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_base::Diagnostic;
use weir_catalog::Catalog;
use weir_ir::{Flow, SignalDecl};

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
    let mut writer = Writer::new(flow, catalog);
    let root = writer.node(&flow.root, "");
    if !writer.problems.is_empty() {
        return Err(writer.problems);
    }
    let activities = assemble(flow, catalog, &writer.kinds)?;
    let workflow = workflow(flow, &root, &writer);
    let mut files = activities.files;
    files.extend(support::library(&workflow));
    files.insert("workflow.ts".into(), workflow);
    files.extend(support::project_files(flow, options));
    Ok(Project { files, proxied: activities.proxied })
}

fn workflow(flow: &Flow, root: &str, writer: &Writer<'_>) -> String {
    let body = declared(flow, root) + "\n" + &writer.functions.join("\n");
    let mut out = format!("// The flow {}: one function for every step.\n", comment(&flow.name));
    if !writer.kinds.is_empty() {
        out.push_str("import { proxyActivities } from '@temporalio/workflow';\nimport type { Activities } from './activities';\n");
    }
    out.push_str("import { runFlow } from './entry';\nimport type { Flow } from './entry';\n");
    if body.contains(" x.") || body.contains("(x.") || body.contains("[x.") {
        out.push_str("import * as x from './expr';\n");
    }
    out.push_str("import type { At, Outcome, Result } from './run';\nimport type { Json } from './schemas';\n");
    out.push_str(&support::imports(&writer.used));
    if !writer.kinds.is_empty() {
        out.push_str("import type { Call } from './task';\n");
    }
    if keeps(flow, writer) {
        out.push_str("\nexport { weirProject } from './project';\n");
    }
    out.push_str("\n/** Runs the flow once. */\nexport async function flow(input: Json): Promise<Result> {\n");
    out.push_str("  return runFlow(whole, input);\n}\n\n");
    if !writer.kinds.is_empty() {
        out.push_str(PERFORMS);
    }
    out + &body
}

/// Whether anything outlives the runs of the flow, so that its worker has to have the project's workflow.
fn keeps(flow: &Flow, writer: &Writer<'_>) -> bool {
    let asks =
        |kind| writer.catalog.record(kind).is_some_and(|record| record.typescript_template.contains("cx.change"));
    reads_outer(flow) || writer.kinds.iter().any(|kind| asks(kind))
}

const PERFORMS: &str = "\
/** Performs steps of one kind as an activity, with `usualMs` for an attempt where the step does not say. */
function performs(kind: keyof Activities, usualMs: number): Call {
  return (params, step, timeoutMs = usualMs) =>
    proxyActivities<Activities>({ startToCloseTimeout: timeoutMs, retry: { maximumAttempts: 1 } })[kind](params, step);
}

";

/// What holds for the whole flow, as the library's `Flow`.
fn declared(flow: &Flow, root: &str) -> String {
    let mut out = "const whole: Flow = {\n".to_owned();
    let _ = writeln!(out, "  root: {root},");
    if !flow.variables.is_empty() {
        let _ = writeln!(out, "  variables: {},", variables(flow));
    }
    if let Some(schema) = &flow.input {
        let _ = writeln!(out, "  input: {},", literal(schema, 2));
    }
    if flow.input_as_variables {
        out.push_str("  inputAsVariables: true,\n");
    }
    if let Some(timeout) = flow.settings.timeout {
        let _ = writeln!(out, "  timeoutMs: {},", timeout.millis);
    }
    if !flow.queries.is_empty() {
        let query = |(name, expr): (&weir_base::Text, &weir_expr::Expr)| {
            format!("    [{}, {}],\n", js_string(name), compute_expr(expr))
        };
        let _ = writeln!(out, "  queries: [\n{}  ],", flow.queries.iter().map(query).collect::<String>());
    }
    let assigned = flow.signals.iter().filter(|(_, signal)| !signal.assign.is_empty());
    let signals: String = assigned.map(|(name, signal)| signal_text(name, signal)).collect();
    if !signals.is_empty() {
        let _ = writeln!(out, "  signals: [\n{signals}  ],");
    }
    out + "};\n"
}

/// The variables a signal writes when it comes.
fn signal_text(name: &str, signal: &SignalDecl) -> String {
    let write = |(name, expr): (&weir_base::Text, &weir_expr::Expr)| {
        format!("{{ name: {}, value: {} }}", js_string(name), compute_expr(expr))
    };
    let writes: Vec<String> = signal.assign.iter().map(write).collect();
    format!("    [{}, [{}]],\n", js_string(name), writes.join(", "))
}

/// What every declared variable holds at first, by name.
fn variables(flow: &Flow) -> String {
    let mut out = "[\n".to_owned();
    for (name, variable) in &flow.variables {
        let initial = variable.initial.clone().unwrap_or_else(|| variable.ty.initial());
        let _ = writeln!(out, "    [{}, {}],", js_string(name), literal(&initial, 4));
    }
    out + "  ]"
}
