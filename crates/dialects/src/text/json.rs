use super::doc::{Doc, DocKind, Entry};
use super::yaml::{MAX_BYTES, MAX_NODES, duplicate_key, imprecise, not_finite};
use crate::SourceFile;
use std::collections::HashSet;
use weir_base::{Diagnostic, Span, Text, is_exact};

/// How deep lists and maps may nest. A flow in its own JSON form takes up to three levels for each level of nodes.
const MAX_LEVELS: usize = 512;

/// Reads a JSON text. What can be guessed (a comma too many or too few, a comment) is reported and read on past;
/// anything else ends the reading, and then there is no document.
pub(super) fn parse(source: &SourceFile) -> (Vec<Doc>, Vec<Diagnostic>) {
    if source.text.len() > MAX_BYTES {
        let problem = Diagnostic::error("JSON_TOO_LARGE", "this text is longer than 16 MiB");
        return (Vec::new(), vec![problem.at(Span::new(source.id, 0, 0))]);
    }
    let start = if source.text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { source, text: source.text.as_bytes(), at: start, nodes: 0, diagnostics: Vec::new() };
    let doc = reader.document();
    (doc.into_iter().collect(), reader.diagnostics)
}

struct Reader<'a> {
    source: &'a SourceFile,
    text: &'a [u8],
    at: usize,
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

/// The reading ended; the reason was reported.
struct Stop;

type Read<T> = Result<T, Stop>;

impl Reader<'_> {
    fn document(&mut self) -> Option<Doc> {
        self.space().ok()?;
        if self.at == self.text.len() {
            return None;
        }
        let doc = self.value(0).ok()?;
        self.space().ok()?;
        if self.at < self.text.len() {
            let _: Stop = self.stop("the text goes on after its value", Some("a JSON file holds one value"));
            return None;
        }
        Some(doc)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source.id, start, end)
    }

    fn here(&self) -> Span {
        let width = self.source.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.span(self.at, self.at + width)
    }

    fn stop(&mut self, message: &str, help: Option<&str>) -> Stop {
        let found = match self.source.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(character) => format!("{message}; here is `{character}`"),
            None => format!("{message}; here the text ends"),
        };
        self.note(&found, help, self.here());
        Stop
    }

    fn note(&mut self, message: &str, help: Option<&str>, span: Span) {
        let mut diagnostic = Diagnostic::error("JSON_SYNTAX", message).at(span);
        diagnostic.help = help.map(str::to_owned);
        self.diagnostics.push(diagnostic);
    }

    /// White space, and comments, which are reported.
    fn space(&mut self) -> Read<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if matches!(self.text.get(self.at + 1), Some(b'/' | b'*')) => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Read<()> {
        let (start, rest) = (self.at, &self.source.text[self.at..]);
        let length = match rest.as_bytes().get(1) {
            Some(b'/') => rest.find('\n'),
            _ => rest.find("*/").map(|end| end + 2),
        };
        self.at = length.map_or(self.text.len(), |length| start + length);
        self.note("JSON has no comments", Some("remove it, or write the file as YAML"), self.span(start, self.at));
        if self.diagnostics.len() > 100 { Err(Stop) } else { Ok(()) }
    }

    fn value(&mut self, level: usize) -> Read<Doc> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("this text holds more than {MAX_NODES} values");
            self.diagnostics.push(Diagnostic::error("JSON_TOO_LARGE", message).at(self.here()));
            return Err(Stop);
        }
        match self.peek() {
            Some(b'{' | b'[') if level == MAX_LEVELS => {
                let message = format!("lists and maps may nest {MAX_LEVELS} levels deep, not more");
                self.diagnostics.push(Diagnostic::error("TOO_DEEP", message).at(self.here()));
                Err(Stop)
            }
            Some(b'{') => self.object(level),
            Some(b'[') => self.array(level),
            Some(b'"') => self.text_value(),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() => self.word(),
            _ => Err(self.stop("a value is expected", None)),
        }
    }

    fn text_value(&mut self) -> Read<Doc> {
        let start = self.at;
        let text = self.string()?;
        Ok(Doc { kind: DocKind::String(text), span: self.span(start, self.at) })
    }

    fn array(&mut self, level: usize) -> Read<Doc> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        while self.more(b']', items.is_empty())? {
            items.push(self.value(level + 1)?);
        }
        Ok(Doc { kind: DocKind::List(items), span: self.span(start, self.at) })
    }

    fn object(&mut self, level: usize) -> Read<Doc> {
        let start = self.at;
        self.at += 1;
        let (mut entries, mut seen, mut first) = (Vec::new(), HashSet::new(), true);
        while self.more(b'}', first)? {
            first = false;
            let entry = self.entry(level)?;
            if seen.insert(entry.key.clone()) {
                entries.push(entry);
            } else {
                self.diagnostics.push(duplicate_key(&entry.key, entry.key_span));
            }
        }
        Ok(Doc { kind: DocKind::Map(entries), span: self.span(start, self.at) })
    }

    fn entry(&mut self, level: usize) -> Read<Entry> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.stop("a key is expected", Some("keys are text in double quotes")));
        }
        let key = self.string()?;
        let key_span = self.span(start, self.at);
        self.space()?;
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9') => self.note("a `:` is missing", None, self.here()),
            _ => return Err(self.stop("a `:` is expected", None)),
        }
        self.space()?;
        Ok(Entry { key, key_span, value: self.value(level + 1)? })
    }

    /// Past the comma to the next item, or past the closing bracket.
    fn more(&mut self, close: u8, first: bool) -> Read<bool> {
        self.space()?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        let comma = self.here();
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.note("a `,` is missing", Some("put a comma between two values"), comma);
                return if self.diagnostics.len() > 100 { Err(Stop) } else { Ok(true) };
            }
            _ => return Err(self.stop("a `,` or the closing bracket is expected", None)),
        }
        self.space()?;
        if self.peek() == Some(close) {
            self.note("a `,` stands before the closing bracket", Some("remove it"), comma);
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    fn word(&mut self) -> Read<Doc> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        let span = self.span(start, self.at);
        let kind = match &self.source.text[start..self.at] {
            "null" => DocKind::Null,
            "true" => DocKind::Bool(true),
            "false" => DocKind::Bool(false),
            word @ ("NaN" | "Infinity") => {
                self.diagnostics.push(not_finite(word, span));
                DocKind::Null
            }
            word => {
                let help = Some("text stands in double quotes");
                self.note(&format!("`{word}` is not a JSON value"), help, span);
                return Err(Stop);
            }
        };
        Ok(Doc { kind, span })
    }

    fn number(&mut self) -> Read<Doc> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let (text, span) = (&self.source.text[start..self.at], self.span(start, self.at));
        if text == "-" && self.source.text[self.at..].starts_with("Infinity") {
            self.at += "Infinity".len();
            self.diagnostics.push(not_finite("-Infinity", self.span(start, self.at)));
            return Ok(Doc { kind: DocKind::Null, span });
        }
        let value = text.parse::<f64>().ok().filter(|_| is_json_number(text));
        let Some(value) = value else {
            self.note(&format!("`{text}` is not a JSON number"), None, span);
            return Ok(Doc { kind: DocKind::Null, span });
        };
        if !value.is_finite() {
            self.diagnostics.push(not_finite(text, span));
            return Ok(Doc { kind: DocKind::Null, span });
        }
        if !is_exact(text) {
            self.diagnostics.push(imprecise(text, span));
        }
        Ok(Doc { kind: DocKind::Number(value), span })
    }

    fn string(&mut self) -> Read<Text> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let run = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            out.push_str(&self.source.text[run..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(b'\n' | b'\r') | None => {
                    self.note("this text has no closing quote", None, self.span(start, self.at));
                    return Err(Stop);
                }
                Some(_) => {
                    self.note("a control character must be written as `\\u00…`", None, self.here());
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        let letter = self.text.get(self.at + 1).copied();
        self.at += 2;
        let character = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => {
                self.at = start + 1;
                return Err(self.stop("after `\\` one of `\" \\ / b f n r t u` is expected", None));
            }
        };
        Ok(character)
    }

    fn unicode(&mut self, start: usize) -> Read<char> {
        let first = self.hex(start)?;
        let code = match first {
            0xD800..=0xDBFF if self.text.get(self.at..self.at + 2) == Some(b"\\u") => {
                self.at += 2;
                match self.hex(start)? {
                    second @ 0xDC00..=0xDFFF => 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                    _ => first,
                }
            }
            other => other,
        };
        Ok(char::from_u32(code).unwrap_or_else(|| {
            self.note("this escape is half a character", Some("write both halves"), self.span(start, self.at));
            char::REPLACEMENT_CHARACTER
        }))
    }

    fn hex(&mut self, start: usize) -> Read<u32> {
        let digits = self.source.text.get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            let span = self.span(start, self.at);
            self.note("`\\u` takes four hexadecimal digits", None, span);
            return Err(Stop);
        };
        self.at += 4;
        Ok(code)
    }
}

/// `-?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_json_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole_fits = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let exponent_fits = exponent.is_none_or(|part| digits(part.strip_prefix(['+', '-']).unwrap_or(part)));
    whole_fits && fraction.is_none_or(digits) && exponent_fits
}
