//! What must hold of a workflow's drawing as a whole.

use super::analysis::{Cycle, Shape};
use super::node_type::NodeType;
use super::read::{Step, Workflow};
use super::routes::Route;
use crate::fields::{list, short};
use weir_base::Diagnostic;
use weir_ir::FlowMode;

/// How many edges of a cycle are named.
const NAMED: usize = 12;

/// Nodes without edges that only declare what the flow answers to: queries, and signals folded on arrival.
pub fn declarations(workflow: &Workflow<'_>) -> Vec<bool> {
    let drawn = drawn(workflow);
    let declares = |step: &Step<'_>| match step.ty {
        NodeType::DataOut => step.config_field("name").or(step.config_field("variable")).is_some(),
        NodeType::Signal => step.field("assign").is_some(),
        _ => false,
    };
    workflow.steps.iter().zip(&drawn).map(|(step, drawn)| !drawn && declares(step)).collect()
}

/// Which nodes an edge of the document touches.
fn drawn(workflow: &Workflow<'_>) -> Vec<bool> {
    let mut drawn = vec![false; workflow.steps.len()];
    for wire in &workflow.wires {
        drawn[wire.from] = true;
        drawn[wire.to] = true;
    }
    drawn
}

pub fn structure(
    workflow: &Workflow<'_>,
    routes: &[Route],
    declared: &[bool],
    mode: FlowMode,
    report: &mut Vec<Diagnostic>,
) {
    starts(workflow, report);
    if mode == FlowMode::Task && !workflow.steps.iter().any(is_end) {
        let problem = Diagnostic::error("NO_END_NODE", "this workflow has no node of type `end`");
        let help = "add one, or set `settings._workflowType` to `service` for a workflow that is meant to go on";
        report.push(problem.at(workflow.body.span).path("nodes").help(help));
    }
    reachability(workflow, routes, declared, report);
    signals(workflow, declared, report);
}

fn is_end(step: &Step<'_>) -> bool {
    matches!(step.ty, NodeType::End | NodeType::Return)
}

fn starts(workflow: &Workflow<'_>, report: &mut Vec<Diagnostic>) {
    let starts: Vec<&Step<'_>> = workflow.steps.iter().filter(|step| step.ty == NodeType::Trigger).collect();
    if starts.is_empty() {
        let problem = Diagnostic::error("NO_START_NODE", "this workflow has no node of type `trigger`");
        report.push(problem.at(workflow.body.span).path("nodes").help("add one: it is where the flow begins"));
    }
    for step in starts.iter().skip(1) {
        let message = format!("`{}` is a second trigger; the first is `{}`", short(&step.id), short(&starts[0].id));
        report.push(Diagnostic::error("MULTIPLE_START_NODES", message).at(step.doc.span).path(step.path("")));
    }
}

/// Nodes no edge touches, and nodes the trigger cannot reach.
fn reachability(workflow: &Workflow<'_>, routes: &[Route], declared: &[bool], report: &mut Vec<Diagnostic>) {
    let mut drawn = drawn(workflow);
    routes.iter().for_each(|route| drawn[route.to] = true);
    let reached = reached(workflow, routes);
    let has_start = workflow.steps.iter().any(|step| step.ty == NodeType::Trigger);
    for (at, step) in workflow.steps.iter().enumerate().filter(|(at, _)| !declared[*at]) {
        let problem = if !drawn[at] && step.ty != NodeType::Trigger {
            Diagnostic::error("ORPHAN_NODE", format!("no edge leads to or from `{}`", short(&step.id)))
        } else if has_start && !reached[at] {
            let message = format!("`{}` cannot be reached from the trigger", short(&step.id));
            Diagnostic::error("UNREACHABLE_NODE", message)
        } else {
            continue;
        };
        report.push(problem.at(step.doc.span).path(step.path("")));
    }
}

fn reached(workflow: &Workflow<'_>, routes: &[Route]) -> Vec<bool> {
    let mut next = vec![Vec::new(); workflow.steps.len()];
    routes.iter().for_each(|route| next[route.from].push(route.to));
    let mut reached = vec![false; workflow.steps.len()];
    let starts = workflow.steps.iter().enumerate().filter(|(_, step)| step.ty == NodeType::Trigger);
    let mut stack: Vec<usize> = starts.map(|(at, _)| at).collect();
    while let Some(at) = stack.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            stack.extend(&next[at]);
        }
    }
    reached
}

/// A signal is either waited for, or folded on arrival; not both.
fn signals(workflow: &Workflow<'_>, declared: &[bool], report: &mut Vec<Diagnostic>) {
    for (step, declared) in workflow.steps.iter().zip(declared) {
        let Some(assign) = step.field("assign").filter(|_| step.ty == NodeType::Signal && !declared) else { continue };
        let message = format!("the signal `{}` is waited for, so it cannot `assign` on arrival", short(&step.id));
        let help = "take its edges away, or write the variable in a `state-variable` node after it";
        report.push(Diagnostic::error("INVALID_CONFIG", message).at(assign.span).path(step.path(".data")).help(help));
    }
}

/// 3.6: a cycle no loop owns, a second way into a loop, or loops that overlap.
pub fn cycles(workflow: &Workflow<'_>, routes: &[Route], shape: &Shape, report: &mut Vec<Diagnostic>) {
    for cycle in &shape.cycles {
        report.push(cycle_problem(workflow, routes, cycle));
    }
    let more = shape.closing.saturating_sub(shape.cycles.len());
    if more > 0 {
        let message = format!("{more} more edges close cycles no loop owns");
        report.push(Diagnostic::error("CYCLE_DETECTED", message).at(workflow.body.span).path("edges"));
    }
}

fn cycle_problem(workflow: &Workflow<'_>, routes: &[Route], cycle: &Cycle) -> Diagnostic {
    let ids = |link: &usize| {
        let route = &routes[*link];
        (short(&workflow.steps[route.from].id), short(&route.name))
    };
    let shown = cycle.links.iter().take(NAMED).map(ids);
    let mut way = shown.map(|(from, edge)| format!("`{from}` –{edge}→ ")).collect::<String>();
    if cycle.links.len() > NAMED {
        way.push_str(&format!("… {} more edges … → ", cycle.links.len() - NAMED));
    }
    way.push_str(&format!("`{}`", ids(&cycle.links[0]).0));
    let closing = &routes[cycle.links[cycle.links.len() - 1]];
    let problem = match &cycle.second_entry {
        None => {
            let help = "only a `loop` node may lead back to an earlier node: put one where the cycle begins";
            Diagnostic::error("CYCLE_DETECTED", format!("a cycle without a loop node: {way}")).help(help)
        }
        Some((header, entries)) => {
            let names: Vec<String> = entries.iter().take(NAMED).map(|link| short(&routes[*link].name)).collect();
            let header = short(&workflow.steps[*header].id);
            let entered = list(names.iter().map(String::as_str));
            let message = format!("the loop `{header}` can be entered past its head, by {entered}: {way}");
            Diagnostic::error("CYCLE_DETECTED", message).help(format!("lead every edge from outside to `{header}`"))
        }
    };
    problem.at(closing.span).path("edges")
}
