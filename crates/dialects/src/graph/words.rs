use super::analysis::NONE;
use super::read::Step;
use crate::text::{Doc, DocKind};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use weir_base::{Diagnostic, Map, Span, Text, Value};
use weir_expr::{Expr, Part, Problem, Template};

/// What names in an expression mean by themselves, whatever the workflow calls its nodes and variables.
const OWN: [&str; 28] = [
    "data",
    "input",
    "vars",
    "nodes",
    "item",
    "index",
    "message",
    "thread",
    "error",
    "run",
    "now",
    "secrets",
    "project",
    "service",
    "output",
    "args",
    "undefined",
    "Math",
    "JSON",
    "Object",
    "Array",
    "Number",
    "String",
    "Boolean",
    "parseInt",
    "parseFloat",
    "encodeURIComponent",
    "decodeURIComponent",
];

/// Reads expressions as workflows write them: a name may be a variable or a node's id.
pub struct Words<'a> {
    source: &'a str,
    steps: &'a [Step<'a>],
    variables: HashSet<Text>,
    ids: HashMap<&'a str, usize>,
    /// Ids written as names, `activity_2` for `activity-2`; none where two ids look alike.
    loose: HashMap<String, Option<usize>>,
    dashed: bool,
    /// For each node the retry that stands in for it outside, or [`NONE`].
    stands_for: Vec<usize>,
    owner: Vec<usize>,
    /// For a node behind `error` edges, where these come from.
    caught: HashMap<usize, Vec<usize>>,
    /// Nodes and variables some expression reads; a variable read by a computed name counts as all of them.
    read_nodes: RefCell<HashSet<usize>>,
    read_variables: RefCell<BTreeSet<Text>>,
    reads_any_variable: RefCell<bool>,
}

impl<'a> Words<'a> {
    pub fn new(source: &'a str, steps: &'a [Step<'a>], owner: Vec<usize>, stands_for: Vec<usize>) -> Self {
        let ids: HashMap<&str, usize> = steps.iter().enumerate().map(|(at, step)| (&*step.id, at)).collect();
        let mut loose = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            loose.entry(as_name(&step.id)).and_modify(|found| *found = None).or_insert(Some(at));
        }
        let dashed = ids.keys().any(|id| id.contains('-'));
        Self {
            source,
            steps,
            variables: HashSet::new(),
            ids,
            loose,
            dashed,
            stands_for,
            owner,
            caught: HashMap::new(),
            read_nodes: RefCell::default(),
            read_variables: RefCell::default(),
            reads_any_variable: RefCell::default(),
        }
    }

    /// Says that an `error` edge leads from one node to another.
    pub fn catch(&mut self, from: usize, to: usize) {
        self.caught.entry(to).or_default().push(from);
    }

    pub fn declare(&mut self, variable: Text) {
        self.variables.insert(variable);
    }

    /// The loop or retry a node stands in, or [`NONE`].
    pub fn owner_of(&self, node: usize) -> usize {
        self.owner[node]
    }

    /// Every loop and retry a node stands in, the innermost first.
    pub fn owners_of(&self, node: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(self.owner[node]), |at| self.owner.get(*at).copied()).take_while(|at| *at != NONE)
    }

    pub fn reads_node(&self, at: usize) -> bool {
        self.read_nodes.borrow().contains(&at)
    }

    pub fn reads_variable(&self, name: &str) -> bool {
        *self.reads_any_variable.borrow() || self.read_variables.borrow().contains(name)
    }

    /// A value with `{{ }}` or `${ }` in its texts, as node `from` sees it.
    pub fn template(&self, doc: &Doc, from: usize, path: &str, report: &mut Vec<Diagnostic>) -> Template {
        let value = self.spell_value(&doc.to_value());
        match Template::parse_import_value(&value) {
            Ok(mut template) => {
                template.set_spans(&mut |pointer| find(doc, pointer).map(|at| self.inside(at)));
                template.map_exprs(&mut |expr| self.resolve(expr, from))
            }
            Err(problems) => {
                for problem in problems {
                    let at = find(doc, &problem.path).unwrap_or(doc);
                    report.push(problem.to_diagnostic(Some(self.inside(at))).path(path));
                }
                Template::Value(doc.to_value())
            }
        }
    }

    /// A condition: an expression as it stands, or with its parts in `{{ }}` or `${ }`.
    pub fn expression(&self, doc: &Doc, from: usize, path: &str, report: &mut Vec<Diagnostic>) -> Option<Expr> {
        let span = self.inside(doc);
        let refuse = |report: &mut Vec<Diagnostic>, message: String| {
            report.push(Diagnostic::error("INVALID_CONFIG", message).at(span).path(path));
        };
        let text = match &doc.kind {
            DocKind::Bool(_) | DocKind::Number(_) => return Some(Expr::constant(doc.to_value()).at(span)),
            DocKind::String(text) if !text.trim().is_empty() => text,
            DocKind::String(_) => {
                refuse(report, "the expression is empty".to_owned());
                return None;
            }
            _ => {
                refuse(report, format!("an expression is text, but this is {}", doc.describe()));
                return None;
            }
        };
        match self.parse_condition(text) {
            Ok(expr) => Some(self.resolve(&expr.at(span), from)),
            Err(problems) => {
                report.extend(problems.iter().map(|problem| problem.to_diagnostic(Some(span)).path(path)));
                None
            }
        }
    }

    fn parse_condition(&self, text: &str) -> Result<Expr, Vec<Problem>> {
        if !text.contains("{{") && !text.contains("${") {
            return Expr::parse(&self.spell_expression(text));
        }
        match Template::parse_import(&self.spell_text(text))? {
            Template::Expr(expr) => Ok(expr),
            Template::Text(parts) => Expr::parse(&joined(&parts)?),
            other => Expr::parse(other.to_value().as_str().unwrap_or(text)),
        }
    }

    /// Puts what names mean in their place, and notes what is read.
    fn resolve(&self, expr: &Expr, from: usize) -> Expr {
        let references = expr.references();
        let mut out = String::new();
        let mut done = 0;
        let mut sorted: Vec<_> = references.iter().collect();
        sorted.sort_by_key(|reference| reference.range.start);
        for reference in sorted {
            self.note(&reference.root, &reference.path);
            let Some((meaning, root_end)) = self.meaning(expr.source(), reference, from) else { continue };
            out.push_str(&expr.source()[done..reference.range.start]);
            out.push_str(&meaning);
            done = root_end;
        }
        if done == 0 {
            return expr.clone();
        }
        out.push_str(&expr.source()[done..]);
        let Ok(resolved) = Expr::parse(&out) else { return expr.clone() };
        match expr.span() {
            Some(span) => resolved.at(span),
            None => resolved,
        }
    }

    /// What to write for a reference, and up to where in the source it stands for.
    fn meaning(&self, source: &str, reference: &weir_expr::Reference, from: usize) -> Option<(String, usize)> {
        let root = &*reference.root;
        let start = reference.range.start;
        let end = start.checked_add(root.len()).filter(|end| source.get(start..*end) == Some(root))?;
        if root == "nodes" {
            return self.moved(source, reference, from, end);
        }
        if root == "error" {
            return Some((self.caught_by(from)?, end));
        }
        if OWN.contains(&root) {
            return None;
        }
        if self.variables.contains(root) {
            self.read_variables.borrow_mut().insert(reference.root.clone());
            return Some((format!("vars.{root}"), end));
        }
        let at = self.ids.get(root).copied().or_else(|| self.loose.get(root).copied().flatten())?;
        self.read_nodes.borrow_mut().insert(at);
        let node = node_text(&self.steps[self.seen_from(at, from)].id);
        let rest = &source[end..];
        match reference.path.first().map(|first| &**first) {
            Some("output" | "error") if rest.trim_start().starts_with(['.', '?']) => Some((node, end)),
            _ => Some((format!("{node}.output"), end)),
        }
    }

    /// The error a node behind `error` edges was given: that of whichever source failed. Out of a loop only the edge
    /// itself carries it.
    fn caught_by(&self, at: usize) -> Option<String> {
        let sources = self.caught.get(&at)?.iter().map(|source| self.seen_from(*source, at));
        let sources: Vec<usize> = sources.collect();
        if !sources.iter().all(|source| self.encloses(self.owner[*source], at)) {
            return Some("data".to_owned());
        }
        self.read_nodes.borrow_mut().extend(&sources);
        let errors: Vec<String> =
            sources.iter().map(|source| format!("{}.error", node_text(&self.steps[*source].id))).collect();
        Some(if errors.len() == 1 { errors.concat() } else { format!("({})", errors.join(" ?? ")) })
    }

    /// `nodes.<id>` of a node that a retry owns is the retry's, seen from outside.
    fn moved(
        &self,
        source: &str,
        reference: &weir_expr::Reference,
        from: usize,
        end: usize,
    ) -> Option<(String, usize)> {
        let id = reference.path.first()?;
        let at = self.ids.get(&**id).copied()?;
        let seen = self.seen_from(at, from);
        let rest = source[end..].strip_prefix('.')?.strip_prefix(&**id)?;
        (seen != at).then(|| (node_text(&self.steps[seen].id), source.len() - rest.len()))
    }

    fn seen_from(&self, at: usize, from: usize) -> usize {
        let mut seen = at;
        while self.stands_for[seen] != NONE && !self.encloses(self.owner[seen], from) {
            seen = self.stands_for[seen];
        }
        seen
    }

    fn encloses(&self, owner: usize, from: usize) -> bool {
        let mut at = from;
        while at != NONE {
            if self.owner[at] == owner {
                return true;
            }
            at = self.owner[at];
        }
        false
    }

    fn note(&self, root: &str, path: &[Text]) {
        match (root, path.first()) {
            ("vars", Some(name)) => _ = self.read_variables.borrow_mut().insert(name.clone()),
            ("vars", None) => *self.reads_any_variable.borrow_mut() = true,
            ("nodes", Some(id)) => _ = self.ids.get(&**id).map(|at| self.read_nodes.borrow_mut().insert(*at)),
            _ => {}
        }
    }

    /// The place of a text's content: without its quotes.
    pub fn inside(&self, doc: &Doc) -> Span {
        let written = self.source.get(doc.span.range()).unwrap_or("");
        match (written.chars().next(), written.len()) {
            (Some('"' | '\''), 2..) => doc.span.slice(1, written.len() - 1),
            _ => doc.span,
        }
    }

    fn spell_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.spell_text(text)),
            Value::Array(items) => Value::array(items.iter().map(|item| self.spell_value(item))),
            Value::Object(map) => {
                Value::from(map.iter().map(|(key, item)| (key.clone(), self.spell_value(item))).collect::<Map>())
            }
            other => other.clone(),
        }
    }

    /// Rewrites ids with dashes inside the placeholders of a text.
    fn spell_text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = self.dashed.then(|| next_placeholder(rest)).flatten() {
            let (before, inner) = rest.split_at(open + 2);
            let close = placeholder_end(inner, before.ends_with("{{"));
            out.push_str(before);
            out.push_str(&self.spell_expression(&inner[..close]));
            rest = &inner[close..];
        }
        out + rest
    }

    /// Rewrites `activity-2.field` to `nodes["activity-2"].output.field` where `activity-2` is a node.
    fn spell_expression(&self, source: &str) -> String {
        let mut out = String::with_capacity(source.len());
        let mut at = 0;
        while let Some(next) = source[at..].chars().next() {
            let rest = &source[at..];
            let length = match next {
                '"' | '\'' | '`' => quoted_length(rest, next),
                c if is_word(c) => run_length(rest),
                c => c.len_utf8(),
            };
            let word = &rest[..length];
            let member = source[..at].trim_end().ends_with('.') && !source[..at].trim_end().ends_with("...");
            match self.dashed_id(word).filter(|_| is_word(next) && !member) {
                Some(id) => {
                    let output = if rest[id.len()..].starts_with(".output") { "" } else { ".output" };
                    out.push_str(&format!("{}{output}", node_text(id)));
                    at += id.len();
                }
                None => {
                    out.push_str(word);
                    at += length;
                }
            }
        }
        out
    }

    /// The longest id with a dash that a run of letters, digits and dashes begins with.
    fn dashed_id<'w>(&self, word: &'w str) -> Option<&'w str> {
        let ends = word.match_indices('-').map(|(at, _)| at).chain([word.len()]).collect::<Vec<_>>();
        let prefixes = ends.into_iter().rev().take(64).map(|end| &word[..end]);
        prefixes.filter(|id| id.contains('-')).find(|id| self.ids.contains_key(id))
    }
}

fn as_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// `nodes.a`, or `nodes["a b"]` where the id is not a name.
pub fn node_text(id: &str) -> String {
    member_text("nodes", id)
}

/// `root.key` or `root["key"]`.
pub fn member_text(root: &str, key: &str) -> String {
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$');
    match starts && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
        true => format!("{root}.{key}"),
        false => format!("{root}[{}]", Value::from(key).to_json()),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

fn run_length(text: &str) -> usize {
    text.find(|c: char| !is_word(c) && c != '-').unwrap_or(text.len())
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn next_placeholder(text: &str) -> Option<usize> {
    let at = [text.find("{{"), text.find("${")].into_iter().flatten().min()?;
    Some(at)
}

/// Where a placeholder's expression ends, counted from just behind its opening.
fn placeholder_end(text: &str, double: bool) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' | '\'' | '`' => at += quoted_length(&text[at..], c) - c.len_utf8(),
            '{' => depth += 1,
            '}' if depth == 0 && (!double || text[at..].starts_with("}}")) => return at,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += c.len_utf8();
    }
    text.len()
}

/// `${score} > 10` as one expression. A placeholder that is all of a quoted text replaces the quotes too.
fn joined(parts: &[Part]) -> Result<String, Vec<Problem>> {
    let mut out = String::new();
    let mut strip = None;
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => {
                let text = strip.take().map_or(&**text, |quote| text.strip_prefix(quote).unwrap_or(text));
                out.push_str(text);
            }
            Part::Expr(expr) => {
                let next = match parts.get(at + 1) {
                    Some(Part::Text(text)) => text.chars().next(),
                    _ => None,
                };
                if let Some(quote) = open_quote(&out) {
                    if !out.ends_with(quote) || next != Some(quote) {
                        return Err(vec![inside_text(&out)]);
                    }
                    out.pop();
                    strip = Some(quote);
                }
                out.push_str(&format!("({})", expr.source()));
            }
        }
    }
    Ok(out)
}

/// The quote that is still open at the end of a piece of source.
fn open_quote(source: &str) -> Option<char> {
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        if !matches!(c, '"' | '\'' | '`') {
            at += c.len_utf8();
            continue;
        }
        let length = quoted_length(&source[at..], c);
        let closed = length > 1 && source[at..at + length].ends_with(c);
        if !closed || at + length == source.len() && length == 1 {
            return Some(c);
        }
        at += length;
    }
    None
}

fn inside_text(before: &str) -> Problem {
    Problem {
        code: "INVALID_CONFIG",
        message: "this placeholder stands in the middle of a text".to_owned(),
        range: before.len()..before.len(),
        help: Some("write the whole condition as one expression, with `+` or a `template ${text}`".to_owned()),
        path: String::new(),
    }
}

/// The part of a document a JSON pointer names.
fn find<'d>(doc: &'d Doc, pointer: &str) -> Option<&'d Doc> {
    pointer.split('/').skip(1).try_fold(doc, |at, segment| {
        let key = segment.replace("~1", "/").replace("~0", "~");
        match at.is_list() {
            true => at.items().get(key.parse::<usize>().ok()?),
            false => at.get(&key),
        }
    })
}
