//! What can be said of an expression before the run: unknown names, members and methods that cannot be, and secrets
//! used for more than text.

mod shape;

pub use shape::{Env, Shape};
use shape::{Seen, member, open};

use crate::ast::{Arg, BinaryOp, Callback, Kind, MethodCall, Node, Param, Property, Step, UnaryOp};
use crate::expr::Expr;
use crate::names::{Global, Method, refused};
use crate::problem::{Problem, code};
use std::borrow::Cow;
use std::collections::BTreeMap;
use weir_base::{Text, Value, closest, is_exact};

/// Everything that is certainly wrong with an expression where `env` is all there is to see.
///
/// Codes: `UNKNOWN_NAME` (a root or member that does not exist), `EXPRESSION_TYPE` (an operation that its operand
/// never has), `SECRET_NOT_ALLOWED`, `UNKNOWN_FUNCTION`, `NUMBER_PRECISION` (a warning: a number as it is written is not
/// the one that is held). Ranges are in the expression's source.
pub fn check(expr: &Expr, env: &Env) -> Vec<Problem> {
    let mut checker = Checker::new(expr, env);
    checker.shape(expr.node());
    checker.problems
}

/// What is known of the value an expression gives.
pub fn infer(expr: &Expr, env: &Env) -> Shape {
    let mut checker = Checker::new(expr, env);
    checker.shape(expr.node()).into_owned()
}

struct Checker<'e> {
    source: &'e str,
    env: &'e Env,
    /// By slot, as the parser numbered them.
    locals: Vec<Seen<'e>>,
    problems: Vec<Problem>,
}

impl<'e> Checker<'e> {
    fn new(expr: &'e Expr, env: &'e Env) -> Self {
        Self { source: expr.source(), env, locals: Vec::new(), problems: Vec::new() }
    }

    fn note(&mut self, code: &'static str, message: String, node: &Node, help: Option<String>) {
        let problem = Problem { help, ..Problem::new(code, message, node.range()) };
        self.problems.push(problem);
    }

    fn shape(&mut self, node: &Node) -> Seen<'e> {
        match &node.kind {
            Kind::Literal(value) => {
                self.digits(node, value);
                Cow::Owned(Shape::of(value))
            }
            Kind::Constant(constant) => match constant.name {
                "undefined" => open(),
                _ => Cow::Owned(Shape::Number),
            },
            Kind::Local(slot, _) => self.locals.get(usize::from(*slot)).cloned().unwrap_or_else(open),
            Kind::Free(name) => self.root(node, name),
            Kind::Vars(steps) => self.vars(node, steps),
            Kind::Member(object, key, link) => self.member(node, object, key, link.optional),
            Kind::Index(object, index, _) => self.index(object, index),
            Kind::Method(call) => self.method(node, call),
            Kind::Global(function, args) => self.global(*function, args),
            Kind::Chain(inner) => match self.shape(inner).as_ref() {
                // What may be missing is of no certain type, but a secret stays one.
                Shape::Secret => Cow::Owned(Shape::Secret),
                _ => open(),
            },
            Kind::Unary(operator, operand) => self.unary(*operator, operand),
            Kind::Binary(operator, left, right) => self.binary(node, *operator, left, right),
            Kind::Logical(_, left, right) => {
                self.plain(left);
                self.shape(right);
                open()
            }
            Kind::Conditional(parts) => self.conditional(parts),
            Kind::Template(_, nodes) => {
                let sealed = nodes.iter().filter(|node| self.is_secret(node)).count() > 0;
                Cow::Owned(if sealed { Shape::Secret } else { Shape::String })
            }
            Kind::Array(items) => self.list(items),
            Kind::Object(properties) => self.object(properties),
        }
    }

    fn digits(&mut self, node: &Node, value: &Value) {
        let Some(written) = self.source.get(node.range()).filter(|_| matches!(value, Value::Number(_))) else { return };
        if !is_exact(written) {
            let message = format!("`{written}` has more digits than a number can keep");
            self.note(code::PRECISION, message, node, Some("write it in quotes if every digit matters".to_owned()));
        }
    }

    fn is_secret(&mut self, node: &Node) -> bool {
        *self.shape(node) == Shape::Secret
    }

    /// A place where a value is looked at, which a secret must not be.
    fn plain(&mut self, node: &Node) -> Seen<'e> {
        let shape = self.shape(node);
        if *shape == Shape::Secret {
            let message = "a secret can only be joined with text, by `+` or inside a template, or passed on".to_owned();
            self.note(code::SECRET, message, node, None);
            return open();
        }
        shape
    }

    fn root(&mut self, node: &Node, name: &str) -> Seen<'e> {
        if let Some(shape) = self.env.roots.get(name) {
            if name == "secrets" {
                let message = "a secret is named as it stands: `secrets.name`".to_owned();
                self.note(code::SECRET, message, node, None);
            }
            return Cow::Borrowed(shape);
        }
        let known = self.env.roots.keys().map(|key| &**key);
        let near = closest(name, known).map(|near| format!("did you mean `{near}`?"));
        let in_vars = self.is_variable(name).then(|| format!("a variable is written `vars.{name}`"));
        let help = refused(name).map(str::to_owned).or(in_vars).or(near).or_else(|| self.list_roots());
        self.note(code::UNKNOWN_NAME, format!("there is nothing named `{name}` here"), node, help);
        open()
    }

    fn is_variable(&self, name: &str) -> bool {
        match self.env.roots.get("vars") {
            Some(Shape::Closed(members) | Shape::Known(members)) => members.contains_key(name),
            _ => false,
        }
    }

    fn list_roots(&self) -> Option<String> {
        let names: Vec<&str> = self.env.roots.keys().map(|key| &**key).collect();
        (!names.is_empty()).then(|| format!("known here: {}", names.join(", ")))
    }

    fn vars(&mut self, node: &Node, steps: &[Step]) -> Seen<'e> {
        let Some(root) = self.env.roots.get("vars") else {
            return self.root(node, "vars");
        };
        let root = Cow::Borrowed(root);
        let keys: Vec<&str> = steps.iter().map(|step| &*step.key).collect();
        // A dotted key counts as known too, whatever lies below it.
        let dotted = (2..=keys.len()).rev().map(|length| (keys[..length].join("."), length));
        let named = |key: &str| match &*root {
            Shape::Closed(members) | Shape::Known(members) => members.contains_key(key),
            _ => false,
        };
        if let Some((key, length)) = dotted.into_iter().take(32).find(|(key, _)| named(key)) {
            let start = member(&root, &key).unwrap_or_else(|()| open());
            return keys[length..].iter().fold(start, |shape, key| member(&shape, key).unwrap_or_else(|()| open()));
        }
        let mut shape = root;
        for key in keys {
            match member(&shape, key) {
                Ok(found) => shape = found,
                Err(()) => return self.no_member(node, &shape, key),
            }
        }
        shape
    }

    fn member(&mut self, node: &Node, object: &Node, key: &str, optional: bool) -> Seen<'e> {
        if matches!(&object.kind, Kind::Free(name) if &**name == "secrets") {
            return self.secret(node, key);
        }
        let shape = self.plain(object);
        match member(&shape, key) {
            Ok(found) => found,
            Err(()) if optional && *shape == Shape::Null => open(),
            Err(()) => self.no_member(node, &shape, key),
        }
    }

    fn secret(&mut self, node: &Node, key: &str) -> Seen<'e> {
        match self.env.roots.get("secrets") {
            None => return self.root(node, "secrets"),
            Some(shape) => {
                let root = Cow::Borrowed(shape);
                if member(&root, key).is_err() {
                    self.no_member(node, &root, key);
                }
            }
        }
        Cow::Owned(Shape::Secret)
    }

    fn no_member(&mut self, node: &Node, object: &Shape, key: &str) -> Seen<'e> {
        let kind = object.name().unwrap_or("a value");
        match object {
            Shape::Closed(members) => {
                let known = || members.keys().map(|key| &**key);
                let dashed = known().find(|known| known.starts_with(&format!("{key}-")));
                let dashed = dashed.map(|known| format!("a name with a dash is written [\"{known}\"]"));
                let near = || closest(key, known()).map(|near| format!("did you mean `{near}`?"));
                let message = format!("there is no member `{key}`");
                self.note(code::UNKNOWN_NAME, message, node, dashed.or_else(near));
            }
            _ => {
                let call = Method::find(key).map(|_| format!("to call it, write `{key}(…)`"));
                self.note(code::TYPE, format!("{kind} has no member `{key}`"), node, call);
            }
        }
        open()
    }

    fn index(&mut self, object: &Node, index: &Node) -> Seen<'e> {
        let shape = self.plain(object);
        self.plain(index);
        match &*shape {
            Shape::Array(item) => Cow::Owned((**item).clone()),
            _ => open(),
        }
    }

    fn unary(&mut self, operator: UnaryOp, operand: &Node) -> Seen<'e> {
        self.plain(operand);
        Cow::Owned(match operator {
            UnaryOp::Minus | UnaryOp::Plus => Shape::Number,
            UnaryOp::Not => Shape::Boolean,
            UnaryOp::Typeof => Shape::String,
        })
    }

    fn binary(&mut self, node: &Node, operator: BinaryOp, left: &Node, right: &Node) -> Seen<'e> {
        use BinaryOp::*;
        if operator == Add {
            return self.add(node, left, right);
        }
        let sides = [(left, self.plain(left)), (right, self.plain(right))];
        if matches!(operator, Subtract | Multiply | Divide | Remainder | Power) {
            for (side, shape) in &sides {
                if matches!(**shape, Shape::Closed(_) | Shape::Known(_) | Shape::Array(_)) {
                    let kind = shape.name().unwrap_or_default();
                    let message = format!("`{}` needs numbers, and this is {kind}", operator.symbol());
                    self.note(code::TYPE, message, side, None);
                }
            }
            return Cow::Owned(Shape::Number);
        }
        Cow::Owned(Shape::Boolean)
    }

    fn add(&mut self, node: &Node, left: &Node, right: &Node) -> Seen<'e> {
        let (left, right) = (self.shape(left), self.shape(right));
        let joins = |shape: &Shape| matches!(shape, Shape::String | Shape::Secret | Shape::Open);
        match (&*left, &*right) {
            (Shape::Secret, other) | (other, Shape::Secret) => {
                if !joins(other) {
                    let kind = other.name().unwrap_or_default();
                    let help = Some("put it into a template: `${…}`".to_owned());
                    self.note(code::SECRET, format!("a secret is joined with text only, not with {kind}"), node, help);
                }
                Cow::Owned(Shape::Secret)
            }
            (Shape::String, _) | (_, Shape::String) => Cow::Owned(Shape::String),
            (Shape::Number | Shape::Boolean | Shape::Null, Shape::Number | Shape::Boolean | Shape::Null) => {
                Cow::Owned(Shape::Number)
            }
            _ => open(),
        }
    }

    fn conditional(&mut self, [test, then, otherwise]: &[Node; 3]) -> Seen<'e> {
        self.plain(test);
        let (then, otherwise) = (self.shape(then), self.shape(otherwise));
        if then == otherwise { then } else { open() }
    }

    fn list(&mut self, items: &[Arg]) -> Seen<'e> {
        let mut shapes = Vec::new();
        for item in items {
            let shape = if item.spread { self.plain(&item.node) } else { self.shape(&item.node) };
            shapes.push(if item.spread { open() } else { shape });
        }
        let same = shapes.first().filter(|first| shapes.iter().all(|shape| shape == *first));
        Cow::Owned(Shape::Array(Box::new(same.cloned().unwrap_or_else(open).into_owned())))
    }

    fn object(&mut self, properties: &[Property]) -> Seen<'e> {
        let mut members = BTreeMap::new();
        let mut exact = true;
        for property in properties {
            match property {
                Property::Named(key, node) => drop(members.insert(key.clone(), self.shape(node).into_owned())),
                Property::Computed(key, node) => {
                    self.plain(key);
                    self.shape(node);
                    exact = false;
                }
                Property::Spread(node) => {
                    self.plain(node);
                    exact = false;
                }
            }
        }
        // A spread or computed member may replace the ones before it.
        if exact { Cow::Owned(Shape::Closed(members)) } else { Cow::Owned(Shape::Known(BTreeMap::new())) }
    }

    fn method(&mut self, node: &Node, call: &MethodCall) -> Seen<'e> {
        let object = self.plain(&call.object);
        let method = call.method;
        let fits = match &*object {
            Shape::Open | Shape::Secret => true,
            Shape::Array(_) => method.of_array(),
            Shape::String => method.of_string(),
            Shape::Number => method.of_number(),
            Shape::Null => call.optional,
            Shape::Boolean | Shape::Closed(_) | Shape::Known(_) => method == Method::ToText,
        };
        if !fits {
            let kind = object.name().unwrap_or_default();
            let help = matches!(&*object, Shape::Closed(_) | Shape::Known(_) if method.of_array())
                .then(|| "for a list of an object's members, use Object.values or Object.entries".to_owned());
            self.note(code::TYPE, format!("{kind} has no method `{}`", method.name()), node, help);
        }
        let args: Vec<_> = call.args.iter().map(|arg| self.shape(&arg.node)).collect();
        let body = call.callback.as_ref().map(|callback| self.callback(method, &object, callback));
        result_of(method, &object, body, &args)
    }

    fn callback(&mut self, method: Method, object: &Seen<'e>, callback: &Callback) -> Seen<'e> {
        let Callback::Arrow(params, body) = callback else { return open() };
        let item = match &**object {
            Shape::Array(item) => Cow::Owned((**item).clone()),
            _ => open(),
        };
        let index = || Cow::Owned(Shape::Number);
        let given: [Seen<'e>; 4] = match method {
            Method::Reduce | Method::ReduceRight => [open(), item, index(), open()],
            Method::ToSorted => [item.clone(), item, open(), open()],
            _ => [item, index(), object.clone(), open()],
        };
        let outer = self.locals.len();
        for (param, shape) in params.iter().zip(given) {
            self.bind(param, shape);
        }
        let body = self.shape(body);
        self.locals.truncate(outer);
        body
    }

    fn bind(&mut self, param: &Param, shape: Seen<'e>) {
        match param {
            Param::Name(_) => self.locals.push(shape),
            Param::Array(names) => names.iter().flatten().for_each(|_| self.locals.push(open())),
            Param::Object(members) => {
                for (key, _) in members {
                    let found: Result<Seen<'e>, ()> = member(&shape, key as &Text);
                    self.locals.push(found.unwrap_or_else(|()| open()));
                }
            }
        }
    }

    fn global(&mut self, function: Global, args: &[Arg]) -> Seen<'e> {
        use Global::*;
        let mut shapes = Vec::new();
        for arg in args {
            let passes_on = matches!(function, ArrayOf | ObjectAssign | ArrayIsArray | ObjectFromEntries);
            shapes.push(if passes_on { self.shape(&arg.node) } else { self.plain(&arg.node) });
        }
        Cow::Owned(match function {
            ArrayIsArray | Boolean | IsFinite | IsNan | NumberIsFinite | NumberIsInteger | NumberIsNan
            | NumberIsSafeInteger | ObjectHasOwn => Shape::Boolean,
            DecodeUriComponent | EncodeUriComponent | String => Shape::String,
            ObjectKeys => Shape::Array(Box::new(Shape::String)),
            ArrayOf | ObjectEntries | ObjectValues => Shape::Array(Box::default()),
            ObjectAssign | ObjectFromEntries => Shape::Known(BTreeMap::new()),
            JsonParse | JsonStringify => Shape::Open,
            _ => Shape::Number,
        })
    }
}

fn result_of<'e>(method: Method, object: &Seen<'e>, body: Option<Seen<'e>>, args: &[Seen<'e>]) -> Seen<'e> {
    use Method::*;
    let of_list = matches!(**object, Shape::Array(_));
    Cow::Owned(match method {
        Every | Some | Includes | StartsWith | EndsWith => Shape::Boolean,
        FindIndex | FindLastIndex | IndexOf | LastIndexOf | CharCodeAt => Shape::Number,
        Join | ToFixed | ToText | ToLowerCase | ToUpperCase | Trim | TrimStart | TrimEnd | PadStart | PadEnd
        | Repeat | Replace | ReplaceAll | Substring | CharAt => Shape::String,
        Split => Shape::Array(Box::new(Shape::String)),
        Map => Shape::Array(Box::new(body.unwrap_or_else(open).into_owned())),
        Filter | ToSorted | ToReversed if of_list => return object.clone(),
        Slice if of_list || **object == Shape::String => return object.clone(),
        Flat | FlatMap | With => Shape::Array(Box::default()),
        Concat if of_list || args.is_empty() => Shape::Array(Box::default()),
        Concat if **object == Shape::String => Shape::String,
        _ => Shape::Open,
    })
}
