//! Small drawings in, flows and problems out. A drawing is two lines: `id:type …` and `from.handle>to …`.

mod expressions;
mod hostile;
mod nodes;
mod printed;
mod refused;
mod regions;
mod workflows;

use crate::{Context, Leaf, Names, NoFiles, Options, Parsed, SourceFile, parse};
use weir_base::{Diagnostic, FileId, LineIndex, Map, Text, Value, sort_by_place};
use weir_ir::{Decorator, Edge, Flow, Graph, GraphNode, Input, Node, NodeKind};

/// A few kinds, as a catalogue would name them.
pub struct Kinds;

const KINDS: [(&str, &[&str], &[&str]); 9] = [
    ("log", &["Log", "kong-logging", "log-activity"], &["message", "level", "metadata"]),
    ("http.request", &["HttpRequest"], &["url", "method", "timeout"]),
    ("mail.send", &["sendEmail"], &["to", "text"]),
    ("trigger.schedule", &["schedule"], &["cron"]),
    ("set", &["SetVariable"], &["name", "op", "value", "scope"]),
    ("transform", &["Transform"], &["value"]),
    ("counter", &["CounterAction"], &["counterKey", "increment"]),
    ("wait", &["WaitAction"], &["waitMs"]),
    ("script", &["Script"], &["textContent"]),
];

impl Names for Kinds {
    fn by_tree(&self, _: &str) -> Option<Leaf> {
        None
    }

    fn by_kind(&self, name: &str) -> Option<Leaf> {
        let (kind, _, params) = KINDS.into_iter().find(|(kind, others, _)| *kind == name || others.contains(&name))?;
        let params: Vec<Text> = params.iter().map(|param| Text::from(*param)).collect();
        let engine = matches!(kind, "set" | "transform" | "counter" | "wait" | "script");
        let summary = format!("The kind {kind}.").into();
        let schema = params.iter().map(|name: &Text| (&**name, Value::object([("type", "string".into())])));
        let schema = Value::object([("type", "object".into()), ("properties", Value::object(schema))]);
        Some(Leaf { kind: kind.into(), tree: kind.into(), params, summary, schema, engine, ..Leaf::default() })
    }
}

pub fn read(name: &str, text: &str) -> Parsed {
    read_as(name, text, Options::default())
}

pub fn read_as(name: &str, text: &str, options: Options) -> Parsed {
    let source = SourceFile { id: FileId(0), name: name.to_owned(), text: text.to_owned() };
    let mut parsed = parse(source, &Context { loader: &NoFiles, names: &Kinds, options: &options });
    sort_by_place(&mut parsed.diagnostics);
    parsed
}

pub fn read_value(value: &Value) -> Parsed {
    read("test.json", &value.to_json())
}

/// The flow of a document without errors.
pub fn flow(value: &Value) -> Flow {
    let parsed = read_value(value);
    let errors: Vec<&Diagnostic> = parsed.diagnostics.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", value.to_json());
    parsed.flow.expect("a document without errors gives a flow")
}

pub fn json(text: &str) -> Value {
    Value::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A document from a drawing; `data` gives some nodes their data.
pub fn drawing(nodes: &str, edges: &str, data: &[(&str, &str)]) -> Value {
    let nodes = nodes.split_whitespace().map(|node| {
        let (id, ty) = node.split_once(':').expect("id:type");
        let given = data.iter().find(|(of, _)| *of == id).map(|(_, text)| json(text));
        let data = given.unwrap_or_else(|| usual_data(ty));
        let position = Value::object([("x", 0.into()), ("y", 0.into())]);
        Value::object([("id", id.into()), ("type", ty.into()), ("position", position), ("data", data)])
    });
    let edges = edges.split_whitespace().enumerate().map(|(at, edge)| {
        let (from, to) = edge.split_once('>').expect("from>to");
        let (source, handle) = from.split_once('.').map_or((from, None), |(source, handle)| (source, Some(handle)));
        let mut members = Map::default();
        members.insert("id".into(), format!("e{}", at + 1).into());
        members.insert("source".into(), source.into());
        members.insert("target".into(), to.into());
        handle.iter().for_each(|handle| _ = members.insert("sourceHandle".into(), (*handle).into()));
        Value::from(members)
    });
    Value::object([
        ("id", "wf".into()),
        ("name", "test".into()),
        ("nodes", Value::array(nodes)),
        ("edges", Value::array(edges)),
    ])
}

fn usual_data(ty: &str) -> Value {
    json(match ty {
        "activity" => r#"{"activityName":"log","config":{"message":"{{ data }}"}}"#,
        "conditional" | "condition" => r#"{"config":{"expression":"data > 1"}}"#,
        "loop" => r#"{"config":{"maxIterations":3}}"#,
        "signal" => r#"{"signalName":"go"}"#,
        "child-workflow" => r#"{"config":{"workflowType":"other"}}"#,
        "wait" => r#"{"config":{"duration":"5s"}}"#,
        "state-variable" => r#"{"config":{"name":"x","operation":"set","value":1}}"#,
        _ => "{}",
    })
}

/// A graph in one line: each node and where its input comes from, edges, exits, and the output.
pub fn sketch(graph: &Graph) -> String {
    let nodes = graph.nodes.iter().map(sketch_node).collect::<Vec<_>>().join(" ");
    let edges = graph.edges.iter().map(sketch_edge).collect::<Vec<_>>().join(" ");
    let exits = graph.exits.iter().map(|exit| format!(" !{}.{}={}", exit.from, exit.handle, exit.name));
    format!("{nodes} | {edges}{} -> {}", exits.collect::<String>(), input_name(&graph.output))
}

fn sketch_node(node: &GraphNode) -> String {
    let inner = owned(&node.node).map(|graph| format!("{{ {} }}", sketch(graph))).unwrap_or_default();
    format!("{}:{}{inner}", node.node.id, input_name(&node.input))
}

fn sketch_edge(edge: &Edge) -> String {
    let alias = edge.alias.iter().map(|alias| format!("({alias})")).collect::<String>();
    let handle = if &*edge.handle == "out" { String::new() } else { format!(".{}", edge.handle) };
    format!("{}{handle}>{}{alias}", edge.from, edge.to)
}

pub fn owned(node: &Node) -> Option<&Graph> {
    let body = match &node.kind {
        NodeKind::Loop(inner) => &inner.body,
        NodeKind::Decorate { with: Decorator::Retry { .. }, body } => body,
        _ => return None,
    };
    match &body.kind {
        NodeKind::Graph(graph) => Some(graph),
        _ => None,
    }
}

fn input_name(input: &Input) -> &'static str {
    match input {
        Input::Region => "region",
        Input::Bare => "bare",
        Input::ByNode => "by",
        Input::Map(_) => "map",
    }
}

pub fn graph(flow: &Flow) -> &Graph {
    match &flow.root.kind {
        NodeKind::Graph(graph) => graph,
        other => panic!("a workflow is a graph, not {other:?}"),
    }
}

pub fn find<'f>(flow: &'f Flow, id: &str) -> &'f Node {
    let mut found = None;
    flow.for_each_node(&mut |node| {
        if &*node.id == id {
            found.get_or_insert(node);
        }
    });
    found.unwrap_or_else(|| panic!("no node {id}"))
}

/// A node as JSON, without where it stood.
pub fn shown(node: &Node) -> String {
    let value = without_origins(&json(&serde_json::to_string(node).expect("a node is JSON")));
    let kept = value.as_object().into_iter().flatten().filter(|(key, _)| !matches!(&***key, "origin" | "id" | "name"));
    Value::from(kept.map(|(key, item)| (key.clone(), item.clone())).collect::<Map>()).to_json()
}

fn without_origins(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::array(items.iter().map(without_origins)),
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !matches!(&***key, "origin" | "span"));
            Value::from(kept.map(|(key, item)| (key.clone(), without_origins(item))).collect::<Map>())
        }
        other => other.clone(),
    }
}

/// Problems as `CODE line:column`, infos left out.
pub fn problems(text: &str, parsed: &Parsed) -> Vec<String> {
    let index = LineIndex::new(text);
    let told = parsed.diagnostics.iter().filter(|problem| problem.severity != weir_base::Severity::Info);
    let place = |problem: &Diagnostic| match problem.span {
        Some(span) => {
            let at = index.position(span.start);
            format!("{}:{}", at.line, at.column)
        }
        None => "-".to_owned(),
    };
    told.map(|problem| format!("{} {}", problem.code, place(problem))).collect()
}

/// The codes of errors and warnings, sorted, each once.
pub fn codes(parsed: &Parsed) -> Vec<&str> {
    let told = parsed.diagnostics.iter().filter(|problem| problem.severity != weir_base::Severity::Info);
    let mut codes: Vec<&str> = told.map(|problem| &*problem.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
