use super::{Statement, lower};
use crate::ast::{BinaryOp, Kind, LogicalOp, Node, UnaryOp};
use crate::expr::Expr;
use crate::lexer::{Flavor, Lexer, Token, shorten};
use crate::names::is_prototype_member;
use crate::parser::{MAX_DEPTH, MAX_LENGTH};
use crate::problem::{Problem, code};
use std::ops::Range;
use weir_base::{Text, Value};

/// Less than the expression parser's, which reads the printed result again.
const MAX_NESTING: u16 = 90;
const MAX_PROBLEMS: usize = 50;

pub(super) fn parse(source: &str) -> Result<Vec<Statement>, Vec<Problem>> {
    if source.len() > MAX_LENGTH {
        let message = format!("the script has {} bytes; {MAX_LENGTH} are allowed", source.len());
        return Err(vec![Problem::new(code::TOO_LARGE, message, 0..source.len())]);
    }
    let mut parser = Parser::new(source);
    let statements = parser.program();
    if parser.problems.is_empty() { Ok(statements) } else { Err(parser.problems) }
}

struct Halt;

type Parsed<T> = Result<T, Halt>;

struct Parser<'a> {
    source: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    range: Range<usize>,
    previous_end: usize,
    problems: Vec<Problem>,
    nesting: u16,
    /// Inside parentheses a line break ends nothing.
    parentheses: u16,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            lexer: Lexer::new(source, Flavor::Script),
            token: Token::End,
            range: 0..0,
            previous_end: 0,
            problems: Vec::new(),
            nesting: 0,
            parentheses: 0,
        }
    }

    fn program(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        if self.advance().is_err() {
            self.skip_line();
        }
        while self.token != Token::End && self.problems.len() < MAX_PROBLEMS {
            match self.statement() {
                Ok(statement) => statements.push(statement),
                Err(Halt) => self.skip_line(),
            }
        }
        statements
    }

    /// After a problem: goes on at the next line that can be read.
    fn skip_line(&mut self) {
        self.nesting = 0;
        self.parentheses = 0;
        loop {
            let from = self.lexer.at.max(self.range.start);
            let rest = &self.source[from..];
            self.lexer.at = from + rest.find('\n').map_or(rest.len(), |at| at + 1);
            if self.advance().is_ok() || self.problems.len() >= MAX_PROBLEMS {
                return;
            }
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

    fn halt(&mut self, problem: Problem) -> Halt {
        self.problems.push(problem);
        Halt
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.is(symbol) { self.advance() } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn unexpected(&mut self, wanted: &str) -> Halt {
        let found = match &self.token {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", shorten(&self.source[self.range.clone()])),
        };
        self.halt(Problem::new(code::SYNTAX, format!("expected {wanted}, found {found}"), self.range.clone()))
    }

    fn node(&mut self, kind: Kind, start: usize) -> Parsed<Node> {
        self.within_depth(Node::new(kind, start..self.previous_end.max(start)))
    }

    fn within_depth(&mut self, node: Node) -> Parsed<Node> {
        // Reading an operator may add three levels; the tree is read again after printing, with the same limit.
        if node.depth + 3 <= MAX_DEPTH {
            return Ok(node);
        }
        Err(self.halt(Problem::new(code::TOO_LARGE, "the expression has too many levels", node.range())))
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let start = self.range.start;
        let target = self.target()?;
        let node = self.expression()?;
        let range = start..self.previous_end;
        if self.is(";") {
            self.advance()?;
        } else if self.token != Token::End && !self.new_line() {
            return Err(self.unexpected("an operator, `;` or a new line"));
        }
        Ok(Statement { target, expr: Expr::from_node(node), range })
    }

    fn new_line(&self) -> bool {
        self.source[self.previous_end..self.range.start].contains(['\n', '\r'])
    }

    /// `name =`, if the statement begins so.
    fn target(&mut self) -> Parsed<Option<Text>> {
        let Token::Identifier(name) = self.token.clone() else { return Ok(None) };
        let mut ahead = self.lexer.clone();
        if !matches!(ahead.next_token(), Ok((Token::Symbol("="), _))) {
            return Ok(None);
        }
        self.advance()?;
        self.advance()?;
        Ok(Some(Text::from(name)))
    }

    fn expression(&mut self) -> Parsed<Node> {
        self.binary(0)
    }

    fn binary(&mut self, least: u8) -> Parsed<Node> {
        self.enter()?;
        let start = self.range.start;
        let mut left = self.unary()?;
        while let Some(operator) = self.operator().filter(|operator| operator.power() >= least) {
            self.refuse_ambiguous_line(operator)?;
            self.advance()?;
            let right = self.binary(operator.power() + 1)?;
            let range = start..self.previous_end;
            left = self.within_depth(operator.lower(left, right, range))?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn enter(&mut self) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting <= MAX_NESTING {
            return Ok(());
        }
        Err(self.halt(Problem::new(code::TOO_LARGE, "the expression is nested too deeply", self.range.clone())))
    }

    fn refuse_ambiguous_line(&mut self, operator: Operator) -> Parsed<()> {
        let minus = operator == Operator::Binary(BinaryOp::Subtract);
        if !minus || self.parentheses > 0 || !self.new_line() {
            return Ok(());
        }
        let message = "a line that begins with `-` could continue the line above or stand alone";
        let problem = Problem::new(code::AMBIGUOUS_LINE, message, self.range.clone());
        Err(self.halt(problem.help("end the line above with `;`, or move the `-` to its end")))
    }

    fn operator(&self) -> Option<Operator> {
        let Token::Symbol(symbol) = self.token else { return None };
        Some(match symbol {
            "||" => Operator::Logical(LogicalOp::Or),
            "&&" => Operator::Logical(LogicalOp::And),
            "==" | "===" => Operator::Binary(BinaryOp::Equal),
            "!=" | "!==" => Operator::Binary(BinaryOp::NotEqual),
            "<" => Operator::Binary(BinaryOp::Less),
            "<=" => Operator::Binary(BinaryOp::LessEqual),
            ">" => Operator::Binary(BinaryOp::Greater),
            ">=" => Operator::Binary(BinaryOp::GreaterEqual),
            "+" => Operator::Binary(BinaryOp::Add),
            "-" => Operator::Binary(BinaryOp::Subtract),
            "*" => Operator::Binary(BinaryOp::Multiply),
            "/" => Operator::Binary(BinaryOp::Divide),
            "%" => Operator::Binary(BinaryOp::Remainder),
            _ => return None,
        })
    }

    fn unary(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        let operator = match self.token {
            Token::Symbol("-") => UnaryOp::Minus,
            Token::Symbol("!") => UnaryOp::Not,
            _ => return self.members(),
        };
        self.enter()?;
        self.advance()?;
        let operand = self.unary()?;
        self.nesting -= 1;
        self.node(Kind::Unary(operator, Box::new(operand)), start)
    }

    fn members(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        let mut node = self.primary()?;
        while self.is(".") {
            self.advance()?;
            let Token::Identifier(key) = self.token.clone() else { return Err(self.unexpected("a member name")) };
            self.refuse_prototype(&key, self.range.clone());
            self.advance()?;
            node = self.within_depth(lower::member(node, &key, start..self.previous_end))?;
        }
        Ok(node)
    }

    fn refuse_prototype(&mut self, key: &str, range: Range<usize>) {
        if is_prototype_member(key) {
            let message = format!("`{key}` leads to a prototype and cannot be read");
            self.problems.push(Problem::new(code::NOT_ALLOWED, message, range));
        }
    }

    fn primary(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        match self.token.clone() {
            Token::Number(number) => self.literal(Value::Number(number)),
            Token::String(text) => self.literal(Value::from(text)),
            Token::Identifier(name) => self.name(&name, start),
            Token::Symbol("(") => {
                self.advance()?;
                self.parentheses += 1;
                let node = self.expression()?;
                self.parentheses -= 1;
                self.expect(")")?;
                Ok(node)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn literal(&mut self, value: Value) -> Parsed<Node> {
        let start = self.range.start;
        self.advance()?;
        self.node(Kind::Literal(value), start)
    }

    fn name(&mut self, name: &str, start: usize) -> Parsed<Node> {
        match name {
            "true" | "false" => return self.literal(Value::Bool(name == "true")),
            "null" => return self.literal(Value::Null),
            _ => self.advance()?,
        }
        if self.is("(") && !self.new_line() {
            return self.call(name, start);
        }
        self.refuse_prototype(name, start..self.previous_end);
        Ok(lower::variable(name, start..self.previous_end))
    }

    fn call(&mut self, name: &str, start: usize) -> Parsed<Node> {
        self.advance()?;
        let Token::String(argument) = self.token.clone() else {
            return Err(self.unexpected(&format!("a text, as in `{name}(\"name\")`")));
        };
        self.advance()?;
        self.expect(")")?;
        let range = start..self.previous_end;
        self.refuse_prototype(&argument, range.clone());
        match name {
            "param" => Ok(lower::param(&argument, range)),
            "env" => {
                let problem = Problem::new(code::NO_ENVIRONMENT, "a flow cannot read the environment", range);
                Err(self
                    .halt(problem.help("pass the value as input and read it with `param(\"name\")`, or use a secret")))
            }
            _ => {
                let message = format!("there is no function `{name}`; a script has only `param`");
                Err(self.halt(Problem::new(code::UNKNOWN_FUNCTION, message, range)))
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Operator {
    Binary(BinaryOp),
    Logical(LogicalOp),
}

impl Operator {
    fn power(self) -> u8 {
        match self {
            Operator::Binary(operator) => operator.power(),
            Operator::Logical(operator) => operator.power(),
        }
    }

    fn lower(self, left: Node, right: Node, range: Range<usize>) -> Node {
        match self {
            Operator::Logical(operator) => lower::logical(operator, left, right, range),
            Operator::Binary(operator @ (BinaryOp::Equal | BinaryOp::NotEqual)) => {
                lower::equality(operator, left, right, range)
            }
            Operator::Binary(operator) => Node::new(Kind::Binary(operator, Box::new(left), Box::new(right)), range),
        }
    }
}
