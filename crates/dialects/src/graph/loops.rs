//! The two ways out of a loop or retry node: into what it owns, and on.

use super::analysis::{Fate, Role, Shape};
use super::read::Workflow;
use super::routes::Route;
use weir_base::{Diagnostic, Text};
use weir_ir::OUT;

/// Gives each edge of a loop its handle: into the body is `body`, everything else `done` (3.6). What a handle
/// says and where its edge leads must agree.
pub fn settle(
    workflow: &Workflow<'_>,
    routes: &mut [Route],
    roles: &[Role],
    shape: &Shape,
    report: &mut Vec<Diagnostic>,
) {
    let mut has_body = vec![false; roles.len()];
    for (route, fate) in routes.iter_mut().zip(&shape.fates).filter(|(_, fate)| **fate != Fate::Dropped) {
        let inside = shape.owner[route.to] == route.from || (*fate == Fate::Back && route.from == route.to);
        has_body[route.from] |= inside && *fate == Fate::Kept;
        match roles[route.from] {
            Role::Loop => settle_loop(workflow, route, inside, report),
            Role::Retry if &*route.handle == "body" && !inside => not_inside(workflow, route, report),
            _ => {}
        }
    }
    for (at, step) in workflow.steps.iter().enumerate() {
        if roles[at] == Role::Loop && !has_body[at] {
            let message = format!("the loop `{}` has no body", step.id);
            let help = "draw an edge from the last node of the body back to the loop";
            let problem = Diagnostic::error("INVALID_CONFIG", message).at(step.doc.span).path(step.path(""));
            report.push(problem.help(help));
        }
    }
    for at in &shape.unowned_retries {
        let step = &workflow.steps[*at];
        let message = format!("the retry `{}` does not stand before one step of its own", step.id);
        let help = "give it one edge to a node nothing else leads to, or edges with `sourceHandle: body`";
        let problem = Diagnostic::error("INVALID_CONFIG", message).at(step.doc.span).path(step.path(""));
        report.push(problem.help(help));
    }
}

fn settle_loop(workflow: &Workflow<'_>, route: &mut Route, inside: bool, report: &mut Vec<Diagnostic>) {
    let plain = !route.named || &*route.handle == OUT;
    match (&*route.handle, inside) {
        ("error", false) | ("body", true) | ("done", false) => {}
        ("body", false) => not_inside(workflow, route, report),
        (_, true) if !plain => {
            let message = format!("the edge `{}` is `{}`, but it leads into the loop's body", route.name, route.handle);
            report.push(Diagnostic::error("INVALID_CONFIG", message).at(route.span));
            route.handle = Text::from("body");
        }
        (_, true) => route.handle = Text::from("body"),
        (_, false) => route.handle = Text::from("done"),
    }
}

fn not_inside(workflow: &Workflow<'_>, route: &Route, report: &mut Vec<Diagnostic>) {
    let (from, to) = (&workflow.steps[route.from].id, &workflow.steps[route.to].id);
    let message = format!("the edge `{}` is the body of `{from}`, but `{to}` is not in it", route.name);
    let help = "a loop's body leads back to the loop; a retry's body can be reached in no other way";
    report.push(Diagnostic::error("INVALID_CONFIG", message).at(route.span).help(help));
}
