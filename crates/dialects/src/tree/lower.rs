use super::ids::{self, Id};
use super::subtrees::Trees;
use super::types::{self, Children, Spec, TASK_PROPS, Type};
use crate::fields::{list, near, short};
use crate::text::{Doc, Entry};
use crate::{Context, Leaf};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use weir_base::{Diagnostic, Span, Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{Fail, MAX_DEPTH, Node, NodeKind, Origin};

/// Turns nodes of a tree into nodes of a flow and collects every problem on the way.
pub(super) struct Lower<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) out: Vec<Diagnostic>,
    /// The text of the file at hand; empty where it is not known.
    pub(super) source: String,
    /// The trees a `SubTree` may name; `None` where there can be none.
    pub(super) trees: Option<Trees<'a>>,
    leaves: HashMap<Text, Option<Rc<Leaf>>>,
    /// For a type that is no kind either, the built-in one that was meant.
    meant: HashMap<Text, Option<&'static str>>,
    /// The ids written in the document at hand, and where.
    written: HashMap<Text, Span>,
    /// What expressions read of `nodes`.
    pub(super) reads: Reads,
    /// The expression `output`, which every task that writes its output needs.
    pub(super) output: Expr,
}

#[derive(Default)]
pub(super) struct Reads {
    ids: HashSet<Text>,
    /// Some expression reads `nodes` in a way that does not name a node.
    any: bool,
}

/// One node of the source while it is lowered.
pub(super) struct At<'d> {
    pub(super) doc: &'d Doc,
    pub(super) ty: &'d str,
    pub(super) id: Text,
    pub(super) props: &'d [Entry],
    pub(super) children: &'d [Doc],
    /// How deep the node stands in the flow; the root is 1.
    pub(super) depth: usize,
}

impl At<'_> {
    pub(super) fn prop(&self, name: &str) -> Option<&Doc> {
        self.props.iter().find(|entry| &*entry.key == name).map(|entry| &entry.value)
    }

    /// Where the node's type is written.
    pub(super) fn type_span(&self) -> Span {
        self.doc.get("type").map_or(self.doc.span, |ty| ty.span)
    }
}

const NODE_KEYS: [&str; 7] = ["type", "id", "name", "was", "disabled", "props", "children"];

impl<'a> Lower<'a> {
    pub(super) fn new(cx: &'a Context<'a>, trees: Option<Trees<'a>>) -> Self {
        let (leaves, meant, written) = (HashMap::new(), HashMap::new(), HashMap::new());
        let output = Expr::parse("output").unwrap_or_else(|_| Expr::constant(Value::Null));
        Self {
            cx,
            out: Vec::new(),
            source: String::new(),
            trees,
            leaves,
            meant,
            written,
            reads: Reads::default(),
            output,
        }
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.out
    }

    /// Written ids must differ within one document, not between documents.
    pub(super) fn begin_document(&mut self, text: &str) {
        self.written.clear();
        text.clone_into(&mut self.source);
    }

    /// A node and all below it. `more_keys` are allowed besides those of every node.
    pub(super) fn node(&mut self, doc: &Doc, id: Id, depth: usize, more_keys: &[&str]) -> Node {
        if !doc.is_map() {
            let message = format!("a node is a map with a `type`, not {}", doc.describe());
            self.out.push(Diagnostic::error("STRUCTURE", message).at(doc.span));
            return broken(id.text, doc);
        }
        self.keys(doc, more_keys);
        let ty = self.node_type(doc);
        self.check_id(doc, &id, ty.unwrap_or("node"));
        let (props, children) = (self.section(doc, "props", false), self.section(doc, "children", true));
        let name = self.name(doc);
        let was = self.was(doc);
        let Some(ty) = ty else {
            return broken(id.text, doc);
        };
        // These become a node with another inside.
        let has_inner = types::find(ty).is_some_and(|spec| matches!(spec.ty, Type::SubTree | Type::MockAction));
        if depth + usize::from(has_inner) > MAX_DEPTH {
            let message = format!("nodes may nest {MAX_DEPTH} levels deep, not more");
            let help = "move a part of the tree into a document of its own and use it with SubTree";
            self.out.push(Diagnostic::error("TOO_DEEP", message).at(doc.span).help(help));
            return broken(id.text, doc);
        }
        let props = props.map_or(&[][..], Doc::entries);
        let children = children.map_or(&[][..], Doc::items);
        let at = At { doc, ty, id: id.text, props, children, depth };
        let (disabled, kept) = (self.disabled(&at), self.cx.options.keep_disabled);
        let kind = if disabled && !kept { self.switched_off(&at) } else { self.kind(&at) };
        let origin = Origin { disabled: disabled && kept, ..origin(&at) };
        Node { id: at.id.clone(), was, name, phase: None, origin, kind }
    }

    /// The children, in order, however many there are.
    pub(super) fn children(&mut self, at: &At<'_>) -> Vec<Node> {
        let ids = ids::of_siblings(at.children);
        self.repeated_siblings(at.children, &ids);
        let nodes = at.children.iter().zip(ids).map(|(child, id)| self.node(child, id, at.depth + 1, &[]));
        let mut nodes: Vec<Node> = nodes.collect();
        tell_apart(&mut nodes);
        nodes
    }

    /// The children of a node that takes any number of them, without those that are disabled, unless they are kept.
    pub(super) fn children_in_a_row(&mut self, at: &At<'_>) -> Vec<Node> {
        let nodes = self.children(at).into_iter().zip(at.children);
        let kept = self.cx.options.keep_disabled;
        nodes.filter(|(_, doc)| kept || !is_disabled(doc)).map(|(node, _)| node).collect()
    }

    /// Whether the node does nothing and succeeds.
    fn disabled(&mut self, at: &At<'_>) -> bool {
        let Some(found) = at.doc.get("disabled").filter(|found| !found.is_null()) else { return false };
        let disabled = is_disabled(at.doc);
        if found.as_bool().is_none() {
            let message = format!("`disabled` is true or false, not {}", found.describe());
            self.out.push(Diagnostic::error("STRUCTURE", message).at(found.span).path(&*at.id));
        } else if disabled && at.depth == 1 {
            let message = "the first node of a tree holds everything else and cannot be disabled";
            self.out.push(Diagnostic::error("STRUCTURE", message).at(found.span).path(&*at.id));
            return false;
        }
        disabled
    }

    /// Nothing inside is read: what is wrong there, or in a file it names, matters when it is switched on again.
    fn switched_off(&mut self, at: &At<'_>) -> NodeKind {
        let message = format!("`{}` is disabled: it does nothing", short(&at.id));
        self.out.push(Diagnostic::info("DISABLED_STEP", message).at(at.doc.span).path(&*at.id));
        if let Some(trees) = &mut self.trees {
            trees.set_aside(at.doc);
        }
        NodeKind::Set { writes: Vec::new() }
    }

    fn kind(&mut self, at: &At<'_>) -> NodeKind {
        let Some(spec) = types::find(at.ty) else {
            return self.open(at);
        };
        self.unknown_props(at, spec);
        self.child_count(at, spec);
        match spec.ty {
            Type::Sequence | Type::Selector | Type::MemorySequence | Type::ReactiveSequence => self.row(at, spec.ty),
            Type::Parallel => self.parallel(at),
            Type::Conditional => self.conditional(at),
            Type::While => self.repeat_while(at),
            Type::ForEach => self.for_each(at),
            Type::Recovery => self.recovery(at),
            Type::SubTree => self.sub_tree(at),
            Type::Timeout | Type::Delay | Type::Repeat | Type::Invert | Type::ForceSuccess | Type::ForceFailure => {
                self.decorated(at, spec.ty)
            }
            Type::RunOnce | Type::KeepRunningUntilFailure | Type::Precondition | Type::SoftAssert => {
                self.decorated(at, spec.ty)
            }
            _ => self.leaf(at, spec.ty),
        }
    }

    /// A type that is not built in: a kind by its tree name, or, where there is none, by the name as it stands.
    fn open(&mut self, at: &At<'_>) -> NodeKind {
        let leaf = self.leaf_named(at.ty);
        if leaf.is_none() {
            let known = self.meant_by(at.ty);
            if known.is_some() || !at.children.is_empty() {
                return self.unknown_type(at, known);
            }
        }
        self.no_children(at);
        self.task_of_kind(at, leaf)
    }

    fn unknown_type(&mut self, at: &At<'_>, known: Option<&'static str>) -> NodeKind {
        let message = format!("there is no node type `{}`", short(at.ty));
        let found = Diagnostic::error("UNKNOWN_NODE_TYPE", message).at(at.type_span()).path(&*at.id);
        self.out.push(match known {
            Some(known) => found.help(format!("did you mean `{known}`?")).suggest(known),
            None => {
                found.help("only composites and decorators have children; look up their names with `weir kinds ls`")
            }
        });
        NodeKind::Sequence { order: weir_ir::Order::Plain, children: self.children(at) }
    }

    /// Asks for the kind behind a tree name once per name.
    pub(super) fn leaf_named(&mut self, ty: &str) -> Option<Rc<Leaf>> {
        if let Some(known) = self.leaves.get(ty) {
            return known.clone();
        }
        let leaf = self.cx.names.by_tree(ty).map(Rc::new);
        self.leaves.insert(ty.into(), leaf.clone());
        leaf
    }

    fn meant_by(&mut self, ty: &str) -> Option<&'static str> {
        let known = self.meant.get(ty).copied();
        known.unwrap_or_else(|| {
            let near = near(ty, types::TYPES.iter().map(|spec| spec.name));
            self.meant.insert(ty.into(), near);
            near
        })
    }

    /// Reads every expression of a template as a tree means it.
    pub(super) fn in_tree(&mut self, template: &Template) -> Template {
        template.map_exprs(&mut |expr| self.expr_in_tree(expr))
    }

    pub(super) fn expr_in_tree(&mut self, expr: &Expr) -> Expr {
        let expr = super::names::as_variables(expr);
        self.reads.note(&expr);
        expr
    }

    fn keys(&mut self, doc: &Doc, more_keys: &[&str]) {
        for entry in doc.entries() {
            let key = &*entry.key;
            if NODE_KEYS.contains(&key) || more_keys.contains(&key) {
                continue;
            }
            let all = NODE_KEYS.iter().chain(more_keys).copied();
            let message = format!("`{}` is not a key of a node", short(key));
            self.out.push(match near(key, all) {
                Some(known) => {
                    let found = Diagnostic::error("UNKNOWN_KEY", message).at(entry.key_span);
                    found.help(format!("did you mean `{known}`?")).suggest(known)
                }
                None => Diagnostic::warning("UNKNOWN_KEY", message)
                    .at(entry.key_span)
                    .help("it is left out; what a step is given stands under `props`"),
            });
        }
    }

    fn node_type<'d>(&mut self, doc: &'d Doc) -> Option<&'d str> {
        let (message, span) = match doc.get("type") {
            None => ("a node needs a `type`".to_owned(), doc.span),
            Some(ty) => match ty.as_str() {
                Some(text) if !text.is_empty() => return Some(text),
                _ => (format!("a node's `type` is a name, not {}", ty.describe()), ty.span),
            },
        };
        self.out.push(Diagnostic::error("STRUCTURE", message).at(span).help("write `type: Sequence`, for example"));
        None
    }

    fn check_id(&mut self, doc: &Doc, id: &Id, ty: &str) {
        let Some(entry) = doc.entry("id") else { return };
        let Some(text) = ids::as_id(&entry.value) else {
            let message = format!("an id is text, not {}", entry.value.describe());
            self.out.push(Diagnostic::error("INVALID_ID", message).at(entry.value.span));
            return;
        };
        if let Some(problem) = ids::problem(&text) {
            self.out.push(Diagnostic::error("INVALID_ID", problem).at(entry.value.span));
        } else if !ids::looks_derived(&id.text, ty) && self.written.insert(text.clone(), entry.value.span).is_some() {
            self.out.push(duplicate(&text, entry.value.span));
        }
    }

    /// Ids that read like derived ones are compared with their siblings only.
    fn repeated_siblings(&mut self, nodes: &[Doc], ids: &[Id]) {
        let mut seen = HashSet::new();
        for (node, id) in nodes.iter().zip(ids) {
            let ty = node.get("type").and_then(Doc::as_str).unwrap_or("node");
            if id.written && ids::looks_derived(&id.text, ty) && !seen.insert(&id.text) {
                self.out.push(duplicate(&id.text, node.get("id").map_or(node.span, |id| id.span)));
            }
        }
    }

    /// `props` or `children`, where they are there and of the right shape.
    fn section<'d>(&mut self, doc: &'d Doc, key: &str, is_list: bool) -> Option<&'d Doc> {
        let section = doc.get(key).filter(|section| !section.is_null())?;
        if if is_list { section.is_list() } else { section.is_map() } {
            return Some(section);
        }
        let wanted = if is_list { "a list of nodes" } else { "a map" };
        let message = format!("`{key}` is {wanted}, not {}", section.describe());
        self.out.push(Diagnostic::error("STRUCTURE", message).at(section.span));
        None
    }

    fn name(&mut self, doc: &Doc) -> Option<Text> {
        let name = doc.get("name").filter(|name| !name.is_null())?;
        let text = ids::as_id(name);
        if text.is_none() {
            let message = format!("a node's `name` is text, not {}", name.describe());
            self.out.push(Diagnostic::error("STRUCTURE", message).at(name.span));
        }
        text
    }

    fn was(&mut self, doc: &Doc) -> Vec<Text> {
        let Some(was) = doc.get("was").filter(|was| !was.is_null()) else {
            return Vec::new();
        };
        let ids: Vec<Text> =
            was.items().iter().filter_map(ids::as_id).filter(|id| ids::problem(id).is_none()).collect();
        if !was.is_list() || ids.len() < was.items().len() {
            self.out.push(Diagnostic::error("STRUCTURE", "`was` is a list of ids the node had before").at(was.span));
        }
        ids
    }

    fn unknown_props(&mut self, at: &At<'_>, spec: &Spec) {
        let more: &[&str] = if spec.is_task() { &TASK_PROPS } else { &[] };
        for entry in at.props {
            if spec.props.contains(&&*entry.key) || more.contains(&&*entry.key) {
                continue;
            }
            let message = format!("`{}` is not a prop of {}", short(&entry.key), spec.name);
            let found = Diagnostic::error("UNKNOWN_PROP", message).at(entry.key_span).path(&*at.id);
            let all = spec.props.iter().chain(more).copied();
            self.out.push(match near(&entry.key, all.clone()) {
                Some(known) => found.help(format!("did you mean `{known}`?")).suggest(known),
                None if spec.props.is_empty() && more.is_empty() => found.help(format!("{} has no props", spec.name)),
                None => found.help(format!("its props are {}", list(all))),
            });
        }
    }

    fn child_count(&mut self, at: &At<'_>, spec: &Spec) {
        let count = at.children.len();
        let wanted = match spec.children {
            Children::None => return self.no_children(at),
            Children::Between(least, most) if !(least..=most).contains(&count) => match (least, most) {
                (1, 1) => "exactly one child".to_owned(),
                (least, most) if least == most => format!("exactly {least} children"),
                (least, most) => format!("{least} to {most} children"),
            },
            Children::First if count == 0 => "a child to run for each item".to_owned(),
            _ => return,
        };
        let code = if matches!(spec.children, Children::Between(1, 1)) { "DECORATOR_ARITY" } else { "COMPOSITE_ARITY" };
        let message = format!("{} takes {wanted}; this one has {count}", spec.name);
        self.out.push(Diagnostic::error(code, message).at(at.type_span()).path(&*at.id));
    }

    fn no_children(&mut self, at: &At<'_>) {
        if !at.children.is_empty() {
            let message = format!("{} takes no children; this one has {}", short(at.ty), at.children.len());
            let place = at.doc.entry("children").map_or(at.doc.span, |entry| entry.key_span);
            self.out.push(Diagnostic::error("LEAF_ARITY", message).at(place).path(&*at.id));
        }
    }
}

impl Reads {
    fn note(&mut self, expr: &Expr) {
        if !expr.source().contains("nodes") {
            return;
        }
        for reference in expr.references().into_iter().filter(|reference| &*reference.root == "nodes") {
            match reference.path.first() {
                Some(id) => drop(self.ids.insert(id.clone())),
                None => self.any = true,
            }
        }
    }

    pub(super) fn none(&self) -> bool {
        !self.any && self.ids.is_empty()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.any || self.ids.contains(id)
    }
}

fn is_disabled(doc: &Doc) -> bool {
    doc.get("disabled").and_then(Doc::as_bool) == Some(true)
}

/// An id that stands twice has been reported; another in its place keeps it from being reported again.
fn tell_apart(nodes: &mut [Node]) {
    let mut taken: HashSet<Text> = HashSet::new();
    for node in nodes {
        if !taken.insert(node.id.clone()) {
            node.id = ids::free(&node.id, &mut taken);
        }
    }
}

fn duplicate(id: &str, span: Span) -> Diagnostic {
    Diagnostic::error("DUPLICATE_ID", format!("the id `{}` stands twice in this tree", short(id)))
        .at(span)
        .help("give one of the two nodes another id")
}

fn origin(at: &At<'_>) -> Origin {
    let ty = at.doc.entry("type").map(|entry| (entry.key.clone(), entry.value.span));
    let props = at.props.iter().map(|entry| (entry.key.clone(), entry.value.span)).chain(ty).collect();
    Origin { ty: at.ty.into(), span: Some(at.doc.span), props, disabled: false }
}

/// What stands in the flow for a node that could not be read.
pub(super) fn broken(id: Text, doc: &Doc) -> Node {
    let message = Template::Value("this node could not be read".into());
    let mut node = Node::new(id, NodeKind::Fail(Fail { code: "INVALID_NODE".into(), message }));
    node.origin.span = Some(doc.span);
    node
}
