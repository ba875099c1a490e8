use super::{Parsed, Parser};
use crate::ast::{Arg, Callback, Kind, Link, MethodCall, Node, Param, Step};
use crate::lexer::{Token, is_reserved, shorten};
use crate::names::{Global, Method, Takes, is_prototype_member, refused};
use crate::problem::{Problem, code};
use weir_base::{Text, Value, closest};

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Parsed<Node> {
        let start = self.range.start;
        let mut node = self.primary()?;
        let mut chain = false;
        loop {
            let optional = self.is("?.");
            node = match self.token {
                Token::Symbol("." | "?.") => {
                    self.advance()?;
                    match optional && self.is("[") {
                        true => self.index(node, start, true)?,
                        false => self.member_or_call(node, start, optional)?,
                    }
                }
                Token::Symbol("[") => self.index(node, start, false)?,
                Token::Symbol("(") => self.not_callable(start)?,
                Token::Backtick => return Err(self.unexpected("an operator")),
                _ => break,
            };
            chain |= optional;
            self.parenthesised = false;
        }
        if chain { self.node(Kind::Chain(Box::new(node)), start) } else { Ok(node) }
    }

    fn not_callable(&mut self, start: usize) -> Parsed<Node> {
        let text = shorten(&self.source[start..self.previous_end]);
        let message = format!("`{text}` cannot be called; only the listed functions and methods can");
        self.note(Problem::new(code::UNKNOWN_FUNCTION, message, start..self.previous_end));
        self.advance()?;
        self.arguments()?;
        self.nothing(start)
    }

    fn member_or_call(&mut self, object: Node, start: usize, optional: bool) -> Parsed<Node> {
        let Token::Identifier(name) = self.token.clone() else {
            return Err(self.unexpected("a member name"));
        };
        let place = self.range.start;
        self.advance()?;
        match self.is("(") {
            true => self.method(object, &name, (start, place), optional),
            false => self.member(object, Text::from(name), (start, place), optional),
        }
    }

    /// `start` is where the whole chain begins, `place` where the member's name does.
    fn member(&mut self, object: Node, key: Text, (start, place): (usize, usize), optional: bool) -> Parsed<Node> {
        if is_prototype_member(&key) {
            let message = format!("`{key}` leads to a prototype and cannot be read");
            self.note(Problem::new(code::NOT_ALLOWED, message, place..self.previous_end));
        }
        let lenient = is_lenient(&object);
        if let Kind::Vars(mut steps) = object.kind {
            steps.push(Step { key, optional });
            return self.node(Kind::Vars(steps), start);
        }
        let link = Link { optional, lenient, length: &*key == "length" };
        self.node(Kind::Member(Box::new(object), key, link), start)
    }

    fn index(&mut self, object: Node, start: usize, optional: bool) -> Parsed<Node> {
        let place = self.range.start;
        self.expect("[")?;
        let key = self.expression()?;
        self.expect("]")?;
        if let Kind::Literal(Value::String(text)) = &key.kind {
            return self.member(object, text.clone(), (start, place), optional);
        }
        let link = Link { optional, lenient: is_lenient(&object), length: false };
        self.node(Kind::Index(Box::new(object), Box::new(key), link), start)
    }

    fn method(&mut self, object: Node, name: &str, place: (usize, usize), optional: bool) -> Parsed<Node> {
        let (start, name_start) = place;
        let Some(method) = Method::find(name) else {
            self.note(unknown_method(&object, name).at(name_start..self.previous_end));
            self.advance()?;
            self.arguments()?;
            return self.nothing(start);
        };
        self.advance()?;
        let callback = self.callback(method)?;
        let more = callback.is_none() || self.eat(",")? || self.is(")");
        let args = if more { self.arguments()? } else { return Err(self.unexpected("`,` or `)`")) };
        let call = MethodCall { object, method, optional, callback, args };
        self.node(Kind::Method(Box::new(call)), start)
    }

    /// Arguments up to and with the closing parenthesis; the opening one has been read.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Arg>> {
        let mut args = Vec::new();
        while !self.is(")") {
            // A function where none is wanted is read all the same, so that one mistake gives one problem.
            if self.arrow_follows() {
                let message = "a function is not wanted here";
                self.note(Problem::new(code::NOT_ALLOWED, message, self.range.clone()));
                self.arrow(usize::MAX)?;
            } else {
                args.push(self.item()?);
            }
            if !self.is(")") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        Ok(args)
    }

    fn callback(&mut self, method: Method) -> Parsed<Option<Callback>> {
        let takes = method.takes();
        if takes == Takes::Values {
            return Ok(None);
        }
        if self.arrow_follows() {
            return self.arrow(method.callback_arity()).map(Some);
        }
        if let Some(function) = self.function_name()? {
            return Ok(Some(Callback::Function(function)));
        }
        if takes == Takes::Function {
            let message = format!("`{}` needs a function, such as `x => …`", method.name());
            self.note(Problem::new(code::TYPE, message, self.range.clone()));
        }
        Ok(None)
    }

    /// A listed function given by name, as in `filter(Boolean)`.
    fn function_name(&mut self) -> Parsed<Option<Global>> {
        let Token::Identifier(mut name) = self.token.clone() else { return Ok(None) };
        let mut ahead = self.lexer.clone();
        let mut next = ahead.next_token();
        if matches!(next, Ok((Token::Symbol("."), _)))
            && let Ok((Token::Identifier(member), _)) = ahead.next_token()
        {
            name = format!("{name}.{member}");
            next = ahead.next_token();
        }
        let ends = matches!(next, Ok((Token::Symbol("," | ")"), _)));
        let shadowed = self.locals.iter().any(|local| Some(&**local) == name.split('.').next());
        let Some(function) = Global::find(&name).filter(|_| ends && !shadowed) else { return Ok(None) };
        while !self.is(",") && !self.is(")") {
            self.advance()?;
        }
        Ok(Some(function))
    }

    /// True where the current token begins `x =>` or `(…) =>`. Looks no further than a parameter list can reach.
    pub(super) fn arrow_follows(&self) -> bool {
        let mut ahead = self.lexer.clone();
        match &self.token {
            Token::Identifier(_) => {}
            Token::Symbol("(") => loop {
                match ahead.next_token() {
                    Ok((Token::Symbol(")"), _)) => break,
                    Ok((Token::Identifier(_), _)) => {}
                    Ok((Token::Symbol("," | "[" | "]" | "{" | "}" | ":"), _)) => {}
                    _ => return false,
                }
            },
            _ => return false,
        }
        matches!(ahead.next_token(), Ok((Token::Symbol("=>"), _)))
    }

    fn arrow(&mut self, most: usize) -> Parsed<Callback> {
        let start = self.range.start;
        let params = self.params()?;
        if params.len() > most {
            let message = format!("this function gets at most {most} arguments");
            self.note(Problem::new(code::TYPE, message, start..self.previous_end));
        }
        self.expect("=>")?;
        if self.is("{") {
            let problem = Problem::new(code::NOT_ALLOWED, "a function's body is one expression", self.range.clone());
            return Err(self.halt(problem.help("for an object, put it in parentheses: `x => ({ … })`")));
        }
        let outer = self.locals.len();
        let mut names: Vec<&Text> = params.iter().flat_map(Param::names).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            let message = "two parameters of a function have the same name";
            self.note(Problem::new(code::SYNTAX, message, start..self.previous_end));
        }
        self.locals.extend(params.iter().flat_map(Param::names).cloned());
        let body = self.expression()?;
        self.locals.truncate(outer);
        Ok(Callback::Arrow(params, body))
    }

    fn params(&mut self) -> Parsed<Vec<Param>> {
        if !self.eat("(")? {
            return Ok(vec![Param::Name(self.param_name()?)]);
        }
        let mut params = Vec::new();
        while !self.is(")") {
            params.push(self.param()?);
            if !self.is(")") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        Ok(params)
    }

    fn param(&mut self) -> Parsed<Param> {
        if self.eat("[")? {
            return self.array_param();
        }
        if self.eat("{")? {
            return self.object_param();
        }
        Ok(Param::Name(self.param_name()?))
    }

    fn param_name(&mut self) -> Parsed<Text> {
        match self.token.clone() {
            Token::Identifier(name) if !is_reserved(&name) => {
                self.advance()?;
                Ok(Text::from(name))
            }
            _ => Err(self.unexpected("a parameter name")),
        }
    }

    fn array_param(&mut self) -> Parsed<Param> {
        let mut names = Vec::new();
        while !self.is("]") {
            if self.eat(",")? {
                names.push(None);
                continue;
            }
            names.push(Some(self.param_name()?));
            if !self.is("]") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        Ok(Param::Array(names))
    }

    fn object_param(&mut self) -> Parsed<Param> {
        let mut members = Vec::new();
        while !self.is("}") {
            let Token::Identifier(key) = self.token.clone() else { return Err(self.unexpected("a member name")) };
            let place = self.range.clone();
            let renamed = {
                let mut ahead = self.lexer.clone();
                matches!(ahead.next_token(), Ok((Token::Symbol(":"), _)))
            };
            if renamed {
                self.advance()?;
                self.advance()?;
            }
            if is_prototype_member(&key) {
                let message = format!("`{key}` leads to a prototype and cannot be read");
                self.note(Problem::new(code::NOT_ALLOWED, message, place));
            }
            members.push((Text::from(key), self.param_name()?));
            if !self.is("}") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        Ok(Param::Object(members))
    }
}

impl Problem {
    fn at(mut self, range: std::ops::Range<usize>) -> Self {
        self.range = range;
        self
    }
}

fn unknown_method(object: &Node, name: &str) -> Problem {
    let root = match &object.kind {
        Kind::Free(root) => Some(root),
        _ => None,
    };
    let of_root = root.and_then(|root| refused(&format!("{root}.{name}")).or_else(|| refused(root)));
    let near = || closest(name, Method::NAMES.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let mut problem = Problem::new(code::UNKNOWN_FUNCTION, format!("there is no method `{name}`"), 0..0);
    problem.help = of_root.or_else(|| refused(name)).map(str::to_owned).or_else(near);
    problem
}

/// Below `vars`, what is missing is undefined and not an error.
fn is_lenient(object: &Node) -> bool {
    match &object.kind {
        Kind::Vars(_) => true,
        Kind::Member(_, _, link) | Kind::Index(_, _, link) => link.lenient,
        _ => false,
    }
}
