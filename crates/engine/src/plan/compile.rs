use super::*;
use std::collections::{HashMap, HashSet};
use weir_ir::{Agent, Condition, Decorator, Exit, Loop, LoopMode, Mailbox, Node, NodeKind, Parallel, SetOp, Task};

pub(super) fn compile(flow: &Flow) -> Plan {
    let mut compiler = Compiler { flow, nodes: Vec::new(), defs: HashMap::new(), reenters: false };
    // Definitions get their places first, so that a `use` may stand before what it names.
    for name in flow.defs.keys() {
        let place = compiler.reserve();
        compiler.defs.insert(name.clone(), place);
    }
    for (name, def) in &flow.defs {
        let place = compiler.defs[name];
        compiler.fill(place, def);
    }
    let root = compiler.add(&flow.root);
    let initial = |variable: &weir_ir::Variable| variable.initial.clone().unwrap_or_else(|| variable.ty.initial());
    Plan {
        root,
        variables: flow.variables.iter().map(|(name, variable)| (name.clone(), initial(variable))).collect(),
        input_as_variables: flow.input_as_variables,
        signals: flow.signals.clone(),
        queries: flow.queries.clone(),
        timeout: flow.settings.timeout,
        reenters: compiler.reenters,
        aliases: aliases(&compiler.nodes),
        nodes: compiler.nodes,
    }
}

/// Earlier ids and what they are called now. An id that is in use means what it says.
fn aliases(nodes: &[PlanNode]) -> HashMap<Text, Text> {
    let named: HashSet<&Text> = nodes.iter().map(|node| &node.id).collect();
    let all = nodes.iter().flat_map(|node| node.was.iter().map(move |was| (was, &node.id)));
    all.filter(|(was, _)| !named.contains(was)).map(|(was, id)| (was.clone(), id.clone())).collect()
}

struct Compiler<'a> {
    flow: &'a Flow,
    nodes: Vec<PlanNode>,
    defs: HashMap<Text, NodeIx>,
    reenters: bool,
}

impl Compiler<'_> {
    fn reserve(&mut self) -> NodeIx {
        let place = NodeIx(self.nodes.len() as u32);
        let op = Op::Set(Box::default());
        self.nodes.push(PlanNode {
            id: Text::default(),
            was: Vec::new(),
            title: None,
            phase: None,
            op,
            external: None,
        });
        place
    }

    fn add(&mut self, node: &Node) -> NodeIx {
        let place = self.reserve();
        self.fill(place, node);
        place
    }

    fn fill(&mut self, place: NodeIx, node: &Node) {
        let op = self.op(&node.kind);
        let (id, was) = (node.id.clone(), node.was.clone());
        let (title, phase, external) = (node.name.clone(), node.phase.clone(), external_of(&op).map(Box::new));
        self.nodes[place.0 as usize] = PlanNode { id, was, title, phase, op, external };
    }

    fn list(&mut self, nodes: &[Node]) -> Box<[NodeIx]> {
        nodes.iter().map(|node| self.add(node)).collect()
    }

    fn maybe(&mut self, node: &Option<Box<Node>>) -> Option<NodeIx> {
        node.as_deref().map(|node| self.add(node))
    }

    fn op(&mut self, kind: &NodeKind) -> Op {
        match kind {
            NodeKind::Sequence { order, children } => {
                self.reenters |= *order == Order::Reactive;
                Op::Sequence { order: *order, children: self.list(children) }
            }
            NodeKind::Select { order, children } => {
                self.reenters |= *order == Order::Reactive;
                Op::Select { order: *order, children: self.list(children) }
            }
            NodeKind::Parallel(parallel) => Op::Parallel(self.parallel(parallel)),
            NodeKind::Graph(graph) => {
                let nodes: Vec<NodeIx> = graph.nodes.iter().map(|step| self.add(&step.node)).collect();
                Op::Graph(GraphPlan::new(graph, &nodes))
            }
            NodeKind::Branch { cases, otherwise } => {
                let cases = cases.iter().map(|case| (self.check(&case.when), self.way(&case.then))).collect();
                Op::Branch { cases, otherwise: otherwise.as_ref().map(|exit| self.way(exit)) }
            }
            NodeKind::Loop(inner) => Op::Loop(self.loop_plan(inner)),
            NodeKind::Try { body, catch, finally } => {
                Op::Try { body: self.add(body), catch: self.maybe(catch), finally: self.maybe(finally) }
            }
            NodeKind::Decorate { with, body } => self.decorate(with, body),
            NodeKind::Scope { body } => Op::Scope { body: self.add(body) },
            NodeKind::Use { def } => self.reference(def),
            NodeKind::Wait(wait) => Op::Wait(wait.clone()),
            NodeKind::Call(call) => Op::Call(call.clone()),
            NodeKind::Mailbox(mailbox) => Op::Mailbox(Box::new(self.mailbox(mailbox))),
            NodeKind::Agent(agent) => Op::Agent(Box::new(self.agent(agent))),
            NodeKind::Set { writes } => Op::Set(writes.clone().into()),
            NodeKind::Return { value } => Op::Return { value: value.clone() },
            NodeKind::Fail(fail) => Op::Fail(fail.clone()),
            NodeKind::Task(task) => Op::Task(Arc::new(self.task(task))),
        }
    }

    fn reference(&mut self, def: &Text) -> Op {
        match self.defs.get(def) {
            Some(body) => Op::Use { body: *body },
            None => Op::Fail(Fail {
                code: "UNKNOWN_DEFINITION".into(),
                message: Template::Value(Value::from(format!("there is no definition `{def}`"))),
            }),
        }
    }

    fn decorate(&mut self, with: &Decorator, body: &Node) -> Op {
        let body = self.add(body);
        self.reenters |= matches!(with, Decorator::Retry { .. } | Decorator::Precondition { .. });
        match with {
            Decorator::Timeout { after } => Op::Timeout { after: after.clone(), body },
            Decorator::Delay { by } => Op::Delay { by: by.clone(), body },
            Decorator::Retry { policy } => Op::Retry { policy: policy.clone(), body },
            Decorator::Invert => Op::Invert { body },
            Decorator::Force { success } => Op::Force { success: *success, body },
            Decorator::RunOnce => Op::RunOnce { body },
            Decorator::UntilFailure => Op::UntilFailure { body },
            Decorator::SoftAssert => Op::SoftAssert { body },
            Decorator::Precondition { checks } => {
                let plan = |check: &weir_ir::Precheck, this: &mut Self| PrecheckPlan {
                    check: this.check(&check.condition),
                    resolver: this.maybe(&check.resolver),
                    required: check.required,
                };
                Op::Precondition { checks: checks.iter().map(|check| plan(check, self)).collect(), body }
            }
        }
    }

    fn parallel(&mut self, parallel: &Parallel) -> ParallelPlan {
        ParallelPlan {
            children: self.list(&parallel.children),
            success: parallel.success_threshold.clone(),
            failure: parallel.failure_threshold.clone(),
            strategy: parallel.strategy,
            settle: parallel.settle,
            limit: parallel.limit.filter(|limit| *limit > 0),
        }
    }

    fn loop_plan(&mut self, inner: &Loop) -> LoopPlan {
        let mode = match &inner.mode {
            LoopMode::While(condition) => LoopModePlan::While(self.check(condition)),
            LoopMode::Repeat(count) => LoopModePlan::Repeat(count.clone()),
            LoopMode::Forever => LoopModePlan::Forever,
            LoopMode::ForEach { items, item_var, index_var, concurrency } => LoopModePlan::ForEach {
                items: items.clone(),
                item_var: item_var.clone(),
                index_var: index_var.clone(),
                concurrency: (*concurrency).max(1),
            },
        };
        LoopPlan {
            mode,
            body: self.add(&inner.body),
            max: inner.max.clone(),
            on_limit: inner.on_limit,
            continue_as_new: inner.continue_as_new.filter(|period| *period > 0),
            collect: inner.collect,
        }
    }

    fn check(&mut self, condition: &Condition) -> Check {
        match condition {
            Condition::Region(node) => Check::Region(self.add(node)),
            Condition::Expr(expr) if names_external(expr) => {
                let write = Write { target: None, op: SetOp::Check, value: Template::Expr(expr.clone()) };
                Check::Region(self.add(&Node::new("condition", NodeKind::Set { writes: vec![write] })))
            }
            Condition::Expr(expr) => Check::Expr(expr.clone()),
        }
    }

    fn way(&mut self, exit: &Exit) -> Way {
        Way { handle: exit.handle.clone(), body: self.maybe(&exit.body) }
    }

    fn task(&self, task: &Task) -> TaskSpec {
        let settings = &self.flow.settings;
        let constant = task.timeout.as_ref().and_then(Template::constant);
        let timeout = constant.and_then(|value| crate::scope::duration_of(&value).ok());
        TaskSpec {
            kind: task.kind.clone(),
            params: task.params.clone(),
            assign: task.assign.clone(),
            retry: task.retry.clone().or_else(|| settings.retry.clone()),
            timeout: timeout.or(settings.task_timeout.filter(|_| task.timeout.is_none())),
            timeout_expr: task.timeout.clone().filter(|_| timeout.is_none()),
            on_unknown: task.on_unknown,
        }
    }

    fn mailbox(&mut self, mailbox: &Mailbox) -> MailboxPlan {
        let mut targets: HashMap<Text, Vec<u32>> = HashMap::new();
        for (at, listener) in mailbox.listeners.iter().enumerate() {
            for name in std::iter::once(&listener.name).chain(&listener.groups) {
                targets.entry(name.clone()).or_default().push(at as u32);
            }
        }
        let entry = mailbox.entry.as_ref().and_then(|name| mailbox.listeners.iter().position(|l| l.name == *name));
        MailboxPlan {
            listeners: mailbox.listeners.iter().map(|listener| self.listener(listener)).collect(),
            targets,
            entry: entry.map(|at| at as u32),
            scheduling: mailbox.scheduling,
            max_messages: mailbox.max_messages,
            max_concurrent: mailbox.max_concurrent.max(1),
            max_concurrent_per_agent: mailbox.max_concurrent_per_agent.max(1),
            context_slots: mailbox.context_slots,
        }
    }

    fn listener(&mut self, listener: &weir_ir::Listener) -> ListenerPlan {
        ListenerPlan {
            name: listener.name.clone(),
            agent: listener.agent,
            peers: listener.peers.clone(),
            payload_class: listener.payload_class.clone(),
            handler: self.maybe(&listener.handler),
            binding: listener.binding.clone(),
        }
    }

    fn agent(&mut self, agent: &Agent) -> AgentPlan {
        let describe = |tool: &weir_ir::AgentTool| {
            Value::object([
                ("name", tool.name.clone().into()),
                ("description", tool.description.clone().into()),
                ("schema", ToolPlan::arguments(tool)),
            ])
        };
        AgentPlan {
            model: agent.model.clone(),
            prompt: agent.prompt.clone(),
            input: agent.input.clone(),
            tools: agent.tools.iter().map(|tool| self.tool(tool)).collect(),
            limits: agent.limits.clone(),
            options: agent.options.clone(),
            output: agent.output.clone(),
            assign: agent.assign.clone(),
            ask: self.ask(agent),
            tool_list: Value::array(agent.tools.iter().map(describe)),
        }
    }

    /// The task that asks the model. Its parameters come from the agent's state, not from a template.
    fn ask(&mut self, agent: &Agent) -> NodeIx {
        let place = self.reserve();
        let spec = self.task(&Task::new(agent.kind.clone(), Template::Value(Value::Null)));
        let node = &mut self.nodes[place.0 as usize];
        (node.id, node.op) = ("model".into(), Op::Ask(Arc::new(spec)));
        place
    }

    fn tool(&mut self, tool: &weir_ir::AgentTool) -> ToolPlan {
        let target = match &tool.target {
            weir_ir::ToolTarget::Step(node) => ToolTarget::Step(self.add(node)),
            weir_ir::ToolTarget::Peer(name) => ToolTarget::Peer { peer: name.clone(), wrapped: ToolPlan::wraps(tool) },
        };
        ToolPlan { name: tool.name.clone(), target }
    }
}

fn names_external(expr: &Expr) -> bool {
    expr.references().iter().any(|reference| matches!(&*reference.root, "service" | "project"))
}

/// The service and project variables named by a node's own expressions, sorted.
fn external_of(op: &Op) -> Option<External> {
    let mut found = External::default();
    let mut note = |expr: &Expr| {
        for reference in expr.references() {
            let names = match &*reference.root {
                "service" => &mut found.service,
                "project" => &mut found.project,
                _ => continue,
            };
            names.extend(reference.path.first().cloned());
        }
    };
    for_each_expr(op, &mut note);
    for names in [&mut found.service, &mut found.project] {
        names.sort_unstable();
        names.dedup();
    }
    (found != External::default()).then_some(found)
}

fn for_each_expr(op: &Op, visit: &mut dyn FnMut(&Expr)) {
    match op {
        Op::Task(spec) => {
            spec.params.for_each_expr(visit);
            spec.timeout_expr.iter().for_each(|template| template.for_each_expr(visit));
            spec.assign.iter().for_each(|assign| visit(&assign.value));
        }
        Op::Set(writes) => {
            for write in writes {
                write.value.for_each_expr(visit);
                write.target.iter().for_each(|target| target.name.for_each_expr(visit));
            }
        }
        Op::Timeout { after: template, .. } | Op::Delay { by: template, .. } | Op::Return { value: template } => {
            template.for_each_expr(visit);
        }
        Op::Fail(fail) => fail.message.for_each_expr(visit),
        Op::Call(call) => {
            call.flow.for_each_expr(visit);
            call.input.for_each_expr(visit);
            call.assign.iter().for_each(|assign| visit(&assign.value));
        }
        Op::Graph(graph) => {
            let inputs = graph.steps.iter().map(|step| &step.input).chain([&graph.output]);
            inputs.for_each(|input| {
                if let weir_ir::Input::Map(template) = input {
                    template.for_each_expr(visit)
                }
            });
        }
        Op::Wait(wait) => wait_exprs(wait, visit),
        Op::Branch { cases, .. } => cases.iter().for_each(|(check, _)| check_exprs(check, visit)),
        Op::Parallel(plan) => plan.success.iter().chain(&plan.failure).for_each(|t| t.for_each_expr(visit)),
        Op::Loop(plan) => {
            plan.max.iter().for_each(|template| template.for_each_expr(visit));
            match &plan.mode {
                LoopModePlan::ForEach { items, .. } => items.for_each_expr(visit),
                LoopModePlan::Repeat(count) => count.for_each_expr(visit),
                LoopModePlan::While(check) => check_exprs(check, visit),
                LoopModePlan::Forever => {}
            }
        }
        Op::Agent(agent) => {
            [&agent.model, &agent.prompt, &agent.input].into_iter().for_each(|t| t.for_each_expr(visit));
            agent.assign.iter().for_each(|assign| visit(&assign.value));
        }
        _ => {}
    }
}

fn check_exprs(check: &Check, visit: &mut dyn FnMut(&Expr)) {
    if let Check::Expr(expr) = check {
        visit(expr);
    }
}

fn wait_exprs(wait: &Wait, visit: &mut dyn FnMut(&Expr)) {
    match wait {
        Wait::Timer { after } => after.for_each_expr(visit),
        Wait::Until { at } => at.for_each_expr(visit),
        Wait::Yield { turns } => turns.for_each_expr(visit),
        Wait::Signal { timeout, .. } => timeout.iter().for_each(|template| template.for_each_expr(visit)),
        Wait::Approval { message, timeout, .. } => {
            message.for_each_expr(visit);
            timeout.iter().for_each(|template| template.for_each_expr(visit));
        }
        Wait::Forever => {}
    }
}
