use crate::graph::node_type::{NODE_TYPES, NodeType};
use weir_base::{Map, Text, Value};
use weir_expr::Template;
use weir_ir::{
    Agent, Assign, Call, Loop, LoopMode, Node, NodeKind, OnLimit, RetryPolicy, SetOp, Task, UnknownPolicy, VarScope,
    Wait, Write,
};

/// A node of the document, but for its place.
pub struct Drawn {
    pub id: String,
    pub ty: &'static str,
    pub data: Map,
}

impl Drawn {
    fn new(node: &Node, ty: &'static str) -> Self {
        let data = Map::from_iter([(Text::from("label"), Value::from(node.title()))]);
        Self { id: node.id.to_string(), ty, data }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        if !value.is_null() {
            self.data.insert(key.into(), value);
        }
        self
    }

    fn config(self, members: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        self.with("config", super::object(members))
    }
}

/// One step as one node; else what it is that a workflow has no word for.
pub fn drawn(node: &Node) -> Result<Drawn, &'static str> {
    match &node.kind {
        NodeKind::Task(task) => self::task(node, task),
        NodeKind::Agent(agent) => self::agent(node, agent),
        NodeKind::Call(call) => Ok(self::call(node, call)),
        NodeKind::Wait(wait) => self::wait(node, wait),
        NodeKind::Set { writes } => self::set(node, writes),
        NodeKind::Return { value } => Ok(Drawn::new(node, "return").config([("value", value.to_value())])),
        NodeKind::Fail(fail) => {
            Ok(Drawn::new(node, "fail")
                .config([("code", fail.code.clone().into()), ("message", fail.message.to_value())]))
        }
        _ => Err("this step"),
    }
}

/// The type the node had, where it came from a workflow and still fits.
fn own_type(node: &Node, fits: impl Fn(NodeType) -> bool) -> Option<&'static str> {
    NODE_TYPES.iter().find(|(name, ty)| *name == &*node.origin.ty && fits(*ty)).map(|(name, _)| *name)
}

fn task(node: &Node, task: &Task) -> Result<Drawn, &'static str> {
    let component = own_type(node, |ty| matches!(ty, NodeType::Component(kind) if kind == &*task.kind));
    let mut drawn = Drawn::new(node, component.unwrap_or("activity"));
    if component.is_none() {
        drawn = drawn.with("activityName", task.kind.clone().into());
    }
    let params = task.params.to_value();
    if holds_placeholder(&task.params) {
        return Err("a text with `${`, which it reads as a placeholder");
    }
    drawn = match params.as_object() {
        Some(_) => drawn.with("config", params),
        None => drawn.with("input", params),
    };
    let policy = |policy: UnknownPolicy| match policy {
        UnknownPolicy::Retry => "retry",
        UnknownPolicy::Ask => "ask",
        UnknownPolicy::Fail => "fail",
    };
    Ok(drawn
        .with("timeout", task.timeout.as_ref().map_or(Value::Null, time))
        .with("retryPolicy", task.retry.as_ref().map(crate::graph::policy::print).into())
        .with("onUnknown", task.on_unknown.map(policy).map(Value::from).into())
        .with("assign", assign(&task.assign)))
}

/// A time as a workflow writes it: text, never a bare number.
fn time(template: &Template) -> Value {
    match template.constant().and_then(|value| value.as_u64()) {
        Some(millis) => weir_base::Duration::from_millis(millis).to_string().into(),
        None => template.to_value(),
    }
}

fn assign(assign: &[Assign]) -> Value {
    match assign.is_empty() {
        true => Value::Null,
        false => Value::from(assign.iter().map(|a| (a.var.clone(), a.value.source().into())).collect::<Map>()),
    }
}

fn agent(node: &Node, agent: &Agent) -> Result<Drawn, &'static str> {
    let mut config = agent.options.as_object().cloned().unwrap_or_default();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            config.insert(key.into(), value);
        }
    };
    put("model", agent.model.to_value());
    put("systemPrompt", agent.prompt.to_value());
    put("input", agent.input.to_value());
    put("maxTurns", agent.limits.turns.into());
    put("tokenLimit", agent.limits.tokens.into());
    put("costLimitMicros", agent.limits.micros.into());
    put("outputSchema", agent.output.clone().into());
    let mut tools = Vec::new();
    for tool in &agent.tools {
        let weir_ir::ToolTarget::Step(step) = &tool.target else { return Err("a tool that is a peer") };
        let NodeKind::Task(task) = &step.kind else { return Err("a tool of several steps") };
        tools.push(super::object([
            ("name", tool.name.clone().into()),
            ("kind", task.kind.clone().into()),
            ("description", tool.description.clone().into()),
            ("schema", tool.schema.clone()),
            ("params", task.params.to_value()),
        ]));
    }
    if !tools.is_empty() {
        put("tools", Value::from(tools));
    }
    Ok(Drawn::new(node, "agent").with("config", Value::from(config)).with("assign", assign(&agent.assign)))
}

fn call(node: &Node, call: &Call) -> Drawn {
    let execution = if call.detached { "startChild" } else { "executeChild" };
    let drawn = Drawn::new(node, "child-workflow").config([
        ("workflowType", call.flow.to_value()),
        ("version", call.version.clone().into()),
        ("executionType", execution.into()),
        ("inputMapping", call.input.to_value()),
    ]);
    drawn.with("assign", assign(&call.assign))
}

fn wait(node: &Node, wait: &Wait) -> Result<Drawn, &'static str> {
    match wait {
        Wait::Timer { after } => Ok(Drawn::new(node, "wait").config([("duration", time(after))])),
        Wait::Until { at } => Ok(Drawn::new(node, "wait").config([("until", at.to_value())])),
        Wait::Signal { name, timeout, .. } => Ok(Drawn::new(node, "signal")
            .with("signalName", name.clone().into())
            .with("timeout", timeout.as_ref().map_or(Value::Null, time))),
        Wait::Approval { message, timeout, .. } => Ok(Drawn::new(node, "approval")
            .config([("message", message.to_value()), ("timeout", timeout.as_ref().map_or(Value::Null, time))])),
        Wait::Yield { .. } => Err("a step that waits for turns of the engine"),
        Wait::Forever => Err("a step that never ends"),
    }
}

fn set(node: &Node, writes: &[Write]) -> Result<Drawn, &'static str> {
    if writes.is_empty() {
        let fits = |ty| matches!(ty, NodeType::Trigger | NodeType::End | NodeType::Phase);
        let drawn = Drawn::new(node, own_type(node, fits).unwrap_or("set"));
        return Ok(match (drawn.ty, &node.phase) {
            ("phase", Some(phase)) => drawn.config([("name", phase.clone().into())]),
            ("set", _) => drawn.with("config", Value::object([])),
            _ => drawn,
        });
    }
    let pairs: Option<Vec<_>> = writes.iter().map(|write| Some((variable(write)?, write))).collect();
    let Some(pairs) = pairs else { return Err("a check, or a variable whose name is computed") };
    let all_set = pairs.iter().all(|(_, write)| write.op == SetOp::Set);
    match &pairs[..] {
        [(name, write)] => Ok(Drawn::new(node, "state-variable").config([
            ("name", name.clone().into()),
            ("operation", operation(write.op).ok_or("the script of a tree")?.into()),
            ("value", if write.op == SetOp::Get { Value::Null } else { write.value.to_value() }),
        ])),
        _ if all_set => {
            let members = pairs.iter().map(|(name, write)| (name.clone(), write.value.to_value())).collect::<Map>();
            Ok(Drawn::new(node, "set").with("config", Value::object([("assign", Value::from(members))])))
        }
        _ => Err("several kinds of writes in one step"),
    }
}

fn variable(write: &Write) -> Option<Text> {
    let target = write.target.as_ref().filter(|target| target.scope == VarScope::Run)?;
    target.name.constant()?.as_str().map(Text::from)
}

fn operation(op: SetOp) -> Option<&'static str> {
    match op {
        SetOp::Set => Some("set"),
        SetOp::Append => Some("append"),
        SetOp::Increment => Some("increment"),
        SetOp::Decrement => Some("decrement"),
        SetOp::Get => Some("get"),
        SetOp::Check | SetOp::Script => None,
    }
}

pub fn conditional(node: &Node, conditions: &[String], names: &[Text], two_way: bool) -> Drawn {
    let ty = own_type(node, |ty| ty == NodeType::Conditional).unwrap_or("condition");
    if two_way {
        let source = conditions.first().map(String::as_str).unwrap_or("true");
        return Drawn::new(node, ty).config([("expression", source.into())]);
    }
    let cases = conditions
        .iter()
        .zip(names)
        .map(|(when, name)| Value::object([("when", when.as_str().into()), ("handle", name.clone().into())]));
    let last = names.last().map(|name| Value::from(name.clone())).unwrap_or_default();
    Drawn::new(node, ty).config([("cases", Value::array(cases)), ("else", last)])
}

pub fn retry(node: &Node, policy: &RetryPolicy) -> Drawn {
    Drawn::new(node, "retry").with("config", crate::graph::policy::print(policy))
}

/// A loop's head, but for its body.
pub fn loop_node(node: &Node, inner: &Loop) -> Result<Drawn, &'static str> {
    let on_limit = if inner.on_limit == OnLimit::Fail { "fail" } else { "done" };
    let mut members = vec![
        ("maxIterations", inner.max.as_ref().map_or(Value::Null, Template::to_value)),
        ("onLimit", on_limit.into()),
        ("continueAsNew", inner.continue_as_new.into()),
    ];
    match &inner.mode {
        LoopMode::While(weir_ir::Condition::Expr(expr)) => members.insert(0, ("condition", expr.source().into())),
        LoopMode::While(_) => return Err("a loop whose condition is itself a step"),
        LoopMode::Repeat(_) if inner.max.is_some() => return Err("a repetition with a bound besides its count"),
        LoopMode::Repeat(count) => {
            members[0].1 = count.to_value();
            members[1].1 = "done".into();
        }
        LoopMode::Forever => {}
        LoopMode::ForEach { items, item_var, index_var, concurrency } => members.extend([
            ("items", items.to_value()),
            ("itemVariable", item_var.clone().into()),
            ("indexVariable", index_var.clone().into()),
            ("concurrency", (*concurrency).into()),
            ("collect", inner.collect.into()),
        ]),
    }
    Ok(Drawn::new(node, "loop").config(members))
}

/// Whether a literal text would be read as a `${ }` placeholder.
fn holds_placeholder(template: &Template) -> bool {
    match template {
        Template::Value(value) => value.to_json().contains("${"),
        Template::Text(parts) => {
            parts.iter().any(|part| matches!(part, weir_expr::Part::Text(text) if text.contains("${")))
        }
        Template::Array(items) => items.iter().any(holds_placeholder),
        Template::Object(members) => members.iter().any(|(_, item)| holds_placeholder(item)),
        Template::Expr(_) => false,
    }
}

/// The variables a node reads by name.
pub fn read_variables(node: &Node, found: &mut Vec<Text>) {
    let mut read = |expr: &weir_expr::Expr| {
        let references = expr.references();
        let variables = references.iter().filter(|reference| &*reference.root == "vars");
        found.extend(variables.filter_map(|reference| reference.path.first().cloned()));
    };
    match &node.kind {
        NodeKind::Task(task) => task.params.for_each_expr(&mut read),
        NodeKind::Set { writes } => writes.iter().for_each(|write| write.value.for_each_expr(&mut read)),
        NodeKind::Branch { cases, .. } => {
            for case in cases {
                if let weir_ir::Condition::Expr(expr) = &case.when {
                    read(expr);
                }
            }
        }
        _ => {}
    }
}
