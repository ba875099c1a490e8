use crate::params;
use weir_base::Diagnostic;
use weir_catalog::{Capability, Catalog, Entry};
use weir_ir::{Flow, Node, NodeKind, Task};

/// The kind exists, can run, and takes these parameters.
pub(crate) fn check(flow: &Flow, catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    let tree = flow.dialect == "tree";
    flow.for_each_node(&mut |node| {
        if let NodeKind::Task(task) = &node.kind {
            one(node, task, catalog, tree, found);
            memory(flow, node, task, catalog, found);
        }
    });
}

fn one(node: &Node, task: &Task, catalog: &Catalog, tree: bool, found: &mut Vec<Diagnostic>) {
    let Some(entry) = catalog.get(&task.kind) else {
        return found.push(unknown_kind(node, task, catalog, tree));
    };
    let component = entry.component();
    if !component.runnable {
        let message = format!("`{}` can be drawn and checked, but this Weir cannot run it", component.name);
        let help = "take the step out, or put a kind in its place that can be run";
        found.push(
            Diagnostic::warning("KIND_NOT_RUNNABLE", message).path(&*node.id).maybe_at(node.origin.span).help(help),
        );
    }
    if let Some(record) = entry.record() {
        params::check(node, &task.params, &record.input_schema, found);
    }
}

/// A flow remembers only where it says so itself.
fn memory(flow: &Flow, node: &Node, task: &Task, catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    let needs = |entry: &Entry| entry.component().capabilities.contains(&Capability::Memory);
    if flow.settings.memory.is_none() && catalog.get(&task.kind).is_some_and(needs) {
        let message = format!("`{}` needs the flow's memory, and this flow remembers nothing beyond its runs", node.id);
        let help = "write `memory: {}` into the flow's `settings`";
        found.push(
            Diagnostic::error("MEMORY_NOT_ENABLED", message).path(&*node.id).maybe_at(node.origin.span).help(help),
        );
    }
}

/// The code and words of the dialect the user wrote in.
fn unknown_kind(node: &Node, task: &Task, catalog: &Catalog, tree: bool) -> Diagnostic {
    let written = if node.origin.ty.is_empty() || !tree { &task.kind } else { &node.origin.ty };
    let near = if tree { catalog.suggest_tree(written) } else { catalog.suggest(written) };
    let span = node.origin.prop("type");
    let problem = Diagnostic::error("UNKNOWN_NODE_TYPE", format!("there is no kind of step called `{written}`"));
    let problem = problem.path(&*node.id).maybe_at(span);
    match near {
        // A replacement is offered only where the span is that of the name alone.
        Some(near) if node.origin.props.iter().any(|(prop, _)| &**prop == "type") => {
            problem.help(format!("did you mean `{near}`?")).suggest(near)
        }
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("`weir kinds ls` lists every kind"),
    }
}
