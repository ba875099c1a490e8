use super::{Parsed, Parser};
use crate::ast::{Arg, Kind, Node, Property};
use crate::lexer::{Token, is_reserved};
use crate::number::number_text;
use crate::problem::{Problem, code};
use weir_base::{Text, Value};

impl Parser<'_> {
    /// The current token is the opening backtick; the lexer stands right behind it.
    pub(super) fn template(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        let (mut texts, mut nodes) = (Vec::new(), Vec::new());
        loop {
            let (text, more) = match self.lexer.template_chunk() {
                Ok(chunk) => chunk,
                Err(problem) => return Err(self.halt(problem)),
            };
            texts.push(Text::from(text));
            if !more {
                break;
            }
            self.advance()?;
            nodes.push(self.expression()?);
            // The brace is not stepped over: what follows it is text, not a token.
            if !self.is("}") {
                return Err(self.unexpected("`}`"));
            }
        }
        self.range = start..self.lexer.at;
        self.advance()?;
        self.parenthesised = false;
        self.node(Kind::Template(texts, nodes), start)
    }

    pub(super) fn array(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        self.advance()?;
        let mut items = Vec::new();
        while !self.is("]") {
            items.push(self.item()?);
            if !self.is("]") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        self.parenthesised = false;
        self.node(Kind::Array(items), start)
    }

    /// One element or argument, perhaps spread.
    pub(super) fn item(&mut self) -> Parsed<Arg> {
        let spread = self.eat("...")?;
        Ok(Arg { spread, node: self.expression()? })
    }

    pub(super) fn object(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        self.advance()?;
        let mut properties = Vec::new();
        while !self.is("}") {
            properties.push(self.property()?);
            if !self.is("}") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        self.parenthesised = false;
        self.node(Kind::Object(properties), start)
    }

    fn property(&mut self) -> Parsed<Property> {
        if self.eat("...")? {
            return Ok(Property::Spread(self.expression()?));
        }
        if self.eat("[")? {
            return self.computed_property();
        }
        let key = match self.token.clone() {
            Token::Identifier(name) => return self.named_property(&name),
            Token::String(text) => text,
            Token::Number(number) => number_text(number),
            _ => return Err(self.unexpected("a member name")),
        };
        let start = self.range.start;
        self.advance()?;
        self.expect(":")?;
        self.refuse_prototype_literal(&key, start);
        Ok(Property::Named(Text::from(key), self.expression()?))
    }

    fn computed_property(&mut self) -> Parsed<Property> {
        let key = self.expression()?;
        self.expect("]")?;
        self.expect(":")?;
        let value = self.expression()?;
        Ok(match key.kind {
            Kind::Literal(Value::String(text)) if &*text != "__proto__" => Property::Named(text, value),
            _ => Property::Computed(key, value),
        })
    }

    fn named_property(&mut self, name: &str) -> Parsed<Property> {
        let start = self.range.start;
        let shorthand = {
            let mut ahead = self.lexer.clone();
            matches!(ahead.next_token(), Ok((Token::Symbol("," | "}"), _)))
        };
        if shorthand && !is_reserved(name) {
            return Ok(Property::Named(Text::from(name), self.primary()?));
        }
        self.advance()?;
        self.expect(":")?;
        self.refuse_prototype_literal(name, start);
        Ok(Property::Named(Text::from(name), self.expression()?))
    }

    fn refuse_prototype_literal(&mut self, key: &str, start: usize) {
        if key == "__proto__" {
            let message = "`__proto__` in an object literal would set a prototype";
            let problem = Problem::new(code::NOT_ALLOWED, message, start..start + key.len());
            self.note(problem.help("for a member of that name, write `[\"__proto__\"]: …`"));
        }
    }
}
