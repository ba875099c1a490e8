//! The script's meaning in the terms of ordinary expressions.

use crate::ast::{Arg, BinaryOp, Kind, Link, LogicalOp, Node, Step};
use crate::names::Global;
use std::ops::Range;
use weir_base::{Text, Value};

/// `x` is `vars.x`.
pub(super) fn variable(name: &str, range: Range<usize>) -> Node {
    Node::new(Kind::Vars(vec![Step { key: Text::from(name), optional: false }]), range)
}

/// `param("x")` is `input?.x`: a run may have been started without input.
pub(super) fn param(name: &str, range: Range<usize>) -> Node {
    let input = Node::new(Kind::Free("input".into()), range.clone());
    member(input, name, range)
}

/// `a.b`; below a variable it extends the chain, and nothing missing is an error.
pub(super) fn member(object: Node, key: &str, range: Range<usize>) -> Node {
    let key = Text::from(key);
    match object.kind {
        Kind::Vars(mut steps) => {
            steps.push(Step { key, optional: false });
            Node::new(Kind::Vars(steps), range)
        }
        Kind::Chain(inner) => chain(*inner, key, range),
        _ => chain(object, key, range),
    }
}

fn chain(object: Node, key: Text, range: Range<usize>) -> Node {
    let link = Link { optional: true, lenient: false, length: &*key == "length" };
    let member = Node::new(Kind::Member(Box::new(object), key, link), range.clone());
    Node::new(Kind::Chain(Box::new(member)), range)
}

/// `==` and `!=`: strict, but what is missing equals null.
pub(super) fn equality(operator: BinaryOp, left: Node, right: Node, range: Range<usize>) -> Node {
    // Beside a value that is certainly not null, null and undefined are both simply unequal.
    let plain = never_null(&left) || never_null(&right);
    let (left, right) = if plain { (left, right) } else { (or_null(left), or_null(right)) };
    Node::new(Kind::Binary(operator, Box::new(left), Box::new(right)), range)
}

fn or_null(node: Node) -> Node {
    if matches!(node.kind, Kind::Literal(_)) {
        return node;
    }
    let range = node.range();
    let null = Node::new(Kind::Literal(Value::Null), range.clone());
    Node::new(Kind::Logical(LogicalOp::Coalesce, Box::new(node), Box::new(null)), range)
}

fn never_null(node: &Node) -> bool {
    match &node.kind {
        Kind::Literal(value) => !value.is_null(),
        Kind::Unary(..) | Kind::Binary(..) | Kind::Global(..) => true,
        Kind::Logical(..) => is_boolean(node),
        _ => false,
    }
}

/// `&&` and `||`, which give booleans.
pub(super) fn logical(operator: LogicalOp, left: Node, right: Node, range: Range<usize>) -> Node {
    let boolean = is_boolean(&left) && is_boolean(&right);
    let node = Node::new(Kind::Logical(operator, Box::new(left), Box::new(right)), range.clone());
    match boolean {
        true => node,
        false => Node::new(Kind::Global(Global::Boolean, vec![Arg { spread: false, node }]), range),
    }
}

fn is_boolean(node: &Node) -> bool {
    use BinaryOp::*;
    match &node.kind {
        Kind::Literal(Value::Bool(_)) | Kind::Unary(crate::ast::UnaryOp::Not, _) => true,
        Kind::Global(Global::Boolean, _) => true,
        Kind::Binary(operator, ..) => {
            matches!(operator, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
        }
        Kind::Logical(LogicalOp::And | LogicalOp::Or, left, right) => is_boolean(left) && is_boolean(right),
        _ => false,
    }
}
