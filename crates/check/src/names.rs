use crate::items::{self, Through};
use crate::scope::Watch;
use crate::variables::{self, Variables};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Diagnostic, Severity, Span, Text, Value, closest};
use weir_catalog::Catalog;
use weir_expr::{Env, Expr, Problem, Shape, Template, check as check_expr};
use weir_ir::{
    Agent, Condition, Decorator, Exit, Flow, Graph, Input, Loop, LoopMode, Node, NodeKind, Precheck, ToolTarget,
};

/// Every expression, against the names that can be seen where it stands.
pub(crate) fn check(flow: &Flow, catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    walk(flow, catalog, &variables::of(flow), found, None);
}

/// Looks at every expression, and `watch` with it. Gives the names of the whole flow, and what was seen.
pub(crate) fn walk<'a>(
    flow: &'a Flow,
    catalog: &'a Catalog,
    variables: &'a Variables,
    found: &'a mut Vec<Diagnostic>,
    watch: Option<Watch<'a>>,
) -> (Env, Option<Watch<'a>>) {
    let mut checker = Checker { flow, catalog, variables, found, around: Vec::new(), loops: Vec::new(), watch };
    let base = checker.base();
    checker.node(&flow.root, &base);
    // Where a definition is used decides what it sees; only what no place can give is wrong.
    let anywhere = ["item", "index", "error", "message", "thread", "args", "data", "nodes"];
    let open = anywhere.into_iter().fold(base.clone(), |env, name| env.with(name, Shape::Open));
    flow.defs.values().for_each(|def| checker.node(def, &open));
    for (name, query) in &flow.queries {
        checker.expr(query, &base, name, None);
    }
    for (name, signal) in &flow.signals {
        let env = base.clone().with("message", Shape::Open);
        signal.assign.values().for_each(|expr| checker.expr(expr, &env, name, None));
    }
    (base, checker.watch)
}

struct Checker<'a> {
    flow: &'a Flow,
    catalog: &'a Catalog,
    variables: &'a Variables,
    found: &'a mut Vec<Diagnostic>,
    /// The graph steps around what is looked at, the outermost first.
    around: Vec<Place<'a>>,
    /// The loops around it, the outermost first, each with the list it goes through, if there is one.
    loops: Vec<Option<Through<'a>>>,
    watch: Option<Watch<'a>>,
}

/// A step in its graph.
struct Place<'a> {
    graph: &'a Graph,
    step: &'a str,
    later: OnceCell<BTreeSet<&'a str>>,
}

impl<'a> Place<'a> {
    /// Every step that edges lead to from this one.
    fn later(&self) -> &BTreeSet<&'a str> {
        self.later.get_or_init(|| {
            let mut after: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            self.graph.edges.iter().for_each(|edge| after.entry(&*edge.from).or_default().push(&*edge.to));
            let (mut reached, mut open) = (BTreeSet::new(), vec![self.step]);
            while let Some(at) = open.pop() {
                open.extend(after.get(at).into_iter().flatten().filter(|next| reached.insert(**next)).copied());
            }
            reached
        })
    }
}

impl<'a> Checker<'a> {
    /// Something that sees `env` stands at `span`.
    fn stands(&mut self, span: Option<Span>, env: &Env) {
        let step = self.step();
        if let (Some(watch), Some(span)) = (&mut self.watch, span) {
            watch.stands(span, env, step, &self.loops);
        }
    }

    /// The step of a graph that is looked at, or the innermost around it.
    fn step(&self) -> Option<(&'a Graph, &'a str)> {
        self.around.last().map(|place| (place.graph, place.step))
    }

    fn base(&self) -> Env {
        let vars = match self.variables.open {
            true => Shape::Known(self.variables.known.clone()),
            false => Shape::Closed(self.variables.known.clone()),
        };
        let run = Shape::closed([("id", Shape::String), ("startedAt", Shape::Number)]);
        let input = self.flow.input.as_ref().map_or(Shape::Open, shape_of_schema);
        let open =
            ["secrets", "project", "service"].into_iter().fold(Env::default(), |env, name| env.with(name, Shape::Open));
        open.with("vars", vars)
            .with("run", run)
            .with("input", input)
            .with("now", Shape::Number)
            .with("data", Shape::Open)
    }

    fn node(&mut self, node: &'a Node, env: &Env) {
        self.stands(node.origin.span, env);
        if let NodeKind::Graph(graph) = &node.kind {
            return self.graph(node, graph, env);
        }
        self.own(node, env);
        match &node.kind {
            NodeKind::Sequence { children, .. } | NodeKind::Select { children, .. } => self.all(children, env),
            NodeKind::Parallel(parallel) => self.all(&parallel.children, env),
            NodeKind::Branch { cases, otherwise } => {
                for case in cases {
                    self.condition(node, &case.when, env);
                    self.exit(&case.then, env);
                }
                otherwise.iter().for_each(|exit| self.exit(exit, env));
            }
            NodeKind::Loop(inner) => self.looped(node, inner, env),
            NodeKind::Try { body, catch, finally } => {
                self.node(body, env);
                let caught = env.clone().with("error", error_shape());
                catch.iter().for_each(|catch| self.node(catch, &caught));
                finally.iter().for_each(|finally| self.node(finally, env));
            }
            NodeKind::Decorate { with, body } => {
                self.decorator(node, with, env);
                self.node(body, env);
            }
            NodeKind::Scope { body } => self.node(body, env),
            NodeKind::Mailbox(mailbox) => {
                let env = env.clone().with("message", message_shape()).with("thread", thread_shape());
                mailbox
                    .listeners
                    .iter()
                    .filter_map(|listener| listener.handler.as_deref())
                    .for_each(|handler| self.node(handler, &env));
            }
            NodeKind::Agent(agent) => self.tools(agent, env),
            _ => {}
        }
    }

    /// What the node itself computes.
    fn own(&mut self, node: &'a Node, env: &Env) {
        node.kind.for_each_template(&mut |name, template| match &node.kind {
            NodeKind::Task(_) if name == "params" => self.params(node, template, env),
            _ => self.template(node, name, template, env),
        });
        let assigns = node.kind.assigns();
        if assigns.is_empty() {
            return;
        }
        let env = env.clone().with("output", self.output_of(node));
        assigns.iter().for_each(|assign| self.expr(&assign.value, &env, &node.id, node.origin.prop("assign")));
    }

    fn output_of(&self, node: &Node) -> Shape {
        let NodeKind::Task(task) = &node.kind else { return Shape::Open };
        let record = self.catalog.record(&task.kind);
        record.map_or(Shape::Open, |record| shape_of_schema(&record.output_json_schema()))
    }

    fn all(&mut self, nodes: &'a [Node], env: &Env) {
        nodes.iter().for_each(|node| self.node(node, env));
    }

    fn exit(&mut self, exit: &'a Exit, env: &Env) {
        exit.body.iter().for_each(|body| self.node(body, env));
    }

    fn condition(&mut self, node: &'a Node, condition: &'a Condition, env: &Env) {
        match condition {
            Condition::Expr(expr) => self.expr(expr, env, &node.id, node.origin.prop("condition")),
            Condition::Region(region) => self.node(region, env),
        }
    }

    /// Steps of a region see each other and those around them.
    fn graph(&mut self, node: &'a Node, graph: &'a Graph, env: &Env) {
        let mut members = match env.roots.get("nodes") {
            Some(Shape::Closed(outer)) => outer.clone(),
            _ => Default::default(),
        };
        for step in &graph.nodes {
            members.insert(step.node.id.clone(), self.step_shape(&step.node));
        }
        let inner = env.clone().with("nodes", Shape::Closed(members));
        for step in &graph.nodes {
            self.around.push(Place { graph, step: &step.node.id, later: OnceCell::new() });
            if let Input::Map(template) = &step.input {
                self.template(&step.node, "input", template, &inner);
            }
            self.node(&step.node, &inner);
            self.around.pop();
        }
        if let Input::Map(template) = &graph.output {
            self.template(node, "output", template, &inner);
        }
    }

    /// What comes after a step has given nothing yet when the step is at work.
    fn read_too_early(&mut self, expr: &Expr, path: &str, span: Option<Span>) {
        if self.around.is_empty() {
            return;
        }
        for reference in expr.references().iter().filter(|reference| &*reference.root == "nodes") {
            let Some(read) = reference.path.first() else { continue };
            let Some(place) = self.around.iter().find(|place| place.later().contains(&**read)) else { continue };
            let message = format!("`{read}` comes after `{}`, so it has given nothing yet", place.step);
            self.found.push(Diagnostic::error("UNKNOWN_VARIABLE", message).path(path).maybe_at(span));
        }
    }

    fn step_shape(&self, node: &Node) -> Shape {
        Shape::closed([("output", self.output_of(node)), ("error", Shape::Open), ("status", Shape::String)])
    }

    fn looped(&mut self, node: &'a Node, inner: &'a Loop, env: &Env) {
        let list = match &inner.mode {
            LoopMode::ForEach { items, .. } => Some(items),
            _ => None,
        };
        let item = list.map_or(Shape::Open, |list| items::shape(list, env));
        let body = env.clone().with("item", item).with("index", Shape::Number);
        let step = self.step();
        self.loops.push(list.map(|list| Through { list, step }));
        if let LoopMode::While(condition) = &inner.mode {
            self.condition(node, condition, &body);
        }
        self.node(&inner.body, &body);
        self.loops.pop();
    }

    fn decorator(&mut self, node: &'a Node, with: &'a Decorator, env: &Env) {
        let Decorator::Precondition { checks } = with else { return };
        for Precheck { condition, resolver, .. } in checks {
            self.condition(node, condition, env);
            resolver.iter().for_each(|resolver| self.node(resolver, env));
        }
    }

    fn tools(&mut self, agent: &'a Agent, env: &Env) {
        let inner = env.clone().with("args", Shape::Open);
        for tool in &agent.tools {
            if let ToolTarget::Step(step) = &tool.target {
                self.node(step, &inner);
            }
        }
    }

    fn params(&mut self, node: &Node, params: &Template, env: &Env) {
        match params {
            Template::Object(members) => members.iter().for_each(|(name, value)| self.template(node, name, value, env)),
            other => self.template(node, "params", other, env),
        }
    }

    fn template(&mut self, node: &Node, prop: &str, template: &Template, env: &Env) {
        let span = node.origin.prop(prop);
        template.for_each_expr(&mut |expr| self.expr(expr, env, &node.id, span));
    }

    fn expr(&mut self, expr: &Expr, env: &Env, path: &str, fallback: Option<Span>) {
        let span = expr.span().or(fallback);
        self.stands(span, env);
        let mut asked = Vec::new();
        for problem in check_expr(expr, env) {
            let Some(name) = asked_for(expr, &problem) else {
                self.found.push(renamed(problem.to_diagnostic(span)).path(path));
                continue;
            };
            if !asked.contains(&name) {
                asked.push(name);
                let found = Diagnostic { severity: Severity::Warning, ..renamed(problem.to_diagnostic(span)) };
                self.found.push(found.path(path));
            }
        }
        self.misspelt(expr, path, span);
        self.read_too_early(expr, path, span);
    }

    /// Where other variables may come in with the input, only a near miss of a known name is worth a word.
    fn misspelt(&mut self, expr: &Expr, path: &str, span: Option<Span>) {
        if !self.variables.open {
            return;
        }
        let mut seen = BTreeSet::new();
        for reference in expr.references() {
            let Some(name) = reference.path.first().filter(|_| &*reference.root == "vars") else { continue };
            if !seen.insert(name.clone()) {
                continue;
            }
            let variables = || self.variables.known.keys().map(|known| &**known);
            if variables().any(|known| known == &**name || known.starts_with(&format!("{name}."))) {
                continue;
            }
            if let Some(near) = closest(name, variables().chain(["input", "secrets"])) {
                let message = format!("nothing in this flow sets `{name}`");
                let problem = Diagnostic::warning("UNKNOWN_VARIABLE", message).path(path).maybe_at(span);
                self.found.push(
                    problem
                        .help(format!("did you mean `{near}`? If it comes in with the input, declare it in `input`")),
                );
            }
        }
    }
}

/// The unknown name of a problem, where the expression asks with `typeof` whether it is there. Such an expression
/// says itself what comes in its place, as the placeholders of a log message do.
fn asked_for<'e>(expr: &'e Expr, problem: &Problem) -> Option<&'e str> {
    let name = expr.source().get(problem.range.clone()).filter(|_| problem.code == "UNKNOWN_NAME")?;
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '['));
    let asked = expr.source().split("typeof ").skip(1).any(|rest| rest.strip_prefix(name).is_some_and(ends));
    asked.then_some(name)
}

/// An unknown variable goes by the name the workflow format has for it.
fn renamed(mut problem: Diagnostic) -> Diagnostic {
    if problem.code == "UNKNOWN_NAME" {
        problem.code = "UNKNOWN_VARIABLE".to_owned();
        problem.severity = Severity::Error;
    }
    problem
}

fn error_shape() -> Shape {
    let text = ["code", "category", "message", "path"].map(|name| (name, Shape::String));
    Shape::closed(text.into_iter().chain([("retryable", Shape::Boolean), ("detail", Shape::Open)]))
}

fn message_shape() -> Shape {
    let members = ["from", "to", "payload", "kind", "thread", "todoNudge"];
    Shape::known(members.map(|name| (name, Shape::Open)))
}

fn thread_shape() -> Shape {
    let lists = ["chain", "history", "todos"].map(|name| (name, Shape::Array(Box::default())));
    Shape::known([("id", Shape::String)].into_iter().chain(lists))
}

/// What a JSON Schema says, as far as expressions care.
pub(crate) fn shape_of_schema(schema: &Value) -> Shape {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => Shape::String,
        Some("number" | "integer") => Shape::Number,
        Some("boolean") => Shape::Boolean,
        Some("array") => Shape::Array(Box::new(schema.get("items").map_or(Shape::Open, shape_of_schema))),
        Some("object") => object_shape(schema),
        _ => Shape::Open,
    }
}

fn object_shape(schema: &Value) -> Shape {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Shape::Open };
    let members = properties.iter().map(|(name, schema)| (Text::clone(name), shape_of_schema(schema))).collect();
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => Shape::Closed(members),
        _ => Shape::Known(members),
    }
}
