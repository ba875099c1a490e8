//! One string with `{{ }}`: finding the expressions, and writing the string again.

use crate::expr::Expr;
use crate::parser::{MAX_LENGTH, MAX_STORED_LENGTH};
use crate::problem::{Problem, code};
use crate::template::{Part, Template, place};
use weir_base::{Text, Value};

const MAX_PROBLEMS: usize = 50;

#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// `${expr}` is an expression too.
    pub import: bool,
    pub max_length: usize,
}

impl Options {
    pub const NATIVE: Options = Options { import: false, max_length: MAX_LENGTH };
    pub const IMPORT: Options = Options { import: true, max_length: MAX_LENGTH };
    pub const STORED: Options = Options { import: false, max_length: MAX_STORED_LENGTH };
}

pub(crate) fn parse(text: &str, options: Options) -> Result<Template, Vec<Problem>> {
    let mut reader = Reader { whole: text, options, parts: Vec::new(), literal: String::new(), problems: Vec::new() };
    reader.read();
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    Ok(reader.finish())
}

struct Reader<'a> {
    whole: &'a str,
    options: Options,
    parts: Vec<Part>,
    literal: String,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some((opener, closing)) = self.next_opener(at) {
            let before = &self.whole[at..opener];
            let slashes = before.len() - before.trim_end_matches('\\').len();
            self.literal.push_str(&before[..before.len() - slashes]);
            (0..slashes / 2).for_each(|_| self.literal.push('\\'));
            let start = opener + 2;
            if slashes % 2 == 1 {
                self.literal.push_str(&self.whole[opener..start]);
                at = start;
                continue;
            }
            let Some(end) = self.end(start, closing) else { return self.unclosed(opener, closing) };
            self.expression(start, end);
            if self.problems.len() >= MAX_PROBLEMS {
                return;
            }
            at = end + closing.len();
        }
        self.literal.push_str(&self.whole[at..]);
    }

    /// The next place where an expression may begin, and what ends it.
    fn next_opener(&self, from: usize) -> Option<(usize, &'static str)> {
        let rest = &self.whole[from..];
        let double = rest.find("{{").map(|at| (from + at, "}}"));
        let dollar = rest.find("${").filter(|_| self.options.import).map(|at| (from + at, "}"));
        double.into_iter().chain(dollar).min()
    }

    /// Where the expression ends: the proper place, or the nearest that could have been meant.
    fn end(&self, start: usize, closing: &str) -> Option<usize> {
        let limit = start.saturating_add(self.options.max_length).min(self.whole.len());
        let limit = (start..=limit).rev().find(|at| self.whole.is_char_boundary(*at))?;
        let proper = balanced_end(&self.whole[start..limit], closing);
        proper.or_else(|| self.whole[start..].find(closing)).map(|at| start + at)
    }

    fn unclosed(&mut self, opener: usize, closing: &str) {
        let message = format!("this expression is not closed by `{closing}`");
        let problem = Problem::new(code::SYNTAX, message, opener..self.whole.len());
        let opening = &self.whole[opener..opener + 2];
        self.problems.push(problem.help(format!("to write `{opening}` as text, put a backslash before it")));
    }

    fn expression(&mut self, start: usize, end: usize) {
        let inner = &self.whole[start..end];
        let offset = start + inner.len() - inner.trim_start().len();
        let source = inner.trim();
        let parsed = match self.options.max_length > MAX_LENGTH {
            true => Expr::parse_stored(source),
            false => Expr::parse(source),
        };
        match parsed {
            Ok(expr) => self.push_expr(place(expr, offset, self.whole.len())),
            Err(problems) => {
                let shift = |problem: Problem| {
                    let range = problem.range.start + offset..problem.range.end + offset;
                    Problem { range, ..problem }
                };
                self.problems.extend(problems.into_iter().map(shift));
            }
        }
    }

    fn push_expr(&mut self, expr: Expr) {
        // The one form in which text can end in a brace right before an expression.
        if expr.source() == BRACE {
            self.literal.push('{');
            return;
        }
        self.flush();
        self.parts.push(Part::Expr(expr));
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(Part::Text(Text::from(std::mem::take(&mut self.literal))));
        }
    }

    fn finish(mut self) -> Template {
        self.flush();
        match self.parts.as_slice() {
            [] => Template::Value(Value::from("")),
            [Part::Text(text)] => Template::Value(Value::String(text.clone())),
            [Part::Expr(expr)] => Template::Expr(expr.clone()),
            _ => Template::Text(self.parts),
        }
    }
}

const BRACE: &str = "\"{\"";

/// What the scan is inside of.
#[derive(PartialEq)]
enum Inside {
    Brace,
    Backticks,
}

/// Where `closing` stands outside of texts, template literals and braces.
fn balanced_end(text: &str, closing: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut inside: Vec<Inside> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if inside.last() == Some(&Inside::Backticks) {
            at = scan_backticks(bytes, at, &mut inside);
            continue;
        }
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = end_of_string(bytes, at + 1, quote)?,
            b'`' => inside.push(Inside::Backticks),
            b'{' => inside.push(Inside::Brace),
            b'}' if inside.is_empty() && text[at..].starts_with(closing) => return Some(at),
            b'}' => drop(inside.pop()),
            _ => {}
        }
        at += 1;
    }
    None
}

/// One step inside a template literal; answers where to go on.
fn scan_backticks(bytes: &[u8], at: usize, inside: &mut Vec<Inside>) -> usize {
    match bytes[at] {
        b'\\' => return at + 2,
        b'`' => drop(inside.pop()),
        b'$' if bytes.get(at + 1) == Some(&b'{') => {
            inside.push(Inside::Brace);
            return at + 2;
        }
        _ => {}
    }
    at + 1
}

/// The place of the closing quote.
fn end_of_string(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

pub(crate) fn print_expr(expr: &Expr) -> String {
    format!("{{{{ {} }}}}", expr.source())
}

pub(crate) fn print(parts: &[Part]) -> String {
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Expr(expr) => out.push_str(&print_expr(expr)),
            Part::Text(text) => {
                let last = !matches!(parts.get(index + 1), Some(Part::Expr(_)));
                out.push_str(&escape(text, last));
            }
        }
    }
    out
}

/// Text as it is written beside expressions. `last` says that no expression follows right behind it.
pub(crate) fn escape(text: &str, last: bool) -> String {
    // Braces that pair up are escaped below; only one left over would run into the opener that follows.
    let alone = (text.len() - text.trim_end_matches('{').len()) % 2 == 1;
    let (text, brace) = match text.strip_suffix('{') {
        Some(rest) if !last && alone => (rest, true),
        _ => (text, false),
    };
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        push_doubling(&rest[..at], &mut out);
        out.push_str("\\{{");
        rest = &rest[at + 2..];
    }
    match last {
        true => out.push_str(rest),
        false => push_doubling(rest, &mut out),
    }
    if brace {
        out.push_str(&format!("{{{{ {BRACE} }}}}"));
    }
    out
}

/// Doubles the backslashes at the end, since an opener follows.
fn push_doubling(text: &str, out: &mut String) {
    let slashes = text.len() - text.trim_end_matches('\\').len();
    out.push_str(text);
    (0..slashes).for_each(|_| out.push('\\'));
}
