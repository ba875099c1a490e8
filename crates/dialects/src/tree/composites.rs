use super::ids;
use super::lower::{At, Lower, broken};
use super::names as variables;
use super::subtrees::Target;
use super::types::Type;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::Template;
use weir_ir::{
    Call, Case, Condition, Exit, Fail, Loop, LoopMode, Node, NodeKind, OnLimit, Order, Parallel, Settle, Strategy,
};

impl Lower<'_> {
    pub(super) fn row(&mut self, at: &At<'_>, ty: Type) -> NodeKind {
        let children = self.children_in_a_row(at);
        match ty {
            Type::Selector => NodeKind::Select { order: Order::Plain, children },
            Type::MemorySequence => NodeKind::Sequence { order: Order::Memory, children },
            Type::ReactiveSequence => NodeKind::Sequence { order: Order::Reactive, children },
            _ => NodeKind::Sequence { order: Order::Plain, children },
        }
    }

    /// A tree's parallel waits for every child before it decides.
    pub(super) fn parallel(&mut self, at: &At<'_>) -> NodeKind {
        let strategy = match self.choice(at, "strategy", &["strict", "any"]) {
            "any" => Strategy::Any,
            _ => Strategy::All,
        };
        let success_threshold = self.count(at, "successThreshold", 1);
        let failure_threshold = self.count(at, "failureThreshold", 1);
        let limit = self.small(at, "limit");
        let children = self.children_in_a_row(at);
        NodeKind::Parallel(Parallel {
            children,
            success_threshold,
            failure_threshold,
            strategy,
            settle: Settle::All,
            limit,
        })
    }

    /// Without an `else`, a condition that does not hold is a failure.
    pub(super) fn conditional(&mut self, at: &At<'_>) -> NodeKind {
        let mut children = self.children(at).into_iter();
        let mut next = |role: &str| children.next().unwrap_or_else(|| broken(role.into(), at.doc));
        let (condition, then) = (next("condition"), next("then"));
        let otherwise = children.next().unwrap_or_else(|| {
            let message = Template::Value("the condition does not hold".into());
            derived("else", at, NodeKind::Fail(Fail { code: "CONDITION_FALSE".into(), message }))
        });
        let case = Case { when: Condition::Region(Box::new(condition)), then: exit(then) };
        NodeKind::Branch { cases: vec![case], otherwise: Some(exit(otherwise)) }
    }

    pub(super) fn repeat_while(&mut self, at: &At<'_>) -> NodeKind {
        const MOST: u64 = 1_000;
        let max = self.count(at, "maxIterations", 1).unwrap_or(Template::Value(MOST.into()));
        let mut children = self.children(at).into_iter();
        let mut next = |role: &str| children.next().unwrap_or_else(|| broken(role.into(), at.doc));
        let (condition, body) = (next("condition"), next("body"));
        let mode = LoopMode::While(Condition::Region(Box::new(condition)));
        let max = Some(max);
        NodeKind::Loop(Box::new(Loop {
            mode,
            body,
            max,
            on_limit: OnLimit::Fail,
            continue_as_new: None,
            collect: false,
        }))
    }

    pub(super) fn for_each(&mut self, at: &At<'_>) -> NodeKind {
        let collection = self.required_word(at, "collectionKey");
        let item_var = self.required_word(at, "itemKey");
        let index_var = self.word(at, "indexKey");
        let concurrency = self.small(at, "concurrency").unwrap_or(1);
        let items = match collection {
            Some(key) => {
                let span = at.prop("collectionKey").map_or(at.doc.span, |doc| doc.content_span());
                Template::Expr(self.built(&variables::variable(&key), span))
            }
            None => Template::Value(Value::Null),
        };
        let extra = at.children.get(1).map(|second| second.span);
        if let Some(span) = extra {
            let message = "ForEach runs its first child only; the others never run";
            let help = "put them into a Sequence together with the first";
            self.out.push(Diagnostic::warning("UNREACHABLE_NODE", message).at(span).path(&*at.id).help(help));
        }
        let children = self.children(at);
        let body = children.into_iter().next().unwrap_or_else(|| broken("body".into(), at.doc));
        let mode = LoopMode::ForEach { items, item_var, index_var, concurrency };
        NodeKind::Loop(Box::new(Loop {
            mode,
            body,
            max: None,
            on_limit: OnLimit::Fail,
            continue_as_new: None,
            collect: false,
        }))
    }

    pub(super) fn recovery(&mut self, at: &At<'_>) -> NodeKind {
        let mut children = self.children(at).into_iter();
        let body = Box::new(children.next().unwrap_or_else(|| broken("try".into(), at.doc)));
        let (catch, finally) = (children.next().map(Box::new), children.next().map(Box::new));
        NodeKind::Try { body, catch, finally }
    }

    /// Another document, a file beside this one, or a flow of the project.
    pub(super) fn sub_tree(&mut self, at: &At<'_>) -> NodeKind {
        let Some(tree_id) = self.required_word(at, "treeId") else {
            return broken(at.id.clone(), at.doc).kind;
        };
        let span = at.prop("treeId").map_or(at.doc.span, |doc| doc.span);
        let target = match &mut self.trees {
            Some(trees) => trees.find(&tree_id, span, self.cx.loader, &mut self.out),
            None => Target::Flow,
        };
        match target {
            Target::Tree(def) => NodeKind::Scope { body: Box::new(derived("tree", at, NodeKind::Use { def })) },
            Target::Flow => {
                let input = Template::Expr(self.built("vars", span));
                let flow = Template::Value(tree_id.into());
                NodeKind::Call(Box::new(Call { flow, version: None, input, detached: false, assign: Vec::new() }))
            }
        }
    }

    /// A literal number from 1.
    fn small(&mut self, at: &At<'_>, name: &str) -> Option<u32> {
        let doc = at.prop(name)?;
        let number = doc.as_f64().map(Value::from).and_then(|value| value.as_u64());
        let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
        if number.is_none() {
            self.invalid(at, name, "a whole number, 1 or more");
        }
        number
    }
}

fn exit(body: Node) -> Exit {
    Exit { handle: None, body: Some(Box::new(body)) }
}

/// A node that is not in the source, beside or below the one that needs it. A sibling of the same name keeps its id.
pub(super) fn derived(role: &str, at: &At<'_>, kind: NodeKind) -> Node {
    let taken: Vec<Text> = ids::of_siblings(at.children).into_iter().map(|id| id.text).collect();
    let mut id: Text = role.into();
    while taken.contains(&id) {
        id = format!("{id}-").into();
    }
    let mut node = Node::new(id, kind);
    node.origin.span = Some(at.doc.span);
    node
}
