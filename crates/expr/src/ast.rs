//! The tree the parser makes, with everything resolved that can be: methods are enum values, arrow parameters are
//! slots, and a static chain below `vars` is one node.

use crate::names::{Global, Method};
use std::ops::Range;
use weir_base::{Text, Value};

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
    /// Levels of nodes below and including this one. Bounded by the parser, so recursion over the tree is safe.
    pub depth: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Literal(Value),
    /// `undefined`, `NaN`, `Infinity`, `Math.PI` and the like: the name as written, and its value.
    Constant(Constant),
    Local(u16, Text),
    Free(Text),
    Vars(Vec<Step>),
    Member(Box<Node>, Text, Link),
    Index(Box<Node>, Box<Node>, Link),
    Method(Box<MethodCall>),
    Global(Global, Vec<Arg>),
    /// The extent of an optional chain: a `?.` inside that finds nothing makes all of it undefined.
    Chain(Box<Node>),
    Unary(UnaryOp, Box<Node>),
    Binary(BinaryOp, Box<Node>, Box<Node>),
    Logical(LogicalOp, Box<Node>, Box<Node>),
    Conditional(Box<[Node; 3]>),
    /// One text more than there are nodes.
    Template(Vec<Text>, Vec<Node>),
    Array(Vec<Arg>),
    Object(Vec<Property>),
}

#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub name: &'static str,
    pub value: Value,
}

/// By name, since NaN is not equal to itself.
impl PartialEq for Constant {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub key: Text,
    pub optional: bool,
}

/// How a member hangs on its object.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Link {
    /// Written `?.`.
    pub optional: bool,
    /// Below `vars`: what is missing is undefined instead of an error.
    pub lenient: bool,
    /// The key is `length`.
    pub length: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MethodCall {
    pub object: Node,
    pub method: Method,
    pub optional: bool,
    pub callback: Option<Callback>,
    pub args: Vec<Arg>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Callback {
    Arrow(Vec<Param>, Node),
    Function(Global),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Param {
    Name(Text),
    /// `[key, value]`; a hole is `None`.
    Array(Vec<Option<Text>>),
    /// `{ id, name: label }` as (member, local name).
    Object(Vec<(Text, Text)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arg {
    pub spread: bool,
    pub node: Node,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Property {
    Named(Text, Node),
    Computed(Node, Node),
    Spread(Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Minus,
    Plus,
    Not,
    Typeof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogicalOp {
    And,
    Or,
    Coalesce,
}

/// Places differ between an expression and its print; meaning does not.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Node {
    pub fn new(kind: Kind, range: Range<usize>) -> Self {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut node = Self { kind, start: clamp(range.start), end: clamp(range.end), depth: 0 };
        let mut deepest = 0;
        node.for_each_child(&mut |child| deepest = deepest.max(child.depth));
        node.depth = deepest.saturating_add(1);
        node
    }

    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn for_each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Node)) {
        match &self.kind {
            Kind::Literal(_) | Kind::Constant(_) | Kind::Local(..) | Kind::Free(_) | Kind::Vars(_) => {}
            Kind::Member(node, ..) | Kind::Chain(node) | Kind::Unary(_, node) => f(node),
            Kind::Index(left, right, _) | Kind::Binary(_, left, right) | Kind::Logical(_, left, right) => {
                f(left);
                f(right);
            }
            Kind::Method(call) => call.for_each_child(f),
            Kind::Global(_, args) | Kind::Array(args) => args.iter().for_each(|arg| f(&arg.node)),
            Kind::Conditional(parts) => parts.iter().for_each(f),
            Kind::Template(_, nodes) => nodes.iter().for_each(f),
            Kind::Object(properties) => properties.iter().for_each(|property| property.for_each_child(f)),
        }
    }
}

impl MethodCall {
    fn for_each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Node)) {
        f(&self.object);
        if let Some(Callback::Arrow(_, body)) = &self.callback {
            f(body);
        }
        self.args.iter().for_each(|arg| f(&arg.node));
    }
}

impl Property {
    pub fn for_each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Node)) {
        match self {
            Property::Named(_, node) | Property::Spread(node) => f(node),
            Property::Computed(key, node) => {
                f(key);
                f(node);
            }
        }
    }
}

impl Param {
    /// The local names this parameter binds, in the order of their slots.
    pub fn names(&self) -> Vec<&Text> {
        match self {
            Param::Name(name) => vec![name],
            Param::Array(names) => names.iter().flatten().collect(),
            Param::Object(members) => members.iter().map(|(_, name)| name).collect(),
        }
    }
}

impl BinaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::Power => "**",
            BinaryOp::Equal => "===",
            BinaryOp::NotEqual => "!==",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::In => "in",
        }
    }

    /// How tightly the operator binds; see [`LogicalOp::power`] for the looser ones.
    pub fn power(self) -> u8 {
        match self {
            BinaryOp::Equal | BinaryOp::NotEqual => 4,
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual | BinaryOp::In => 5,
            BinaryOp::Add | BinaryOp::Subtract => 6,
            BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => 7,
            BinaryOp::Power => 8,
        }
    }
}

impl LogicalOp {
    pub fn symbol(self) -> &'static str {
        match self {
            LogicalOp::And => "&&",
            LogicalOp::Or => "||",
            LogicalOp::Coalesce => "??",
        }
    }

    pub fn power(self) -> u8 {
        match self {
            LogicalOp::Coalesce | LogicalOp::Or => 2,
            LogicalOp::And => 3,
        }
    }
}

impl UnaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Minus => "-",
            UnaryOp::Plus => "+",
            UnaryOp::Not => "!",
            UnaryOp::Typeof => "typeof ",
        }
    }
}
