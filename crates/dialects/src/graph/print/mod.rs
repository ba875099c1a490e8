//! From a flow to workflow JSON.
//!
//! A flow that came from a workflow keeps its document and gets it back as it was. Where the flow has changed
//! since, and for flows of other dialects, nodes and edges are made anew ([`draw`]), in tidy places.

mod draw;
mod layout;
mod node;

use super::lower::ROOT;
use crate::{Context, Names, NoFiles, Options, SourceFile};
use weir_base::{Diagnostic, FileId, Map, Text, Value};
use weir_ir::{Flow, Node, NodeKind, ToolTarget};

pub fn print(flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
    let value = match kept_document(flow, names) {
        Some(document) => document,
        None => draw::document(flow)?,
    };
    Ok(value.to_json_pretty() + "\n")
}

/// The document the flow came from, if it still says the same, in whichever way its disabled nodes were read.
fn kept_document(flow: &Flow, names: &dyn Names) -> Option<Value> {
    let document = flow.settings.extra.get("graph")?;
    let flow = without_places(flow.clone());
    let says_so = |keep_disabled| read_again(document, names, keep_disabled).is_some_and(|again| again == flow);
    (says_so(true) || says_so(false)).then(|| document.clone())
}

/// The flow of a document, without its places.
fn read_again(document: &Value, names: &dyn Names, keep_disabled: bool) -> Option<Flow> {
    let source = SourceFile { id: FileId(0), name: "flow.json".to_owned(), text: document.to_json() };
    let (documents, _) = crate::text::parse(&source, crate::text::Format::Json);
    let options = Options { keep_disabled, ..Options::default() };
    let cx = Context { loader: &NoFiles, names, options: &options };
    super::parse(documents.first()?, &source.text, &cx, &mut Vec::new()).map(without_places)
}

/// The flow without where its parts stood in a text.
fn without_places(mut flow: Flow) -> Flow {
    forget(&mut flow.root);
    flow
}

fn forget(node: &mut Node) {
    node.origin.span = None;
    node.origin.props.clear();
    match &mut node.kind {
        NodeKind::Graph(graph) => {
            graph.edges.iter_mut().for_each(|edge| edge.span = None);
            graph.nodes.iter_mut().for_each(|node| forget(&mut node.node));
        }
        NodeKind::Loop(inner) => forget(&mut inner.body),
        NodeKind::Decorate { body, .. } => forget(body),
        NodeKind::Agent(agent) => {
            for tool in &mut agent.tools {
                if let ToolTarget::Step(step) = &mut tool.target {
                    forget(step);
                }
            }
        }
        _ => {}
    }
}

/// A map without its empty members.
fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let kept = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::from(kept.map(|(key, value)| (Text::from(key), value)).collect::<Map>())
}

/// The parts of the document that stand beside nodes and edges.
fn frame(flow: &Flow, nodes: Vec<Value>, edges: Vec<Value>) -> Value {
    let variables = flow.variables.iter().map(|(name, variable)| {
        let ty = match variable.ty {
            weir_ir::VarType::Any => Value::Null,
            ty => serde_name(ty).into(),
        };
        object([
            ("name", name.clone().into()),
            ("type", ty),
            ("initialValue", variable.initial.clone().into()),
            ("description", variable.description.clone().into()),
        ])
    });
    let mut document = Map::default();
    let mut put = |key: &str, value: Value| _ = document.insert(key.into(), value);
    put("name", flow.name.as_str().into());
    put("nodes", Value::from(nodes));
    put("edges", Value::from(edges));
    put("variables", Value::array(variables));
    put("settings", settings(flow));
    for (key, value) in crate::header::write(flow) {
        if !matches!(&*key, "variables" | "settings") {
            put(&key, value);
        }
    }
    flow.input.iter().for_each(|schema| put("inputSchema", schema.clone()));
    flow.output.iter().for_each(|schema| put("outputSchema", schema.clone()));
    for (key, value) in kept_notes(flow, &document) {
        document.insert(key, value);
    }
    Value::from(document)
}

/// Members of the document the flow came from that mean nothing to a flow: its id, tags and the like.
fn kept_notes(flow: &Flow, document: &Map) -> Vec<(Text, Value)> {
    const MEANT: [&str; 9] = [
        "workflow",
        "definition",
        "description",
        "version",
        "executionSettings",
        "sampleInput",
        "expectedOutput",
        "alternativeScenario",
        "signals",
    ];
    let kept = flow.settings.extra.get("graph").and_then(Value::as_object);
    let notes = kept.into_iter().flatten().filter(|(key, _)| !MEANT.contains(&&***key) && !document.contains_key(*key));
    let said = |key: &str| ["queries", "triggers", "testData", "inputSchema", "outputSchema"].contains(&key);
    notes.filter(|(key, _)| !said(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Members of a node's `data` that mean nothing to a flow: icons, colours, notes.
fn notes_of(data: &Value) -> Vec<(Text, Value)> {
    const MEANT: [&str; 19] = [
        "label",
        "config",
        "input",
        "timeout",
        "retryPolicy",
        "retry_policy",
        "activityName",
        "componentName",
        "componentId",
        "signalName",
        "join",
        "cancelRest",
        "onError",
        "on_error",
        "onUnknown",
        "outputKey",
        "assign",
        "was",
        "phase",
    ];
    let kept = data.as_object().into_iter().flatten().filter(|(key, _)| !MEANT.contains(&&***key));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn serde_name(ty: weir_ir::VarType) -> &'static str {
    use weir_ir::VarType::*;
    match ty {
        Any => "any",
        String => "string",
        Number => "number",
        Boolean => "boolean",
        Array => "array",
        Object => "object",
    }
}

fn settings(flow: &Flow) -> Value {
    let own = &flow.settings;
    let mut out = Map::default();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.into(), value);
        }
    };
    put("description", flow.description.clone().into());
    put("version", own.version.clone().into());
    put("deadline", own.timeout.map(|time| time.to_string()).into());
    put("timeout", own.task_timeout.map(|time| time.to_string()).into());
    put("retryPolicy", own.retry.as_ref().map(super::policy::print).into());
    put("taskQueue", own.task_queue.clone().into());
    put("_workflowType", (own.mode == weir_ir::FlowMode::Service).then_some("service").map(Value::from).into());
    if let Some(Value::Object(shared)) = crate::header::write(flow).get("settings") {
        for key in ["durability", "concurrency", "egress", "files", "models", "memory"] {
            put(key, shared.get(key).cloned().into());
        }
    }
    for (key, value) in own.extra.iter().filter(|(key, _)| &***key != "graph" && &***key != "_workflowType") {
        put(key, value.clone());
    }
    Value::from(out)
}

/// Where a drawn document stands in messages.
fn place(node: &Node) -> String {
    format!("{ROOT}/{}", node.id)
}
