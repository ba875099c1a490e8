use crate::fields::{Read, invalid, list, near, short};
use crate::template;
use crate::text::{Doc, DocKind, Entry};
use crate::{Binding, Context, header};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Map, Span, Text, Value};
use weir_ir::{Call, Node, NodeKind, Origin, SetOp, Task, UnknownPolicy, Write};

/// What handler names stand for: the meanings given from outside, then the file's own.
pub(super) struct Bindings<'a> {
    given: &'a IndexMap<Text, Binding>,
    file: HashMap<&'a str, &'a Entry>,
    order: &'a [Entry],
    used: HashSet<Text>,
}

impl<'a> Bindings<'a> {
    pub fn new(file: Option<&'a Doc>, given: &'a IndexMap<Text, Binding>) -> Self {
        let order = file.map_or(&[][..], Doc::entries);
        let file = order.iter().map(|entry| (&*entry.key, entry)).collect();
        Self { given, file, order, used: HashSet::new() }
    }

    /// The meaning of a name. One that comes from outside has no place of its own and takes `span`, where it is used.
    pub fn find(&mut self, name: &str, span: Span) -> Option<Doc> {
        let given = self.given.get(name).map(|binding| given_doc(binding, span));
        let found =
            given.or_else(|| self.file.get(name).map(|entry| entry.value.clone()).filter(|doc| !doc.is_null()))?;
        self.used.insert(Text::from(name));
        Some(found)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.given.contains_key(name) || self.file.get(name).is_some_and(|entry| !entry.value.is_null())
    }

    /// Warns of every binding no listener asked for; `names` are the ones that could have been meant.
    pub fn check_unused(&self, names: &[Text], out: &mut Vec<Diagnostic>) {
        let given = self.given.keys().map(|name| (name, None));
        let file = self.order.iter().map(|entry| (&entry.key, Some(entry.key_span)));
        for (name, span) in given.chain(file).filter(|(name, _)| !self.used.contains(*name)) {
            let message = format!("nothing here has a handler named `{}`", short(name));
            let found = Diagnostic::warning("UNKNOWN_BINDING", message).maybe_at(span).path("bindings");
            out.push(match near(name, names.iter().take(1_000).map(|name| &**name)) {
                Some(meant) => found.help(format!("did you mean `{meant}`?")).suggest(meant),
                None => found,
            });
        }
    }

    /// Every binding as it would stand in the file.
    pub fn to_map(&self) -> Map {
        let file = self.order.iter().map(|entry| (entry.key.clone(), entry.value.to_value()));
        let given =
            self.given.iter().map(|(name, binding)| (name.clone(), given_doc(binding, Span::default()).to_value()));
        file.chain(given).collect()
    }
}

impl Binding {
    /// A binding as it is written on a command line: JSON for the forms that are maps, else text such as `kind:log`,
    /// `flow:lookup.yaml` or `{{ message.payload }}`. What the text means is judged when a listener asks for it.
    pub fn from_text(text: &str) -> Binding {
        let map = text.trim_start().starts_with('{') && !text.trim_start().starts_with("{{");
        let value = map.then(|| Value::from_json(text).ok()).flatten();
        Binding::Step(value.unwrap_or_else(|| Value::from(text)))
    }
}

fn given_doc(binding: &Binding, span: Span) -> Doc {
    let text = |text: &Text| Value::String(text.clone());
    let value = match binding {
        Binding::Kind { kind, params: Value::Null } => Value::object([("kind", text(kind))]),
        Binding::Kind { kind, params } => Value::object([("kind", text(kind)), ("params", params.clone())]),
        Binding::Flow(flow) => Value::object([("flow", text(flow))]),
        Binding::Step(step) if step.get("type").is_some() => Value::object([("step", step.clone())]),
        Binding::Step(other) => other.clone(),
    };
    doc_of(&value, span)
}

fn doc_of(value: &Value, span: Span) -> Doc {
    let entry = |(key, value): (&Text, &Value)| Entry { key: key.clone(), key_span: span, value: doc_of(value, span) };
    let kind = match value {
        Value::Null | Value::Sealed(_) => DocKind::Null,
        Value::Bool(flag) => DocKind::Bool(*flag),
        Value::Number(number) => DocKind::Number(*number),
        Value::String(text) => DocKind::String(text.clone()),
        Value::Array(items) => DocKind::List(items.iter().map(|item| doc_of(item, span)).collect()),
        Value::Object(map) => DocKind::Map(map.iter().map(entry).collect()),
    };
    Doc { kind, span }
}

/// The step a binding stands for. `id` is the listener's name and becomes the step's.
pub(super) fn lower(doc: &Doc, id: &Text, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Option<Node> {
    match &doc.kind {
        DocKind::String(text) => from_text(doc, text, id, cx, out),
        DocKind::Map(_) => from_map(doc, id, cx, out),
        _ => {
            out.push(refused(doc, format!("a binding is text or a map, not {}", doc.describe())));
            None
        }
    }
}

fn from_text(doc: &Doc, text: &str, id: &Text, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Option<Node> {
    if text.contains("{{") {
        let write = Write { target: None, op: SetOp::Set, value: template::of(doc, out) };
        return Some(node(id, "expression", doc, NodeKind::Set { writes: vec![write] }));
    }
    match text.split_once(':').map(|(form, name)| (form.trim(), name.trim())) {
        Some(("kind", name)) if !name.is_empty() => {
            let task = Task::new(canonical(name, cx), template::expression("message.payload"));
            Some(node(id, name, doc, NodeKind::Task(Box::new(task))))
        }
        Some(("flow", name)) if !name.is_empty() => Some(call(doc, Text::from(name), id, out)),
        _ => {
            let found = refused(doc, format!("`{}` says neither what to run nor what to answer", short(text)));
            out.push(if cx.names.by_kind(text).is_some() { found.suggest(format!("kind:{text}")) } else { found });
            None
        }
    }
}

fn from_map(doc: &Doc, id: &Text, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Option<Node> {
    let form = ["kind", "flow", "step"].into_iter().find(|form| doc.given(form).is_some());
    match (form, form.and_then(|form| doc.text(form)).map(str::trim)) {
        (Some("kind"), Some(kind)) if !kind.is_empty() => Some(task(doc, kind, id, cx, out)),
        (Some("flow"), Some(flow)) if !flow.is_empty() => {
            only(doc, &["flow", "input", "version"], out);
            Some(call(doc, Text::from(flow), id, out))
        }
        (Some("step"), None) => {
            only(doc, &["step"], out);
            step(doc.given("step")?, id, cx, out)
        }
        (Some(form), _) => {
            out.push(refused(doc, format!("`{form}` of a binding does not hold what it should")));
            None
        }
        (None, _) => {
            out.push(refused(doc, "a binding that is a map has `kind`, `flow` or `step`".to_owned()));
            None
        }
    }
}

fn step(doc: &Doc, id: &Text, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Option<Node> {
    let (node, mut problems) = crate::tree::lower_step(doc, id, cx);
    out.append(&mut problems);
    Some(node)
}

fn call(doc: &Doc, flow: Text, id: &Text, out: &mut Vec<Diagnostic>) -> Node {
    let input = doc.given("input").map(|input| template::of(input, out));
    let call = Call {
        flow: weir_expr::Template::Value(Value::String(flow)),
        version: doc.text("version").map(Text::from),
        input: input.unwrap_or_else(|| template::expression("message.payload")),
        detached: false,
        assign: Vec::new(),
    };
    node(id, "flow", doc, NodeKind::Call(Box::new(call)))
}

/// `{kind, params…}`: the parameters stand beside `kind`, or together under `params`; without any, the payload is them.
fn task(doc: &Doc, kind: &str, id: &Text, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Node {
    let takes =
        |name: &str| cx.names.by_kind(kind).is_some_and(|leaf| leaf.params.iter().any(|param| &**param == name));
    let setting = |name: &str| doc.given(name).filter(|_| !takes(name));
    let together = setting("params").filter(|params| params.is_map());
    let own: Vec<&str> =
        ["kind", "timeout", "retry", "onUnknown"].into_iter().filter(|name| *name == "kind" || !takes(name)).collect();
    let params = match together {
        Some(params) => {
            let allowed: Vec<&str> = own.iter().copied().chain(["params"]).collect();
            only(doc, &allowed, out);
            template::of(params, out)
        }
        None => beside(doc, &own, out),
    };
    let mut task = Task::new(canonical(kind, cx), params);
    task.timeout = setting("timeout").map(|timeout| template::of(timeout, out));
    task.retry = setting("retry").map(|retry| header::retry_policy(retry, "bindings", out));
    task.on_unknown = setting("onUnknown").and_then(|policy| unknown_policy(policy, out));
    node(id, kind, doc, NodeKind::Task(Box::new(task)))
}

fn beside(doc: &Doc, own: &[&str], out: &mut Vec<Diagnostic>) -> weir_expr::Template {
    let rest = doc.entries().iter().filter(|entry| !own.contains(&&*entry.key)).cloned();
    match rest.collect::<Vec<_>>() {
        rest if rest.is_empty() => template::expression("message.payload"),
        rest => template::of(&Doc { kind: DocKind::Map(rest), span: doc.span }, out),
    }
}

fn unknown_policy(doc: &Doc, out: &mut Vec<Diagnostic>) -> Option<UnknownPolicy> {
    match doc.as_str() {
        Some("retry") => Some(UnknownPolicy::Retry),
        Some("ask") => Some(UnknownPolicy::Ask),
        Some("fail") => Some(UnknownPolicy::Fail),
        _ => {
            out.push(invalid(doc.span, "onUnknown", "`onUnknown` is one of `retry`, `ask` and `fail`".to_owned()));
            None
        }
    }
}

fn only(doc: &Doc, keys: &[&str], out: &mut Vec<Diagnostic>) {
    for entry in doc.entries().iter().filter(|entry| !keys.contains(&&*entry.key)) {
        let message = format!("`{}` is not a key of this binding", short(&entry.key));
        let found = Diagnostic::error("UNKNOWN_KEY", message).at(entry.key_span).path("bindings");
        out.push(match near(&entry.key, keys.iter().copied()) {
            Some(meant) => found.help(format!("did you mean `{meant}`?")).suggest(meant),
            None => found.help(format!("the keys here are {}", list(keys.iter().copied()))),
        });
    }
}

fn canonical(kind: &str, cx: &Context<'_>) -> Text {
    cx.names.by_kind(kind).map_or_else(|| Text::from(kind), |leaf| leaf.kind)
}

fn node(id: &Text, ty: &str, doc: &Doc, kind: NodeKind) -> Node {
    let props = doc.entries().iter().map(|entry| (entry.key.clone(), entry.value.span)).collect();
    Node {
        origin: Origin { ty: Text::from(ty), span: Some(doc.span), props, ..Origin::default() },
        ..Node::new(id.clone(), kind)
    }
}

fn refused(doc: &Doc, message: String) -> Diagnostic {
    let help = "write `kind:NAME`, `flow:NAME`, an expression such as `\"{{ message.payload }}\"`, \
                `{kind: NAME, …}`, `{flow: NAME}`, or `{step: {type: …}}`";
    Diagnostic::error("INVALID_BINDING", message).at(doc.span).path("bindings").help(help)
}
