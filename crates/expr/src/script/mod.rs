//! The script language of the tree dialect: lines of `name = expression`, read into ordinary expressions.
//!
//! Its own ways are kept: every name is a variable (`x` is `vars.x`), what is missing equals null and reads as
//! undefined, `&&` and `||` give booleans, `param("x")` is the run's input. What cannot be read is a problem. A line
//! break is white space, except that a line may not begin with `-` behind a complete expression: it could be meant
//! as a subtraction or as a value of its own.

mod lower;
mod parse;

use crate::expr::Expr;
use crate::fuel::Fuel;
use crate::lexer::shorten;
use crate::problem::{EvalError, Problem, code};
use crate::scope::Scope;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Range;
use weir_base::{Diagnostic, Span, Text, Value};

/// A parsed script. Equality goes by the statements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    pub statements: Vec<Statement>,
}

/// `target = expr`, or an expression alone. `range` is where it stands in the script.
///
/// The source of `expr` is the expression after reading, not the script's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
    pub expr: Expr,
    #[serde(default)]
    pub range: Range<usize>,
}

/// A statement gave a value that JSON has no word for, so null took its place. `range` is that of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: &'static str,
    pub message: String,
    pub range: Range<usize>,
}

impl Warning {
    /// The diagnostic, pointing into `span`, which is where the script stands in its file.
    pub fn to_diagnostic(&self, span: Option<Span>) -> Diagnostic {
        let place = span.map(|span| span.slice(self.range.start, self.range.end));
        Diagnostic::warning(self.code, self.message.clone()).maybe_at(place)
    }
}

impl Statement {
    /// The value; undefined, NaN and the infinities are null with a warning. An error's range is in `expr`.
    pub fn eval(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<(Value, Option<Warning>), EvalError> {
        Ok(match self.expr.eval_or_name(scope, fuel)? {
            Ok(value) => (value, None),
            Err(name) => (Value::Null, Some(self.warning(&name))),
        })
    }

    fn warning(&self, name: &str) -> Warning {
        let source = shorten(self.expr.source());
        let message = format!("`{source}` is {name}, which is not a JSON value; null is used instead");
        Warning { code: code::NOT_JSON, message, range: self.range.clone() }
    }
}

/// Reads a script. Problems have ranges in `source`; a problem in one statement does not hide those of the next.
pub fn parse_script(source: &str) -> Result<Script, Vec<Problem>> {
    parse::parse(source).map(|statements| Script { statements })
}

impl Serialize for Script {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.statements.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|statements| Script { statements })
    }
}

/// Reads one condition or value in the script language, such as a tree's `condition` prop.
pub fn parse_script_expr(source: &str) -> Result<Expr, Vec<Problem>> {
    let script = parse_script(source)?;
    match script.statements.as_slice() {
        [Statement { target: None, expr, .. }] => Ok(expr.clone()),
        _ => {
            let message = "one expression is wanted here, without an assignment";
            Err(vec![Problem::new(code::SYNTAX, message, 0..source.len())])
        }
    }
}
