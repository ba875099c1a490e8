use super::{Halt, Parsed, Parser};
use crate::ast::{Constant, Kind, Node};
use crate::lexer::{Token, is_reserved};
use crate::names::{Global, NAMESPACES, constant, refused};
use crate::problem::{Problem, code};
use crate::undefined::undefined;
use weir_base::{Text, Value, closest};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Parsed<Node> {
        self.parenthesised = false;
        match self.token.clone() {
            Token::Number(number) if number.is_infinite() => self.infinity(),
            Token::Number(number) => self.literal(Value::Number(number)),
            Token::String(text) => self.literal(Value::from(text)),
            Token::Backtick => self.template(),
            Token::Identifier(name) => self.name(&name),
            Token::Symbol("(") => self.parentheses(),
            Token::Symbol("[") => self.array(),
            Token::Symbol("{") => self.object(),
            Token::Symbol("/") => Err(self.no_regular_expressions()),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn literal(&mut self, value: Value) -> Parsed<Node> {
        let start = self.range.start;
        self.advance()?;
        self.node(Kind::Literal(value), start)
    }

    /// A number too large for one, such as `1e999`.
    fn infinity(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        self.advance()?;
        self.node(Kind::Constant(Constant { name: "Infinity", value: Value::Number(f64::INFINITY) }), start)
    }

    fn no_regular_expressions(&mut self) -> Halt {
        let problem = Problem::new(code::NOT_ALLOWED, "there are no regular expressions here", self.range.clone());
        self.halt(problem.help("use includes, startsWith, split or replaceAll, or the `regex.extract` kind"))
    }

    fn parentheses(&mut self) -> Parsed<Node> {
        if self.arrow_follows() {
            return Err(self.misplaced_arrow());
        }
        self.advance()?;
        let node = self.expression()?;
        self.expect(")")?;
        self.parenthesised = true;
        Ok(node)
    }

    fn misplaced_arrow(&mut self) -> Halt {
        let message = "a function can only be an argument of a method such as map or filter";
        let problem = Problem::new(code::NOT_ALLOWED, message, self.range.clone());
        self.halt(problem)
    }

    fn name(&mut self, name: &str) -> Parsed<Node> {
        let start = self.range.start;
        if let Some(slot) = self.locals.iter().rposition(|local| &**local == name) {
            if self.arrow_follows() {
                return Err(self.misplaced_arrow());
            }
            self.advance()?;
            return self.node(Kind::Local(slot as u16, Text::from(name)), start);
        }
        match name {
            "true" | "false" => return self.literal(Value::Bool(name == "true")),
            "null" => return self.literal(Value::Null),
            _ => {}
        }
        if let Some(constant) = constant(name) {
            self.advance()?;
            return self.node(Kind::Constant(constant), start);
        }
        if is_reserved(name) {
            return Err(self.reserved(name));
        }
        if NAMESPACES.contains(&name) || Global::find(name).is_some() {
            return self.global(name.to_owned());
        }
        if self.arrow_follows() {
            return Err(self.misplaced_arrow());
        }
        self.advance()?;
        if self.is("(") {
            return self.unknown_function(name, start);
        }
        let kind = if name == "vars" { Kind::Vars(Vec::new()) } else { Kind::Free(Text::from(name)) };
        self.node(kind, start)
    }

    fn reserved(&mut self, name: &str) -> Halt {
        let help = match name {
            "new" => "nothing is constructed here; for the time use `now`",
            "this" | "arguments" | "super" => "name the value: `input`, `vars`, `nodes.<id>.output`",
            "function" | "async" | "class" => "a function is written `x => …`, as an argument of a method such as map",
            "await" | "yield" => "an expression never waits; use steps",
            "instanceof" => "use `typeof value === \"string\"` or `Array.isArray(value)`",
            "let" | "const" | "var" => "nothing is declared here; use a `set` step",
            "if" | "switch" => "write `condition ? a : b`",
            "for" | "while" | "do" => "use map, filter or reduce",
            "delete" => "values never change; list the members to keep in an object literal",
            "eval" | "import" => "an expression cannot run or load code",
            _ => "the word is reserved by JavaScript",
        };
        let message = format!("`{name}` cannot be used in an expression");
        let problem = Problem::new(code::NOT_ALLOWED, message, self.range.clone());
        self.halt(problem.help(help))
    }

    /// A namespace such as `Math` or a function such as `Number`, and what is asked of it.
    fn global(&mut self, mut name: String) -> Parsed<Node> {
        let start = self.range.start;
        self.advance()?;
        if NAMESPACES.contains(&name.as_str()) && self.eat(".")? {
            let Token::Identifier(member) = self.token.clone() else { return Err(self.unexpected("a name")) };
            name = format!("{name}.{member}");
            self.advance()?;
        }
        if let Some(constant) = constant(&name) {
            return self.node(Kind::Constant(constant), start);
        }
        match Global::find(&name) {
            Some(function) if self.is("(") => self.global_call(function, start),
            Some(_) => {
                let message = format!("`{name}` is a function and has to be called");
                self.note(Problem::new(code::NOT_ALLOWED, message, start..self.previous_end));
                self.nothing(start)
            }
            None => self.unknown_function(&name, start),
        }
    }

    fn global_call(&mut self, function: Global, start: usize) -> Parsed<Node> {
        self.expect("(")?;
        let args = self.arguments()?;
        self.node(Kind::Global(function, args), start)
    }

    /// Notes the problem, reads the arguments if there are any, and goes on with `undefined`.
    pub(super) fn unknown_function(&mut self, name: &str, start: usize) -> Parsed<Node> {
        let message = format!("there is no function `{name}`");
        let mut problem = Problem::new(code::UNKNOWN_FUNCTION, message, start..self.previous_end);
        let near = || closest(name, Global::NAMES.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        problem.help = refused(name).map(str::to_owned).or_else(near);
        self.note(problem);
        if self.eat("(")? {
            self.arguments()?;
        }
        self.nothing(start)
    }

    pub(super) fn nothing(&mut self, start: usize) -> Parsed<Node> {
        self.node(Kind::Constant(Constant { name: "undefined", value: undefined() }), start)
    }
}
