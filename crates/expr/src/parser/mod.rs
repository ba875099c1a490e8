//! Text to tree, by hand: operator precedence climbing over a lexer that reads one token at a time.
//!
//! A problem that does not hinder reading on (an unknown method, a refused name) is noted and parsing continues;
//! a syntax error ends it.

mod calls;
mod literals;
mod primary;

use crate::ast::{BinaryOp, Kind, LogicalOp, Node, UnaryOp};
use crate::lexer::{Flavor, Lexer, Token, shorten};
use crate::problem::{Problem, code};
use std::ops::Range;
use weir_base::Text;

/// The longest source read, in bytes.
pub(crate) const MAX_LENGTH: usize = 64 * 1024;
/// The longest source read from stored data, where constants may be printed into it.
pub(crate) const MAX_STORED_LENGTH: usize = 1024 * 1024;
/// Levels of nodes in a tree; what walks a tree recurses that far.
pub(crate) const MAX_DEPTH: u16 = 256;
/// Levels of recursion in the parser; a parenthesis takes two.
const MAX_NESTING: u16 = 300;
const MAX_PROBLEMS: usize = 50;

pub(crate) fn parse(source: &str, max_length: usize) -> Result<Node, Vec<Problem>> {
    if source.len() > max_length {
        let message = format!("the expression has {} bytes; {max_length} are allowed", source.len());
        return Err(vec![Problem::new(code::TOO_LARGE, message, 0..source.len())]);
    }
    let mut parser = Parser::new(source);
    let node = parser.whole();
    match node {
        Ok(node) if parser.problems.is_empty() => Ok(node),
        _ => Err(parser.problems),
    }
}

/// A problem was noted and reading on makes no sense.
struct Halt;

type Parsed<T> = Result<T, Halt>;

struct Parser<'a> {
    source: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    range: Range<usize>,
    /// Where the token before the current one ended.
    previous_end: usize,
    problems: Vec<Problem>,
    /// Arrow parameters in scope; the place in this list is the slot.
    locals: Vec<Text>,
    nesting: u16,
    /// The node just parsed stood in parentheses of its own.
    parenthesised: bool,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            lexer: Lexer::new(source, Flavor::JavaScript),
            token: Token::End,
            range: 0..0,
            previous_end: 0,
            problems: Vec::new(),
            locals: Vec::new(),
            nesting: 0,
            parenthesised: false,
        }
    }

    fn whole(&mut self) -> Parsed<Node> {
        self.advance()?;
        if self.token == Token::End {
            return Err(self.halt(Problem::new(code::SYNTAX, "the expression is empty", 0..self.source.len())));
        }
        let node = self.expression()?;
        match self.token {
            Token::End => Ok(node),
            _ => Err(self.unexpected("the end of the expression")),
        }
    }

    fn advance(&mut self) -> Parsed<()> {
        self.previous_end = self.range.end;
        match self.lexer.next_token() {
            Ok((token, range)) => {
                self.token = token;
                self.range = range;
                Ok(())
            }
            Err(problem) => Err(self.halt(problem)),
        }
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn halt(&mut self, problem: Problem) -> Halt {
        self.note(problem);
        Halt
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Parsed<bool> {
        let found = self.is(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol)? { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    /// Halts at the current token, saying what should have been there.
    fn unexpected(&mut self, wanted: &str) -> Halt {
        let found = match &self.token {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", shorten(&self.source[self.range.clone()])),
        };
        let message = format!("expected {wanted}, found {found}");
        let mut problem = Problem::new(code::SYNTAX, message, self.range.clone());
        problem.help = self.hint();
        self.halt(problem)
    }

    fn hint(&self) -> Option<String> {
        let Token::Symbol(symbol) = self.token else { return None };
        let text = match symbol {
            "=" => "nothing can be assigned in an expression; to compare, write `===`",
            "+=" | "-=" | "*=" | "/=" | "%=" | "**=" | "&&=" | "||=" | "??=" | "++" | "--" | "&=" | "|=" | "^="
            | "<<=" | ">>=" | ">>>=" => "nothing can be assigned in an expression",
            "&" => "for `and` write `&&`; there are no bit operations",
            "|" => "for `or` write `||`; there are no bit operations",
            "^" => "for a power write `**`; there are no bit operations",
            "~" | "<<" | ">>" | ">>>" => "there are no bit operations; use Math.floor, `*` and `%`",
            "=>" => "a function is written `x => …` or `(a, b) => …`, only as an argument of a method such as map",
            ";" => "an expression is one value without `;`",
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn enter(&mut self) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting <= MAX_NESTING {
            return Ok(());
        }
        Err(self.halt(Problem::new(code::TOO_LARGE, "the expression is nested too deeply", self.range.clone())))
    }

    fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// Makes a node from `start` to the end of what was read.
    fn node(&mut self, kind: Kind, start: usize) -> Parsed<Node> {
        let node = Node::new(kind, start..self.previous_end.max(start));
        if node.depth <= MAX_DEPTH {
            return Ok(node);
        }
        let message = "the expression has too many levels; split it into several steps";
        Err(self.halt(Problem::new(code::TOO_LARGE, message, start..self.previous_end)))
    }

    fn expression(&mut self) -> Parsed<Node> {
        self.enter()?;
        let start = self.range.start;
        let mut node = self.binary(0)?;
        if self.eat("?")? {
            let then = self.expression()?;
            self.expect(":")?;
            let otherwise = self.expression()?;
            node = self.node(Kind::Conditional(Box::new([node, then, otherwise])), start)?;
            self.parenthesised = false;
        }
        self.leave();
        Ok(node)
    }

    fn binary(&mut self, least: u8) -> Parsed<Node> {
        self.enter()?;
        let start = self.range.start;
        let mut left = self.unary()?;
        let mut closed = self.parenthesised;
        while let Some(operator) = self.operator().filter(|operator| operator.power() >= least) {
            let place = self.range.clone();
            self.advance()?;
            let power = operator.power();
            let right = self.binary(if operator == Operator::Binary(BinaryOp::Power) { power } else { power + 1 })?;
            self.check_mixing(operator, &place, (&left, closed), (&right, self.parenthesised));
            left = self.node(operator.kind(left, right), start)?;
            closed = false;
        }
        self.parenthesised = closed;
        self.leave();
        Ok(left)
    }

    fn operator(&mut self) -> Option<Operator> {
        match &self.token {
            Token::Symbol(symbol) => Operator::of(symbol),
            Token::Identifier(name) if name == "in" => Some(Operator::Binary(BinaryOp::In)),
            _ => None,
        }
    }

    /// JavaScript refuses `a ?? b || c` and `-a ** b` without parentheses.
    fn check_mixing(&mut self, operator: Operator, place: &Range<usize>, left: (&Node, bool), right: (&Node, bool)) {
        let bare = [left, right].into_iter().filter(|(_, closed)| !closed).map(|(node, _)| &node.kind);
        let clash = |kind: &Kind| match (operator, kind) {
            (Operator::Logical(LogicalOp::Coalesce), Kind::Logical(other, ..)) => *other != LogicalOp::Coalesce,
            (Operator::Logical(_), Kind::Logical(LogicalOp::Coalesce, ..)) => {
                operator != Operator::Logical(LogicalOp::Coalesce)
            }
            _ => false,
        };
        if bare.clone().any(clash) {
            let message = "`??` cannot stand beside `&&` or `||` without parentheses";
            self.note(
                Problem::new(code::SYNTAX, message, place.clone()).help("write `(a ?? b) || c` or `a ?? (b || c)`"),
            );
        }
        let negated = matches!(left.0.kind, Kind::Unary(..)) && !left.1;
        if operator == Operator::Binary(BinaryOp::Power) && negated {
            let message = "the base of `**` cannot begin with a sign or `!` without parentheses";
            self.note(Problem::new(code::SYNTAX, message, place.clone()).help("write `(-a) ** b` or `-(a ** b)`"));
        }
    }

    fn unary(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        let Some(operator) = self.prefix() else { return self.postfix() };
        self.enter()?;
        self.advance()?;
        let operand = self.unary()?;
        self.leave();
        self.parenthesised = false;
        self.node(Kind::Unary(operator, Box::new(operand)), start)
    }

    fn prefix(&self) -> Option<UnaryOp> {
        match &self.token {
            Token::Symbol("-") => Some(UnaryOp::Minus),
            Token::Symbol("+") => Some(UnaryOp::Plus),
            Token::Symbol("!") => Some(UnaryOp::Not),
            Token::Identifier(name) if name == "typeof" => Some(UnaryOp::Typeof),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Operator {
    Binary(BinaryOp),
    Logical(LogicalOp),
}

impl Operator {
    fn of(symbol: &str) -> Option<Self> {
        Some(Operator::Binary(match symbol {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Subtract,
            "*" => BinaryOp::Multiply,
            "/" => BinaryOp::Divide,
            "%" => BinaryOp::Remainder,
            "**" => BinaryOp::Power,
            "==" | "===" => BinaryOp::Equal,
            "!=" | "!==" => BinaryOp::NotEqual,
            "<" => BinaryOp::Less,
            "<=" => BinaryOp::LessEqual,
            ">" => BinaryOp::Greater,
            ">=" => BinaryOp::GreaterEqual,
            "&&" => return Some(Operator::Logical(LogicalOp::And)),
            "||" => return Some(Operator::Logical(LogicalOp::Or)),
            "??" => return Some(Operator::Logical(LogicalOp::Coalesce)),
            _ => return None,
        }))
    }

    fn power(self) -> u8 {
        match self {
            Operator::Binary(operator) => operator.power(),
            Operator::Logical(operator) => operator.power(),
        }
    }

    fn kind(self, left: Node, right: Node) -> Kind {
        match self {
            Operator::Binary(operator) => Kind::Binary(operator, Box::new(left), Box::new(right)),
            Operator::Logical(operator) => Kind::Logical(operator, Box::new(left), Box::new(right)),
        }
    }
}
