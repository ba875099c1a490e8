//! A flow as a whole project.

use crate::activities::{Flows, Proxied, assemble, js_string, literal, task_kinds, worker_context};
use crate::express::compute_expr;
use crate::names::{comment, words};
use crate::nodes::Writer;
use crate::nodes::outer::reads_outer;
use crate::readme::{Left, readme};
use crate::{secrets, support};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use weir_base::{Diagnostic, Text};
use weir_catalog::{Capability, Catalog};
use weir_ir::{Flow, NodeKind, SignalDecl};

/// The code of everything that cannot be written as TypeScript yet.
pub const UNSUPPORTED: &str = "CODEGEN_UNSUPPORTED";

#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The task queue that the worker listens on and the client starts runs on; where absent the flow's own, else one
    /// after its name.
    pub task_queue: Option<String>,
    /// Whose service and project variables the flow has.
    pub project: String,
    /// The function that is the flow, which is its workflow's type: letters, digits and `_`. After its name where absent.
    pub workflow: Option<String>,
    /// The task queue of Weir's own worker, which performs the kinds that have no TypeScript.
    pub worker_queue: String,
    /// Whose project it is to that worker; empty where there are no tenants.
    pub tenant: String,
    /// Flows that calls may name. Those that are called are written into the project.
    pub library: BTreeMap<Text, Flow>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            task_queue: None,
            project: "default".to_owned(),
            workflow: None,
            worker_queue: "weir".to_owned(),
            tenant: String::new(),
            library: BTreeMap::new(),
        }
    }
}

impl Options {
    pub(crate) fn queue_of(&self, flow: &Flow) -> String {
        let own = || flow.settings.task_queue.as_ref().map(|queue| queue.to_string());
        self.task_queue
            .clone()
            .or_else(own)
            .unwrap_or_else(|| format!("weir-ts{}", words(&flow.name).replace('_', "-")))
    }

    /// Two flows on one cluster are two types, and no type has a name of the library.
    pub(crate) fn workflow_of(&self, flow: &Flow) -> String {
        self.workflow.clone().unwrap_or_else(|| {
            let name = words(&flow.name).replace('_', "");
            let name = name.strip_suffix("Workflow").unwrap_or(&name);
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                format!("{name}Workflow")
            } else {
                format!("flow{name}Workflow")
            }
        })
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
    let mut problems = reserved(flow);
    let called = called(flow, options);
    let types: BTreeMap<Text, String> = called.iter().map(|one| (one.name.clone(), one.workflow.clone())).collect();
    let own = Whole {
        name: flow.name.as_str().into(),
        flow,
        workflow: options.workflow_of(flow),
        file: "workflow".to_owned(),
    };
    let keeps = std::iter::once(&own).chain(&called).any(|one| keeps(one.flow, catalog));
    let (mut files, mut kinds) = (BTreeMap::new(), BTreeSet::new());
    for one in std::iter::once(&own).chain(&called) {
        let mut writer = Writer::new(one.flow, catalog, &types);
        let root = writer.node(&one.flow.root, "");
        problems.extend(writer.problems.drain(..).map(|problem| placed(problem, one)));
        kinds.append(&mut writer.kinds.clone());
        let others = if one.file == "workflow" { called.as_slice() } else { &[] };
        files.insert(format!("{}.ts", one.file), workflow(one, &root, &writer, others, keeps, options));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let flows: Vec<(&str, &Flow)> = called.iter().map(|one| (one.workflow.as_str(), one.flow)).collect();
    let flows = Flows { own: flow, project: &options.project, called: &flows };
    let activities = assemble(&flows, catalog, &kinds)?;
    if !activities.proxied.is_empty() && options.queue_of(flow) == options.worker_queue {
        return Err(vec![shared(&options.worker_queue)]);
    }
    let text: String = files.values().map(String::as_str).collect();
    files.extend(support::library(&text));
    files.extend(activities.files);
    files.extend(support::project_files(flow, options, &activities.proxied));
    let all = || std::iter::once(flow).chain(called.iter().map(|one| one.flow));
    let secrets = secrets::needed(all(), |node| !is_left(node, &activities.proxied), true);
    let left = Left {
        queue: &options.worker_queue,
        kinds: &activities.proxied,
        secrets: secrets::needed(all(), |node| is_left(node, &activities.proxied), asks(&activities.proxied, catalog)),
    };
    files.insert("README.md".to_owned(), readme(flow, &secrets, &left));
    Ok(Project { files, proxied: activities.proxied })
}

/// Each of two workers would be given the other's steps.
fn shared(queue: &str) -> Diagnostic {
    let message = format!("the project's worker and Weir's own would both take work from the task queue `{queue}`");
    Diagnostic::error(UNSUPPORTED, message)
        .help("give the project a task queue of its own, or Weir's worker another one")
}

/// Whether the step goes to Weir's own worker.
fn is_left(node: &NodeKind, left: &[Proxied]) -> bool {
    matches!(node, NodeKind::Task(task) if left.iter().any(|one| one.kind == task.kind))
}

/// Whether one of these kinds may ask a model.
fn asks(left: &[Proxied], catalog: &Catalog) -> bool {
    let of = |one: &Proxied| catalog.record(&one.kind).map(|record| &record.component.capabilities);
    left.iter().filter_map(of).any(|capabilities| capabilities.contains(&Capability::Model))
}

/// A problem of a flow that is called, and whose text nobody has, says which flow it is in.
fn placed(problem: Diagnostic, of: &Whole<'_>) -> Diagnostic {
    if problem.span.is_some() || of.file == "workflow" {
        return problem;
    }
    Diagnostic { message: format!("in the flow `{}`: {}", of.name, problem.message), ..problem }
}

/// Names of queries that are taken by Temporal or by the library.
fn reserved(flow: &Flow) -> Vec<Diagnostic> {
    let taken = |name: &str| {
        name.starts_with("__temporal_")
            || matches!(name, "__stack_trace" | "__enhanced_stack_trace" | "trace" | "variables")
    };
    let refused = |name: &Text| {
        Diagnostic::error(UNSUPPORTED, format!("the query `{name}` has a name that is taken in a generated workflow"))
            .help("give the query another name")
    };
    flow.queries.keys().filter(|name| taken(name)).map(refused).collect()
}

/// A flow of the project: its name, and the function and the file it becomes.
struct Whole<'a> {
    name: Text,
    flow: &'a Flow,
    workflow: String,
    file: String,
}

/// The flows that calls name, and those that these call. A name that is computed may be any of them.
fn called<'a>(flow: &Flow, options: &'a Options) -> Vec<Whole<'a>> {
    let (mut open, mut found) = (names_called(flow, options), BTreeSet::new());
    while let Some(name) = open.pop() {
        if let Some(flow) = options.library.get(&name)
            && found.insert(name)
        {
            open.extend(names_called(flow, options));
        }
    }
    let (own, mut taken) = (options.workflow_of(flow), BTreeMap::new());
    let one = |name: Text| {
        let (flow, called) = (options.library.get(&name)?, called_name(&name, &mut taken));
        Some(Whole { name, flow, workflow: format!("{own}{called}"), file: format!("flow{called}") })
    };
    found.into_iter().filter_map(one).collect()
}

/// `_part` for the flow `part`, so that it keeps its workflow's type when others come and go. A number keeps it apart from
/// those before it that some disks would take for the same file; no name ends like that by itself.
fn called_name(name: &str, taken: &mut BTreeMap<String, usize>) -> String {
    let name = Some(words(name)).filter(|words| !words.is_empty()).unwrap_or_else(|| "_flow".to_owned());
    let count = taken.entry(name.to_ascii_lowercase()).or_default();
    *count += 1;
    if *count == 1 { name } else { format!("{name}_{count}") }
}

fn names_called(flow: &Flow, options: &Options) -> Vec<Text> {
    let calls = flow.calls();
    let any = options.library.keys().filter(|_| calls.any).cloned();
    calls.names.iter().cloned().chain(any).collect()
}

fn workflow(
    one: &Whole<'_>,
    root: &str,
    writer: &Writer<'_>,
    called: &[Whole<'_>],
    keeps: bool,
    options: &Options,
) -> String {
    let flow = one.flow;
    let body = declared(flow, root) + "\n" + &writer.functions.join("\n");
    let mut out = format!("// The flow {}: one function for every step.\n", comment(&flow.name));
    if writer.performs {
        out.push_str("import { proxyActivities } from '@temporalio/workflow';\nimport type { Activities } from './activities';\n");
    }
    out.push_str("import { runFlow } from './entry';\nimport type { Flow } from './entry';\n");
    if writer.computes.get()
        || !flow.queries.is_empty()
        || flow.signals.values().any(|signal| !signal.assign.is_empty())
    {
        out.push_str("import * as x from './expr';\n");
    }
    if writer.used.contains("loop") {
        out.push_str("import type { Left } from './resume';\n");
    }
    out.push_str("import type { At, Outcome, Result } from './run';\nimport type { Json } from './schemas';\n");
    out.push_str(&support::imports(&writer.used));
    if writer.used.contains("proxied") {
        out.push_str("import type { Weir } from './proxied';\n");
    }
    if writer.performs {
        out.push_str("import type { Call } from './task';\n");
    }
    if keeps && one.file == "workflow" {
        out.push_str("\nexport { weirProject } from './project';\n");
    }
    for other in called {
        let _ = write!(out, "\nexport {{ {} }} from './{}';\n", other.workflow, other.file);
    }
    // Only a loop begins a fresh history.
    let (taken, handed) =
        if writer.used.contains("loop") { (", before?: Left", ", before") } else { Default::default() };
    let _ = write!(
        out,
        "\n/** Runs the flow once. */\nexport async function {}(input: Json{taken}): Promise<Result> {{\n  return runFlow(whole, input{handed});\n}}\n\n",
        one.workflow
    );
    if writer.performs {
        out.push_str(PERFORMS);
    }
    if writer.used.contains("proxied") {
        out.push_str(&weir(flow, options));
    }
    out + &body
}

/// What Weir's own worker has to be told with every step.
fn weir(flow: &Flow, options: &Options) -> String {
    let context = literal(&worker_context(flow, &options.tenant, &options.project), 2);
    format!(
        "/** Weir's own worker: where it takes work from, and what holds for the steps it is given. */\nconst weir: Weir = {{\n  queue: {},\n  context: {context},\n}};\n\n",
        js_string(&options.worker_queue)
    )
}

/// Whether anything outlives the runs of the flow, so that its worker has to have the project's workflow.
fn keeps(flow: &Flow, catalog: &Catalog) -> bool {
    let asks =
        |kind: &Text| catalog.record(kind).is_some_and(|record| record.typescript_template.contains("cx.change"));
    reads_outer(flow) || task_kinds(flow).iter().any(asks)
}

const PERFORMS: &str = "\
/** Performs steps of one kind as an activity, with `usualMs` for an attempt where the step does not say. */
function performs(kind: keyof Activities, usualMs: number): Call {
  return (params, step, timeoutMs = usualMs) =>
    proxyActivities<Activities>({
      // An attempt that takes too long ends itself; a worker that was lost is noticed before this.
      startToCloseTimeout: Math.max(timeoutMs, 1) + 30_000,
      heartbeatTimeout: 10_000,
      retry: { maximumAttempts: 1 },
    })[kind](params, { ...step, timeoutMs: Math.max(timeoutMs, 1) });
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
