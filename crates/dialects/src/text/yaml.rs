use super::doc::{Doc, DocKind, Entry};
use super::scalar::{Plain, resolve};
use crate::SourceFile;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, Tag};
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Span, Text};

/// The longest text that is read, in bytes.
pub(super) const MAX_BYTES: usize = 16 << 20;
/// The most values one text may hold; what an alias stands for is counted every time it is used.
pub(super) const MAX_NODES: usize = 200_000;
/// How deep lists and maps may nest.
const MAX_LEVELS: usize = 256;
/// After this many syntax problems the rest is not worth reading.
const MAX_SYNTAX_ERRORS: usize = 100;

/// Reads all documents of a YAML text in one pass. Where the syntax of any is broken, there are no documents.
pub(super) fn parse(source: &SourceFile) -> (Vec<Doc>, Vec<Diagnostic>) {
    if source.text.len() > MAX_BYTES {
        let problem = Diagnostic::error("YAML_TOO_LARGE", "this text is longer than 16 MiB");
        return (Vec::new(), vec![problem.at(Span::new(source.id, 0, 0))]);
    }
    let mut builder = Builder::new(source);
    builder.run();
    let docs = if builder.broken { Vec::new() } else { builder.docs };
    (docs, builder.diagnostics)
}

/// A list or map that is still open.
struct Frame {
    start: usize,
    anchor: usize,
    flow: bool,
    /// How many values had been made when this one was opened.
    nodes_before: usize,
    /// The levels below this one, so far.
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Doc>),
    Map(OpenMap),
}

#[derive(Default)]
struct OpenMap {
    entries: Vec<Entry>,
    key: Option<Key>,
    merges: Vec<Doc>,
}

struct Key {
    text: Text,
    span: Span,
    merge: bool,
    /// Not text: reported, and left out with its value.
    bad: bool,
}

struct Anchored {
    doc: Doc,
    nodes: usize,
    height: usize,
}

struct Builder<'a> {
    source: &'a SourceFile,
    parser: Parser<'a, StrInput<'a>>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    docs: Vec<Doc>,
    diagnostics: Vec<Diagnostic>,
    nodes: usize,
    /// Values kept a second time, for aliases.
    copies: usize,
    broken: bool,
}

/// The rest of the text cannot or must not be read.
struct Stop;

impl<'a> Builder<'a> {
    fn new(source: &'a SourceFile) -> Self {
        let options = granit_parser::options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            block_nesting_limit: MAX_LEVELS,
            flow_nesting_limit: MAX_LEVELS,
        };
        Self {
            source,
            parser: Parser::new_from_str_with_options(&source.text, options),
            stack: Vec::new(),
            anchors: HashMap::new(),
            docs: Vec::new(),
            diagnostics: Vec::new(),
            nodes: 0,
            copies: 0,
            broken: false,
        }
    }

    fn run(&mut self) {
        while let Some(next) = self.parser.next_event() {
            let outcome = match next {
                Ok((event, place)) => {
                    let range = place.byte_range().unwrap_or(0..0);
                    self.event(event, self.span(range.start, range.end))
                }
                Err(error) => self.syntax(&error),
            };
            if outcome.is_err() {
                self.broken = true;
                return;
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source.id, start, end)
    }

    fn syntax(&mut self, error: &ScanError) -> Result<(), Stop> {
        self.broken = true;
        self.stack.clear();
        let at = error.marker().byte_offset().unwrap_or(0);
        let end = self.source.text[at.min(self.source.text.len())..].chars().next().map_or(at, |c| at + c.len_utf8());
        self.diagnostics.push(describe(error.kind(), &error.info()).at(self.span(at, end)));
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) || self.diagnostics.len() > MAX_SYNTAX_ERRORS {
            return Err(Stop);
        }
        match self.parser.proceed_next_document() {
            Ok(_) => Ok(()),
            Err(_) => Err(Stop),
        }
    }

    fn event(&mut self, event: Event<'a>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.takes_key() {
                    self.count(1, span)?;
                    return self.key(&text, style, anchor, span);
                }
                let kind = self.scalar(&text, style, tag.as_deref(), span);
                let span =
                    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) { self.block(span) } else { span };
                self.value(Doc { kind, span }, anchor, 1, 0)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", span);
                let flow = style == granit_parser::StructureStyle::Flow;
                self.open(Content::List(Vec::new()), anchor, flow, span)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", span);
                let flow = style == granit_parser::StructureStyle::Flow;
                self.open(Content::Map(OpenMap::default()), anchor, flow, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(name) => {
                self.report("UNKNOWN_ANCHOR", format!("`*{name}` stands before any `&{name}`"), span);
                self.plain_value(span)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A block scalar without the indentation of the line after it.
    fn block(&self, span: Span) -> Span {
        let written = self.source.text.get(span.range()).unwrap_or("");
        let line = written.rfind('\n').map_or(0, |newline| newline + 1);
        let is_margin = line > 0 && written[line..].trim().is_empty();
        if is_margin { span.slice(0, line) } else { span }
    }

    fn takes_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Map(map), .. }) if map.key.is_none())
    }

    /// Puts null where something could not be read.
    fn plain_value(&mut self, span: Span) -> Result<(), Stop> {
        if self.takes_key() {
            return self.bad_key(span);
        }
        self.value(Doc { kind: DocKind::Null, span }, 0, 1, 0)
    }

    fn key(&mut self, text: &str, style: ScalarStyle, anchor: usize, span: Span) -> Result<(), Stop> {
        // An absent key is reported as `~` of length zero.
        let text: Text = if span.start == span.end { "".into() } else { text.into() };
        if anchor != 0 {
            let doc = Doc { kind: DocKind::String(text.clone()), span };
            self.anchors.insert(anchor, Anchored { doc, nodes: 1, height: 0 });
        }
        let merge = &*text == "<<" && style == ScalarStyle::Plain;
        self.set_key(Key { text, span, merge, bad: false });
        Ok(())
    }

    fn set_key(&mut self, key: Key) {
        if let Some(Frame { content: Content::Map(map), .. }) = self.stack.last_mut() {
            map.key = Some(key);
        }
    }

    fn bad_key(&mut self, span: Span) -> Result<(), Stop> {
        self.set_key(Key { text: "".into(), span, merge: false, bad: true });
        Ok(())
    }

    fn open(&mut self, content: Content, anchor: usize, flow: bool, span: Span) -> Result<(), Stop> {
        if self.stack.len() >= MAX_LEVELS {
            self.report("TOO_DEEP", format!("lists and maps may nest {MAX_LEVELS} levels deep, not more"), span);
            return Err(Stop);
        }
        let nodes_before = self.nodes;
        self.count(1, span)?;
        let start = self.first_dash(&content, flow, span.start as usize);
        self.stack.push(Frame { start, anchor, flow, nodes_before, height: 0, content });
        Ok(())
    }

    /// A list whose dashes stand in the column of the key above it is reported from its first item on.
    fn first_dash(&self, content: &Content, flow: bool, start: usize) -> usize {
        let parent = self.stack.last().filter(|frame| !frame.flow && matches!(frame.content, Content::Map(_)));
        let (Some(parent), Content::List(_), false) = (parent, content, flow) else {
            return start;
        };
        let line_start = |at: usize| self.source.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = line_start(start);
        let dash = line + (parent.start - line_start(parent.start));
        let is_dash = dash < start && self.source.text.as_bytes().get(dash) == Some(&b'-');
        if is_dash && self.source.text[dash + 1..start].trim().is_empty() { dash } else { start }
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let nodes = self.nodes - frame.nodes_before;
        let (kind, last) = match frame.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (DocKind::List(items), last)
            }
            Content::Map(map) => self.finish_map(map)?,
        };
        // The parser ends a block where the next token starts; the last thing in it is nearer to what a person sees.
        let stop = if frame.flow { end.end } else { last.unwrap_or(end.start) };
        let span = self.span(frame.start, (stop as usize).max(frame.start));
        self.attach(Doc { kind, span }, frame.anchor, nodes, frame.height + 1)
    }

    fn finish_map(&mut self, map: OpenMap) -> Result<(DocKind, Option<u32>), Stop> {
        let last = map.entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
        let last = map.merges.iter().map(|doc| doc.span.end).chain(last).max();
        let mut entries = self.without_duplicates(map.entries);
        for merged in map.merges {
            self.merge(&mut entries, &merged)?;
        }
        Ok((DocKind::Map(entries), last))
    }

    fn without_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        // Most maps are small, and comparing a few keys is cheaper than hashing them.
        const SMALL: usize = 12;
        let is_new = |(index, entry): (usize, &Entry)| entries[..index].iter().all(|earlier| earlier.key != entry.key);
        if entries.len() <= SMALL && entries.iter().enumerate().all(is_new) {
            return entries;
        }
        let mut seen: HashSet<Text> = HashSet::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            if seen.insert(entry.key.clone()) {
                kept.push(entry);
            } else {
                self.diagnostics.push(duplicate_key(&entry.key, entry.key_span));
            }
        }
        kept
    }

    /// `<<`: the members of a map, or of each map of a list, where the map has none of the same name.
    fn merge(&mut self, entries: &mut Vec<Entry>, from: &Doc) -> Result<(), Stop> {
        let maps = if from.is_list() { from.items() } else { std::slice::from_ref(from) };
        if !maps.iter().all(Doc::is_map) {
            self.report("MERGE_NOT_MAP", "`<<` takes a map, or a list of maps, to bring in", from.span);
            return Ok(());
        }
        let mut known: HashSet<Text> = entries.iter().map(|entry| entry.key.clone()).collect();
        for entry in maps.iter().flat_map(Doc::entries) {
            if known.insert(entry.key.clone()) {
                entries.push(entry.clone());
            }
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&id) else {
            self.report("UNKNOWN_ANCHOR", "an alias cannot stand inside the value it names", span);
            return self.plain_value(span);
        };
        let (nodes, height) = (anchored.nodes, anchored.height);
        if self.takes_key() {
            let DocKind::String(text) = &anchored.doc.kind else {
                self.report("KEY_NOT_TEXT", "a key must be text", span);
                return self.bad_key(span);
            };
            self.set_key(Key { text: text.clone(), span, merge: false, bad: false });
            return self.count(1, span);
        }
        if self.stack.len() + height > MAX_LEVELS {
            self.report("TOO_DEEP", format!("with this alias, values nest deeper than {MAX_LEVELS} levels"), span);
            return Err(Stop);
        }
        // Counted before it is copied, so that an alias of aliases ends before it fills the memory.
        self.count(nodes, span)?;
        let Some(anchored) = self.anchors.get(&id) else {
            return Ok(());
        };
        let doc = Doc { kind: anchored.doc.kind.clone(), span };
        self.attach(doc, 0, nodes, height)
    }

    /// A finished value that has not been counted yet.
    fn value(&mut self, doc: Doc, anchor: usize, nodes: usize, height: usize) -> Result<(), Stop> {
        self.count(nodes, doc.span)?;
        self.attach(doc, anchor, nodes, height)
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.check_size(span)
    }

    fn check_size(&mut self, span: Span) -> Result<(), Stop> {
        if self.nodes.saturating_add(self.copies) <= MAX_NODES {
            return Ok(());
        }
        let message = format!("this text stands for more than {MAX_NODES} values, counting what its aliases repeat");
        self.report("YAML_TOO_LARGE", message, span);
        Err(Stop)
    }

    fn attach(&mut self, doc: Doc, anchor: usize, nodes: usize, height: usize) -> Result<(), Stop> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { doc: doc.clone(), nodes, height });
            self.copies = self.copies.saturating_add(nodes);
            self.check_size(doc.span)?;
        }
        let Some(frame) = self.stack.last_mut() else {
            self.docs.push(doc);
            return Ok(());
        };
        frame.height = frame.height.max(height);
        let map = match &mut frame.content {
            Content::List(items) => {
                items.push(doc);
                return Ok(());
            }
            Content::Map(map) => map,
        };
        match map.key.take() {
            None => {
                let span = doc.span;
                self.report("KEY_NOT_TEXT", "a key must be text", span);
                return self.bad_key(span);
            }
            Some(key) if key.bad => {}
            Some(key) if key.merge => map.merges.push(doc),
            Some(key) => map.entries.push(Entry { key: key.text, key_span: key.span, value: doc }),
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> DocKind {
        let word = tag.and_then(Tag::core_suffix);
        match (tag, word) {
            (None, _) if style == ScalarStyle::Plain => self.plain(text, span),
            (None, _) | (_, Some("str")) => DocKind::String(text.into()),
            (_, Some(word @ ("int" | "float" | "bool" | "null"))) => self.tagged(text, word, span),
            _ => {
                self.check_tag(tag, "str", span);
                DocKind::String(text.into())
            }
        }
    }

    fn plain(&mut self, text: &str, span: Span) -> DocKind {
        match resolve(text) {
            Plain::Null => DocKind::Null,
            Plain::Bool(flag) => DocKind::Bool(flag),
            Plain::Text => DocKind::String(text.into()),
            Plain::Number { value, exact } => {
                if !exact {
                    self.diagnostics.push(imprecise(text, span));
                }
                DocKind::Number(value)
            }
            Plain::NotFinite => {
                self.diagnostics.push(not_finite(text, span));
                DocKind::Null
            }
        }
    }

    fn tagged(&mut self, text: &str, word: &str, span: Span) -> DocKind {
        let kind = self.plain(text, span);
        let fits = match (&kind, word) {
            (DocKind::Number(_), "float") | (DocKind::Bool(_), "bool") | (DocKind::Null, "null") => true,
            (DocKind::Number(number), "int") => number.fract() == 0.0,
            _ => false,
        };
        if !fits {
            self.report("YAML_TAG", format!("`{text}` is not what its tag `!!{word}` says"), span);
        }
        kind
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, span: Span) {
        let Some(tag) = tag else { return };
        if tag.core_suffix() != Some(expected) {
            let message = format!("the tag `{}` means nothing here", tag.original());
            let help =
                "remove the tag; only `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!seq` and `!!map` are known";
            self.diagnostics.push(Diagnostic::error("YAML_TAG", message).at(span).help(help));
        }
    }

    fn report(&mut self, code: &str, message: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(code, message).at(span));
    }
}

pub(super) fn duplicate_key(key: &str, span: Span) -> Diagnostic {
    Diagnostic::error("DUPLICATE_KEY", format!("the key `{key}` stands twice in this map"))
        .at(span)
        .help("remove one of the two; the first is the one that was read")
}

pub(super) fn imprecise(text: &str, span: Span) -> Diagnostic {
    Diagnostic::warning("NUMBER_PRECISION", format!("`{text}` has more digits than a number can keep"))
        .at(span)
        .help("write it in quotes if every digit matters")
}

pub(super) fn not_finite(text: &str, span: Span) -> Diagnostic {
    Diagnostic::error("VALUE_NOT_JSON", format!("`{text}` is not a finite number"))
        .at(span)
        .help("write a finite number, or put it in quotes if text is meant")
}

fn describe(kind: &ErrorKind, info: &str) -> Diagnostic {
    if matches!(kind, ErrorKind::RecursionLimitExceeded) {
        let message = format!("lists and maps may nest {MAX_LEVELS} levels deep, not more");
        return Diagnostic::error("TOO_DEEP", message);
    }
    let diagnostic = Diagnostic::error("YAML_SYNTAX", info);
    match help(info) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// What usually stands behind a parser's message.
fn help(info: &str) -> Option<&'static str> {
    const HELP: [(&str, &str); 10] = [
        ("tab", "indent with spaces"),
        ("trailing content", "put the whole text in quotes; within single quotes, write `''` for one"),
        ("unclosed quote", "close the text with the quote it starts with"),
        ("unclosed bracket", "close the list with `]` or the map with `}`"),
        ("bracket", "every `[` needs its `]` and every `{` its `}`"),
        ("mapping values are not allowed", "put text that holds `: ` in quotes, or check the indentation of this line"),
        ("simple key expected", "write `key: value`, or check whether the line was cut off"),
        ("did not find expected key", "check the indentation: keys of one map start in the same column"),
        ("block end", "check the indentation: keys of one map and dashes of one list start in the same column"),
        ("indent", "check the indentation of this line"),
    ];
    let info = info.to_lowercase();
    HELP.iter().find(|(part, _)| info.contains(part)).map(|(_, help)| *help)
}
