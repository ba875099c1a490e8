use super::node_type::NodeType;
use crate::Names;
use crate::fields::{near, short};
use crate::text::{Doc, DocKind, Entry};
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Span, Text};

/// What an edge may say; what drawing tools add besides is their own.
const EDGE_KEYS: [&str; 8] = ["id", "source", "target", "sourceHandle", "targetHandle", "label", "type", "data"];
/// What a workflow may say, and what is kept around it where it is stored.
const WORKFLOW_KEYS: [&str; 22] = [
    "id",
    "name",
    "description",
    "version",
    "nodes",
    "edges",
    "variables",
    "settings",
    "inputSchema",
    "outputSchema",
    "signals",
    "queries",
    "triggers",
    "testData",
    "metadata",
    "definition",
    "displayName",
    "tags",
    "executionSettings",
    "sampleInput",
    "expectedOutput",
    "alternativeScenario",
];
const NODE_KEYS: [&str; 4] = ["id", "type", "position", "data"];
const EDGE_NOTES: [&str; 4] = ["sourceX", "sourceY", "targetX", "targetY"];

/// A workflow document taken apart: every node with a type, every edge between nodes that exist.
pub struct Workflow<'a> {
    /// The map that holds `nodes` and `edges`.
    pub body: &'a Doc,
    /// The stored wrapper around it; the same map where there is none.
    pub outer: &'a Doc,
    pub steps: Vec<Step<'a>>,
    pub wires: Vec<Wire<'a>>,
}

/// One node of the document.
pub struct Step<'a> {
    pub id: Text,
    pub ty: NodeType,
    /// The type as it was written.
    pub type_name: &'a str,
    pub doc: &'a Doc,
    pub data: Option<&'a Doc>,
    pub config: Option<&'a Doc>,
    /// Its place in the document's list.
    pub place: usize,
}

/// One edge of the document, by places in [`Workflow::steps`].
pub struct Wire<'a> {
    pub name: String,
    pub from: usize,
    pub to: usize,
    pub doc: &'a Doc,
    pub place: usize,
}

impl<'a> Step<'a> {
    pub fn path(&self, rest: &str) -> String {
        format!("nodes[{}]{rest}", self.place)
    }

    /// A setting of the node: from `data`, else from `data.config`. Null counts as absent. The config of a task
    /// holds parameters only.
    pub fn field(&self, key: &str) -> Option<&'a Doc> {
        self.data_field(key).or_else(|| self.config_field(key).filter(|_| !self.ty.is_task()))
    }

    pub fn data_field(&self, key: &str) -> Option<&'a Doc> {
        present(self.data, key)
    }

    pub fn config_field(&self, key: &str) -> Option<&'a Doc> {
        present(self.config, key)
    }

    /// The first of several spellings that is there.
    pub fn any_field(&self, keys: &[&str]) -> Option<&'a Doc> {
        keys.iter().find_map(|key| self.field(key))
    }

    pub fn label(&self) -> Option<&'a str> {
        self.data_field("label").and_then(Doc::as_str).filter(|label| !label.trim().is_empty())
    }

    pub fn is_conditional(&self) -> bool {
        self.ty == NodeType::Conditional
    }
}

/// The value of a key, written in either spelling.
fn present<'a>(doc: Option<&'a Doc>, key: &str) -> Option<&'a Doc> {
    let found = doc?.get(key).or_else(|| doc?.get(&snake(key)?));
    found.filter(|value| !value.is_null())
}

/// A warning about a key that is none but close to one: more likely a slip than a private note.
pub fn near_miss<'k>(
    entry: &Entry,
    known: impl IntoIterator<Item = &'k str> + Clone,
    path: &str,
) -> Option<Diagnostic> {
    let is_it = |key: &str| *key == *entry.key || snake(key).is_some_and(|key| key == *entry.key);
    if known.clone().into_iter().any(is_it) {
        return None;
    }
    let near = near(&entry.key, known)?;
    let message = format!("`{}` means nothing here", short(&entry.key));
    let problem = Diagnostic::warning("UNKNOWN_KEY", message).at(entry.key_span).path(path);
    Some(problem.help(format!("did you mean `{near}`?")).suggest(near))
}

/// [`near_miss`] for each key of a map.
fn near_misses<'d>(doc: &'d Doc, known: &'d [&str], path: &'d str) -> impl Iterator<Item = Diagnostic> + 'd {
    doc.entries().iter().filter_map(move |entry| near_miss(entry, known.iter().copied(), path))
}

/// `activity_name` for `activityName`; nothing for a key of one word.
pub fn snake(key: &str) -> Option<String> {
    let part = |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() };
    key.contains(|c: char| c.is_ascii_uppercase()).then(|| key.chars().map(part).collect())
}

/// The map with `nodes`, and the document around it: bare, `{workflow}`, or the stored form with `definition`.
pub fn unwrap(doc: &Doc) -> Option<(&Doc, &Doc)> {
    let doc =
        doc.get("workflow").filter(|inner| holds_nodes(inner) || inner.get("definition").is_some()).unwrap_or(doc);
    match doc.get("definition").filter(|inner| holds_nodes(inner)) {
        Some(definition) => Some((definition, doc)),
        None => holds_nodes(doc).then_some((doc, doc)),
    }
}

fn holds_nodes(doc: &Doc) -> bool {
    doc.get("nodes").is_some() && (doc.get("edges").is_some() || doc.get("nodes").is_some_and(Doc::is_list))
}

impl<'a> Workflow<'a> {
    /// Reads what is there; whatever cannot be read is reported and left out.
    pub fn read(doc: &'a Doc, names: &dyn Names, report: &mut Vec<Diagnostic>) -> Option<Self> {
        let (body, outer) = unwrap(doc)?;
        report.extend(near_misses(body, &WORKFLOW_KEYS, ""));
        if !std::ptr::eq(body, outer) {
            report.extend(near_misses(outer, &WORKFLOW_KEYS, ""));
        }
        let mut reader = Reader { names, report, suggestions: 20 };
        let steps = reader.steps(body);
        let wires = reader.wires(body, &steps);
        Some(Self { body, outer, steps, wires })
    }

    /// A setting of the whole document, from the definition or from what is around it.
    pub fn field(&self, key: &str) -> Option<&'a Doc> {
        present(Some(self.body), key).or_else(|| present(Some(self.outer), key))
    }
}

struct Reader<'r> {
    names: &'r dyn Names,
    report: &'r mut Vec<Diagnostic>,
    /// How many "did you mean" are still looked for: each costs a look at every id.
    suggestions: usize,
}

impl Reader<'_> {
    fn steps<'a>(&mut self, body: &'a Doc) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        let mut seen = HashMap::new();
        for (place, doc) in self.list(body, "nodes").iter().enumerate() {
            let Some(step) = self.step(doc, place) else { continue };
            match seen.insert(step.id.clone(), place) {
                Some(first) => {
                    seen.insert(step.id.clone(), first);
                    self.duplicate(&format!("nodes[{place}].id"), &step.id, doc, &format!("nodes[{first}]"));
                }
                None => steps.push(step),
            }
        }
        steps
    }

    fn list<'a>(&mut self, body: &'a Doc, key: &str) -> &'a [Doc] {
        let Some(found) = present(Some(body), key) else { return &[] };
        if !found.is_list() {
            let message = format!("`{key}` must be a list, but this is {}", found.describe());
            self.report.push(Diagnostic::error("STRUCTURE", message).at(found.span).path(key));
        }
        found.items()
    }

    fn step<'a>(&mut self, doc: &'a Doc, place: usize) -> Option<Step<'a>> {
        let path = format!("nodes[{place}]");
        if !doc.is_map() {
            let message = format!("a node is a map with `id`, `type` and `data`, but this is {}", doc.describe());
            self.report.push(Diagnostic::error("STRUCTURE", message).at(doc.span).path(path));
            return None;
        }
        self.report.extend(near_misses(doc, &NODE_KEYS, &path));
        let id = self.id(doc, &path).unwrap_or_else(|| format!("node-{}", place + 1).into());
        let type_name = self.required(doc, "type", &path).unwrap_or("");
        let ty = self.node_type(doc, type_name, &path);
        let data = self.map(doc, "data", &path);
        let config = data.and_then(|data| self.map(data, "config", &format!("{path}.data")));
        self.position(doc, &id, &path);
        Some(Step { id, ty, type_name, doc, data, config, place })
    }

    fn map<'a>(&mut self, doc: &'a Doc, key: &str, path: &str) -> Option<&'a Doc> {
        let found = present(Some(doc), key)?;
        if !found.is_map() {
            let message = format!("`{key}` must be a map, but this is {}", found.describe());
            self.report.push(Diagnostic::error("INVALID_CONFIG", message).at(found.span).path(format!("{path}.{key}")));
        }
        Some(found).filter(|found| found.is_map())
    }

    fn id(&mut self, doc: &Doc, path: &str) -> Option<Text> {
        let id = self.required(doc, "id", path)?;
        if let Some(why) = bad_id(id) {
            let message = format!("the id {:?} {why}", short(id));
            let help = "ids become parts of step paths; use letters, digits, `-` and `_`";
            self.report.push(self.at(doc, "id", "INVALID_ID", message, path).help(help));
        }
        Some(Text::from(id))
    }

    /// A text that must be there. A number is taken as its text.
    fn required<'a>(&mut self, doc: &'a Doc, key: &str, path: &str) -> Option<&'a str> {
        match present(Some(doc), key).map(|found| &found.kind) {
            Some(DocKind::String(text)) if !text.is_empty() => return Some(text),
            Some(DocKind::String(_)) | None => {
                let message = format!("`{key}` is missing");
                self.report.push(self.at(doc, key, "MISSING_REQUIRED_FIELD", message, path));
            }
            Some(_) => {
                let message = format!("`{key}` must be text");
                self.report.push(self.at(doc, key, "STRUCTURE", message, path).help("put it in quotes"));
            }
        }
        None
    }

    fn at(&self, doc: &Doc, key: &str, code: &str, message: String, path: &str) -> Diagnostic {
        let span = doc.get(key).map_or(doc.span, |found| found.span);
        Diagnostic::error(code, message).at(span).path(format!("{path}.{key}"))
    }

    fn node_type(&mut self, doc: &Doc, name: &str, path: &str) -> NodeType {
        if let Some(known) = NodeType::named(name) {
            return known;
        }
        if self.names.by_kind(name).is_some() {
            return NodeType::Kind;
        }
        if !name.is_empty() {
            let message = format!("there is no node type {:?}", short(name));
            let mut problem = self.at(doc, "type", "UNKNOWN_NODE_TYPE", message, path);
            if let Some(near) = NodeType::closest(name) {
                problem = problem.help(format!("did you mean `{near}`?")).suggest(near);
            }
            self.report.push(problem);
        }
        NodeType::Unknown
    }

    fn position(&mut self, doc: &Doc, id: &str, path: &str) {
        let placed = |axis| doc.get("position").and_then(|at| at.get(axis)).and_then(Doc::as_f64).is_some();
        if !(placed("x") && placed("y")) {
            let message = format!("the node `{}` has no position", short(id));
            let problem = Diagnostic::warning("MISSING_POSITION", message).path(format!("{path}.position"));
            self.report.push(problem.at(doc.span).help("it is drawn at a place of its own choosing"));
        }
    }

    fn wires<'a>(&mut self, body: &'a Doc, steps: &[Step<'a>]) -> Vec<Wire<'a>> {
        let ids: HashMap<&str, usize> = steps.iter().enumerate().map(|(at, step)| (&*step.id, at)).collect();
        let mut seen = HashSet::new();
        let mut wires = Vec::new();
        for (place, doc) in self.list(body, "edges").iter().enumerate() {
            let path = format!("edges[{place}]");
            if !doc.is_map() {
                let message = format!("an edge is a map with `source` and `target`, but this is {}", doc.describe());
                self.report.push(Diagnostic::error("STRUCTURE", message).at(doc.span).path(path));
                continue;
            }
            let own = doc.entries().iter().filter(|entry| !EDGE_NOTES.contains(&&*entry.key));
            self.report.extend(own.filter_map(|entry| near_miss(entry, EDGE_KEYS, &path)));
            let from = self.end_of(doc, "source", "INVALID_EDGE_SOURCE", &ids, &path);
            let to = self.end_of(doc, "target", "INVALID_EDGE_TARGET", &ids, &path);
            let name = doc.get("id").and_then(Doc::as_str).map_or(path.clone(), str::to_owned);
            if doc.get("id").is_some() && !seen.insert(name.clone()) {
                self.duplicate(&format!("{path}.id"), &name, doc, "an edge before it");
            }
            if let (Some(from), Some(to)) = (from, to) {
                wires.push(Wire { name, from, to, doc, place });
            }
        }
        wires
    }

    fn end_of(&mut self, doc: &Doc, key: &str, code: &str, ids: &HashMap<&str, usize>, path: &str) -> Option<usize> {
        let id = self.required(doc, key, path)?;
        if let Some(found) = ids.get(id) {
            return Some(*found);
        }
        let mut problem = self.at(doc, key, code, format!("there is no node `{}`", short(id)), path);
        if self.suggestions > 0 {
            self.suggestions -= 1;
            let mut known: Vec<&str> = ids.keys().copied().filter(|known| known.len() <= 200).collect();
            known.sort_unstable();
            if let Some(near) = near(id, known) {
                problem = problem.help(format!("did you mean `{near}`?")).suggest(near);
            }
        }
        self.report.push(problem);
        None
    }

    fn duplicate(&mut self, path: &str, id: &str, doc: &Doc, first: &str) {
        let message = format!("the id `{}` is taken by {first}", short(id));
        let span = doc.get("id").map_or(doc.span, |found| found.span);
        self.report.push(Diagnostic::error("DUPLICATE_ID", message).at(span).path(path));
    }
}

/// Why a text cannot be one segment of a step path.
fn bad_id(id: &str) -> Option<&'static str> {
    match id {
        _ if id.trim().is_empty() => Some("is blank"),
        _ if id.chars().any(char::is_control) => Some("holds a control character"),
        _ if id.contains(['/', '[', ']']) => Some("holds `/`, `[` or `]`"),
        _ if id.len() > 200 => Some("is longer than 200 bytes"),
        _ => None,
    }
}

/// The place of a member's value, else of the whole.
pub fn span_of(doc: &Doc, key: &str) -> Span {
    doc.get(key).map_or(doc.span, |found| found.span)
}
