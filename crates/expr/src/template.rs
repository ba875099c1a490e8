//! JSON with `{{ expression }}` in its strings.

use crate::eval::{Done, Evaluator, Stop, TextBuilder, deeper_than, write_json};
use crate::expr::{Expr, Place, joined};
use crate::fuel::Fuel;
use crate::problem::{EvalError, Problem, code};
use crate::scope::Scope;
use crate::template_text::{self, Options};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use weir_base::{Map, Span, Text, Value};

/// A JSON value whose strings may hold expressions.
///
/// - A string without `{{ }}` is itself. To write `{{` as text, put a backslash before it; two backslashes before
///   `{{` are one backslash followed by an expression.
/// - A string that is one `{{ expr }}` and nothing else keeps the type of the expression's value.
/// - Any other string is text with parts put in: undefined as nothing, null as `null`, arrays and objects as JSON.
///
/// Serialised it is the JSON it was read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// No expression in it.
    Value(Value),
    Expr(Expr),
    Text(Vec<Part>),
    Array(Vec<Template>),
    Object(Vec<(Text, Template)>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(Text),
    Expr(Expr),
}

/// Levels of arrays and objects a template may have.
const MAX_DEPTH: usize = 128;

impl Template {
    /// Reads one string. Problems have ranges in `text`.
    pub fn parse_text(text: &str) -> Result<Template, Vec<Problem>> {
        template_text::parse(text, Options::NATIVE)
    }

    /// Reads the strings of a value, at any depth; keys are taken as they are. A problem's `path` is the JSON pointer
    /// of its string.
    pub fn parse(value: &Value) -> Result<Template, Vec<Problem>> {
        Self::parse_value(value, Options::NATIVE)
    }

    /// Like [`Template::parse_text`], and `${expr}` is an expression too. For flows that come from elsewhere.
    pub fn parse_import(text: &str) -> Result<Template, Vec<Problem>> {
        template_text::parse(text, Options::IMPORT)
    }

    /// Like [`Template::parse`], and `${expr}` is an expression too.
    pub fn parse_import_value(value: &Value) -> Result<Template, Vec<Problem>> {
        Self::parse_value(value, Options::IMPORT)
    }

    fn parse_value(value: &Value, options: Options) -> Result<Template, Vec<Problem>> {
        if deeper_than(value, MAX_DEPTH, &mut 0) {
            let message = format!("the value is nested more than {MAX_DEPTH} levels deep");
            return Err(vec![Problem::new(code::TOO_LARGE, message, 0..0)]);
        }
        let mut problems = Vec::new();
        let template = read(value, options, &mut String::new(), &mut problems);
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// The value. As a member, an undefined expression is left out; as an item it is null; at the top it is the error
    /// `VALUE_NOT_JSON`. Other errors are those of [`Expr::eval`]; an error's range is in the expression it came from.
    pub fn eval(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<Value, EvalError> {
        let value = self.eval_or_undefined(scope, fuel)?.ok_or_else(|| self.undefined_at_top())?;
        if matches!(self, Template::Array(_) | Template::Object(_)) {
            Evaluator::new(scope, fuel).weigh(&value).map_err(Stop::into_error)?;
        }
        Ok(value)
    }

    fn undefined_at_top(&self) -> EvalError {
        match self {
            Template::Expr(expr) => expr.not_json(),
            _ => EvalError { code: code::NOT_JSON, message: "the value is undefined".to_owned(), range: 0..0 },
        }
    }

    /// The value, or `None` where the whole is one expression that is undefined.
    pub fn eval_or_undefined(&self, scope: &dyn Scope, fuel: &mut Fuel) -> Result<Option<Value>, EvalError> {
        match self {
            Template::Value(value) => Ok(Some(value.clone())),
            Template::Expr(expr) => expr.eval_or_undefined(scope, fuel),
            Template::Text(parts) => eval_text(parts, scope, fuel).map(Some),
            Template::Array(items) => {
                let eval = |item: &Template| item.eval_or_undefined(scope, fuel).map(Option::unwrap_or_default);
                items.iter().map(eval).collect::<Result<Vec<_>, _>>().map(|items| Some(Value::from(items)))
            }
            Template::Object(members) => {
                let mut map = Map::with_capacity_and_hasher(members.len(), Default::default());
                for (key, member) in members {
                    if let Some(value) = member.eval_or_undefined(scope, fuel)? {
                        map.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::from(map)))
            }
        }
    }

    /// The same template with every expression replaced by what `f` makes of it.
    pub fn map_exprs(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Template {
        match self {
            Template::Value(value) => Template::Value(value.clone()),
            Template::Expr(expr) => Template::Expr(f(expr)),
            Template::Text(parts) => Template::Text(parts.iter().map(|part| part.map_expr(f)).collect()),
            Template::Array(items) => Template::Array(items.iter().map(|item| item.map_exprs(f)).collect()),
            Template::Object(members) => {
                Template::Object(members.iter().map(|(key, member)| (key.clone(), member.map_exprs(f))).collect())
            }
        }
    }

    /// Every expression, in the order of the text.
    pub fn for_each_expr(&self, f: &mut dyn FnMut(&Expr)) {
        match self {
            Template::Value(_) => {}
            Template::Expr(expr) => f(expr),
            Template::Text(parts) => parts.iter().filter_map(Part::expr).for_each(f),
            Template::Array(items) => items.iter().for_each(|item| item.for_each_expr(f)),
            Template::Object(members) => members.iter().for_each(|(_, member)| member.for_each_expr(f)),
        }
    }

    /// The JSON with `{{ }}` strings again; reading it gives an equal template.
    pub fn to_value(&self) -> Value {
        match self {
            Template::Value(value) => escaped(value),
            Template::Expr(expr) => Value::from(template_text::print_expr(expr)),
            Template::Text(parts) => Value::from(template_text::print(parts)),
            Template::Array(items) => Value::array(items.iter().map(Template::to_value)),
            Template::Object(members) => {
                Value::from(members.iter().map(|(key, member)| (key.clone(), member.to_value())).collect::<Map>())
            }
        }
    }

    /// The value, where no expression is in it.
    pub fn constant(&self) -> Option<Value> {
        match self {
            Template::Value(value) => Some(value.clone()),
            Template::Array(items) => items.iter().map(Template::constant).collect::<Option<Vec<_>>>().map(Value::from),
            Template::Object(members) => {
                let constant = |(key, member): &(Text, Template)| Some((key.clone(), member.constant()?));
                members.iter().map(constant).collect::<Option<Map>>().map(Value::from)
            }
            Template::Expr(_) | Template::Text(_) => None,
        }
    }

    /// Gives every expression its span. `find` gets the JSON pointer of a string (`""` for the template itself,
    /// `/headers/0` below it) and answers with the span of the string's content, without quotes.
    pub fn set_spans(&mut self, find: &mut dyn FnMut(&str) -> Option<Span>) {
        self.set_spans_at(&mut String::new(), find);
    }

    fn set_spans_at(&mut self, path: &mut String, find: &mut dyn FnMut(&str) -> Option<Span>) {
        match self {
            Template::Value(_) => {}
            Template::Expr(expr) => find(path).into_iter().for_each(|span| expr.set_span_in(span)),
            Template::Text(parts) => {
                let Some(span) = find(path) else { return };
                parts.iter_mut().filter_map(Part::expr_mut).for_each(|expr| expr.set_span_in(span));
            }
            Template::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    below(path, &index.to_string(), |path| item.set_spans_at(path, find));
                }
            }
            Template::Object(members) => {
                for (key, member) in members {
                    below(path, key, |path| member.set_spans_at(path, find));
                }
            }
        }
    }
}

impl Part {
    fn expr(&self) -> Option<&Expr> {
        match self {
            Part::Expr(expr) => Some(expr),
            Part::Text(_) => None,
        }
    }

    fn expr_mut(&mut self) -> Option<&mut Expr> {
        match self {
            Part::Expr(expr) => Some(expr),
            Part::Text(_) => None,
        }
    }

    fn map_expr(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Part {
        match self {
            Part::Text(text) => Part::Text(text.clone()),
            Part::Expr(expr) => Part::Expr(f(expr)),
        }
    }
}

/// Runs `work` with one more step on a JSON pointer.
fn below(path: &mut String, step: &str, work: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(&step.replace('~', "~0").replace('/', "~1"));
    work(path);
    path.truncate(length);
}

fn read(value: &Value, options: Options, path: &mut String, problems: &mut Vec<Problem>) -> Template {
    match value {
        Value::String(text) => template_text::parse(text, options).unwrap_or_else(|found| {
            problems.extend(found.into_iter().map(|problem| Problem { path: path.clone(), ..problem }));
            Template::Value(value.clone())
        }),
        Value::Array(items) => {
            let mut read_items = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                below(path, &index.to_string(), |path| read_items.push(read(item, options, path, problems)));
            }
            folded(Template::Array(read_items))
        }
        Value::Object(map) => {
            let mut members = Vec::with_capacity(map.len());
            for (key, member) in map.iter() {
                below(path, key, |path| members.push((key.clone(), read(member, options, path, problems))));
            }
            folded(Template::Object(members))
        }
        other => Template::Value(other.clone()),
    }
}

/// What holds no expression becomes one value, so that evaluating it costs a counter.
fn folded(template: Template) -> Template {
    let constant = match &template {
        Template::Array(items) => items.iter().all(|item| matches!(item, Template::Value(_))),
        Template::Object(members) => members.iter().all(|(_, member)| matches!(member, Template::Value(_))),
        _ => false,
    };
    match constant.then(|| template.constant()).flatten() {
        Some(value) => Template::Value(value),
        None => template,
    }
}

fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.contains("{{") {
            true => Value::from(template_text::escape(text, true)),
            false => value.clone(),
        },
        Value::Array(items) => Value::array(items.iter().map(escaped)),
        Value::Object(map) => {
            Value::from(map.iter().map(|(key, member)| (key.clone(), escaped(member))).collect::<Map>())
        }
        other => other.clone(),
    }
}

fn eval_text(parts: &[Part], scope: &dyn Scope, fuel: &mut Fuel) -> Result<Value, EvalError> {
    let mut builder = TextBuilder::default();
    for part in parts {
        match part {
            Part::Text(text) => builder.push_text(text),
            Part::Expr(expr) => {
                let value = expr.eval_or_undefined(scope, fuel)?;
                let pushed = push_value(value, scope, fuel, &mut builder);
                pushed.map_err(|stop| EvalError { range: 0..expr.source().len(), ..stop.into_error() })?;
            }
        }
    }
    Ok(builder.finish())
}

fn push_value(value: Option<Value>, scope: &dyn Scope, fuel: &mut Fuel, builder: &mut TextBuilder) -> Done<()> {
    let mut evaluator = Evaluator::new(scope, fuel);
    match value {
        None => Ok(()),
        Some(Value::String(text)) => {
            builder.push_text(&text);
            evaluator.pay_text(text.len())
        }
        Some(Value::Sealed(sealed)) => {
            builder.push_sealed(&sealed);
            evaluator.pay_items(sealed.parts.len())
        }
        Some(value) => {
            let mut text = String::new();
            write_json(&mut evaluator, &value, "", 0, &mut text)?;
            builder.push_text(&text);
            Ok::<(), Stop>(())
        }
    }
}

pub(crate) fn place(expr: Expr, offset: usize, whole: usize) -> Expr {
    expr.placed(Place { offset, whole })
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Template::parse_value(&value, Options::STORED).map_err(|problems| D::Error::custom(joined(&problems)))
    }
}
