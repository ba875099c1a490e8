use super::literal::{js_string, key, literal};
use super::settings::flow_settings;
use super::support;
use super::types::{function_name, ts_type, type_name};
use crate::names::comment;
use crate::nodes::outer::{READ, reads_outer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use weir_base::{Diagnostic, Text, Value};
use weir_catalog::{Catalog, Component, Implementation, Record};
use weir_ir::{Flow, NodeKind};

/// The activities of a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activities {
    /// `activities.ts` and the support files it needs, by name.
    pub files: BTreeMap<String, String>,
    /// The function that performs a kind, by kind.
    pub functions: BTreeMap<Text, String>,
    /// Kinds that are performed by Weir's own worker.
    pub proxied: Vec<Proxied>,
}

/// A kind without TypeScript of its own: a step of it goes to the task queue of Weir's worker under the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    pub kind: Text,
    /// Why it has none; may be empty.
    pub reason: String,
}

impl Proxied {
    /// Of a kind whose record says so.
    pub fn of(record: &Record) -> Option<Self> {
        let reason = record.typescript_template.trim().strip_prefix(PROXY)?.trim();
        let kind = record.component.runnable.then(|| record.component.name.clone())?;
        Some(Self { kind, reason: reason.to_owned() })
    }
}

/// The flows a project is made of.
#[derive(Clone, Copy, Debug)]
pub struct Flows<'a> {
    pub own: &'a Flow,
    pub project: &'a str,
    /// Flows that are called, with the types of their workflows: their steps have settings of their own.
    pub called: &'a [(&'a str, &'a Flow)],
}

impl<'a> Flows<'a> {
    /// A flow that calls no other, in the project `default`.
    pub fn one(flow: &'a Flow) -> Self {
        Self { own: flow, project: "default", called: &[] }
    }

    fn all(&self) -> impl Iterator<Item = &'a Flow> {
        std::iter::once(self.own).chain(self.called.iter().map(|(_, flow)| *flow))
    }
}

/// How a template begins that only says why the kind has no TypeScript.
const PROXY: &str = "// proxied:";

/// The kinds of a flow's tasks, once each.
pub fn task_kinds(flow: &Flow) -> BTreeSet<Text> {
    let mut kinds = BTreeSet::new();
    flow.for_each_node(&mut |node| {
        if let NodeKind::Task(task) = &node.kind {
            kinds.insert(task.kind.clone());
        }
    });
    kinds
}

/// The activities for these kinds of a flow, which must be in the catalogue: another is a `KIND_UNKNOWN`.
pub fn assemble(flows: &Flows<'_>, catalog: &Catalog, kinds: &BTreeSet<Text>) -> Result<Activities, Vec<Diagnostic>> {
    let (mut parts, mut proxied, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for kind in kinds {
        match catalog.record(kind) {
            Some(record) => match Proxied::of(record) {
                Some(one) => proxied.push(one),
                None => parts.push(Part::of(record)),
            },
            None => problems.push(unknown(kind, catalog)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    tell_apart(&mut parts);
    Ok(Activities { proxied, ..written(flows, &parts) })
}

fn unknown(kind: &str, catalog: &Catalog) -> Diagnostic {
    let suggestion = catalog.suggest(kind).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Diagnostic::error("KIND_UNKNOWN", format!("there is no kind `{kind}`{suggestion}"))
}

/// One kind on its way into the file.
struct Part<'a> {
    record: &'a Record,
    function: String,
    types: String,
    how: How,
}

enum How {
    Own { imports: Vec<(String, String)>, code: String },
    NotRunnable,
}

impl<'a> Part<'a> {
    fn of(record: &'a Record) -> Part<'a> {
        let kind = &record.component.name;
        let template = record.typescript_template.trim();
        let of_engine = record.component.implementation == Implementation::Engine && !template.contains("Output>");
        let how = if !record.component.runnable || of_engine {
            How::NotRunnable
        } else {
            let (imports, code) = hoisted(template);
            How::Own { imports, code }
        };
        Part { record, function: function_name(kind), types: type_name(kind), how }
    }

    fn kind(&self) -> &Text {
        &self.record.component.name
    }
}

/// Kinds such as `a.b` and `a-b` would share names; the later one gets a number.
fn tell_apart(parts: &mut [Part<'_>]) {
    let mut taken = BTreeSet::new();
    for part in parts {
        let (function, types) = (part.function.clone(), part.types.clone());
        let mut count = 1;
        while !taken.insert(part.function.clone()) {
            count += 1;
            part.function = format!("{function}{count}");
            part.types = format!("{types}{count}");
        }
        if let How::Own { code, .. } = &mut part.how
            && count > 1
        {
            *code = code.replace(&types, &part.types).replace(&function, &part.function);
        }
    }
}

/// The imports at a template's head as `(name, module)`, and the code after them.
fn hoisted(template: &str) -> (Vec<(String, String)>, String) {
    let (mut imports, mut rest) = (Vec::new(), template);
    while let Some((names, after)) = rest.strip_prefix("import { ").and_then(|text| text.split_once(" } from '")) {
        let Some((module, after)) = after.split_once("';") else { break };
        imports.extend(names.split(',').map(|name| (name.trim().to_owned(), module.to_owned())));
        rest = after.trim_start();
    }
    (imports, rest.to_owned())
}

fn written(flows: &Flows<'_>, parts: &[Part<'_>]) -> Activities {
    let mut text =
        "/**\n * What the steps of this flow do, by kind. Generated by Weir from the records of the kinds.\n */\n"
            .to_owned();
    let reads = flows.all().any(reads_outer);
    push_imports(&mut text, parts, reads);
    let _ = write!(
        text,
        "\n/** What holds for every step. */\nexport const flow: FlowSettings = {};\n",
        literal(&flow_settings(flows.own, flows.project), 0)
    );
    push_called(&mut text, flows);
    parts.iter().for_each(|part| push_part(&mut text, part));
    push_tables(&mut text, parts, reads, !flows.called.is_empty());
    let modules = imports_of(parts, reads).into_keys().collect::<Vec<_>>();
    let mut files = support::files(modules.iter().map(String::as_str));
    files.insert("activities.ts".to_owned(), text);
    let functions = parts.iter().map(|part| (part.kind().clone(), part.function.clone())).collect();
    Activities { files, functions, proxied: Vec::new() }
}

/// Names by module.
fn imports_of(parts: &[Part<'_>], reads: bool) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut own: BTreeSet<String> = ["FlowSettings", "Json", "Ports", "Step", "workerPorts"].map(str::to_owned).into();
    own.extend(reads.then(|| "readVariables".to_owned()));
    for part in parts {
        match &part.how {
            How::Own { imports, code } => {
                own.extend(["TaskContext", "contract", "perform"].map(str::to_owned));
                for (name, module) in imports {
                    all.entry(module.clone()).or_default().insert(name.clone());
                }
                let types = contract_types(part);
                if types.contains("JsonObject") || code.contains("JsonObject") {
                    own.insert("JsonObject".to_owned());
                }
            }
            How::NotRunnable => drop(own.insert("notRunnable".to_owned())),
        }
    }
    all.entry("./host".to_owned()).or_default().extend(own);
    all
}

fn push_imports(out: &mut String, parts: &[Part<'_>], reads: bool) {
    // Modules of Node come first, then those of the project.
    let all = imports_of(parts, reads);
    let (own, others): (Vec<_>, Vec<_>) = all.iter().partition(|(module, _)| module.starts_with('.'));
    for (module, names) in others.into_iter().chain(own) {
        let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "import {{ {names} }} from {};", js_string(module));
    }
}

fn contract_types(part: &Part<'_>) -> String {
    let (record, types) = (part.record, &part.types);
    let input = ts_type(&record.input_json_schema(), 0, true);
    let output = ts_type(&record.output_json_schema(), 0, false);
    format!("export type {types}Input = {input};\n\nexport type {types}Output = {output};\n")
}

fn push_part(out: &mut String, part: &Part<'_>) {
    let How::Own { code, .. } = &part.how else { return };
    let Part { record, function, types, .. } = part;
    let component = &record.component;
    let _ = writeln!(out, "\n// {}: {}\n", comment(&component.name), comment(&component.summary));
    out.push_str(&contract_types(part));
    let schema = |schema: Value| literal(&lean(&schema), 2);
    let _ = write!(
        out,
        "\nconst {function}Contract = contract<{types}Input>(\n  {},\n  {},\n  {},\n);\n\n{}\n",
        js_string(&component.name),
        schema(record.input_json_schema()),
        schema(record.output_json_schema()),
        code.trim_end()
    );
}

/// The schema without its descriptions, which stand in the types.
fn lean(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let is_names = |name: &str| name == "properties";
            let members = map.iter().filter(|(name, value)| &***name != "description" || value.as_str().is_none());
            Value::from(
                members
                    .map(|(name, value)| (name.clone(), if is_names(name) { lean_members(value) } else { lean(value) }))
                    .collect::<weir_base::Map>(),
            )
        }
        Value::Array(items) => Value::array(items.iter().map(lean)),
        other => other.clone(),
    }
}

/// Members of `properties`: one of them may be called `description`.
fn lean_members(members: &Value) -> Value {
    let map = members.as_object().into_iter().flatten();
    Value::from(map.map(|(name, schema)| (name.clone(), lean(schema))).collect::<weir_base::Map>())
}

/// Why a step of this kind fails, in the words of Weir's own host.
fn refusal(component: &Component) -> String {
    let name = &component.name;
    if component.runnable {
        return format!("`{name}` is a step of the engine and cannot be performed as a task");
    }
    format!("`{name}` cannot be run yet; take the step out, or replace it by another kind")
}

/// What holds for the steps of flows that are called, by the type of their workflow.
fn push_called(out: &mut String, flows: &Flows<'_>) {
    if flows.called.is_empty() {
        return;
    }
    out.push_str("\n/** What holds for the steps of flows that are called, by the type of their workflow. */\n");
    out.push_str("const called = new Map<string, FlowSettings>([\n");
    for (workflow, flow) in flows.called {
        let settings = literal(&flow_settings(flow, flows.project), 2);
        let _ = writeln!(out, "  [{}, {settings}],", js_string(workflow));
    }
    out.push_str(SETTINGS_OF);
}

const SETTINGS_OF: &str = "]);

/** What holds for the step that is performed. */
function settingsOf(ports: Ports, own: FlowSettings): FlowSettings {
  return { ...(called.get(ports.workflow()) ?? own), project: own.project };
}
";

fn push_tables(out: &mut String, parts: &[Part<'_>], reads: bool, calls: bool) {
    let settings = if calls { "settingsOf(ports, settings)" } else { "settings" };
    out.push_str("\nexport type Activity = (params: Json, step: Step) => Promise<Json>;\n");
    out.push_str(
        "\n/** Every kind that is performed here, by the name the activity has in Temporal. */\nexport type Activities = {\n",
    );
    for part in parts {
        let _ = writeln!(out, "  {}: Activity;", key(part.kind()));
    }
    if reads {
        let _ = writeln!(out, "  {}: Activity;", js_string(READ));
    }
    out.push_str("};\n\n/** The activities that a worker of this project performs. */\n");
    let used = reads || parts.iter().any(|part| matches!(part.how, How::Own { .. }));
    let arguments = if used {
        "ports: Ports = workerPorts(), settings: FlowSettings = flow"
    } else {
        "_ports: Ports = workerPorts(), _settings: FlowSettings = flow"
    };
    let _ = writeln!(out, "export function createActivities({arguments}): Activities {{\n  return {{");
    for part in parts {
        let (name, function) = (key(part.kind()), &part.function);
        let _ = match part.how {
            How::Own { .. } => writeln!(
                out,
                "    {name}: (params, step) => perform({function}Contract, {function}, {settings}, ports, params, step),"
            ),
            How::NotRunnable => {
                writeln!(out, "    {name}: () => notRunnable({}),", js_string(&refusal(&part.record.component)))
            }
        };
    }
    if reads {
        let _ =
            writeln!(out, "    {}: (params, step) => readVariables({settings}, ports, params, step),", js_string(READ));
    }
    out.push_str("  };\n}\n");
}
