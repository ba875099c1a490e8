//! A tree as TypeScript that calls a function for every operation: strictly typed, where the expression itself has
//! values of any kind, and with the results and errors of the evaluator, where JavaScript's own would be laxer.
//!
//! The functions are in the namespace `x`; `at` is where the step stands. Locals are mangled, texts are literals, so
//! nothing in an expression can become other code.

use crate::ast::{Arg, BinaryOp, Callback, Kind, Link, LogicalOp, MethodCall, Node, Param, Property, Step, UnaryOp};
use crate::names::Global;
use crate::number::number_text;
use weir_base::{Text, Value};

pub(crate) fn calls(node: &Node) -> String {
    Writer::default().node(node)
}

/// A text as a literal in single quotes, with everything escaped that a reader could take for something else.
pub fn text_literal(text: &str) -> String {
    let mut out = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// Controls, line separators and marks that turn the direction of what is read.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[derive(Default)]
struct Writer {
    /// The mangled names of the arrow parameters in scope, by slot.
    locals: Vec<String>,
    /// How many patterns were taken apart.
    patterns: usize,
}

impl Writer {
    fn node(&mut self, node: &Node) -> String {
        match &node.kind {
            Kind::Literal(value) => value_literal(value),
            Kind::Constant(constant) => constant.name.to_owned(),
            Kind::Local(slot, _) => self.locals.get(usize::from(*slot)).cloned().unwrap_or_else(|| "undefined".into()),
            Kind::Free(name) => format!("x.name(at, {})", text_literal(name)),
            Kind::Vars(steps) => vars(steps),
            Kind::Member(object, key, link) => self.member(object, key, *link),
            Kind::Index(object, index, link) => self.index(object, index, *link),
            Kind::Method(call) => self.method(call),
            Kind::Global(function, args) => self.global(*function, args),
            Kind::Chain(inner) => format!("x.chain(() => {})", self.value(inner)),
            Kind::Unary(operator, operand) => format!("x.{}({})", unary(*operator), self.node(operand)),
            Kind::Binary(operator, left, right) => {
                format!("x.{}({}, {})", binary(*operator), self.node(left), self.node(right))
            }
            Kind::Logical(operator, left, right) => {
                format!("x.{}({}, () => {})", logical(*operator), self.node(left), self.value(right))
            }
            Kind::Conditional(parts) => {
                let [test, then, otherwise] = &**parts;
                let (then, otherwise) = (self.value(then), self.value(otherwise));
                format!("x.either({}, () => {then}, () => {otherwise})", self.node(test))
            }
            Kind::Template(texts, nodes) => {
                let texts: Vec<String> = texts.iter().map(|text| text_literal(text)).collect();
                let nodes: Vec<String> = nodes.iter().map(|node| self.node(node)).collect();
                format!("x.template([{}], [{}])", texts.join(", "), nodes.join(", "))
            }
            Kind::Array(items) => format!("[{}]", self.args(items)),
            Kind::Object(properties) => {
                let properties: Vec<String> = properties.iter().map(|property| self.property(property)).collect();
                format!("x.object({})", properties.join(", "))
            }
        }
    }

    /// A node where an arrow gives it: an object literal would be read as a block.
    fn value(&mut self, node: &Node) -> String {
        let text = self.node(node);
        if text.starts_with('{') { format!("({text})") } else { text }
    }

    fn member(&mut self, object: &Node, key: &Text, link: Link) -> String {
        let (key, how) = (text_literal(key), link_name(link));
        match &object.kind {
            Kind::Free(root) if !link.length => format!("x.member(at, {}, {key}{how})", text_literal(root)),
            _ => format!("x.read({}, {key}{how})", self.node(object)),
        }
    }

    fn index(&mut self, object: &Node, index: &Node, link: Link) -> String {
        let how = link_name(link);
        let root = match &object.kind {
            Kind::Free(root) => Some(&**root),
            Kind::Vars(steps) if steps.is_empty() => Some("vars"),
            _ => None,
        };
        match root {
            Some(root) => format!("x.memberAt(at, {}, {}{how})", text_literal(root), self.node(index)),
            None => format!("x.readAt({}, () => {}{how})", self.node(object), self.value(index)),
        }
    }

    fn method(&mut self, call: &MethodCall) -> String {
        let object = self.node(&call.object);
        let name = text_literal(call.method.name());
        let (open, object, close) = match call.optional {
            true => (format!("x.optional({object}, (found) => "), "found".to_owned(), ")"),
            false => (String::new(), object, ""),
        };
        let args = self.args(&call.args);
        let body = match &call.callback {
            None => format!("x.call({object}, {name}, [{args}])"),
            Some(callback) => self.each(&object, &name, callback, &args),
        };
        format!("{open}{body}{close}")
    }

    fn each(&mut self, object: &str, name: &str, callback: &Callback, args: &str) -> String {
        let function = match callback {
            Callback::Function(function) => {
                format!("(...given) => x.invoke({}, given)", text_literal(function.name()))
            }
            Callback::Arrow(params, body) => self.arrow(params, body),
        };
        let args = if args.is_empty() { String::new() } else { format!(", [{args}]") };
        format!("x.each({object}, {name}, {function}{args})")
    }

    fn arrow(&mut self, params: &[Param], body: &Node) -> String {
        let outer = self.locals.len();
        let mut opening = Vec::new();
        let names: Vec<String> = params.iter().map(|param| self.param(param, &mut opening)).collect();
        let body = self.value(body);
        self.locals.truncate(outer);
        match opening.is_empty() {
            true => format!("({}) => {body}", names.join(", ")),
            false => format!("({}) => {{ {} return {body}; }}", names.join(", "), opening.join(" ")),
        }
    }

    /// The name of a parameter; what takes a pattern apart goes into `opening`.
    fn param(&mut self, param: &Param, opening: &mut Vec<String>) -> String {
        if let Param::Name(name) = param {
            return self.local(name);
        }
        self.patterns += 1;
        let whole = format!("pattern{}", self.patterns);
        match param {
            Param::Name(_) => {}
            Param::Array(names) => {
                let names: Vec<String> = names.iter().map(|name| self.hole(name.as_ref())).collect();
                opening.push(format!("const [{}] = x.items({whole});", names.join(", ")));
            }
            Param::Object(members) => {
                for (key, name) in members {
                    let name = self.local(name);
                    opening.push(format!("const {name} = x.read({whole}, {});", text_literal(key)));
                }
            }
        }
        whole
    }

    fn hole(&mut self, name: Option<&Text>) -> String {
        name.map(|name| self.local(name)).unwrap_or_default()
    }

    /// Its slot keeps a local apart from all others in scope; its letters are for the reader.
    fn local(&mut self, name: &str) -> String {
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let mangled = format!("_{letters}{}", self.locals.len());
        self.locals.push(mangled.clone());
        mangled
    }

    fn global(&mut self, function: Global, args: &[Arg]) -> String {
        format!("x.invoke({}, [{}])", text_literal(function.name()), self.args(args))
    }

    fn args(&mut self, args: &[Arg]) -> String {
        let args: Vec<String> = args.iter().map(|arg| self.arg(arg)).collect();
        args.join(", ")
    }

    fn arg(&mut self, arg: &Arg) -> String {
        let node = self.node(&arg.node);
        if arg.spread { format!("...x.spread({node})") } else { node }
    }

    fn property(&mut self, property: &Property) -> String {
        match property {
            Property::Named(key, node) => format!("[{}, {}]", text_literal(key), self.node(node)),
            Property::Computed(key, node) => format!("x.entry({}, () => {})", self.node(key), self.value(node)),
            Property::Spread(node) => format!("...x.members({})", self.node(node)),
        }
    }
}

fn vars(steps: &[Step]) -> String {
    if steps.is_empty() {
        return "x.name(at, 'vars')".to_owned();
    }
    let keys: Vec<String> = steps.iter().map(|step| text_literal(&step.key)).collect();
    format!("x.vars(at, {})", keys.join(", "))
}

fn link_name(link: Link) -> &'static str {
    match (link.optional, link.lenient) {
        (true, _) => ", 'optional'",
        (false, true) => ", 'lenient'",
        (false, false) => "",
    }
}

fn unary(operator: UnaryOp) -> &'static str {
    match operator {
        UnaryOp::Minus => "negate",
        UnaryOp::Plus => "plus",
        UnaryOp::Not => "not",
        UnaryOp::Typeof => "kindOf",
    }
}

fn binary(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Add => "add",
        BinaryOp::Subtract => "subtract",
        BinaryOp::Multiply => "multiply",
        BinaryOp::Divide => "divide",
        BinaryOp::Remainder => "remainder",
        BinaryOp::Power => "power",
        BinaryOp::Equal => "equal",
        BinaryOp::NotEqual => "unequal",
        BinaryOp::Less => "less",
        BinaryOp::LessEqual => "lessOrEqual",
        BinaryOp::Greater => "greater",
        BinaryOp::GreaterEqual => "greaterOrEqual",
        BinaryOp::In => "within",
    }
}

fn logical(operator: LogicalOp) -> &'static str {
    match operator {
        LogicalOp::And => "and",
        LogicalOp::Or => "or",
        LogicalOp::Coalesce => "otherwise",
    }
}

/// A constant. Objects are made of pairs, for a member may be called `__proto__`.
fn value_literal(value: &Value) -> String {
    match value {
        Value::Number(number) if *number == 0.0 && number.is_sign_negative() => "-0".to_owned(),
        Value::Number(number) => number_text(*number),
        Value::String(text) => text_literal(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(value_literal).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pair = |(key, value): (&Text, &Value)| format!("[{}, {}]", text_literal(key), value_literal(value));
            format!("x.object({})", map.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_json(),
    }
}
