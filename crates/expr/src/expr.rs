use crate::ast::{Kind, Node};
use crate::eval::{Done, Evaluator, Stop};
use crate::fuel::Fuel;
use crate::problem::{EvalError, Problem, code};
use crate::references::{self, Reference};
use crate::scope::Scope;
use crate::undefined::is_not_json;
use crate::{calls, parser, print};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use weir_base::{Span, Text, Value};

/// A parsed expression. Cloning costs a counter.
///
/// Equality and hashing go by the source. Serialised it is its source; its place in a file is not kept.
#[derive(Clone)]
pub struct Expr {
    inner: Arc<Inner>,
    span: Option<Span>,
    place: Option<Place>,
}

struct Inner {
    source: Text,
    node: Node,
}

/// Where in a string with `{{ }}` the source stands: its first byte, and the length of the whole string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub offset: usize,
    pub whole: usize,
}

impl Expr {
    /// Reads an expression of at most 64 KiB. Problems have ranges in `source`.
    pub fn parse(source: &str) -> Result<Expr, Vec<Problem>> {
        parser::parse(source, parser::MAX_LENGTH).map(|node| Self::new(source.into(), node))
    }

    /// Reads an expression that was printed before; constants may have made it long.
    pub(crate) fn parse_stored(source: &str) -> Result<Expr, Vec<Problem>> {
        parser::parse(source, parser::MAX_STORED_LENGTH).map(|node| Self::new(source.into(), node))
    }

    fn new(source: Text, node: Node) -> Self {
        Self { inner: Arc::new(Inner { source, node }), span: None, place: None }
    }

    /// The expression a tree stands for, with places that fit its printed source.
    pub(crate) fn from_node(node: Node) -> Expr {
        let source = print::print(&node);
        Self::parse_stored(&source).unwrap_or_else(|_| Self::new(source.into(), node))
    }

    /// An expression that is always `value`.
    pub fn constant(value: Value) -> Expr {
        let source = print::print_value(&value);
        let node = Node::new(Kind::Literal(value), 0..source.len());
        Self::new(source.into(), node)
    }

    pub fn source(&self) -> &str {
        &self.inner.source
    }

    pub(crate) fn node(&self) -> &Node {
        &self.inner.node
    }

    /// Where the source stands in its file.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    pub fn at(self, span: Span) -> Expr {
        Expr { span: Some(span), ..self }
    }

    /// Where a range of the source stands in its file.
    pub fn span_of(&self, range: Range<usize>) -> Option<Span> {
        self.span.map(|span| span.slice(range.start, range.end))
    }

    pub(crate) fn placed(self, place: Place) -> Expr {
        Expr { place: Some(place), ..self }
    }

    /// Sets the span from that of the whole string the expression stands in.
    pub(crate) fn set_span_in(&mut self, whole: Span) {
        let sliced = self.place.filter(|place| whole.range().len() == place.whole);
        self.span = Some(match sliced {
            Some(place) => whole.slice(place.offset, place.offset + self.source().len()),
            // Escapes or folding changed the length; only the whole is certain.
            None => whole,
        });
    }

    /// The value of a literal: a constant, or a text, number, `true`, `false` or `null` as written.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.inner.node.kind {
            Kind::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The value. Errors: the codes of [`EvalError`]; `undefined`, NaN and the infinities are `VALUE_NOT_JSON`.
    pub fn eval(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<Value, EvalError> {
        self.eval_or_undefined(scope, fuel)?.ok_or_else(|| self.not_json())
    }

    /// The value, or `None` for undefined. Other values without a JSON form are errors as in [`Expr::eval`].
    pub fn eval_or_undefined(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<Option<Value>, EvalError> {
        self.run(scope, fuel, |evaluator, node| {
            let value = evaluator.eval(node)?;
            evaluator.finish(value)
        })
    }

    /// The truth of the value as JavaScript sees it; undefined is false.
    pub fn test(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<bool, EvalError> {
        self.run(scope, fuel, |evaluator, node| evaluator.truth_of(node))
    }

    /// The value, or what it is called where JSON has no word for it.
    pub(crate) fn eval_or_name(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<Result<Value, String>, EvalError> {
        self.run(scope, fuel, |evaluator, node| {
            let value = evaluator.eval(node)?;
            if is_not_json(&value) {
                return Ok(Err(match value {
                    Value::Number(number) => crate::number::number_text(number),
                    _ => "undefined".to_owned(),
                }));
            }
            Ok(Ok(evaluator.finish(value)?.unwrap_or_default()))
        })
    }

    fn run<T>(
        &self,
        scope: &dyn Scope,
        fuel: &mut Fuel,
        work: impl FnOnce(&mut Evaluator<'_>, &Node) -> Done<T>,
    ) -> Result<T, EvalError> {
        let mut evaluator = Evaluator::new(scope, fuel);
        work(&mut evaluator, &self.inner.node).map_err(Stop::into_error)
    }

    pub(crate) fn not_json(&self) -> EvalError {
        let message = format!("{} is undefined", self.quoted());
        EvalError { code: code::NOT_JSON, message, range: 0..self.source().len() }
    }

    /// The free names with the static members read from them, in the order of the source. Arrow parameters and
    /// functions such as `Math.max` are not free.
    pub fn references(&self) -> Vec<Reference> {
        references::references(&self.inner.node)
    }

    /// The same expression as TypeScript.
    pub fn to_typescript(&self) -> String {
        print::print(&self.inner.node)
    }

    /// The same expression as TypeScript that calls functions of a namespace `x`, with `at` for where it stands: typed
    /// strictly, and with the results and errors of [`Expr::eval`].
    pub fn to_calls(&self) -> String {
        calls::calls(&self.inner.node)
    }

    /// The source as errors name it: in backticks, shortened.
    pub fn quoted(&self) -> String {
        format!("`{}`", crate::lexer::shorten(self.source()))
    }

    /// Puts other expressions in the place of free root names, such as `vars.cart` for `cart`.
    ///
    /// `rename` gives the source of the replacement, or `None` to leave a name alone. A replacement is not renamed
    /// again. Where the result would not be an expression, this one is returned unchanged.
    pub fn rename_free(&self, rename: &dyn Fn(&str) -> Option<String>) -> Expr {
        let renamed = references::rename(&self.inner.node, self.source(), rename);
        let parsed = renamed.and_then(|source| Expr::parse_stored(&source).ok());
        match parsed {
            Some(expr) => Expr { span: self.span, ..expr },
            None => self.clone(),
        }
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.source()).finish()
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expr {}

impl Hash for Expr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source().hash(state);
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.source())
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Expr::parse_stored(&source).map_err(|problems| D::Error::custom(joined(&problems)))
    }
}

pub(crate) fn joined(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}
