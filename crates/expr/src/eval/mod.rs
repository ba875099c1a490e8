//! The walk over the tree.
//!
//! Recursion goes as deep as the tree, which the parser bounds, or as deep as a value, which `finish` and `reduce`
//! bound. Everything visited or produced is paid for with fuel.

mod access;
mod arrays;
mod coerce;
mod globals;
mod json;
mod objects;
mod operators;
mod seal;
mod sort;
mod strings;
mod weigh;

pub(crate) use json::{write_json, write_text};
pub(crate) use seal::TextBuilder;

use crate::ast::{Arg, Callback, Kind, LogicalOp, MethodCall, Node, Param};
use crate::fuel::Fuel;
use crate::problem::{EvalError, code};
use crate::scope::Scope;
use crate::undefined::{View, is_not_json, is_nullish, is_undefined, kind_name, undefined, view};
use std::sync::Arc;
use weir_base::{Map, Value};

/// Levels of arrays and objects an expression may build. What JSON readers accept is a little more.
pub(crate) const MAX_VALUE_DEPTH: usize = 100;

/// Why the walk stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A `?.` found nothing: the enclosing chain is undefined.
    Short,
    Fault(Box<EvalError>),
}

pub(crate) type Done<T = Value> = Result<T, Stop>;

impl Stop {
    pub fn into_error(self) -> EvalError {
        match self {
            Stop::Fault(error) => *error,
            // The parser puts every `?.` inside a chain node, which takes this.
            Stop::Short => EvalError { code: code::TYPE, message: "a chain has no end".to_owned(), range: 0..0 },
        }
    }
}

pub(crate) struct Evaluator<'a> {
    scope: &'a dyn Scope,
    fuel: &'a mut Fuel,
    locals: Vec<Value>,
    /// The place in the source that a fault is reported at.
    place: (u32, u32),
    /// An array or object was made that holds an undefined or a number JSON cannot say.
    tainted: bool,
    /// An array or object was made.
    built: bool,
}

impl<'a> Evaluator<'a> {
    pub fn new(scope: &'a dyn Scope, fuel: &'a mut Fuel) -> Self {
        Self { scope, fuel, locals: Vec::new(), place: (0, 0), tainted: false, built: false }
    }

    pub fn fault(&self, code: &'static str, message: impl Into<String>) -> Stop {
        let range = self.place.0 as usize..self.place.1 as usize;
        Stop::Fault(Box::new(EvalError { code, message: message.into(), range }))
    }

    pub fn type_fault(&self, message: impl Into<String>) -> Stop {
        self.fault(code::TYPE, message)
    }

    pub fn secret_fault(&self) -> Stop {
        let message = "a secret can only be joined with text, by `+` or inside a template, or passed on as it is";
        self.fault(code::SECRET, message)
    }

    pub fn spend(&mut self, amount: u64) -> Done<()> {
        if self.fuel.spend(amount) {
            return Ok(());
        }
        Err(self.fault(code::FUEL, "the expression takes too many steps or makes too much data"))
    }

    /// Pays for `length` elements produced.
    pub fn pay_items(&mut self, length: usize) -> Done<()> {
        self.spend(length as u64)
    }

    /// Pays for `length` bytes of text produced.
    pub fn pay_text(&mut self, length: usize) -> Done<()> {
        self.spend(length as u64 / 8)
    }

    /// Pays for `length` bytes of text looked at.
    pub fn pay_reading(&mut self, length: usize) -> Done<()> {
        self.spend(length as u64 / 32)
    }

    fn stand_at(&mut self, node: &Node) {
        self.place = (node.start, node.end);
    }

    pub fn eval(&mut self, node: &Node) -> Done {
        self.stand_at(node);
        self.spend(1)?;
        match &node.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Constant(constant) => Ok(constant.value.clone()),
            Kind::Local(slot, _) => Ok(self.locals.get(usize::from(*slot)).cloned().unwrap_or_else(undefined)),
            Kind::Free(name) => self.free(name),
            Kind::Vars(steps) => self.vars(steps),
            Kind::Member(object, key, link) => self.member(node, object, key, *link),
            Kind::Index(object, index, link) => self.index(node, object, index, *link),
            Kind::Method(call) => self.method(node, call),
            Kind::Global(function, args) => {
                let args = self.args(args)?;
                self.stand_at(node);
                self.global(*function, &args)
            }
            Kind::Chain(inner) => match self.eval(inner) {
                Err(Stop::Short) => Ok(undefined()),
                other => other,
            },
            Kind::Unary(operator, operand) => {
                let value = self.eval(operand)?;
                self.stand_at(node);
                self.unary(*operator, &value)
            }
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.stand_at(node);
                self.binary(*operator, &left, &right)
            }
            Kind::Logical(operator, left, right) => self.logical(*operator, left, right),
            Kind::Conditional(parts) => self.conditional(parts),
            Kind::Template(texts, nodes) => self.template(node, texts, nodes),
            Kind::Array(items) => {
                let items = self.args(items)?;
                self.array(items)
            }
            Kind::Object(properties) => self.object(node, properties),
        }
    }

    fn logical(&mut self, operator: LogicalOp, left: &Node, right: &Node) -> Done {
        let value = self.eval(left)?;
        self.stand_at(left);
        let decided = match operator {
            LogicalOp::And => !self.truth(&value)?,
            LogicalOp::Or => self.truth(&value)?,
            LogicalOp::Coalesce => !is_nullish(&self.open(value.clone())?),
        };
        if decided { Ok(value) } else { self.eval(right) }
    }

    /// Refuses a secret where a value is looked at.
    fn open(&self, value: Value) -> Done {
        match view(&value) {
            View::Secret(_) => Err(self.secret_fault()),
            _ => Ok(value),
        }
    }

    fn conditional(&mut self, parts: &[Node; 3]) -> Done {
        let [test, then, otherwise] = parts;
        let value = self.eval(test)?;
        self.stand_at(test);
        let branch = if self.truth(&value)? { then } else { otherwise };
        self.eval(branch)
    }

    fn args(&mut self, args: &[Arg]) -> Done<Vec<Value>> {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let value = self.eval(&arg.node)?;
            if arg.spread {
                self.stand_at(&arg.node);
                self.spread(&value, &mut values)?;
            } else {
                values.push(value);
            }
        }
        Ok(values)
    }

    /// Appends the items of an array or the characters of a text.
    fn spread(&mut self, value: &Value, out: &mut Vec<Value>) -> Done<()> {
        match view(value) {
            View::Array(items) => {
                self.pay_items(items.len())?;
                out.extend(items.iter().cloned());
                Ok(())
            }
            View::String(text) => {
                self.pay_items(text.len())?;
                out.extend(text.chars().map(|c| Value::from(c.encode_utf8(&mut [0; 4]) as &str)));
                Ok(())
            }
            View::Secret(_) => Err(self.secret_fault()),
            _ => Err(self.type_fault(format!("{} cannot be spread into a list", kind_name(value)))),
        }
    }

    fn method(&mut self, node: &Node, call: &MethodCall) -> Done {
        let object = self.eval(&call.object)?;
        if call.optional && is_nullish(&object) {
            return Err(Stop::Short);
        }
        let args = self.args(&call.args)?;
        self.stand_at(node);
        match view(&object) {
            View::Array(items) if call.method.of_array() => self.array_method(items, call, &args),
            View::String(text) if call.method.of_string() => self.string_method(text, call.method, &args),
            View::Number(number) if call.method.of_number() => self.number_method(number, call.method, &args),
            View::Bool(_) | View::Object(_) if call.method == crate::names::Method::ToText => self.text_value(&object),
            View::Secret(_) => Err(self.secret_fault()),
            _ => {
                let (name, kind) = (call.method.name(), kind_name(&object));
                Err(self.type_fault(format!("`{name}` cannot be called on {kind}")))
            }
        }
    }

    /// Calls a function with `args`, of which it takes as many as it wants.
    fn call(&mut self, callback: &Callback, args: &[Value]) -> Done {
        let place = self.place;
        let result = match callback {
            Callback::Function(function) => self.spend(1).and_then(|()| self.global(*function, args)),
            Callback::Arrow(params, body) => {
                let outer = self.locals.len();
                let bound = params.iter().enumerate().try_for_each(|(at, param)| self.bind(param, args.get(at)));
                let result = bound.and_then(|()| self.eval(body));
                self.locals.truncate(outer);
                result
            }
        }?;
        self.place = place;
        Ok(result)
    }

    fn bind(&mut self, param: &Param, value: Option<&Value>) -> Done<()> {
        let value = value.cloned().unwrap_or_else(undefined);
        match param {
            Param::Name(_) => self.locals.push(value),
            Param::Array(names) => {
                let mut items = Vec::new();
                self.spread(&value, &mut items)?;
                let mut items = items.into_iter();
                for name in names {
                    let item = items.next().unwrap_or_else(undefined);
                    if name.is_some() {
                        self.locals.push(item);
                    }
                }
            }
            Param::Object(members) => {
                for (key, _) in members {
                    let member = self.read(&value, key)?;
                    self.locals.push(member);
                }
            }
        }
        Ok(())
    }

    /// An array made here.
    fn array(&mut self, items: Vec<Value>) -> Done {
        self.pay_items(items.len())?;
        self.built = true;
        self.tainted = self.tainted || items.iter().any(is_not_json);
        Ok(Value::Array(Arc::new(items)))
    }

    /// An object made here, its members in JavaScript's order.
    fn record(&mut self, map: Map) -> Done {
        self.pay_items(map.len())?;
        self.built = true;
        self.tainted = self.tainted || map.values().any(is_not_json);
        Ok(Value::Object(Arc::new(objects::in_order(map))))
    }

    /// A text made here.
    fn text(&mut self, text: String) -> Done {
        self.pay_text(text.len())?;
        Ok(Value::from(text))
    }

    /// The result as it may leave: JSON and sealed values only; `None` is undefined.
    ///
    /// Inside arrays and objects that were made here undefined follows JSON: a member is left out, an item is null.
    pub fn finish(&mut self, value: Value) -> Done<Option<Value>> {
        if is_undefined(&value) {
            return Ok(None);
        }
        if self.built {
            self.weigh(&value)?;
        }
        match value {
            Value::Number(number) if !number.is_finite() => {
                let name = crate::number::number_text(number);
                Err(self.fault(code::NOT_JSON, format!("the result is {name}, which is not a JSON value")))
            }
            value if self.tainted => self.clean(&value).map(Some),
            value => Ok(Some(value)),
        }
    }

    fn clean(&mut self, value: &Value) -> Done {
        self.spend(1)?;
        match value {
            Value::Number(number) if !number.is_finite() => {
                let name = crate::number::number_text(*number);
                Err(self.fault(code::NOT_JSON, format!("the result holds {name}, which is not a JSON value")))
            }
            Value::Array(items) => {
                let clean = |item: &Value| if is_undefined(item) { Ok(Value::Null) } else { self.clean(item) };
                items.iter().map(clean).collect::<Done<Vec<_>>>().map(Value::from)
            }
            Value::Object(map) => {
                let defined = map.iter().filter(|(_, member)| !is_undefined(member));
                let clean = defined.map(|(key, member)| Ok((key.clone(), self.clean(member)?)));
                clean.collect::<Done<Map>>().map(Value::from)
            }
            other => Ok(other.clone()),
        }
    }

    /// JavaScript's truthiness of the result, for conditions.
    pub fn truth_of(&mut self, node: &Node) -> Done<bool> {
        let value = self.eval(node)?;
        self.stand_at(node);
        self.truth(&value)
    }
}

/// True where arrays and objects are nested more than `limit` levels; counts the values looked at in `seen`.
/// Only for values that share nothing, such as one just read: what is shared is counted once for each way to it.
pub(crate) fn deeper_than(value: &Value, limit: usize, seen: &mut u64) -> bool {
    *seen += 1;
    let mut below = |item: &Value| limit == 0 || deeper_than(item, limit - 1, seen);
    match value {
        Value::Array(items) => limit == 0 || items.iter().any(&mut below),
        Value::Object(map) => limit == 0 || map.values().any(&mut below),
        _ => false,
    }
}
