use super::lower::{CONTEXT_SLOTS, KEPT, MAX_CONCURRENT, MAX_CONCURRENT_PER_AGENT, MAX_MESSAGES};
use super::{Organism, llm};
use crate::text::{Format, to_yaml};
use crate::{Context, Dialect, Names, NoFiles, Options, SourceFile, header};
use std::collections::HashSet;
use weir_base::{Diagnostic, FileId, Map, Text, Value, has_errors};
use weir_expr::Template;
use weir_ir::{Backend, Flow, Listener, Mailbox, ModelRouting, ModelSettings, Node, NodeKind, Scheduling};

/// Writes a flow as an organism. What was written is read again; a flow that would not come back the same is refused.
pub(super) fn print(flow: &Flow, names: &dyn Names) -> Result<String, Vec<Diagnostic>> {
    let NodeKind::Mailbox(mailbox) = &flow.root.kind else {
        let message =
            format!("`{}` is not made of listeners, so it cannot be written as an organism", flow.root.title());
        return Err(vec![cannot(message, &flow.root)]);
    };
    let mut out = Vec::new();
    let text = to_yaml(&document(flow, mailbox, &mut out));
    if has_errors(&out) {
        return Err(out);
    }
    verify(flow, &text, names).map(|()| text)
}

fn cannot(message: String, node: &Node) -> Diagnostic {
    Diagnostic::error("NOT_EXPRESSIBLE", message).maybe_at(node.origin.span).path(&*node.id)
}

fn document(flow: &Flow, mailbox: &Mailbox, out: &mut Vec<Diagnostic>) -> Value {
    let mut doc = Map::default();
    put(&mut doc, "organism", organism(flow, mailbox));
    if let Some(models) = &flow.settings.models {
        doc.insert("llm".into(), models_value(models));
    }
    for key in KEPT {
        put(&mut doc, key, extra(flow, key));
    }
    let mut bindings = extra(flow, "bindings").as_object().cloned().unwrap_or_default();
    let gateways = extra(flow, "gateways");
    let outside: HashSet<Text> = named(&gateways).collect();
    let own = mailbox.listeners.iter().filter(|listener| !outside.contains(&listener.name));
    doc.insert("listeners".into(), Value::array(own.map(|item| listener(flow, item, &mut bindings, out))));
    put(&mut doc, "gateways", gateways);
    put(&mut doc, "bindings", bindings.into());
    doc.extend(top(flow));
    Value::from(doc)
}

fn named(gateways: &Value) -> impl Iterator<Item = Text> {
    gateways.as_array().unwrap_or_default().iter().filter_map(|gateway| gateway.get("name")?.as_str().map(Text::from))
}

fn extra(flow: &Flow, key: &str) -> Value {
    flow.settings.extra.get(key).cloned().unwrap_or_default()
}

/// Adds a member that says something.
fn put(out: &mut Map, key: &str, value: Value) {
    let empty = value.is_null()
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_array().is_some_and(<[_]>::is_empty);
    if !empty {
        out.insert(key.into(), value);
    }
}

fn organism(flow: &Flow, mailbox: &Mailbox) -> Value {
    let mut out = Map::default();
    out.insert("name".into(), flow.name.as_str().into());
    put(&mut out, "description", flow.description.as_deref().into());
    put(&mut out, "version", flow.settings.version.clone().into());
    let first = mailbox.listeners.first().map(|listener| &listener.name);
    put(&mut out, "entry", mailbox.entry.as_ref().filter(|entry| Some(*entry) != first).cloned().into());
    out.extend(extra(flow, "organism").as_object().cloned().unwrap_or_default());
    if let Some(concurrency) = flow.settings.concurrency.as_ref().filter(|concurrency| concurrency.key.is_none()) {
        out.insert("max_concurrent_pipelines".into(), concurrency.limit.into());
    }
    let counts = [
        ("max_concurrent_handlers", u64::from(mailbox.max_concurrent), u64::from(MAX_CONCURRENT)),
        ("max_concurrent_per_agent", u64::from(mailbox.max_concurrent_per_agent), u64::from(MAX_CONCURRENT_PER_AGENT)),
        ("max_messages", mailbox.max_messages, MAX_MESSAGES),
        ("context_slots", u64::from(mailbox.context_slots), u64::from(CONTEXT_SLOTS)),
    ];
    for (key, count, _) in counts.into_iter().filter(|(_, count, default)| count != default) {
        out.insert(key.into(), count.into());
    }
    if mailbox.scheduling == Scheduling::DepthFirst {
        out.insert("thread_scheduling".into(), "depth-first".into());
    }
    Value::from(out)
}

/// What every dialect says at the top, without what organisms say in places of their own.
fn top(flow: &Flow) -> Map {
    let mut rest = flow.clone();
    rest.settings.version = None;
    rest.settings.models = None;
    rest.settings.concurrency = rest.settings.concurrency.filter(|concurrency| concurrency.key.is_some());
    header::write(&rest)
}

fn listener(flow: &Flow, item: &Listener, bindings: &mut Map, out: &mut Vec<Diagnostic>) -> Value {
    let kept = extra(flow, "listeners").get(&item.name).cloned().unwrap_or_default();
    let known = kept.as_object().cloned().unwrap_or_default();
    let mut value = Map::default();
    value.insert("name".into(), item.name.clone().into());
    if let Some(description) = &item.description {
        value.insert("description".into(), description.clone().into());
    }
    if item.agent {
        value.insert("agent".into(), true.into());
    }
    if !item.groups.is_empty() {
        value.insert("broadcast".into(), true.into());
    }
    if let Some(class) = &item.payload_class {
        value.insert("payload_class".into(), class.clone().into());
    }
    if let Some(schema) = &item.payload {
        value.insert("payload".into(), schema.clone());
    }
    if !known.contains_key("handler") && item.binding.as_ref().is_some_and(|binding| *binding != item.name) {
        value.insert("handler".into(), item.binding.clone().into());
    }
    value.extend(known);
    put(&mut value, "peers", Value::array(item.peers.iter().map(|peer| peer.clone().into())));
    if let Some(handler) = &item.handler {
        write_handler(item, handler, &mut value, bindings, out);
    }
    Value::from(value)
}

/// A handler that no kept key accounts for is written as a prompt or a binding of its own.
fn write_handler(item: &Listener, node: &Node, value: &mut Map, bindings: &mut Map, out: &mut Vec<Diagnostic>) {
    let name = item.binding.as_ref().unwrap_or(&item.name);
    if bindings.contains_key(name) || value.contains_key("prompt") {
        return;
    }
    let meaning = match &node.kind {
        NodeKind::Agent(agent) => {
            value.insert("prompt".into(), agent.prompt.to_value());
            put(value, "model", agent.model.to_value());
            put(value, "options", agent.options.clone());
            return;
        }
        NodeKind::Task(task) => {
            Some(Value::object([("kind", task.kind.clone().into()), ("params", task.params.to_value())]))
        }
        NodeKind::Call(call) => Some(Value::object([("flow", call.flow.to_value()), ("input", call.input.to_value())])),
        NodeKind::Set { writes } => match &writes[..] {
            [write] if !matches!(write.value, Template::Value(_)) => Some(write.value.to_value()),
            _ => None,
        },
        _ => None,
    };
    match meaning {
        Some(meaning) => drop(bindings.insert(name.clone(), meaning)),
        None => out.push(cannot(format!("what handles `{}` cannot be written as a binding", item.name), node)),
    }
}

fn models_value(models: &ModelSettings) -> Value {
    let seconds = |millis: u64| Value::from(millis as f64 / 1_000.0);
    let strategy = match models.routing {
        ModelRouting::Failover => "failover",
        ModelRouting::RoundRobin => "round-robin",
        ModelRouting::LeastLoaded => "least-loaded",
    };
    let mut out = Map::default();
    out.insert("strategy".into(), strategy.into());
    out.insert("retries".into(), models.retries.into());
    out.insert("retry_base_delay".into(), seconds(models.retry_base_delay.millis));
    out.insert("retry_max_delay".into(), seconds(models.retry_max_delay.millis));
    put(&mut out, "backends", Value::array(models.backends.iter().map(backend)));
    Value::from(out)
}

fn backend(backend: &Backend) -> Value {
    let mut out = Map::default();
    out.insert("provider".into(), backend.provider.clone().into());
    put(&mut out, "api_key_env", backend.api_key.clone().into());
    put(&mut out, "base_url", backend.base_url.clone().into());
    if backend.priority != llm::PRIORITY {
        out.insert("priority".into(), backend.priority.into());
    }
    put(&mut out, "rate_limit_tpm", backend.rate_limit_tpm.into());
    put(&mut out, "max_concurrent", backend.max_concurrent.filter(|most| *most != llm::MAX_CONCURRENT).into());
    put(&mut out, "supported_models", Value::array(backend.models.iter().map(|model| model.clone().into())));
    Value::from(out)
}

fn verify(flow: &Flow, text: &str, names: &dyn Names) -> Result<(), Vec<Diagnostic>> {
    let source = SourceFile { id: FileId::default(), name: format!("{}.yaml", flow.name), text: text.to_owned() };
    let (documents, mut problems) = crate::text::parse(&source, Format::Yaml);
    let options = Options { keep_disabled: true, ..Options::default() };
    let parsed = Organism.parse(&documents, &source, &Context { loader: &NoFiles, names, options: &options });
    problems.extend(parsed.diagnostics.into_iter().filter(Diagnostic::is_error));
    if has_errors(&problems) {
        return Err(problems.into_iter().map(|found| Diagnostic { span: None, ..found }).collect());
    }
    let again = parsed.flow.ok_or_else(|| vec![cannot("nothing came back".to_owned(), &flow.root)])?;
    let lost = differences(flow, &again);
    if lost.is_empty() { Ok(()) } else { Err(lost) }
}

/// What an organism has no words for, one diagnostic for each place.
fn differences(flow: &Flow, again: &Flow) -> Vec<Diagnostic> {
    let (before, after) = (comparable(flow, flow), comparable(again, flow));
    let whole =
        |key: &str| (!matches!(key, "root" | "dialect") && before.get(key) != after.get(key)).then(|| key.to_owned());
    let keys = before.as_object().into_iter().chain(after.as_object()).flat_map(Map::keys);
    let mut places: Vec<String> = keys.filter_map(|key| whole(key)).collect();
    places.sort_unstable();
    places.dedup();
    let say = |place: &str| cannot(format!("an organism cannot say all of `{place}`"), &flow.root);
    let mut lost: Vec<Diagnostic> = places.iter().map(|place| say(place)).collect();
    let list = |value: &Value| value.get("root").and_then(|root| root.get("mailbox")?.get("listeners").cloned());
    let (old, new) = (list(&before).unwrap_or_default(), list(&after).unwrap_or_default());
    for (index, item) in
        old.as_array().unwrap_or_default().iter().enumerate().filter(|(index, item)| new.at(*index) != Some(item))
    {
        let name = item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
        lost.push(say(&format!("listener {name}")));
    }
    if lost.is_empty() && before.get("root") != after.get("root") {
        lost.push(say("root"));
    }
    lost
}

/// What has to come back. The settings another dialect keeps for itself do not.
fn comparable(flow: &Flow, original: &Flow) -> Value {
    let mut flow = flow.clone();
    if original.dialect != "organism" {
        flow.settings.extra.clear();
    }
    plain(&flow)
}

/// A flow as JSON without its places.
pub(super) fn plain(flow: &Flow) -> Value {
    strip(&serde_json::to_value(flow).map_or(Value::Null, Value::from))
}

fn strip(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::array(items.iter().map(strip)),
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, value)| !is_place(key, value));
            Value::from(kept.map(|(key, value)| (key.clone(), strip(value))).collect::<Map>())
        }
        other => other.clone(),
    }
}

/// A span, or the spans of a node's props.
fn is_place(key: &str, value: &Value) -> bool {
    let is_span = |value: &Value| ["file", "start", "end"].iter().all(|key| value.get(key).is_some());
    match key {
        "span" => is_span(value),
        "origin" => value.get("span").is_some_and(is_span) || value.get("type").is_some(),
        _ => false,
    }
}
