//! What can be named at a place of a flow's text, for whoever writes there.

use crate::items::{self, Sources, Through};
use crate::names;
use crate::variables::{self, Variables};
use weir_base::{FileId, Map, Span, Text, Value};
use weir_catalog::Catalog;
use weir_expr::{Env, Shape};
use weir_ir::{Edge, Flow, Graph, Input, Node, NodeKind};

/// Names of expressions, each with what it is.
pub const ROOTS: [(&str, &str); 14] = [
    ("input", "The run's input."),
    ("vars", "The run's variables."),
    ("nodes", "Outputs of the nodes of a graph, by id."),
    ("data", "What flows into this node of a graph."),
    ("secrets", "Secrets of the project. They are put in as a request leaves."),
    ("service", "Variables of the service."),
    ("project", "Variables of the project."),
    ("item", "The item of a loop over a list."),
    ("index", "The place of the item, from 0."),
    ("error", "What went wrong, where a failure is handled."),
    ("message", "The message or signal that is handled."),
    ("output", "The result, where it is kept in variables."),
    ("run", "The run itself."),
    ("now", "The time, in milliseconds since 1970."),
];

/// The names at a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub env: Env,
    /// What is said of them, in the form of a JSON Schema whose `properties` are the names.
    pub described: Value,
    /// There may be other names too: variables that come in with an input nothing is known of.
    pub open: bool,
}

/// The names that an expression at a byte of the main file can use, or could if there were one. Where no step stands,
/// they are those of the whole flow.
pub fn seen_at(flow: &Flow, catalog: &Catalog, offset: usize) -> Seen {
    let variables = variables::of(flow);
    let (watch, mut found) = (Watch { offset, best: None }, Vec::new());
    let (base, watch) = names::walk(flow, catalog, &variables, &mut found, Some(watch));
    let best = watch.and_then(|watch| watch.best);
    let (mut env, step, loops) = best.map_or((base, None, Vec::new()), |best| (best.env, best.step, best.loops));
    let item = items::schema(Sources { flow, catalog, variables: &variables }, &loops);
    let alone = flow.dialect == "tree";
    if alone {
        add_variables(&mut env, &variables);
    }
    Seen { env, described: described(flow, catalog, step, item), open: alone && variables.open }
}

/// What there is to say of a text that cannot be read: each name may be there, with whatever in it.
pub fn nothing_known() -> Seen {
    let env = ROOTS.iter().fold(Env::default(), |env, (name, _)| env.with(name, Shape::Open));
    Seen { env, described: of_members(roots()), open: true }
}

/// A step, in its graph.
pub(crate) type Step<'a> = (&'a Graph, &'a str);

/// Looks for the smallest place around a byte.
pub(crate) struct Watch<'a> {
    offset: usize,
    best: Option<Best<'a>>,
}

struct Best<'a> {
    length: usize,
    env: Env,
    step: Option<Step<'a>>,
    loops: Vec<Option<Through<'a>>>,
}

impl<'a> Watch<'a> {
    pub fn stands(&mut self, span: Span, env: &Env, step: Option<Step<'a>>, loops: &[Option<Through<'a>>]) {
        let range = span.range();
        let around = span.file == FileId(0) && range.start <= self.offset && self.offset <= range.end;
        let closer = self.best.as_ref().is_none_or(|best| range.len() <= best.length);
        if around && closer {
            self.best = Some(Best { length: range.len(), env: env.clone(), step, loops: loops.to_vec() });
        }
    }
}

/// In a tree, variables are named without `vars` too.
fn add_variables(env: &mut Env, variables: &Variables) {
    for (name, shape) in &variables.known {
        env.roots.entry(name.clone()).or_insert_with(|| shape.clone());
    }
}

fn described(flow: &Flow, catalog: &Catalog, step: Option<Step<'_>>, item: Option<Value>) -> Value {
    let mut all = roots();
    let mut room = Room(ROOM);
    let data = step.and_then(|(graph, id)| data_of(flow, catalog, graph, id, &mut room));
    let item = room.tell(|| item);
    for (name, schema) in [("input", flow.input.clone()), ("data", data), ("item", item)] {
        let Some(Value::Object(schema)) = schema else { continue };
        // What a schema says of itself comes before what is said of every flow.
        let said = all.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        all.insert(name.into(), Value::from(said.into_iter().chain(schema.as_ref().clone()).collect::<Map>()));
    }
    let variables: Map = flow.variables.iter().map(|(name, one)| (name.clone(), about_variable(one))).collect();
    all.insert("nodes".into(), with_members(all.get("nodes"), outputs(flow, catalog, &mut room)));
    all.insert("vars".into(), with_members(all.get("vars"), variables.clone()));
    for (name, about) in variables {
        all.entry(name).or_insert(about);
    }
    of_members(all)
}

fn roots() -> Map {
    ROOTS.iter().map(|(name, docs)| (Text::from(*name), says(docs))).collect()
}

fn says(docs: &str) -> Value {
    Value::from(Map::from_iter([(Text::from("description"), Value::from(docs))]))
}

fn about_variable(variable: &weir_ir::Variable) -> Value {
    says(variable.description.as_deref().unwrap_or_default())
}

fn of_members(members: Map) -> Value {
    Value::from(Map::from_iter([(Text::from("properties"), Value::from(members))]))
}

fn with_members(about: Option<&Value>, members: Map) -> Value {
    let mut all = about.and_then(Value::as_object).cloned().unwrap_or_default();
    all.insert("properties".into(), Value::from(members));
    Value::from(all)
}

/// How much of schemas is told, in bytes of JSON: the same one may stand at many steps.
const ROOM: u64 = 1 << 20;
/// Levels of a schema that is told.
const LEVELS: usize = 128;

/// What of it is left. After the first schema for which there is none, nothing more is told.
struct Room(u64);

impl Room {
    fn tell(&mut self, schema: impl FnOnce() -> Option<Value>) -> Option<Value> {
        if self.0 == 0 {
            return None;
        }
        let schema = schema()?;
        self.0 = schema.weigh(self.0, LEVELS).map_or(0, |bytes| self.0 - bytes);
        (self.0 > 0).then_some(schema)
    }
}

/// The outputs of every step of a graph, by id.
fn outputs(flow: &Flow, catalog: &Catalog, room: &mut Room) -> Map {
    let mut found = Map::default();
    flow.for_each_node(&mut |node| {
        let NodeKind::Graph(graph) = &node.kind else { return };
        for step in &graph.nodes {
            let output = room.tell(|| output_of(flow, catalog, &step.node)).unwrap_or_default();
            let members = Map::from_iter([(Text::from("output"), output)]);
            found.insert(step.node.id.clone(), with_members(Some(&says(&about_step(catalog, &step.node))), members));
        }
    });
    found
}

fn about_step(catalog: &Catalog, node: &Node) -> String {
    let NodeKind::Task(task) = &node.kind else { return String::new() };
    let entry = catalog.get(&task.kind).map(|entry| entry.component());
    entry.map(|kind| format!("{}: {}", kind.title, kind.summary)).unwrap_or_default()
}

/// The schema of what a step of a graph gives, where one is known.
fn output_of(flow: &Flow, catalog: &Catalog, node: &Node) -> Option<Value> {
    match &node.kind {
        NodeKind::Task(task) => catalog.record(&task.kind).map(|record| record.output_json_schema()),
        // Where a run begins, its input goes on.
        _ if &*node.origin.ty == "trigger" => flow.input.clone(),
        _ => None,
    }
}

/// The schema of what flows into a step. A step that failed leaves by another handle with something else.
fn data_of(flow: &Flow, catalog: &Catalog, graph: &Graph, id: &str, room: &mut Room) -> Option<Value> {
    let step = graph.nodes.iter().find(|step| &*step.node.id == id)?;
    let mut given = |edge: &Edge| {
        let from = graph.nodes.iter().find(|step| step.node.id == edge.from && &*edge.handle != "error");
        from.and_then(|from| room.tell(|| output_of(flow, catalog, &from.node)))
    };
    let edges = graph.edges.iter().filter(|edge| &*edge.to == id);
    match step.input {
        Input::Bare => edges.map(given).collect::<Option<Vec<Value>>>().and_then(either),
        Input::ByNode => {
            let name = |edge: &Edge| edge.alias.clone().unwrap_or_else(|| edge.from.clone());
            let members = edges.map(|edge| (name(edge), given(edge).unwrap_or_default()));
            Some(with_members(Some(&of_type("object")), members.collect()))
        }
        Input::Region | Input::Map(_) => None,
    }
}

/// The schema of what flows into a step, on its own.
pub(crate) fn given_to(flow: &Flow, catalog: &Catalog, (graph, id): Step<'_>) -> Option<Value> {
    data_of(flow, catalog, graph, id, &mut Room(ROOM))
}

/// The schema of what the step of a graph with this id gives.
pub(crate) fn output_named(flow: &Flow, catalog: &Catalog, id: &str) -> Option<Value> {
    let mut found = None;
    flow.for_each_node(&mut |node| {
        let NodeKind::Graph(graph) = &node.kind else { return };
        found = found.or_else(|| graph.nodes.iter().map(|step| &step.node).find(|step| &*step.id == id));
    });
    found.and_then(|step| output_of(flow, catalog, step))
}

fn of_type(name: &str) -> Value {
    Value::from(Map::from_iter([(Text::from("type"), Value::from(name))]))
}

fn either(mut schemas: Vec<Value>) -> Option<Value> {
    schemas.dedup();
    match schemas.len() {
        0 | 1 => schemas.pop(),
        _ => Some(Value::from(Map::from_iter([(Text::from("anyOf"), Value::from(schemas))]))),
    }
}
