use super::binding::Bindings;
use super::directory::Directory;
use super::draft::{self, Draft, is_name};
use super::source::{self, Source};
use super::{keys, listener, llm};
use crate::fields::{self, Read, invalid, near, short};
use crate::header;
use crate::text::Doc;
use crate::{Context, Parsed, SourceFile};
use weir_base::{Diagnostic, Map, Text, Value};
use weir_ir::{Concurrency, Flow, IR_VERSION, Listener, Mailbox, Node, NodeKind, Origin, Scheduling, Settings};

pub(super) const MAX_MESSAGES: u64 = 10_000;
pub(super) const MAX_CONCURRENT: u32 = 50;
pub(super) const MAX_CONCURRENT_PER_AGENT: u32 = 5;
pub(super) const CONTEXT_SLOTS: u32 = 10_000;

/// Sections that mean nothing to the engine and are kept as they are.
pub(super) const KEPT: [&str; 5] = ["tls", "oob", "meta", "server", "auth"];
/// The listener's keys the IR has a place for; the others are kept beside it.
pub(super) const IN_IR: [&str; 7] =
    ["name", "description", "agent", "peers", "payload", "payload_schema", "payload_class"];

pub(super) fn lower(doc: &Doc, source: &SourceFile, cx: &Context<'_>) -> Parsed {
    let mut out = Vec::new();
    fields::check_section(doc, keys::TOP, "", &mut out);
    let sources = source::collect(doc, source, cx, &mut out);
    let gateways = gateways(doc);
    let mut bindings = Bindings::new(doc.given("bindings"), &cx.options.bindings);
    let drafts = connected(draft::read_all(&sources.listeners, &gateways, &mut out), &bindings, &mut out);
    let names: Vec<Text> = drafts.iter().map(|draft| draft.name.clone()).collect();
    let directory = Directory::new(&drafts.present);
    directory.check_peers(&names, &mut out);
    let entry = entry(doc, &directory, &mut out);
    let mut listeners = Vec::with_capacity(drafts.present.len());
    for draft in &drafts.present {
        listeners.push(listener::lower(draft, &directory, &mut bindings, cx, &mut out));
    }
    report_unreachable(&directory, entry.as_deref(), cx, &mut out);
    let bindable: Vec<Text> = drafts.iter().map(|draft| listener::binding_name(draft).clone()).collect();
    bindings.check_unused(&bindable, &mut out);
    let flow = assemble(doc, source, &drafts.present, listeners, entry, &bindings, &mut out);
    Parsed { flow: Some(flow), diagnostics: once(out), files: sources.files }
}

/// A handler that two listeners share is lowered for each; its problems are told once.
fn once(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = std::collections::HashSet::new();
    let key = |found: &Diagnostic| (found.code.clone(), found.span, found.message.clone());
    diagnostics.into_iter().filter(|found| seen.insert(key(found))).collect()
}

fn gateways(doc: &Doc) -> Vec<Source> {
    let items = doc.given("gateways").map_or(&[][..], Doc::items).iter().enumerate();
    items.map(|(index, item)| Source { doc: item.clone(), stem: None, path: format!("gateways[{index}]") }).collect()
}

/// Listeners and connected gateways on one side, gateways nothing is bound to on the other.
struct Drafts<'a> {
    present: Vec<Draft<'a>>,
    absent: Vec<Draft<'a>>,
}

impl<'a> Drafts<'a> {
    fn iter(&self) -> impl Iterator<Item = &Draft<'a>> {
        self.present.iter().chain(&self.absent)
    }
}

fn connected<'a>(drafts: Vec<Draft<'a>>, bindings: &Bindings<'_>, out: &mut Vec<Diagnostic>) -> Drafts<'a> {
    let (absent, present): (Vec<_>, Vec<_>) =
        drafts.into_iter().partition(|draft| draft.gateway && !bindings.contains(&draft.name));
    out.extend(absent.iter().map(|gateway| {
        let message = format!("the gateway `{}` is not connected, so nothing sent to it arrives", gateway.name);
        let found = Diagnostic::warning("GATEWAY_NOT_CONNECTED", message).at(gateway.name_span).path(gateway.path);
        found.help(listener::bind_help(&gateway.name))
    }));
    Drafts { present, absent }
}

/// The listener that takes a message without a target: the one the file names, else the first.
fn entry(doc: &Doc, directory: &Directory<'_, '_>, out: &mut Vec<Diagnostic>) -> Option<Text> {
    let organism = doc.given("organism").and_then(|organism| organism.given("entry"));
    let first = directory.drafts.iter().find(|draft| !draft.gateway).map(|draft| draft.name.clone());
    let Some((named, span)) = organism.or_else(|| doc.given("entry")).and_then(|at| Some((at.as_str()?, at.span)))
    else {
        return first;
    };
    if directory.drafts.iter().any(|draft| &*draft.name == named) {
        return Some(named.into());
    }
    let found = invalid(span, "entry", format!("the entry `{}` is no listener here", short(named)));
    out.push(match near(named, directory.drafts.iter().take(1_000).map(|draft| &*draft.name)) {
        Some(meant) => found.help(format!("did you mean `{meant}`?")).suggest(meant),
        None => found,
    });
    first
}

/// From outside a message comes to an agent or the entry. Whoever binds a listener from outside means to use it, too.
fn report_unreachable(directory: &Directory<'_, '_>, entry: Option<&str>, cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let given = |draft: &Draft<'_>| cx.options.bindings.contains_key(listener::binding_name(draft));
    let open = |draft: &Draft<'_>| draft.agent || entry == Some(&*draft.name) || given(draft);
    out.extend(directory.unreachable(open).into_iter().map(|draft| {
        let message =
            format!("no message can reach `{}`: no listener that can be reached has it as a peer", draft.name);
        let found = Diagnostic::warning("UNREACHABLE_LISTENER", message).at(draft.name_span).path(draft.path);
        found.help(format!("add `{}` to the `peers` of a listener, or name it as the `entry`", draft.name))
    }));
}

fn assemble(
    doc: &Doc,
    source: &SourceFile,
    drafts: &[Draft<'_>],
    listeners: Vec<Listener>,
    entry: Option<Text>,
    bindings: &Bindings<'_>,
    out: &mut Vec<Diagnostic>,
) -> Flow {
    let name = name(doc, source, out);
    let organism = doc.given("organism");
    let header = header::read(doc, out);
    let mailbox = mailbox(doc, listeners, entry, out);
    let settings = settings(doc, header.settings, extra(doc, drafts, bindings), out);
    let description = organism.and_then(|organism| organism.text("description")).or_else(|| doc.text("description"));
    let input = input(&mailbox);
    let props = doc.entries().iter().map(|entry| (entry.key.clone(), entry.value.span)).collect();
    let origin = Origin { ty: "organism".into(), span: Some(doc.span), props, ..Origin::default() };
    let root = Node { origin, ..Node::new(name.as_str(), NodeKind::Mailbox(Box::new(mailbox))) };
    Flow {
        ir: IR_VERSION,
        name,
        description: description.map(str::to_owned),
        dialect: "organism".to_owned(),
        input,
        output: None,
        input_as_variables: false,
        variables: header.variables,
        signals: header.signals,
        queries: header.queries,
        settings,
        defs: Default::default(),
        root,
        triggers: header.triggers,
        test_data: header.test_data,
    }
}

fn name(doc: &Doc, source: &SourceFile, out: &mut Vec<Diagnostic>) -> String {
    let section = doc.given("organism");
    let Some(at) = section.and_then(|section| section.given("name")) else {
        let span = section.map_or(doc.span, |section| section.span);
        let missing = Diagnostic::error("MISSING_KEY", "the organism has no name").at(span).path("organism.name");
        out.push(missing.help("write `organism: {name: my-organism}`"));
        return spare_name(source);
    };
    match at.as_str() {
        Some(name) if is_name(name, false) => name.to_owned(),
        Some(name) => {
            let help = "a name begins with a letter and goes on with letters, digits, `_` and `-`";
            let message = format!("`{}` is not an organism's name", short(name));
            out.push(Diagnostic::error("INVALID_ID", message).at(at.span).path("organism.name").help(help));
            spare_name(source)
        }
        None => spare_name(source),
    }
}

/// The file's stem where it will do as a name.
fn spare_name(source: &SourceFile) -> String {
    let stem = source.name.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    if is_name(stem, false) { stem.to_owned() } else { "organism".to_owned() }
}

/// A key allowed both under `organism` and at the top, as long as it stands in one of the places.
fn limit<'a>(doc: &'a Doc, key: &str, out: &mut Vec<Diagnostic>) -> Option<&'a Doc> {
    let inner = doc.given("organism").and_then(|organism| organism.given(key));
    let outer = doc.given(key);
    if let (Some(_), Some(outer)) = (inner, outer) {
        let message = format!("`{key}` stands both here and under `organism`; keep one of them");
        out.push(Diagnostic::error("DUPLICATE_KEY", message).at(outer.span).path(key));
    }
    inner.or(outer)
}

fn small(doc: &Doc, key: &str, out: &mut Vec<Diagnostic>) -> Option<u32> {
    let number = limit(doc, key, out)?.to_value().as_u64()?;
    u32::try_from(number).ok().filter(|number| *number > 0)
}

fn mailbox(doc: &Doc, listeners: Vec<Listener>, entry: Option<Text>, out: &mut Vec<Diagnostic>) -> Mailbox {
    let scheduling = match limit(doc, "thread_scheduling", out).and_then(Doc::as_str) {
        Some("depth-first") => Scheduling::DepthFirst,
        _ => Scheduling::BreadthFirst,
    };
    Mailbox {
        listeners,
        entry,
        scheduling,
        max_messages: small(doc, "max_messages", out).map_or(MAX_MESSAGES, u64::from),
        max_concurrent: small(doc, "max_concurrent_handlers", out).unwrap_or(MAX_CONCURRENT),
        max_concurrent_per_agent: small(doc, "max_concurrent_per_agent", out).unwrap_or(MAX_CONCURRENT_PER_AGENT),
        context_slots: small(doc, "context_slots", out).unwrap_or(CONTEXT_SLOTS),
    }
}

/// What may come in from outside: `{to, payload}` for an agent or the entry, or the entry's bare payload.
///
/// An entry that takes anything makes every input a good one, and then there is nothing to say.
fn input(mailbox: &Mailbox) -> Option<Value> {
    let entry = mailbox.listeners.iter().find(|listener| Some(&listener.name) == mailbox.entry.as_ref())?;
    let bare = entry.payload.clone()?;
    let open = mailbox.listeners.iter().filter(|listener| listener.agent || listener.name == entry.name);
    let addressed = open.map(|listener| {
        let payload = listener.payload.clone().unwrap_or_else(|| Value::object([]));
        let to = Value::object([("const", listener.name.clone().into())]);
        Value::object([
            ("type", "object".into()),
            ("properties", Value::object([("to", to), ("payload", payload)])),
            ("required", Value::array(["to".into(), "payload".into()])),
        ])
    });
    Some(Value::object([("anyOf", Value::array(addressed.chain([bare])))]))
}

fn settings(doc: &Doc, mut settings: Settings, extra: Map, out: &mut Vec<Diagnostic>) -> Settings {
    if let Some(limit) = small(doc, "max_concurrent_pipelines", out) {
        settings.concurrency = Some(Concurrency { key: None, limit });
    }
    let version = doc.given("organism").and_then(|organism| organism.text("version"));
    settings.version = version.map(Text::from).or(settings.version);
    settings.models = doc.given("llm").map(|llm| llm::read(llm, out)).or(settings.models);
    settings.extra = extra.into_iter().collect();
    settings
}

/// What the IR has no place for: kept for printing, and for whoever serves the organism.
fn extra(doc: &Doc, drafts: &[Draft<'_>], bindings: &Bindings<'_>) -> Map {
    let mut extra = Map::default();
    let limits = keys::LIMITS.map(|field| field.key);
    let known = ["name", "description", "entry", "version"].into_iter().chain(limits).collect::<Vec<_>>();
    keep(&mut extra, "organism", doc.given("organism").map(|organism| organism.rest(&known)).unwrap_or_default());
    for key in KEPT {
        keep(&mut extra, key, doc.given(key).map(|section| section.rest(&[])).unwrap_or_default());
    }
    if let Some(gateways) = doc.given("gateways").filter(|gateways| !gateways.items().is_empty()) {
        extra.insert("gateways".into(), gateways.to_value());
    }
    let own = drafts.iter().filter(|draft| !draft.gateway).map(|draft| (draft.name.clone(), draft.doc.rest(&IN_IR)));
    let listeners = own.filter(|(_, rest)| !rest.is_empty()).map(|(name, rest)| (name, Value::from(rest)));
    keep(&mut extra, "listeners", listeners.collect());
    keep(&mut extra, "bindings", bindings.to_map());
    extra
}

fn keep(extra: &mut Map, key: &str, section: Map) {
    if !section.is_empty() {
        extra.insert(key.into(), section.into());
    }
}
