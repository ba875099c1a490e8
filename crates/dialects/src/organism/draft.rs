use super::keys;
use super::source::Source;
use crate::fields::{self, Read, invalid, short};
use crate::text::Doc;
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Span, Text, Value};

/// A listener as it is written, before names are resolved.
pub(super) struct Draft<'a> {
    pub doc: &'a Doc,
    pub path: &'a str,
    pub name: Text,
    pub name_span: Span,
    pub agent: bool,
    /// Written under `gateways`, not under `listeners`.
    pub gateway: bool,
    pub handler: Option<(Text, Span)>,
    pub peers: Vec<(Text, Span)>,
    /// The group a broadcast listener shares: its name up to the last dot.
    pub group: Option<Text>,
}

/// Reads listeners and gateways. One without a usable name is reported and left out, as is the second of a name.
pub(super) fn read_all<'a>(
    listeners: &'a [Source],
    gateways: &'a [Source],
    out: &mut Vec<Diagnostic>,
) -> Vec<Draft<'a>> {
    let mut seen = HashSet::new();
    let mut drafts = Vec::new();
    let listeners = listeners.iter().map(|source| (source, false));
    for (source, gateway) in listeners.chain(gateways.iter().map(|source| (source, true))) {
        if !gateway {
            fields::check_section(&source.doc, keys::LISTENER, &source.path, out);
        }
        let Some(draft) = Draft::read(source, gateway, out) else { continue };
        if !seen.insert(draft.name.clone()) {
            let message = format!("the name `{}` is taken by an earlier listener", draft.name);
            out.push(Diagnostic::error("DUPLICATE_ID", message).at(draft.name_span).path(&source.path));
            continue;
        }
        drafts.push(draft);
    }
    check_groups(&drafts, out);
    drafts
}

impl<'a> Draft<'a> {
    fn read(source: &'a Source, gateway: bool, out: &mut Vec<Diagnostic>) -> Option<Self> {
        let doc = &source.doc;
        let (name, name_span) = name(source, out)?;
        let group = if doc.flag("broadcast") { group(&name, name_span, out) } else { None };
        let handler = doc.given("handler").and_then(|at| Some((Text::from(at.as_str()?), at.span)));
        let peers = peers(doc, &source.path, out);
        if doc.given("payload").is_some() && doc.given("payload_schema").is_some() {
            let message = "`payload` and `payload_schema` mean the same; write one of them";
            out.push(invalid(doc.span, &source.path, message.to_owned()));
        }
        let path = &source.path;
        Some(Draft { doc, path, name, name_span, agent: doc.flag("agent"), gateway, handler, peers, group })
    }

    /// The JSON Schema of the payload, where the file gives one.
    pub fn schema(&self) -> Option<Value> {
        let given = self.doc.given("payload").or_else(|| self.doc.given("payload_schema"))?;
        given.is_map().then(|| given.to_value())
    }

    pub fn description(&self) -> Option<Text> {
        self.doc.text("description").map(Text::from)
    }

    pub fn payload_class(&self) -> Option<Text> {
        self.doc.text("payload_class").map(Text::from)
    }
}

fn name(source: &Source, out: &mut Vec<Diagnostic>) -> Option<(Text, Span)> {
    let written = source.doc.given("name").and_then(|name| Some((name.as_str()?, name.span)));
    let found = written.or_else(|| source.stem.as_deref().map(|stem| (stem, source.doc.span)));
    let Some((name, span)) = found else {
        if source.doc.is_map() && source.doc.given("name").is_none() {
            out.push(
                Diagnostic::error("MISSING_KEY", "this listener has no `name`").at(source.doc.span).path(&source.path),
            );
        }
        return None;
    };
    if !is_name(name, true) {
        let help = "a name begins with a letter and goes on with letters, digits, `_`, `-` and `.`";
        let message = format!("`{}` is not a listener's name", short(name));
        out.push(Diagnostic::error("INVALID_ID", message).at(span).path(&source.path).help(help));
        return None;
    }
    Some((Text::from(name), span))
}

/// A letter, then letters, digits, `_` and `-`; dots only where they are allowed.
pub(super) fn is_name(name: &str, dots: bool) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (dots && c == '.');
    name.len() <= 200 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(rest)
}

fn group(name: &str, span: Span, out: &mut Vec<Diagnostic>) -> Option<Text> {
    if let Some((group, last)) = name.rsplit_once('.')
        && !group.is_empty()
        && !last.is_empty()
    {
        return Some(Text::from(group));
    }
    let help = format!("name it `group.{name}`, and every other listener of the group likewise");
    out.push(
        invalid(span, "broadcast", format!("`{name}` shares no group: the group is what stands before the last dot"))
            .help(help),
    );
    None
}

fn peers(doc: &Doc, path: &str, out: &mut Vec<Diagnostic>) -> Vec<(Text, Span)> {
    let mut seen = HashSet::new();
    let (first, again): (Vec<_>, Vec<_>) =
        doc.texts("peers").into_iter().partition(|(peer, _)| seen.insert(peer.clone()));
    let twice =
        again.iter().map(|(peer, span)| invalid(*span, path, format!("`{}` is named twice in `peers`", short(peer))));
    out.extend(twice);
    first
}

/// A group's name is no listener's name, and its listeners take the same payload.
fn check_groups(drafts: &[Draft<'_>], out: &mut Vec<Diagnostic>) {
    let names: HashSet<&str> = drafts.iter().map(|draft| &*draft.name).collect();
    let mut first: HashMap<&str, &Draft<'_>> = HashMap::new();
    for draft in drafts {
        let Some(group) = draft.group.as_deref() else { continue };
        let leader = *first.entry(group).or_insert(draft);
        if names.contains(group) && std::ptr::eq(leader, draft) {
            let message = format!("`{group}` is a listener and also the group of `{}`", draft.name);
            out.push(Diagnostic::error("DUPLICATE_ID", message).at(draft.name_span).path(draft.path));
        }
        if leader.payload_class() != draft.payload_class() || leader.schema() != draft.schema() {
            let message =
                format!("`{}` and `{}` share the group `{group}` but take different payloads", leader.name, draft.name);
            out.push(invalid(draft.name_span, draft.path, message));
        }
    }
}
