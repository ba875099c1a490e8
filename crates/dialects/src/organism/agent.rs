use super::directory::Directory;
use super::draft::Draft;
use super::keys::TOOLS;
use crate::fields::{Read, invalid, list, near, short};
use crate::template;
use crate::text::Doc;
use crate::{Context, Leaf};
use std::collections::HashSet;
use weir_base::{Diagnostic, Map, Text, Value};
use weir_expr::Template;
use weir_ir::{Agent, AgentTool, Limits, Node, NodeKind, Order, Origin, Task, ToolTarget, Wait};

const TEMPERATURE: f64 = 0.7;
const MAX_TOKENS: u64 = 4_096;

/// The prompt of a listener, where there is something in it.
pub(super) fn prompt<'a>(draft: &Draft<'a>) -> Option<&'a Doc> {
    draft.doc.given("prompt").filter(|prompt| prompt.as_str().is_some_and(|text| !text.trim().is_empty()))
}

/// The model loop that runs a listener's prompt: its tools are its peers and what it is allowed besides.
pub(super) fn lower(
    draft: &Draft<'_>,
    prompt: &Doc,
    directory: &Directory<'_, '_>,
    cx: &Context<'_>,
    out: &mut Vec<Diagnostic>,
) -> Node {
    let mut names = ToolNames::default();
    let mut tools = peer_tools(draft, directory, &mut names);
    tools.extend(allowed_tools(draft, cx, &mut names, out));
    let model = draft.doc.given("model").map(|model| template::of(model, out));
    let agent = Agent {
        kind: Agent::KIND.into(),
        model: model.unwrap_or(Template::Value(Value::Null)),
        prompt: template::of(prompt, out),
        input: template::expression("message.payload"),
        tools,
        limits: limits(draft.doc),
        options: options(draft.doc),
        output: draft.doc.given("output_schema").filter(|schema| schema.is_map()).map(Doc::to_value),
        assign: Vec::new(),
    };
    let props = draft.doc.entries().iter().map(|entry| (entry.key.clone(), entry.value.span)).collect();
    let origin = Origin { ty: "agent".into(), span: Some(draft.doc.span), props, ..Origin::default() };
    Node { origin, ..Node::new(draft.name.clone(), NodeKind::Agent(Box::new(agent))) }
}

fn options(doc: &Doc) -> Value {
    let temperature = doc.number("temperature").unwrap_or(TEMPERATURE);
    let mut options = Map::default();
    options.insert("temperature".into(), Value::from(temperature));
    options.insert("maxTokens".into(), Value::from(doc.whole("max_tokens").unwrap_or(MAX_TOKENS)));
    if let Some(given) = doc.given("options") {
        options.extend(given.rest(&[]));
    }
    Value::from(options)
}

fn limits(doc: &Doc) -> Limits {
    let Some(given) = doc.given("limits") else { return Limits::default() };
    let turns = given.whole("turns").and_then(|turns| u32::try_from(turns).ok());
    Limits {
        turns: turns.unwrap_or(Limits::default().turns),
        tokens: given.whole("tokens"),
        micros: given.whole("micros"),
    }
}

/// One tool for every peer someone answers to. A gateway that is not connected is none.
fn peer_tools(draft: &Draft<'_>, directory: &Directory<'_, '_>, names: &mut ToolNames) -> Vec<AgentTool> {
    let mut tools = Vec::new();
    for (peer, _) in &draft.peers {
        let targets: Vec<&Draft<'_>> = directory.targets(peer).collect();
        let Some(first) = targets.first() else { continue };
        let schema = first.schema().unwrap_or_else(|| payload_schema(first.agent));
        let description = describe(peer, &targets);
        tools.push(AgentTool { name: names.take(peer), description, schema, target: ToolTarget::Peer(peer.clone()) });
    }
    tools
}

/// What a listener takes that says nothing about it: an agent takes words, any other listener an object.
fn payload_schema(agent: bool) -> Value {
    if !agent {
        return Value::object([("type", "object".into())]);
    }
    let content = Value::object([("type", "string".into()), ("description", "What to tell it.".into())]);
    Value::object([
        ("type", "object".into()),
        ("properties", Value::object([("content", content)])),
        ("required", Value::array(["content".into()])),
    ])
}

fn describe(peer: &str, targets: &[&Draft<'_>]) -> Text {
    let described: Vec<Text> = targets.iter().filter_map(|target| target.description()).collect();
    match (targets, &described[..]) {
        (_, []) => format!("Sends a message to {peer}.").into(),
        ([_], [only]) => only.clone(),
        _ => format!("Sends a message to all of {peer}: {}", described.join(" ")).into(),
    }
}

/// The tools that are allowed and not blocked, as far as there are kinds for them.
fn allowed_tools(
    draft: &Draft<'_>,
    cx: &Context<'_>,
    names: &mut ToolNames,
    out: &mut Vec<Diagnostic>,
) -> Vec<AgentTool> {
    let confirm = draft.doc.flag("confirm_actions");
    let blocked: HashSet<Text> = draft.doc.texts("blocked_tools").into_iter().map(|(name, _)| name).collect();
    let mut tools = Vec::new();
    let mut seen = HashSet::new();
    for (name, span) in draft.doc.texts("allowed_tools") {
        if blocked.contains(&name) || !seen.insert(name.clone()) || !is_tool(&name, cx) {
            continue;
        }
        let kinds = kinds(&name, cx);
        if kinds.is_empty() {
            let message = format!("`{}` is allowed the tool `{name}`, but no kind gives it", draft.name);
            let found = Diagnostic::warning("TOOL_NOT_AVAILABLE", message).at(span).path(draft.path);
            out.push(found.help("take it out, or name a kind in its place; `weir kinds ls` lists them"));
        }
        tools.extend(kinds.into_iter().map(|leaf| step_tool(draft, &leaf, names, confirm)));
    }
    tools
}

/// Reports every tool of a listener that has no such name, whether the listener's prompt runs or not.
pub(super) fn check_tools(draft: &Draft<'_>, cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for key in ["allowed_tools", "blocked_tools"] {
        for (name, span) in draft.doc.texts(key).iter().filter(|(name, _)| !is_tool(name, cx)) {
            let message = format!("`{}` is neither a tool nor a kind", short(name));
            let found = invalid(*span, &format!("{}.{key}", draft.path), message);
            out.push(match near(name, TOOLS) {
                Some(meant) => found.help(format!("did you mean `{meant}`?")).suggest(meant),
                None => found.help(format!("the tools are {}; the name of a kind is one too", list(TOOLS))),
            });
        }
    }
}

fn is_tool(name: &str, cx: &Context<'_>) -> bool {
    TOOLS.contains(&name) || cx.names.by_kind(name).is_some()
}

/// The kinds behind a tool: one of its own name, else the core kinds that do its work.
fn kinds(name: &str, cx: &Context<'_>) -> Vec<Leaf> {
    if let Some(leaf) = cx.names.by_kind(name) {
        return vec![leaf];
    }
    let core: &[&str] = match name {
        "fetch" => &["http.request"],
        "files" => &["file.read", "file.write"],
        _ => &[],
    };
    core.iter().filter_map(|kind| cx.names.by_kind(kind)).collect()
}

fn step_tool(draft: &Draft<'_>, leaf: &Leaf, names: &mut ToolNames, confirm: bool) -> AgentTool {
    let name = names.take(&leaf.kind);
    // A colon is no part of a listener's name, so these ids meet no listener's.
    let id = format!("{}:{name}", draft.name);
    let run = Task::new(leaf.kind.clone(), template::expression("args"));
    let step = match confirm {
        true => confirmed(&id, &draft.name, &name, run),
        false => Node::new(id, NodeKind::Task(Box::new(run))),
    };
    AgentTool { name, description: leaf.purpose(), schema: leaf.arguments(), target: ToolTarget::Step(Box::new(step)) }
}

/// With `confirm_actions` a person approves every call before it runs.
fn confirmed(id: &str, agent: &str, tool: &str, run: Task) -> Node {
    let asked = format!("{agent} asks to run {tool} with {{{{ args }}}}");
    let message = Template::parse_text(&asked).unwrap_or_else(|_| Template::Value(asked.into()));
    let approve = Wait::Approval { message, timeout: None, routes: false };
    let children = vec![
        Node::new(format!("{id}:approve"), NodeKind::Wait(approve)),
        Node::new(format!("{id}:run"), NodeKind::Task(Box::new(run))),
    ];
    Node::new(id.to_owned(), NodeKind::Sequence { order: Order::Plain, children })
}

/// Names models accept (letters, digits, `_`, `-`, at most 64), each given out once.
#[derive(Default)]
struct ToolNames {
    taken: HashSet<Text>,
}

impl ToolNames {
    fn take(&mut self, wanted: &str) -> Text {
        let plain: String =
            wanted.chars().take(60).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let numbered = (2..).map(|number: u32| format!("{plain}_{number}"));
        let mut candidates = std::iter::once(plain.clone()).chain(numbered).map(Text::from);
        let free = candidates.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }
}
