//! A tree as text: the same expression, valid as JavaScript and TypeScript, with the fewest parentheses.

use crate::ast::{Arg, BinaryOp, Callback, Kind, LogicalOp, MethodCall, Node, Param, Property, Step, UnaryOp};
use crate::eval::write_text;
use crate::lexer::is_name;
use crate::number::number_text;
use weir_base::{SealedPart, Value};

/// How tightly a node holds together; a looser one needs parentheses where a tighter one is wanted.
const CONDITIONAL: u8 = 1;
const UNARY: u8 = 9;
const POSTFIX: u8 = 10;
const PRIMARY: u8 = 11;

pub(crate) fn print(node: &Node) -> String {
    let mut out = String::new();
    write(node, 0, &mut out);
    out
}

/// A JSON value as an expression. A sealed value becomes the concatenation that makes it.
pub(crate) fn print_value(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn strength(node: &Node) -> u8 {
    match &node.kind {
        Kind::Conditional(_) => CONDITIONAL,
        Kind::Logical(operator, ..) => operator.power(),
        Kind::Binary(operator, ..) => operator.power(),
        Kind::Unary(..) => UNARY,
        Kind::Literal(Value::Number(number)) if number.is_sign_negative() => UNARY,
        Kind::Chain(_) => POSTFIX,
        _ => PRIMARY,
    }
}

fn write(node: &Node, least: u8, out: &mut String) {
    let closed = strength(node) < least;
    if closed {
        out.push('(');
    }
    write_kind(node, out);
    if closed {
        out.push(')');
    }
}

fn write_kind(node: &Node, out: &mut String) {
    match &node.kind {
        Kind::Literal(value) => write_value(value, out),
        Kind::Constant(constant) => out.push_str(constant.name),
        Kind::Local(_, name) | Kind::Free(name) => out.push_str(name),
        Kind::Vars(steps) => {
            out.push_str("vars");
            steps.iter().for_each(|step| write_step(step, out));
        }
        Kind::Member(object, key, link) => {
            write_object(object, out);
            write_key(key, link.optional, out);
        }
        Kind::Index(object, index, link) => {
            write_object(object, out);
            out.push_str(if link.optional { "?.[" } else { "[" });
            write(index, 0, out);
            out.push(']');
        }
        Kind::Method(call) => write_method(call, out),
        Kind::Global(function, args) => {
            out.push_str(function.name());
            write_args(None, args, out);
        }
        Kind::Chain(inner) => write_kind(inner, out),
        Kind::Unary(operator, operand) => write_unary(*operator, operand, out),
        Kind::Binary(operator, left, right) => write_binary(*operator, left, right, out),
        Kind::Logical(operator, left, right) => write_logical(*operator, left, right, out),
        Kind::Conditional(parts) => write_conditional(parts, out),
        Kind::Template(texts, nodes) => write_template(texts, nodes, out),
        Kind::Array(items) => {
            out.push('[');
            write_list(items, out);
            out.push(']');
        }
        Kind::Object(properties) => write_properties(properties, out),
    }
}

/// What stands before a dot. A bare number would swallow it.
fn write_object(object: &Node, out: &mut String) {
    let number = matches!(object.kind, Kind::Literal(Value::Number(_)));
    write(object, if number { u8::MAX } else { PRIMARY }, out);
}

fn write_step(step: &Step, out: &mut String) {
    write_key(&step.key, step.optional, out);
}

fn write_key(key: &str, optional: bool, out: &mut String) {
    if is_name(key) {
        out.push_str(if optional { "?." } else { "." });
        out.push_str(key);
        return;
    }
    out.push_str(if optional { "?.[" } else { "[" });
    write_string(key, out);
    out.push(']');
}

fn write_method(call: &MethodCall, out: &mut String) {
    write_object(&call.object, out);
    write_key(call.method.name(), call.optional, out);
    write_args(call.callback.as_ref(), &call.args, out);
}

fn write_args(callback: Option<&Callback>, args: &[Arg], out: &mut String) {
    out.push('(');
    if let Some(callback) = callback {
        write_callback(callback, out);
        out.push_str(if args.is_empty() { "" } else { ", " });
    }
    write_list(args, out);
    out.push(')');
}

fn write_list(items: &[Arg], out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        out.push_str(if item.spread { "..." } else { "" });
        write(&item.node, 0, out);
    }
}

fn write_callback(callback: &Callback, out: &mut String) {
    let (params, body) = match callback {
        Callback::Function(function) => return out.push_str(function.name()),
        Callback::Arrow(params, body) => (params, body),
    };
    match params.as_slice() {
        [Param::Name(name)] => out.push_str(name),
        params => {
            let params: Vec<String> = params.iter().map(param_text).collect();
            out.push_str(&format!("({})", params.join(", ")));
        }
    }
    out.push_str(" => ");
    // A body that begins with a brace would be a block.
    let body = print(body);
    out.push_str(&if body.starts_with('{') { format!("({body})") } else { body });
}

fn param_text(param: &Param) -> String {
    match param {
        Param::Name(name) => name.to_string(),
        Param::Array(names) => {
            let names: Vec<&str> = names.iter().map(|name| name.as_deref().unwrap_or("")).collect();
            let trailing = if names.last().is_some_and(|name| name.is_empty()) { "," } else { "" };
            format!("[{}{trailing}]", names.join(", "))
        }
        Param::Object(members) => {
            let member = |(key, name): &(weir_base::Text, weir_base::Text)| match key == name {
                true => key.to_string(),
                false => format!("{key}: {name}"),
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

fn write_unary(operator: UnaryOp, operand: &Node, out: &mut String) {
    out.push_str(operator.symbol());
    let text_start = out.len();
    write(operand, UNARY, out);
    // Two signs in a row would read as `--` or `++`.
    if out[text_start..].starts_with(['-', '+']) && matches!(operator, UnaryOp::Minus | UnaryOp::Plus) {
        out.insert(text_start, ' ');
    }
}

fn write_binary(operator: BinaryOp, left: &Node, right: &Node, out: &mut String) {
    let power = operator.power();
    // `**` groups to the right and takes no sign on its left.
    let (left_least, right_least) = match operator {
        BinaryOp::Power => (POSTFIX, power),
        _ => (power, power + 1),
    };
    write(left, left_least, out);
    out.push_str(&format!(" {} ", operator.symbol()));
    write(right, right_least, out);
}

fn write_logical(operator: LogicalOp, left: &Node, right: &Node, out: &mut String) {
    write_logical_operand(operator, left, operator.power(), out);
    out.push_str(&format!(" {} ", operator.symbol()));
    write_logical_operand(operator, right, operator.power() + 1, out);
}

/// `??` beside `&&` or `||` needs parentheses whatever binds tighter.
fn write_logical_operand(operator: LogicalOp, operand: &Node, least: u8, out: &mut String) {
    let coalesce = LogicalOp::Coalesce;
    let mixed = match &operand.kind {
        Kind::Logical(other, ..) => *other != operator && (*other == coalesce || operator == coalesce),
        _ => false,
    };
    write(operand, if mixed { PRIMARY } else { least }, out);
}

fn write_conditional([test, then, otherwise]: &[Node; 3], out: &mut String) {
    write(test, CONDITIONAL + 1, out);
    out.push_str(" ? ");
    write(then, CONDITIONAL, out);
    out.push_str(" : ");
    write(otherwise, CONDITIONAL, out);
}

fn write_template(texts: &[weir_base::Text], nodes: &[Node], out: &mut String) {
    out.push('`');
    for (index, text) in texts.iter().enumerate() {
        write_template_text(text, out);
        if let Some(node) = nodes.get(index) {
            out.push_str("${");
            write(node, 0, out);
            out.push('}');
        }
    }
    out.push('`');
}

fn write_template_text(text: &str, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '`' | '\\' => out.extend(['\\', character]),
            '$' if characters.peek() == Some(&'{') => out.push_str("\\$"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
}

fn write_properties(properties: &[Property], out: &mut String) {
    if properties.is_empty() {
        return out.push_str("{}");
    }
    out.push_str("{ ");
    for (index, property) in properties.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write_property(property, out);
    }
    out.push_str(" }");
}

fn write_property(property: &Property, out: &mut String) {
    match property {
        Property::Spread(node) => {
            out.push_str("...");
            write(node, 0, out);
        }
        Property::Computed(key, node) => {
            out.push('[');
            write(key, 0, out);
            out.push_str("]: ");
            write(node, 0, out);
        }
        Property::Named(key, node) => {
            write_property_name(key, out);
            let shorthand = match &node.kind {
                Kind::Local(_, name) | Kind::Free(name) => name == key,
                _ => false,
            };
            if !shorthand {
                out.push_str(": ");
                write(node, 0, out);
            }
        }
    }
}

fn write_property_name(key: &str, out: &mut String) {
    match key {
        "__proto__" => out.push_str("[\"__proto__\"]"),
        _ if is_name(key) => out.push_str(key),
        _ => write_string(key, out),
    }
}

/// A string literal. The line separators are escaped, since older readers take them for line breaks.
fn write_string(text: &str, out: &mut String) {
    let start = out.len();
    write_text(text, out);
    if out[start..].contains(['\u{2028}', '\u{2029}']) {
        let escaped = out[start..].replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        out.replace_range(start.., &escaped);
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) if *number == 0.0 && number.is_sign_negative() => out.push_str("-0"),
        Value::Number(number) => out.push_str(&number_text(*number)),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "{ " });
                write_property_name(key, out);
                out.push_str(": ");
                write_value(item, out);
            }
            out.push_str(" }");
        }
        Value::Sealed(sealed) => {
            for (index, part) in sealed.parts.iter().enumerate() {
                out.push_str(if index > 0 { " + " } else { "" });
                match part {
                    SealedPart::Text(text) => write_string(text, out),
                    SealedPart::Secret(name) => {
                        out.push_str("secrets");
                        write_key(name, false, out);
                    }
                }
            }
        }
    }
}
