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

/// What a parameter is given: another step's output, or the member of it that `path` leads to.
struct Given<'a> {
    source: &'a Node,
    path: Vec<Text>,
}

fn graph_ports(graph: &Graph, catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    for step in &graph.nodes {
        let NodeKind::Task(task) = &step.node.kind else { continue };
        let Some(record) = catalog.record(&task.kind) else { continue };
        for (param, given) in handed_on(graph, &step.node, &task.params, &step.input) {
            let (Some(ty), Some(field)) = (type_of(&given, catalog), record.input_type().member(param)) else {
                continue;
            };
            if let Err(mismatch) = ty.assignable(&field) {
                found.push(problem(&step.node, &given, param, &mismatch.to_string()));
            }
        }
    }
}

fn problem(node: &Node, given: &Given, param: &str, why: &str) -> Diagnostic {
    let part = if given.path.is_empty() { String::new() } else { format!("`{}` of ", given.path.join(".")) };
    let message = format!("{part}the output of `{}` does not fit `{param}` of `{}`: {why}", given.source.id, node.id);
    let help = "put a `transform` between them, or choose a part of the output with an expression";
    Diagnostic::error("INVALID_CONNECTION", message)
        .path(format!("{}.{param}", node.id))
        .maybe_at(node.origin.prop(param))
        .help(help)
}

/// Parameters that are another step's output or a member of it, and nothing more.
fn handed_on<'a>(graph: &'a Graph, node: &Node, params: &'a Template, input: &Input) -> Vec<(&'a str, Given<'a>)> {
    let Template::Object(members) = params else { return Vec::new() };
    let one = |(name, value): &'a (Text, Template)| match value {
        Template::Expr(expr) => {
            givens(graph, node, expr, input).into_iter().map(|given| (&**name, given)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    members.iter().flat_map(one).collect()
}

/// `data` is the one predecessor's output, `nodes.x.output` is that of `x`; anything more is looked at when it runs.
fn givens<'a>(graph: &'a Graph, node: &Node, expr: &Expr, input: &Input) -> Vec<Given<'a>> {
    let find = |id: &str| graph.nodes.iter().map(|step| &step.node).find(|step| &*step.id == id);
    let references = expr.references();
    let [reference] = references.as_slice() else { return Vec::new() };
    if expr.source().get(reference.range.clone()) != Some(expr.source().trim()) {
        return Vec::new();
    }
    match (&*reference.root, reference.path.as_slice()) {
        ("data", path) if *input == Input::Bare => {
            let before = graph.edges.iter().filter(|edge| edge.to == node.id && edge.handle.as_ref() == weir_ir::OUT);
            before.filter_map(|edge| Some(Given { source: find(&edge.from)?, path: path.to_vec() })).collect()
        }
        ("nodes", [id, output, path @ ..]) if &**output == "output" => {
            find(id).map(|source| Given { source, path: path.to_vec() }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn type_of(given: &Given, catalog: &Catalog) -> Option<Type> {
    given.path.iter().try_fold(output_of(given.source, catalog)?, |ty, name| ty.member(name))
}

fn output_of(node: &Node, catalog: &Catalog) -> Option<Type> {
    match &node.kind {
        NodeKind::Task(task) => Some(catalog.record(&task.kind)?.output_type()),
        _ => None,
    }
}
