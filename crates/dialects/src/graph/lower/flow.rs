use super::assemble::{Assembly, phases};
use super::header::{self, Head};
use super::{Lowering, lift};
use crate::Context;
use crate::fields::Read;
use crate::graph::analysis::{NONE, Network, Role, Shape};
use crate::graph::node_type::NodeType;
use crate::graph::read::{Step, Workflow};
use crate::graph::routes::{Route, routes};
use crate::graph::words::Words;
use crate::graph::{loops, validate};
use crate::text::Doc;
use indexmap::IndexMap;
use std::collections::HashSet;
use weir_base::{Diagnostic, Map, Text, Value};
use weir_ir::{Flow, FlowMode, Graph, IR_VERSION, MAX_DEPTH, Node, NodeKind, Origin, Settings};

/// How many loops and retries may stand in each other: each is two levels of the flow.
const MAX_NESTING: usize = MAX_DEPTH / 2 - 5;

/// The id of the root node: the first segment of every step path.
pub const ROOT: &str = "main";

/// The flow of a workflow document. None where no flow may be made of it at all.
pub fn lower(workflow: &Workflow<'_>, source: &str, cx: &Context<'_>, report: &mut Vec<Diagnostic>) -> Option<Flow> {
    let mut routes = routes(workflow, report);
    let roles: Vec<Role> = workflow.steps.iter().map(|step| role(step.ty)).collect();
    let links = routes.iter().map(|route| (route.from, route.handle.clone(), route.to));
    let network = Network::new(roles.clone(), links);
    let shape = Shape::new(&network);
    let depths = shape.depths();
    validate::cycles(workflow, &routes, &shape, report);
    if depths.iter().any(|depth| *depth > MAX_NESTING) {
        let message = format!("loops and retries stand in each other more than {MAX_NESTING} deep");
        report.push(Diagnostic::error("TOO_DEEP", message).at(workflow.body.span));
        return None;
    }
    loops::settle(workflow, &mut routes, &roles, &shape, report);
    let head = header::read(workflow, report);
    let mode = mode(workflow, &head);
    let declared = validate::declarations(workflow);
    validate::structure(workflow, &routes, &declared, mode, report);
    let mut words = Words::new(source, &workflow.steps, shape.owner.clone(), stand_ins(&network, &shape));
    routes.iter().filter(|route| &*route.handle == "error").for_each(|route| words.catch(route.from, route.to));
    let mut lowering = Lowering {
        workflow,
        names: cx.names,
        keep_disabled: cx.options.keep_disabled,
        words,
        report,
        variables: head.variables.clone(),
        signals: head.shared.signals.clone(),
        queries: head.shared.queries.clone(),
        triggers: head.shared.triggers.clone(),
        inputs: IndexMap::new(),
        long_running: head.long_running,
    };
    let graph = graph(&mut lowering, &routes, &roles, &shape, depths, &declared);
    lowering.suggestions(&head);
    Some(flow(lowering, head, mode, graph))
}

fn role(ty: NodeType) -> Role {
    match ty {
        NodeType::Trigger => Role::Start,
        NodeType::Loop => Role::Loop,
        NodeType::Retry => Role::Retry,
        _ => Role::Plain,
    }
}

/// For a node that is all a retry owns, that retry: its output is the node's.
fn stand_ins(network: &Network, shape: &Shape) -> Vec<usize> {
    let direct = |owner: usize| network.roles[owner] == Role::Retry && network.port(owner, "body").is_none();
    let owners = shape.owner.iter().map(|owner| Some(*owner).filter(|owner| *owner != NONE && direct(*owner)));
    owners.map(|owner| owner.unwrap_or(NONE)).collect()
}

/// A service waits, answers or loops for ever; everything else is a task.
fn mode(workflow: &Workflow<'_>, head: &Head) -> FlowMode {
    let service = head.long_running.is_some() || workflow.steps.iter().any(is_service_step);
    head.mode.unwrap_or(if service { FlowMode::Service } else { FlowMode::Task })
}

fn is_service_step(step: &Step<'_>) -> bool {
    let text = |key| step.field(key).and_then(Doc::as_str);
    match step.ty {
        NodeType::Signal => true,
        NodeType::DataOut => [text("type"), text("mode"), text("kind")].contains(&Some("query")),
        NodeType::Loop => {
            let keys = ["maxIterations", "max_iterations", "iterations", "count", "items", "collection", "forEach"];
            let bounded = keys.iter().chain(&["condition", "while", "expression"]).find_map(|key| step.field(key));
            let unbounded = bounded.is_none_or(|bound| bound.as_f64().is_some_and(|number| number <= 0.0));
            unbounded || step.field("continueAsNew").is_some()
        }
        _ => false,
    }
}

fn graph(
    lowering: &mut Lowering<'_, '_>,
    routes: &[Route],
    roles: &[Role],
    shape: &Shape,
    depths: Vec<usize>,
    declared: &[bool],
) -> Graph {
    lowering.declare_names();
    let phases = phases(lowering, shape, roles.len());
    let drafts = (0..roles.len())
        .map(|at| {
            lowering.near_misses(at);
            if declared[at] {
                lowering.declaration(at);
                return None;
            }
            Some(lowering.draft(at))
        })
        .collect();
    let workflow = lowering.workflow;
    let regions = lift::regions(&workflow.steps, roles, shape, routes);
    Assembly { lowering, drafts, regions, depths, phases }.build()
}

impl Lowering<'_, '_> {
    /// Makes every name a node writes known before any expression is read.
    fn declare_names(&mut self) {
        let declared: Vec<Text> = self.variables.keys().cloned().collect();
        declared.into_iter().for_each(|name| self.words.declare(name));
        for step in &self.workflow.steps {
            written_names(step).into_iter().for_each(|name| self.words.declare(Text::from(name)));
        }
    }

    /// A node that only says what the flow answers to.
    fn declaration(&mut self, at: usize) {
        if self.step(at).ty == NodeType::DataOut {
            self.declare_query(at);
            return;
        }
        let Some(name) = self.text_field(at, &["signalName", "signal_name", "name"]) else { return };
        self.declare_signal(at, &name);
        let entries = self.step(at).field("assign").map_or(&[][..], Doc::entries);
        for entry in entries {
            self.declare(&entry.key, Default::default());
            if let Some(expr) = self.expression(&entry.value, at, ".data.config.assign") {
                self.signals.entry(name.clone()).or_default().assign.insert(entry.key.clone(), expr);
            }
        }
    }

    /// What is legal and still worth a word.
    fn suggestions(&mut self, head: &Head) {
        let retries = head.settings.retry.is_some();
        let times = head.settings.task_timeout.is_some();
        for at in 0..self.workflow.steps.len() {
            let step = self.step(at);
            if step.ty != NodeType::Activity {
                continue;
            }
            let (id, has) = (step.id.clone(), |key| step.data_field(key).is_some());
            let (no_retry, no_time) =
                (!retries && !has("retryPolicy") && !has("retry_policy"), !times && !has("timeout"));
            let mut say = |code, what: &str| {
                let span = step.doc.span;
                let note = Diagnostic::info(code, format!("the activity `{id}` has no {what}"));
                self.report.push(note.at(span).path(step.path(".data")));
            };
            if no_retry {
                say("NO_RETRY_POLICY", "retry policy");
            }
            if no_time {
                say("NO_TIMEOUT", "timeout");
            }
        }
        self.unused_variables();
    }

    fn unused_variables(&mut self) {
        let written: HashSet<&str> = self.workflow.steps.iter().flat_map(written_names).collect();
        let mut queried = HashSet::new();
        for reference in self.queries.values().flat_map(|query| query.references()) {
            queried.extend(reference.path.first().cloned());
        }
        let declared = self.workflow.field("variables").map_or(&[][..], Doc::items);
        for (at, doc) in declared.iter().enumerate() {
            let Some(name) = doc.text("name").filter(|name| !written.contains(name) && !queried.contains(*name)) else {
                continue;
            };
            if !self.words.reads_variable(name) {
                let message = format!("the variable `{}` is never read or written", crate::fields::short(name));
                let problem = Diagnostic::warning("UNUSED_VARIABLE", message).at(doc.span);
                self.report.push(problem.path(format!("variables[{at}]")));
            }
        }
    }
}

/// The variables a node writes, by the names in its document.
fn written_names<'a>(step: &Step<'a>) -> Vec<&'a str> {
    let text = |keys: &[&str]| keys.iter().find_map(|key| step.field(key)).and_then(Doc::as_str);
    let keys = |doc: Option<&'a Doc>| doc.map_or(&[][..], Doc::entries).iter().map(|entry| &*entry.key);
    let mut names: Vec<&str> = keys(step.field("assign")).collect();
    names.extend(text(&["outputKey"]));
    match step.ty {
        NodeType::StateVariable => names.extend(text(&["name", "variableName", "variable", "key"]).or(step.label())),
        NodeType::DataOut => {
            names.extend(text(&["variable", "variableName", "queryName", "name", "field"]).or(step.label()));
        }
        NodeType::Set if step.config_field("assign").is_none() => names.extend(keys(step.config)),
        NodeType::Loop => {
            names.extend(text(&["itemVariable", "itemVar"]));
            names.extend(text(&["indexVariable", "indexVar"]));
        }
        _ => {}
    }
    names
}

fn flow(lowering: Lowering<'_, '_>, head: Head, mode: FlowMode, graph: Graph) -> Flow {
    let workflow = lowering.workflow;
    let text = |key: &str| workflow.field(key).and_then(Doc::as_str).filter(|text| !text.is_empty());
    let name = text("name").or_else(|| text("displayName")).or_else(|| text("id")).unwrap_or("workflow").to_owned();
    let mut root = Node::new(ROOT, NodeKind::Graph(graph));
    root.origin = Origin { ty: "workflow".into(), span: Some(workflow.body.span), ..Origin::default() };
    let mut settings = Settings { mode, ..head.settings };
    settings.extra.insert("graph".into(), workflow.outer.to_value());
    Flow {
        ir: IR_VERSION,
        name,
        description: head.description,
        dialect: "graph".to_owned(),
        input: input_schema(workflow, &lowering.inputs),
        output: workflow.field("outputSchema").filter(|doc| doc.is_map()).map(Doc::to_value),
        input_as_variables: false,
        variables: lowering.variables,
        signals: lowering.signals,
        queries: lowering.queries,
        settings,
        defs: IndexMap::new(),
        root,
        triggers: lowering.triggers,
        test_data: header::test_data(workflow, head.shared.test_data),
    }
}

/// The input's schema: the document's, the trigger's, or one made of what data-in nodes say.
fn input_schema(workflow: &Workflow<'_>, inputs: &IndexMap<Text, Value>) -> Option<Value> {
    let trigger = workflow.steps.iter().find(|step| step.ty == NodeType::Trigger);
    let given = workflow.field("inputSchema").or_else(|| trigger?.config_field("inputSchema"));
    if let Some(schema) = given.filter(|doc| doc.is_map()) {
        return Some(schema.to_value());
    }
    let properties: Map = inputs.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    let schema = || Value::object([("type", "object".into()), ("properties", Value::from(properties.clone()))]);
    (!properties.is_empty()).then(schema)
}
