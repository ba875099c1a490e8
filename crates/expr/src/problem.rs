use std::fmt;
use std::ops::Range;
use weir_base::{Diagnostic, Span};

/// One thing wrong with the text of an expression, a template or a script.
///
/// `range` counts bytes from the start of the text that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub range: Range<usize>,
    pub help: Option<String>,
    /// Where in a templated value the string stands, as a JSON pointer; empty for a lone text.
    pub path: String,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, range: Range<usize>) -> Self {
        Self { code, message: message.into(), range, help: None, path: String::new() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The diagnostic, pointing into `span`, which is where the parsed text stands in its file.
    pub fn to_diagnostic(&self, span: Option<Span>) -> Diagnostic {
        let place = span.map(|span| span.slice(self.range.start, self.range.end));
        let found = match self.code {
            code::PRECISION => Diagnostic::warning(self.code, self.message.clone()),
            _ => Diagnostic::error(self.code, self.message.clone()),
        };
        let diagnostic = found.maybe_at(place);
        match &self.help {
            Some(help) => diagnostic.help(help.clone()),
            None => diagnostic,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

impl std::error::Error for Problem {}

/// Why an evaluation has no result.
///
/// Codes: `EXPRESSION_TYPE` (an operation does not fit its operands), `EXPRESSION_FUEL` (the budget is used up),
/// `VALUE_NOT_JSON` (the result has no JSON form), `SECRET_NOT_ALLOWED` (a secret was used for more than text).
/// `range` counts bytes from the start of the expression's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    pub code: &'static str,
    pub message: String,
    pub range: Range<usize>,
}

impl EvalError {
    /// The diagnostic, pointing into `span`, which is where the expression's source stands in its file.
    pub fn to_diagnostic(&self, span: Option<Span>) -> Diagnostic {
        let place = span.map(|span| span.slice(self.range.start, self.range.end));
        Diagnostic::error(self.code, self.message.clone()).maybe_at(place)
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

pub(crate) mod code {
    pub const SYNTAX: &str = "EXPRESSION_SYNTAX";
    pub const TOO_LARGE: &str = "EXPRESSION_TOO_LARGE";
    pub const NOT_ALLOWED: &str = "EXPRESSION_NOT_ALLOWED";
    pub const UNKNOWN_FUNCTION: &str = "UNKNOWN_FUNCTION";
    pub const UNKNOWN_NAME: &str = "UNKNOWN_NAME";
    pub const TYPE: &str = "EXPRESSION_TYPE";
    pub const FUEL: &str = "EXPRESSION_FUEL";
    pub const NOT_JSON: &str = "VALUE_NOT_JSON";
    pub const SECRET: &str = "SECRET_NOT_ALLOWED";
    pub const PRECISION: &str = "NUMBER_PRECISION";
    pub const NO_ENVIRONMENT: &str = "ENV_NOT_AVAILABLE";
    pub const AMBIGUOUS_LINE: &str = "SCRIPT_AMBIGUOUS_LINE";
}
