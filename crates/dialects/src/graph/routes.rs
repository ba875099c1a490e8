use super::node_type::NodeType;
use super::read::{Step, Wire, Workflow, span_of};
use crate::fields::{near, short};
use crate::text::Doc;
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Span, Text};
use weir_ir::OUT;

/// An edge with its handle settled: what was drawn, labelled, or named by `truePath` and `falsePath`.
#[derive(Clone, Debug)]
pub struct Route {
    pub from: usize,
    pub handle: Text,
    pub to: usize,
    /// How messages call it: the edge's id.
    pub name: String,
    pub span: Span,
    /// Whether the document names the handle; a loop's other edges find theirs by where they lead.
    pub named: bool,
}

/// Handles that drawing tools give to a node's only exit.
const PLAIN: [&str; 9] = ["out", "output", "source", "default", "success", "next", "right", "bottom", "a"];

/// The routes of a workflow. Edges that can lead nowhere are reported and left out.
pub fn routes(workflow: &Workflow<'_>, report: &mut Vec<Diagnostic>) -> Vec<Route> {
    let mut router = Router::new(workflow, report);
    for wire in &workflow.wires {
        router.wire(wire);
    }
    let places = places(&workflow.steps);
    for (at, step) in workflow.steps.iter().enumerate().filter(|(_, step)| step.is_conditional()) {
        router.missing_paths(at, step, &places);
    }
    router.approvals();
    router.routes
}

struct Router<'a, 'r> {
    workflow: &'r Workflow<'a>,
    report: &'r mut Vec<Diagnostic>,
    routes: Vec<Route>,
    seen: HashSet<(usize, Text, usize)>,
    /// Retries and loops with a handle that says where their body is, by the handles seen.
    has_handle: HashSet<(usize, &'static str)>,
}

impl<'a, 'r> Router<'a, 'r> {
    fn new(workflow: &'r Workflow<'a>, report: &'r mut Vec<Diagnostic>) -> Self {
        let mut has_handle = HashSet::new();
        for wire in &workflow.wires {
            let written = written_handle(wire, &["body", "done"]);
            let known = ["body", "done"].into_iter().find(|known| written.as_deref() == Some(known));
            has_handle.extend(known.map(|known| (wire.from, known)));
        }
        Self { workflow, report, routes: Vec::new(), seen: HashSet::new(), has_handle }
    }

    fn wire(&mut self, wire: &Wire<'a>) {
        let (from, to) = (&self.workflow.steps[wire.from], &self.workflow.steps[wire.to]);
        if to.ty == NodeType::Trigger {
            let message = format!("the edge `{}` leads into the trigger `{}`", short(&wire.name), short(&to.id));
            return self.refuse("TRIGGER_HAS_INCOMING_EDGES", message, wire, "target");
        }
        if matches!(from.ty, NodeType::End | NodeType::Return) {
            let message = format!("the edge `{}` leaves `{}`, where the flow ends", short(&wire.name), short(&from.id));
            return self.refuse("INVALID_EDGE_SOURCE", message, wire, "source");
        }
        for (handle, named) in self.handles(from, wire) {
            if from.ty == NodeType::Fail && &*handle == OUT {
                let message =
                    format!("the edge `{}` leaves `{}`, which always fails", short(&wire.name), short(&from.id));
                self.refuse("INVALID_EDGE_SOURCE", message, wire, "source");
                continue;
            }
            self.add(wire.from, handle, wire.to, &wire.name, wire.doc.span, named);
        }
    }

    fn add(&mut self, from: usize, handle: Text, to: usize, name: &str, span: Span, named: bool) {
        if self.seen.insert((from, handle.clone(), to)) {
            self.routes.push(Route { from, handle, to, name: name.to_owned(), span, named });
            return;
        }
        let message = format!("the edge `{name}` repeats one between the same nodes");
        self.report.push(Diagnostic::warning("DUPLICATE_EDGE", message).at(span));
    }

    fn handles(&mut self, from: &Step<'a>, wire: &Wire<'a>) -> Vec<(Text, bool)> {
        match from.ty {
            NodeType::Conditional => self.fork_handles(from, wire),
            NodeType::Retry => vec![(self.retry_handle(from, wire), true)],
            _ => vec![self.plain_handle(from, wire)],
        }
    }

    /// An edge of a retry without a handle is its body where another edge is `done`, else its exit.
    fn retry_handle(&mut self, from: &Step<'a>, wire: &Wire<'a>) -> Text {
        let has = |handle| self.has_handle.contains(&(wire.from, handle));
        let (body, done) = (has("body"), has("done"));
        match written_handle(wire, &["body", "done", "error"]).as_deref() {
            Some("done") => OUT.into(),
            None | Some(OUT) if done && !body => "body".into(),
            None => OUT.into(),
            Some(_) => self.plain_handle(from, wire).0,
        }
    }

    fn plain_handle(&mut self, from: &Step<'a>, wire: &Wire<'a>) -> (Text, bool) {
        let known = from.ty.handles();
        let usual = if from.ty == NodeType::Approval { "approved" } else { OUT };
        let labels: Vec<&str> = known.iter().copied().chain(["error"]).collect();
        match written_handle(wire, &labels) {
            None => (usual.into(), false),
            Some(handle) if handle == "error" || known.contains(&&*handle) => (handle.into(), true),
            Some(handle) if PLAIN.contains(&&*handle) => (usual.into(), false),
            Some(handle) => {
                self.unknown_handle(from, wire, &handle, &labels);
                (handle.into(), true)
            }
        }
    }

    fn unknown_handle(&mut self, from: &Step<'a>, wire: &Wire<'a>, handle: &str, known: &[&str]) {
        let message = format!("the node `{}` has no handle `{}`", short(&from.id), short(handle));
        let span = span_of(wire.doc, "sourceHandle");
        let mut problem = Diagnostic::error("INVALID_CONFIG", message)
            .at(span)
            .path(format!("edges[{}].sourceHandle", wire.place))
            .help(format!("its handles are {}", quoted(known)));
        if let Some(near) = near(handle, known.iter().copied()) {
            problem = problem.suggest(near);
        }
        self.report.push(problem);
    }

    fn fork_handles(&mut self, from: &Step<'a>, wire: &Wire<'a>) -> Vec<(Text, bool)> {
        let names = fork_names(from);
        let known: Vec<&str> = names.iter().map(|name| &**name).collect();
        let labels: Vec<&str> = known.iter().copied().chain(["error", "yes", "no"]).collect();
        let written = written_handle(wire, &labels).map(|handle| match &*handle {
            "yes" if !known.contains(&"yes") => "true".to_owned(),
            "no" if !known.contains(&"no") => "false".to_owned(),
            _ => handle,
        });
        match written {
            Some(handle) if handle == "error" || known.contains(&&*handle) => vec![(handle.into(), true)],
            Some(handle) if !PLAIN.contains(&&*handle) => {
                self.unknown_handle(from, wire, &handle, &known);
                vec![(handle.into(), true)]
            }
            _ => self.fork_by_target(from, wire, &known),
        }
    }

    /// An edge without a handle goes the way whose path names its target.
    fn fork_by_target(&mut self, from: &Step<'a>, wire: &Wire<'a>, known: &[&str]) -> Vec<(Text, bool)> {
        let target = &self.workflow.steps[wire.to].id;
        let ways: Vec<_> =
            paths(from).filter(|(_, doc)| doc.as_str() == Some(target)).map(|(way, _)| (way.into(), true)).collect();
        if ways.is_empty() {
            let message = format!(
                "the edge `{}` leaves the condition `{}` without saying when",
                short(&wire.name),
                short(&from.id)
            );
            let help = format!("set its `sourceHandle` to one of {}", quoted(known));
            let problem = Diagnostic::error("INVALID_CONFIG", message).at(wire.doc.span).help(help);
            self.report.push(problem.path(format!("edges[{}].sourceHandle", wire.place)));
        }
        ways
    }

    /// `truePath` and `falsePath` are edges too, where none is drawn.
    fn missing_paths(&mut self, at: usize, step: &Step<'a>, places: &HashMap<&str, usize>) {
        for (way, doc) in paths(step) {
            let Some(id) = doc.as_str() else { continue };
            match places.get(id).copied() {
                Some(to) if !self.seen.contains(&(at, way.into(), to)) => {
                    self.add(at, way.into(), to, &format!("{way}Path of {}", step.id), doc.span, true);
                }
                Some(_) => {}
                None => {
                    let message = format!("there is no node `{}`", short(id));
                    let path = step.path(&format!(".data.config.{way}Path"));
                    self.report.push(Diagnostic::error("INVALID_EDGE_TARGET", message).at(doc.span).path(path));
                }
            }
        }
    }

    /// An approval with only one way on fails where it is not given. With more than one, each must be drawn.
    fn approvals(&mut self) {
        let mut drawn: HashMap<usize, Vec<&'static str>> = HashMap::new();
        for route in &self.routes {
            let known = ["rejected", "timeout"].into_iter().find(|known| *known == &*route.handle);
            drawn.entry(route.from).or_default().extend(known);
        }
        let is_approval = |at: usize| self.workflow.steps[at].ty == NodeType::Approval;
        for route in self.routes.iter_mut().filter(|route| is_approval(route.from) && &*route.handle == "approved") {
            if drawn[&route.from].is_empty() {
                route.handle = OUT.into();
            }
        }
        let approvals = self.workflow.steps.iter().enumerate().filter(|(at, _)| is_approval(*at));
        for (step, ways) in approvals.filter_map(|(at, step)| Some((step, drawn.get(&at)?))) {
            let timed = step.any_field(&["timeout", "deadline"]).is_some();
            let needed = ["rejected", "timeout"].into_iter().filter(|way| *way == "rejected" || timed);
            for way in needed.filter(|way| !ways.is_empty() && !ways.contains(way)) {
                let message = format!("the approval `{}` says nothing of what follows `{way}`", short(&step.id));
                let help = format!("draw an edge with `sourceHandle: {way}`");
                let problem = Diagnostic::error("INVALID_CONFIG", message).at(step.doc.span).path(step.path(""));
                self.report.push(problem.help(help));
            }
        }
    }

    fn refuse(&mut self, code: &str, message: String, wire: &Wire<'_>, key: &str) {
        let path = format!("edges[{}].{key}", wire.place);
        self.report.push(Diagnostic::error(code, message).at(span_of(wire.doc, key)).path(path));
    }
}

fn paths<'a>(step: &Step<'a>) -> impl Iterator<Item = (&'static str, &'a Doc)> {
    let ways = [("true", step.field("truePath")), ("false", step.field("falsePath"))];
    ways.into_iter().flat_map(|(way, doc)| {
        doc.into_iter().flat_map(move |doc| match doc.is_list() {
            true => doc.items().iter().map(|item| (way, item)).collect::<Vec<_>>(),
            false => vec![(way, doc)],
        })
    })
}

/// The handles of a conditional: those of its cases and its `else`, or `true` and `false`.
pub fn fork_names(step: &Step<'_>) -> Vec<Text> {
    let Some(cases) = step.field("cases").filter(|cases| cases.is_list()) else {
        return vec!["true".into(), "false".into()];
    };
    let named = cases.items().iter().enumerate().map(|(at, case)| case_name(case, at));
    named.chain([else_name(step)]).collect()
}

pub fn case_name(case: &Doc, at: usize) -> Text {
    let named = ["handle", "name", "id", "label", "value"].iter().find_map(|key| case.get(key));
    match named.map(Doc::to_value) {
        Some(weir_base::Value::String(text)) => text,
        Some(other) => other.to_json().into(),
        None => format!("case-{}", at + 1).into(),
    }
}

pub fn else_name(step: &Step<'_>) -> Text {
    let named = step.any_field(&["else", "default", "defaultHandle"]).and_then(Doc::as_str);
    named.unwrap_or("else").into()
}

/// The handle an edge names by itself, or by a label that is one of the known handles.
fn written_handle(wire: &Wire<'_>, labels: &[&str]) -> Option<String> {
    let text = |key| wire.doc.get(key).and_then(Doc::as_str).map(str::trim).filter(|text| !text.is_empty());
    let known = |text: &str| labels.iter().find(|label| label.eq_ignore_ascii_case(text)).map(|l| (*l).to_owned());
    match ["sourceHandle", "source_handle"].iter().find_map(|key| text(key)) {
        Some(handle) => Some(known(handle).unwrap_or_else(|| handle.to_owned())),
        None => text("label").and_then(known),
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The places of nodes by id.
pub fn places<'s>(steps: &'s [Step<'_>]) -> HashMap<&'s str, usize> {
    steps.iter().enumerate().map(|(at, step)| (&*step.id, at)).collect()
}
