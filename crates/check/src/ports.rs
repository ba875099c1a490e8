use weir_base::{Diagnostic, Text, Type};
use weir_catalog::Catalog;
use weir_expr::{Expr, Template};
use weir_ir::{Flow, Graph, Input, Node, NodeKind};

/// What a step gives must be what the step after it takes, wherever one is handed on as it is.
pub(crate) fn check(flow: &Flow, catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    flow.for_each_node(&mut |node| {
        if let NodeKind::Graph(graph) = &node.kind {
            graph_ports(graph, catalog, found);
        }
    });
}

fn graph_ports(graph: &Graph, catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    for step in &graph.nodes {
        let NodeKind::Task(task) = &step.node.kind else { continue };
        let Some(record) = catalog.record(&task.kind) else { continue };
        for (param, source) in handed_on(graph, &step.node, &task.params, &step.input) {
            let (Some(given), Some(field)) = (output_of(source, catalog), record.input_type().member(param)) else {
                continue;
            };
            if let Err(mismatch) = given.assignable(&field) {
                found.push(problem(&step.node, source, param, &mismatch.to_string()));
            }
        }
    }
}

fn problem(node: &Node, source: &Node, param: &str, why: &str) -> Diagnostic {
    let message = format!("the output of `{}` does not fit `{param}` of `{}`: {why}", source.id, node.id);
    let help = "put a `transform` between them, or choose a part of the output with an expression";
    Diagnostic::error("INVALID_CONNECTION", message)
        .path(format!("{}.{param}", node.id))
        .maybe_at(node.origin.prop(param))
        .help(help)
}

/// Parameters that are another step's whole output, and that step.
fn handed_on<'a>(graph: &'a Graph, node: &Node, params: &'a Template, input: &Input) -> Vec<(&'a str, &'a Node)> {
    let Template::Object(members) = params else { return Vec::new() };
    let sources = |expr: &Expr| source_of(graph, node, expr, input);
    let one = |(name, value): &'a (Text, Template)| match value {
        Template::Expr(expr) => sources(expr).into_iter().map(|source| (&**name, source)).collect(),
        _ => Vec::new(),
    };
    members.iter().flat_map(one).collect()
}

/// `data` is the one predecessor's output, `nodes.x.output` is that of `x`; anything more is looked at when it runs.
fn source_of<'a>(graph: &'a Graph, node: &Node, expr: &Expr, input: &Input) -> Vec<&'a Node> {
    let find = |id: &str| graph.nodes.iter().map(|step| &step.node).find(|step| &*step.id == id);
    let reference = match expr.references().as_slice() {
        [only] => only.clone(),
        _ => return Vec::new(),
    };
    let path: Vec<&str> = reference.path.iter().map(|part| &**part).collect();
    match (&*reference.root, path.as_slice(), expr.source().trim()) {
        ("data", [], "data") if *input == Input::Bare => {
            let before = graph.edges.iter().filter(|edge| edge.to == node.id && edge.handle.as_ref() == weir_ir::OUT);
            before.filter_map(|edge| find(&edge.from)).collect()
        }
        ("nodes", [id, "output"], source) if source.ends_with("output") || source.ends_with("output\"]") => {
            find(id).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn output_of(node: &Node, catalog: &Catalog) -> Option<Type> {
    match &node.kind {
        NodeKind::Task(task) => Some(catalog.record(&task.kind)?.output_type()),
        _ => None,
    }
}
