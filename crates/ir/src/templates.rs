use crate::{Agent, Assign, Decorator, Graph, Input, Loop, LoopMode, NodeKind, Parallel, Wait, Write};
use weir_expr::{Expr, Template};

type Visit<'a, 'v> = &'v mut dyn FnMut(&'static str, &'a Template);

impl NodeKind {
    /// What a node itself computes, in file order, each with the property it most likely stands under. Conditions are
    /// not among them, nor what nodes inside compute.
    pub fn for_each_template<'a>(&'a self, visit: Visit<'a, '_>) {
        match self {
            Self::Parallel(parallel) => in_parallel(parallel, visit),
            Self::Graph(graph) => in_graph(graph, visit),
            Self::Loop(inner) => in_loop(inner, visit),
            Self::Decorate { with: Decorator::Timeout { after }, .. } => visit("timeoutMs", after),
            Self::Decorate { with: Decorator::Delay { by }, .. } => visit("delayMs", by),
            Self::Wait(wait) => in_wait(wait, visit),
            Self::Call(call) => {
                visit("flow", &call.flow);
                visit("input", &call.input);
            }
            Self::Agent(agent) => in_agent(agent, visit),
            Self::Set { writes } => writes.iter().for_each(|write| in_write(write, visit)),
            Self::Return { value } => visit("value", value),
            Self::Fail(fail) => visit("message", &fail.message),
            Self::Task(task) => {
                visit("params", &task.params);
                some("timeout", &task.timeout, visit);
            }
            Self::Sequence { .. }
            | Self::Select { .. }
            | Self::Branch { .. }
            | Self::Try { .. }
            | Self::Decorate { .. }
            | Self::Scope { .. }
            | Self::Use { .. }
            | Self::Mailbox(_) => {}
        }
    }

    /// The variables that its result is written to.
    pub fn assigns(&self) -> &[Assign] {
        match self {
            Self::Task(task) => &task.assign,
            Self::Call(call) => &call.assign,
            Self::Agent(agent) => &agent.assign,
            _ => &[],
        }
    }

    /// The expressions in all of these.
    pub fn for_each_expr(&self, visit: &mut dyn FnMut(&Expr)) {
        self.for_each_template(&mut |_, template| template.for_each_expr(visit));
        self.assigns().iter().for_each(|assign| visit(&assign.value));
    }
}

fn some<'a>(name: &'static str, template: &'a Option<Template>, visit: Visit<'a, '_>) {
    template.iter().for_each(|template| visit(name, template));
}

fn in_parallel<'a>(parallel: &'a Parallel, visit: Visit<'a, '_>) {
    some("successThreshold", &parallel.success_threshold, visit);
    some("failureThreshold", &parallel.failure_threshold, visit);
}

fn in_graph<'a>(graph: &'a Graph, visit: Visit<'a, '_>) {
    let inputs = graph.nodes.iter().map(|node| ("input", &node.input));
    for (name, input) in inputs.chain([("output", &graph.output)]) {
        if let Input::Map(template) = input {
            visit(name, template);
        }
    }
}

fn in_loop<'a>(inner: &'a Loop, visit: Visit<'a, '_>) {
    some("maxIterations", &inner.max, visit);
    match &inner.mode {
        LoopMode::Repeat(count) => visit("numCycles", count),
        LoopMode::ForEach { items, .. } => visit("collectionKey", items),
        LoopMode::While(_) | LoopMode::Forever => {}
    }
}

fn in_wait<'a>(wait: &'a Wait, visit: Visit<'a, '_>) {
    match wait {
        Wait::Timer { after } => visit("waitMs", after),
        Wait::Until { at } => visit("at", at),
        Wait::Yield { turns } => visit("ticksBeforeComplete", turns),
        Wait::Signal { timeout, .. } => some("timeout", timeout, visit),
        Wait::Approval { message, timeout, .. } => {
            visit("message", message);
            some("timeout", timeout, visit);
        }
        Wait::Forever => {}
    }
}

fn in_agent<'a>(agent: &'a Agent, visit: Visit<'a, '_>) {
    visit("model", &agent.model);
    visit("prompt", &agent.prompt);
    visit("input", &agent.input);
}

fn in_write<'a>(write: &'a Write, visit: Visit<'a, '_>) {
    write.target.iter().for_each(|target| visit("name", &target.name));
    visit(if write.op == crate::SetOp::Script { "textContent" } else { "value" }, &write.value);
}
