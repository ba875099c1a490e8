use std::collections::BTreeSet;
use weir_base::{Diagnostic, Span, Text};
use weir_ir::{Flow, NodeKind};

/// A warning for every call of a flow by a name that `known` does not know. Only a warning: a flow of that name may
/// have been published before, or may be by the time of the run. A name that is made at run time is left alone.
pub fn unknown_flows(flow: &Flow, known: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut called: BTreeSet<(Text, Text, Option<Span>)> = BTreeSet::new();
    flow.for_each_node(&mut |node| {
        let NodeKind::Call(call) = &node.kind else { return };
        let Some(name) = call.flow.constant() else { return };
        let Some(name) = name.as_str().filter(|name| **name != *flow.name && !known(name)) else { return };
        let keys = ["treeId", "flow", "workflowType", "workflowName"];
        let place = keys.iter().find_map(|key| node.origin.props.iter().find(|(prop, _)| **prop == **key));
        called.insert((name.into(), node.id.clone(), place.map(|(_, span)| *span).or(node.origin.span)));
    });
    called.into_iter().map(|(name, id, span)| unknown(&name, &id, span)).collect()
}

fn unknown(name: &str, id: &str, span: Option<Span>) -> Diagnostic {
    let found = Diagnostic::warning("UNKNOWN_FLOW", format!("there is no flow `{name}` beside this file"));
    let help = format!("put it into a file `{name}.yaml` beside this one, unless it has been published to the project");
    found.path(id).maybe_at(span).help(help)
}
