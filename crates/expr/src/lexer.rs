use crate::problem::{Problem, code};
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    String(String),
    Identifier(String),
    /// An operator or bracket, by its text.
    Symbol(&'static str),
    Backtick,
    End,
}

/// The two languages differ only in comments and in what a backslash means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    JavaScript,
    Script,
}

/// Longer ones first. Some are here only to be refused with a good message.
const SYMBOLS: [&str; 51] = [
    ">>>=", "===", "!==", "**=", "...", "&&=", "||=", "??=", "<<=", ">>=", ">>>", "=>", "==", "!=", "<=", ">=", "&&",
    "||", "??", "?.", "**", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "(", ")", "[", "]",
    "{", "}", ",", ":", "?", ".", ";", "+", "-", "*", "/", "%", "<", ">",
];
const MORE_SYMBOLS: [&str; 6] = ["!", "=", "&", "|", "^", "~"];

/// Reads tokens one at a time; cheap to clone, which is how the parser looks ahead.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    source: &'a str,
    flavor: Flavor,
    pub at: usize,
}

pub(crate) type Lexed = Result<(Token, Range<usize>), Problem>;

impl<'a> Lexer<'a> {
    pub fn new(source: &'a str, flavor: Flavor) -> Self {
        Self { source, flavor, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next_token(&mut self) -> Lexed {
        self.skip_space();
        let start = self.at;
        let token = match self.peek() {
            None => Token::End,
            Some('"' | '\'') => self.string()?,
            Some('`') => self.take(1, Token::Backtick),
            Some(c) if c.is_ascii_digit() || (c == '.' && self.digit_follows_dot()) => self.number()?,
            Some(c) if starts_name(c) => self.name(),
            Some(_) => self.symbol()?,
        };
        Ok((token, start..self.at))
    }

    fn take(&mut self, length: usize, token: Token) -> Token {
        self.at += length;
        token
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start_matches(is_space).len();
            let comment = self.comment_length(&rest[space..]);
            self.at += space + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn comment_length(&self, rest: &str) -> usize {
        let is_comment = self.flavor == Flavor::Script && rest.starts_with("//");
        if is_comment { rest.find(['\n', '\r']).unwrap_or(rest.len()) } else { 0 }
    }

    fn digit_follows_dot(&self) -> bool {
        self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit)
    }

    fn name(&mut self) -> Token {
        let rest = self.rest();
        let length = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
        self.take(length, Token::Identifier(rest[..length].to_owned()))
    }

    fn symbol(&mut self) -> Result<Token, Problem> {
        let rest = self.rest();
        let ternary_then_number = rest.starts_with("?.") && rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        let found = SYMBOLS.iter().chain(&MORE_SYMBOLS).find(|symbol| rest.starts_with(**symbol));
        match found {
            _ if ternary_then_number => Ok(self.take(1, Token::Symbol("?"))),
            Some(symbol) => Ok(self.take(symbol.len(), Token::Symbol(symbol))),
            None => Err(self.unexpected_character()),
        }
    }

    fn unexpected_character(&mut self) -> Problem {
        let start = self.at;
        let character = self.peek().unwrap_or(' ');
        self.at += character.len_utf8();
        let problem = Problem::new(code::SYNTAX, format!("unexpected character `{character}`"), start..self.at);
        match character {
            '#' if self.flavor == Flavor::Script => problem.help("a comment starts with `//`"),
            '“' | '”' | '‘' | '’' => problem.help("use a straight quote, `\"` or `'`"),
            _ => problem,
        }
    }

    fn number(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let rest = self.rest();
        let radix = match rest.get(..2) {
            Some("0x" | "0X") => Some(16),
            Some("0o" | "0O") => Some(8),
            Some("0b" | "0B") => Some(2),
            _ => None,
        };
        let (length, number) = match radix {
            Some(radix) => radix_number(rest, radix),
            None => decimal_number(rest),
        };
        self.at += length;
        let stray = self.peek().is_some_and(continues_name);
        match number {
            Some(number) if !stray => Ok(Token::Number(number)),
            _ => Err(self.bad_number(start)),
        }
    }

    fn bad_number(&mut self, start: usize) -> Problem {
        let rest = self.rest();
        self.at += rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
        let text = shorten(&self.source[start..self.at]);
        let problem = Problem::new(code::SYNTAX, format!("`{text}` is not a number"), start..self.at);
        let name = text.trim_start_matches(|c: char| c.is_ascii_digit());
        match matches!(name, "s" | "ms" | "m" | "h" | "d") {
            true => problem.help("a duration is written as text, such as \"30s\""),
            false => problem,
        }
    }

    fn string(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let quote = self.peek().unwrap_or('"');
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                Some(c) if c == quote => return Ok(self.take(1, Token::String(text))),
                Some('\\') => self.escape(&mut text)?,
                Some('\n' | '\r') if self.flavor == Flavor::JavaScript => return Err(self.unterminated(start)),
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
                None => return Err(self.unterminated(start)),
            }
        }
    }

    fn unterminated(&self, start: usize) -> Problem {
        Problem::new(code::SYNTAX, "this text has no closing quote", start..self.at)
    }

    /// The text of a template literal up to `${` (true) or the closing backtick (false), both taken.
    pub fn template_chunk(&mut self) -> Result<(String, bool), Problem> {
        let start = self.at;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            match rest.chars().next() {
                Some('`') => return Ok((text, self.take_flag(1, false))),
                Some('$') if rest.starts_with("${") => return Ok((text, self.take_flag(2, true))),
                Some('\\') => self.escape(&mut text)?,
                // A template literal reads every kind of line break as a line feed.
                Some('\r') => {
                    self.at += if rest.starts_with("\r\n") { 2 } else { 1 };
                    text.push('\n');
                }
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
                None => {
                    let range = start.saturating_sub(1)..self.at;
                    return Err(Problem::new(code::SYNTAX, "this template literal has no closing backtick", range));
                }
            }
        }
    }

    fn take_flag(&mut self, length: usize, flag: bool) -> bool {
        self.at += length;
        flag
    }

    /// Reads one escape, the backslash included.
    fn escape(&mut self, text: &mut String) -> Result<(), Problem> {
        let start = self.at;
        self.at += 1;
        let Some(character) = self.peek() else {
            return Err(Problem::new(code::SYNTAX, "this text has no closing quote", start..self.at));
        };
        self.at += character.len_utf8();
        if self.flavor == Flavor::Script {
            text.push(character);
            return Ok(());
        }
        match character {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => text.push('\0'),
            '0'..='9' => return Err(self.bad_escape(start)),
            'x' => text.push(self.hex(2).and_then(char::from_u32).ok_or_else(|| self.bad_escape(start))?),
            'u' => text.push(self.unicode_escape().ok_or_else(|| self.bad_escape(start))?),
            '\r' if self.peek() == Some('\n') => self.at += 1,
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => {}
            other => text.push(other),
        }
        Ok(())
    }

    fn bad_escape(&self, start: usize) -> Problem {
        let end = self.at.min(self.source.len());
        Problem::new(code::SYNTAX, "this escape does not name a character", start..end)
            .help("write `\\xhh`, `\\uhhhh` or `\\u{h…}`; half of a surrogate pair is not a character")
    }

    /// Exactly `digits` hexadecimal digits.
    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.rest().get(..digits).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += digits;
        u32::from_str_radix(text, 16).ok()
    }

    fn unicode_escape(&mut self) -> Option<char> {
        if self.rest().starts_with('{') {
            let text = self.rest()[1..].split('}').next()?;
            let fits = !text.is_empty() && text.len() <= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
            let number = fits.then(|| u32::from_str_radix(text, 16).ok())??;
            self.at += text.len() + 2;
            return char::from_u32(number).filter(|_| self.at <= self.source.len());
        }
        let first = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.at += if self.rest().starts_with("\\u") { 2 } else { return None };
        let second = self.hex(4)?;
        char::decode_utf16([first as u16, second as u16]).next()?.ok()
    }
}

fn radix_number(text: &str, radix: u32) -> (usize, Option<f64>) {
    let digits = text[2..].chars().take_while(|c| c.is_digit(radix)).count();
    let number = crate::number::integer_in_radix(&text[2..2 + digits], radix);
    (2 + digits, number.filter(|_| digits > 0))
}

fn decimal_number(text: &str) -> (usize, Option<f64>) {
    let length = crate::number::decimal_length(text);
    let legacy_octal = text.starts_with('0') && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    (length, text[..length].parse().ok().filter(|_| !legacy_octal))
}

/// The white space of JavaScript, line breaks included.
pub(crate) fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

pub(crate) fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

pub(crate) fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Names that JavaScript keeps for itself.
pub fn is_reserved(name: &str) -> bool {
    const WORDS: [&str; 44] = [
        "arguments",
        "async",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "let",
        "new",
        "null",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
        "with",
        "yield",
    ];
    WORDS.contains(&name)
}

/// True for what can stand after a dot and as a bare object key.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(starts_name) && text.chars().all(continues_name)
}

pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
