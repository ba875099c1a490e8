use super::Printer;
use crate::tree::names::variable_key;
use crate::tree::types;
use weir_base::{Map, Text, Value};
use weir_expr::Template;
use weir_ir::{
    Case, Condition, Decorator, Exit, Loop, LoopMode, Node, NodeKind, OnLimit, Order, Parallel, Precheck, Settle,
    Strategy,
};

/// Type, props and children of a node, as far as a tree has words for them.
pub(super) struct Parts<'n> {
    pub ty: Text,
    pub props: Map,
    pub children: Vec<&'n Node>,
}

impl<'n> Parts<'n> {
    pub(super) fn new(node: &Node, names: &[&'static str]) -> Self {
        Self { ty: type_name(node, names), props: Map::default(), children: Vec::new() }
    }

    pub(super) fn prop(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.props.insert(name.into(), value.into());
        self
    }

    pub(super) fn template(self, name: &str, value: &Template) -> Self {
        self.prop(name, value.to_value())
    }

    pub(super) fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.prop(name, value),
            None => self,
        }
    }

    fn children(mut self, children: impl IntoIterator<Item = &'n Node>) -> Self {
        self.children.extend(children);
        self
    }
}

/// The name the source used where it is a name of the type, else the type's own.
fn type_name(node: &Node, names: &[&'static str]) -> Text {
    let written = types::find(&node.origin.ty).is_some_and(|spec| names.contains(&spec.name));
    if written { node.origin.ty.clone() } else { names[0].into() }
}

type Answer<'n> = Result<Parts<'n>, &'static str>;

impl Printer<'_> {
    pub(super) fn node(&mut self, node: &Node) -> Map {
        let mut out = Map::default();
        let parts = match self.parts(node) {
            Ok(parts) => parts,
            Err(why) => {
                self.cannot(node, why);
                return out;
            }
        };
        out.insert("type".into(), parts.ty.into());
        out.insert("id".into(), node.id.clone().into());
        node.name.iter().for_each(|name| drop(out.insert("name".into(), name.clone().into())));
        if !node.was.is_empty() {
            out.insert("was".into(), Value::array(node.was.iter().map(|id| id.clone().into())));
        }
        if node.origin.disabled {
            out.insert("disabled".into(), true.into());
        }
        if !parts.props.is_empty() {
            out.insert("props".into(), parts.props.into());
        }
        if !parts.children.is_empty() {
            let children = parts.children.into_iter().map(|child| self.node(child).into());
            out.insert("children".into(), Value::array(children));
        }
        out
    }

    fn parts<'n>(&mut self, node: &'n Node) -> Answer<'n> {
        match &node.kind {
            NodeKind::Sequence { children, .. } if is_mock(children) => self.leaf(node),
            NodeKind::Sequence { order, children } => {
                let names: &[&str] = match order {
                    Order::Plain => &["Sequence"],
                    Order::Memory => &["MemorySequence"],
                    Order::Reactive => &["ReactiveSequence"],
                };
                Ok(Parts::new(node, names).children(children))
            }
            NodeKind::Select { order: Order::Plain, children } => {
                Ok(Parts::new(node, &["Selector"]).children(children))
            }
            NodeKind::Select { .. } => Err("a Selector of a tree has no memory and is not reactive"),
            NodeKind::Parallel(inner) => parallel(node, inner),
            NodeKind::Branch { cases, otherwise } => branch(node, cases, otherwise.as_ref()),
            NodeKind::Loop(inner) => repeat(node, inner),
            NodeKind::Try { body, catch, finally } => match (catch, finally) {
                (None, Some(_)) => Err("a Recovery that has a third child has a second"),
                _ => Ok(Parts::new(node, &["Recovery"])
                    .children([&**body])
                    .children(catch.iter().chain(finally).map(|n| &**n))),
            },
            NodeKind::Decorate { with, body } => Ok(self.decorate(node, with)?.children([&**body])),
            NodeKind::Scope { body } => match &body.kind {
                NodeKind::Use { def } => Ok(Parts::new(node, &["SubTree"]).prop("treeId", def.clone())),
                _ => Err("only a sub-tree has a scope of its own"),
            },
            NodeKind::Graph(_) => Err("it is a graph"),
            NodeKind::Mailbox(_) => Err("it is a mailbox of listeners"),
            NodeKind::Agent(_) => Err("it is an agent"),
            NodeKind::Return { .. } => Err("a tree has no step that ends the whole run"),
            NodeKind::Use { .. } => Err("a sub-tree is used within a scope of its own"),
            NodeKind::Wait(_) | NodeKind::Call(_) | NodeKind::Set { .. } | NodeKind::Fail(_) | NodeKind::Task(_) => {
                self.leaf(node)
            }
        }
    }

    fn decorate<'n>(&mut self, node: &'n Node, with: &Decorator) -> Answer<'n> {
        Ok(match with {
            Decorator::Timeout { after } => Parts::new(node, &["Timeout"]).template("timeoutMs", after),
            Decorator::Delay { by } => Parts::new(node, &["Delay"]).template("delayMs", by),
            Decorator::Invert => Parts::new(node, &["Invert"]),
            Decorator::Force { success: true } => Parts::new(node, &["ForceSuccess"]),
            Decorator::Force { success: false } => Parts::new(node, &["ForceFailure"]),
            Decorator::RunOnce => Parts::new(node, &["RunOnce"]),
            Decorator::UntilFailure => Parts::new(node, &["KeepRunningUntilFailure"]),
            Decorator::SoftAssert => Parts::new(node, &["SoftAssert"]),
            Decorator::Precondition { checks } => {
                let checks: Vec<Value> = checks.iter().map(|check| self.precheck(check)).collect();
                let parts = Parts::new(node, &["Precondition"]);
                if checks.is_empty() { parts } else { parts.prop("conditions", checks) }
            }
            Decorator::Retry { .. } => return Err("a tree repeats single tasks, not whole blocks"),
        })
    }

    fn precheck(&mut self, check: &Precheck) -> Value {
        let mut out = Map::default();
        let condition = match &check.condition {
            Condition::Expr(expr) => expr.source().into(),
            Condition::Region(node) => self.node(node).into(),
        };
        out.insert("condition".into(), condition);
        if let Some(resolver) = &check.resolver {
            out.insert("resolver".into(), self.node(resolver).into());
        }
        if !check.required {
            out.insert("required".into(), false.into());
        }
        out.into()
    }
}

/// The two steps a MockAction of several ticks becomes.
fn is_mock(children: &[Node]) -> bool {
    matches!(children, [first, _] if matches!(first.kind, NodeKind::Wait(weir_ir::Wait::Yield { .. })))
}

fn parallel<'n>(node: &Node, inner: &'n Parallel) -> Answer<'n> {
    if inner.settle != Settle::All {
        return Err("a Parallel of a tree waits for all its children");
    }
    let parts = Parts::new(node, &["Parallel"]);
    let parts = if inner.strategy == Strategy::Any { parts.prop("strategy", "any") } else { parts };
    Ok(parts
        .maybe("successThreshold", inner.success_threshold.as_ref().map(Template::to_value))
        .maybe("failureThreshold", inner.failure_threshold.as_ref().map(Template::to_value))
        .maybe("limit", inner.limit)
        .children(&inner.children))
}

fn branch<'n>(node: &Node, cases: &'n [Case], otherwise: Option<&'n Exit>) -> Answer<'n> {
    const WHY: &str = "a Conditional has a node as its condition, and one or two branches";
    let [Case { when: Condition::Region(condition), then: Exit { handle: None, body: Some(then) } }] = cases else {
        return Err(WHY);
    };
    let parts = Parts::new(node, &["Conditional"]).children([&**condition, &**then]);
    match otherwise {
        Some(Exit { handle: None, body: Some(last) }) => {
            let is_default = matches!(&last.kind, NodeKind::Fail(fail) if &*fail.code == "CONDITION_FALSE");
            Ok(if is_default { parts } else { parts.children([&**last]) })
        }
        _ => Err(WHY),
    }
}

fn repeat<'n>(node: &Node, inner: &'n Loop) -> Answer<'n> {
    if inner.continue_as_new.is_some() || inner.on_limit != OnLimit::Fail {
        return Err("a loop of a tree ends at its limit, with a failure");
    }
    match &inner.mode {
        LoopMode::While(Condition::Region(condition)) => {
            let max = inner.max.as_ref().ok_or("a While has a limit")?;
            let parts = Parts::new(node, &["While"]);
            let is_default = max.constant() == Some(Value::from(1_000));
            let parts = if is_default { parts } else { parts.template("maxIterations", max) };
            Ok(parts.children([&**condition, &inner.body]))
        }
        LoopMode::Repeat(cycles) => {
            Ok(Parts::new(node, &["Repeat"]).template("numCycles", cycles).children([&inner.body]))
        }
        LoopMode::ForEach { items: Template::Expr(items), item_var: Some(item), index_var, concurrency } => {
            let key = variable_key(items.source()).ok_or("a ForEach goes through a variable")?;
            let parts = Parts::new(node, &["ForEach"]).prop("collectionKey", key).prop("itemKey", item.clone());
            let parts = parts.maybe("indexKey", index_var.clone());
            let parts = if *concurrency == 1 { parts } else { parts.prop("concurrency", *concurrency) };
            Ok(parts.children([&inner.body]))
        }
        LoopMode::ForEach { .. } => Err("a ForEach goes through a variable and writes each item to another"),
        LoopMode::While(_) => Err("a While has a node as its condition"),
        LoopMode::Forever => Err("a loop of a tree has an end"),
    }
}
