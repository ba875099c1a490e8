use super::composites::derived;
use super::lower::{At, Lower};
use super::names::{variable, variable_key};
use super::types::{TASK_PROPS, Type};
use crate::fields::short;
use crate::text::{Doc, DocKind, Entry};
use crate::{Leaf, header};
use std::rc::Rc;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::{Expr, Part, Template};
use weir_ir::{Assign, Fail, NodeKind, Order, RetryPolicy, SetOp, Target, Task, UnknownPolicy, VarScope, Wait, Write};

const STATUSES: [&str; 3] = ["SUCCESS", "FAILURE", "RUNNING"];

/// Succeeds if the expression holds; one that could not be read is reported already.
fn check(expr: Option<Expr>) -> NodeKind {
    let value = expr.map_or(Template::Value(Value::Bool(false)), Template::Expr);
    NodeKind::Set { writes: vec![Write { target: None, op: SetOp::Check, value }] }
}

impl Lower<'_> {
    pub(super) fn leaf(&mut self, at: &At<'_>, ty: Type) -> NodeKind {
        match ty {
            Type::PrintAction => self.print(at),
            Type::WaitAction => self.wait(at),
            Type::CounterAction => self.counter(at),
            Type::MockAction => self.mock(at),
            Type::CheckCondition => self.check_condition(at),
            Type::AlwaysCondition => self.status(at),
            Type::FailureNode => failure(),
            Type::RunningNode => NodeKind::Wait(Wait::Forever),
            Type::Script => self.script(at),
            Type::LogMessage => self.log(at),
            Type::RegexExtract => self.regex(at),
            _ => success(),
        }
    }

    fn print(&mut self, at: &At<'_>) -> NodeKind {
        let params = object(vec![("message", self.required(at, "message"))]);
        let task = Task::new("print", params);
        self.task(at, task, None, &[])
    }

    /// In this dialect a 0 that is written down stands for the usual time, as if there were none.
    fn wait(&mut self, at: &At<'_>) -> NodeKind {
        let after = or_usual(self.time(at, "waitMs", 0), 1_000);
        NodeKind::Wait(Wait::Timer { after })
    }

    /// In this dialect an increment of 0 that is written down is one of 1, as if there were none.
    fn counter(&mut self, at: &At<'_>) -> NodeKind {
        let name = self.any(at, "counterKey").unwrap_or(Template::Value("counter".into()));
        if name.constant().is_some_and(|name| name.as_str().is_none_or(str::is_empty)) {
            self.invalid(at, "counterKey", "the name of a variable");
        }
        let value = or_usual(self.any(at, "increment"), 1);
        if value.constant().is_some_and(|value| value.as_f64().is_none()) {
            self.invalid(at, "increment", "a number");
        }
        let target = Some(Target { scope: VarScope::Run, name });
        NodeKind::Set { writes: vec![Write { target, op: SetOp::Increment, value }] }
    }

    /// Waits for one turn less than `ticksBeforeComplete`, then ends as told.
    fn mock(&mut self, at: &At<'_>) -> NodeKind {
        let result = self.status(at);
        let ticks = self.count(at, "ticksBeforeComplete", 1).unwrap_or(Template::Value(1.into()));
        let turns = match (&ticks, ticks.constant().and_then(|ticks| ticks.as_u64())) {
            (_, Some(0 | 1)) => return result,
            (_, Some(ticks)) => Template::Value((ticks - 1).into()),
            (Template::Expr(expr), None) => {
                let span = at.prop("ticksBeforeComplete").map_or(at.doc.span, |doc| doc.content_span());
                Template::Expr(self.built(&format!("({}) - 1", expr.source()), span))
            }
            (_, None) => {
                self.invalid(at, "ticksBeforeComplete", "a whole number, 1 or more");
                return result;
            }
        };
        let wait = derived("ticks", at, NodeKind::Wait(Wait::Yield { turns }));
        NodeKind::Sequence { order: Order::Plain, children: vec![wait, derived("result", at, result)] }
    }

    fn status(&mut self, at: &At<'_>) -> NodeKind {
        let computed = |doc: &&Doc| doc.as_str().is_some_and(|text| text.contains("{{"));
        if let Some(doc) = at.prop("returnStatus").filter(computed) {
            return self.computed_status(doc);
        }
        match self.choice(at, "returnStatus", &STATUSES) {
            "FAILURE" => failure(),
            "RUNNING" => NodeKind::Wait(Wait::Forever),
            _ => success(),
        }
    }

    /// Succeeds where the expression gives that word, and fails where it gives another.
    fn computed_status(&mut self, doc: &Doc) -> NodeKind {
        let status = self.expression(doc);
        check(status.map(|status| self.built(&format!("({}) === 'SUCCESS'", status.source()), doc.content_span())))
    }

    fn check_condition(&mut self, at: &At<'_>) -> NodeKind {
        let expr = match at.prop("expression") {
            Some(doc) => {
                let other = ["key", "operator", "value"].into_iter().find(|name| at.prop(name).is_some());
                if let Some(name) = other {
                    self.invalid(at, name, "left out where there is an `expression`");
                }
                if doc.as_str().is_none() {
                    self.invalid(at, "expression", "an expression as text");
                }
                self.expression(doc)
            }
            None => self.comparison(at),
        };
        check(expr)
    }

    /// A variable against a value. A variable that is missing equals null.
    fn comparison(&mut self, at: &At<'_>) -> Option<Expr> {
        let key = self.required_word(at, "key")?;
        let operator = self.choice(at, "operator", &["==", "!=", ">", "<", ">=", "<="]);
        let value = self.any(at, "value").unwrap_or(Template::Value(Value::Null));
        let source = comparison(&key, operator, &value);
        Some(self.built(&source, at.prop("key").map_or(at.doc.span, Doc::content_span)))
    }

    fn log(&mut self, at: &At<'_>) -> NodeKind {
        let message = self.required(at, "message");
        let mut params = vec![("message", self.with_placeholders(at, message))];
        if at.prop("level").is_some() {
            params.push(("level", self.log_level(at)));
        }
        params.extend(self.any(at, "metadata").map(|metadata| ("metadata", metadata)));
        self.task(at, Task::new("log", object(params)), None, &[])
    }

    fn log_level(&mut self, at: &At<'_>) -> Template {
        match self.any(at, "level") {
            Some(level) if level.constant().is_none() => level,
            _ => Template::Value(self.choice(at, "level", &["info", "warn", "error", "debug"]).into()),
        }
    }

    /// `${key}` becomes an expression for the variable, or for itself where there is none.
    fn with_placeholders(&mut self, at: &At<'_>, message: Template) -> Template {
        let span = at.prop("message").map_or(at.doc.span, Doc::content_span);
        let parts = match message {
            Template::Value(Value::String(text)) => vec![Part::Text(text)],
            Template::Text(parts) => parts,
            other => return other,
        };
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Text(text) => self.split_placeholders(&text, span, &mut out),
                other => out.push(other),
            }
        }
        match <[Part; 1]>::try_from(out) {
            Ok([Part::Text(text)]) => Template::Value(text.into()),
            Ok([Part::Expr(expr)]) => Template::Expr(expr),
            Err(out) => Template::Text(out),
        }
    }

    fn split_placeholders(&mut self, text: &str, span: weir_base::Span, out: &mut Vec<Part>) {
        let mut plain = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let key = rest[start + 2..].split_once('}').map(|(key, _)| key).filter(|key| !key.trim().is_empty());
            let Some(key) = key else { break };
            plain.push_str(&rest[..start]);
            if !plain.is_empty() {
                out.push(Part::Text(std::mem::take(&mut plain).into()));
            }
            out.push(Part::Expr(self.built(&placeholder(key.trim()), span)));
            rest = &rest[start + key.len() + 3..];
        }
        plain.push_str(rest);
        if !plain.is_empty() || out.is_empty() {
            out.push(Part::Text(plain.into()));
        }
    }

    fn regex(&mut self, at: &At<'_>) -> NodeKind {
        let mut params = Vec::new();
        match at.prop("input") {
            Some(doc) if doc.as_str().is_some_and(|text| !text.contains("{{")) => {
                let key = self.word(at, "input").unwrap_or_default();
                params.push(("input", Template::Expr(self.built(&variable(&key), doc.content_span()))));
            }
            _ => params.push(("input", self.required(at, "input"))),
        }
        params.push(("pattern", self.required(at, "pattern")));
        for name in ["flags", "matchIndex"] {
            params.extend(self.any(at, name).map(|value| (name, value)));
        }
        if at.prop("outputKey").is_none() {
            self.missing(at, "outputKey");
        }
        self.task(at, Task::new("regex.extract", object(params)), None, &[])
    }

    /// A leaf that is not built in: a kind and its parameters.
    pub(super) fn task_of_kind(&mut self, at: &At<'_>, leaf: Option<Rc<Leaf>>) -> NodeKind {
        let params: &[Text] = leaf.as_ref().map_or(&[], |leaf| &leaf.params);
        let is_setting = |entry: &Entry| TASK_PROPS.contains(&&*entry.key) && !params.contains(&entry.key);
        let own: Vec<Entry> = at.props.iter().filter(|entry| !is_setting(entry)).cloned().collect();
        let doc = Doc { kind: DocKind::Map(own), span: at.doc.span };
        let value = self.template(&doc);
        let kind = leaf.as_ref().map_or_else(|| at.ty.into(), |leaf| leaf.kind.clone());
        if let Some(pure) = leaf.as_ref().and_then(|leaf| self.pure_step(at, leaf, &value)) {
            return pure;
        }
        let default = leaf.as_ref().and_then(|leaf| leaf.output_key.clone());
        self.task(at, Task::new(kind, value), default, params)
    }

    /// Kinds that only compute are steps of the engine, without a record (semantics 2.4).
    fn pure_step(&mut self, at: &At<'_>, leaf: &Leaf, params: &Template) -> Option<NodeKind> {
        let default_key = leaf.output_key.clone();
        let pure = match &*leaf.kind {
            "set" => self.set(at, params, default_key),
            "transform" => self.transform(at, default_key),
            _ => None,
        };
        if pure.is_some() {
            self.no_task_props(at);
        }
        pure
    }

    /// What is computed at once is never tried again, and takes no time.
    fn no_task_props(&mut self, at: &At<'_>) {
        for entry in at.props.iter().filter(|entry| TASK_PROPS[1..].contains(&&*entry.key)) {
            let message =
                format!("`{}` is for steps that do something outside; {} only computes", entry.key, short(at.ty));
            let found = Diagnostic::error("UNKNOWN_PROP", message).at(entry.key_span).path(&*at.id);
            self.out.push(found.help("remove it"));
        }
    }

    /// A write, and a second one of what the variable then holds, where the node names a key for that.
    fn set(&mut self, at: &At<'_>, params: &Template, default_key: Option<Text>) -> Option<NodeKind> {
        let first = crate::pure::set_write(params)?;
        let key = if at.prop("outputKey").is_some() { self.word(at, "outputKey") } else { default_key };
        let name = first.target.as_ref().and_then(|target| target.name.constant());
        let mut writes = vec![first];
        if let (Some(key), Some(Value::String(name))) = (key, name) {
            let value = Template::Expr(self.built(&variable(&name), at.doc.span));
            let target = Some(Target { scope: VarScope::Run, name: Template::Value(key.into()) });
            writes.push(Write { target, op: SetOp::Set, value });
        }
        Some(NodeKind::Set { writes })
    }

    /// `{value}`, or `{expression}` as text; written to a variable where the node names one.
    fn transform(&mut self, at: &At<'_>, default_key: Option<Text>) -> Option<NodeKind> {
        let mut own = at.props.iter().filter(|entry| &*entry.key != "outputKey");
        let value = match (own.next(), own.next()) {
            (Some(entry), None) if &*entry.key == "value" => self.template(&entry.value),
            (Some(entry), None) if &*entry.key == "expression" => Template::Expr(self.expression(&entry.value)?),
            _ => return None,
        };
        let key = if at.prop("outputKey").is_some() { self.word(at, "outputKey") } else { default_key };
        let target = key.map(|name| Target { scope: VarScope::Run, name: Template::Value(name.into()) });
        Some(NodeKind::Set { writes: vec![Write { target, op: SetOp::Set, value }] })
    }

    /// Completes a task with what the node says about how it is run, but for props the kind itself takes.
    fn task(&mut self, at: &At<'_>, mut task: Task, default_key: Option<Text>, params: &[Text]) -> NodeKind {
        let is_setting = |name: &str| !params.iter().any(|param| &**param == name);
        let key = match at.prop("outputKey").filter(|_| is_setting("outputKey")) {
            Some(_) => self.word(at, "outputKey"),
            None => default_key,
        };
        if let Some(var) = key {
            let span = at.prop("outputKey").map_or(at.doc.span, Doc::content_span);
            task.assign.push(Assign { var, value: self.output.clone().at(span) });
        }
        if is_setting("timeout") {
            task.timeout = self.time(at, "timeout", 1);
        }
        for name in ["retryPolicy", "retry"].into_iter().filter(|name| is_setting(name)) {
            if let Some(doc) = at.prop(name) {
                task.retry = self.retry(at, name, doc);
            }
        }
        if is_setting("onUnknown") && at.prop("onUnknown").is_some() {
            task.on_unknown = Some(match self.choice(at, "onUnknown", &["retry", "ask", "fail"]) {
                "ask" => UnknownPolicy::Ask,
                "fail" => UnknownPolicy::Fail,
                _ => UnknownPolicy::Retry,
            });
        }
        NodeKind::Task(Box::new(task))
    }

    /// A policy, or just the number of attempts.
    fn retry(&mut self, at: &At<'_>, name: &str, doc: &Doc) -> Option<RetryPolicy> {
        if doc.as_f64().is_some() {
            let attempts = at.prop(name).and_then(|doc| doc.as_f64()).map(Value::from)?.as_u64()?;
            let attempts = u32::try_from(attempts).ok().filter(|attempts| *attempts > 0);
            if attempts.is_none() {
                self.invalid(at, name, "a number of attempts, 1 or more");
            }
            return Some(RetryPolicy { max_attempts: attempts?, ..RetryPolicy::default() });
        }
        Some(header::retry_policy(doc, name, &mut self.out))
    }

    fn script(&mut self, at: &At<'_>) -> NodeKind {
        let Some(doc) = at.prop("textContent") else {
            self.missing(at, "textContent");
            return success();
        };
        match doc.as_str() {
            Some(source) if source.trim().is_empty() => {
                self.invalid(at, "textContent", "a script that says something");
                success()
            }
            Some(source) => self.statements(doc, source),
            None => {
                self.invalid(at, "textContent", "a script as text");
                success()
            }
        }
    }
}

pub(super) fn success() -> NodeKind {
    NodeKind::Set { writes: Vec::new() }
}

pub(super) fn failure() -> NodeKind {
    let message = Template::Value("this step always fails".into());
    NodeKind::Fail(Fail { code: "FAILURE".into(), message })
}

/// An object in the one form it also has after it was written as JSON and read back.
pub(super) fn object(members: Vec<(&str, Template)>) -> Template {
    let constants: Option<Vec<(&str, Value)>> =
        members.iter().map(|(name, value)| value.constant().map(|value| (*name, value))).collect();
    match constants {
        Some(constants) => Template::Value(Value::object(constants)),
        None => Template::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect()),
    }
}

pub(super) fn comparison(key: &str, operator: &str, value: &Template) -> String {
    let variable = variable(key);
    match operator {
        "==" | "!=" => {
            let right =
                if value.constant().is_some() { literal(value) } else { format!("({} ?? null)", literal(value)) };
            format!("({variable} ?? null) {operator}= {right}")
        }
        _ => format!("{variable} {operator} {}", literal(value)),
    }
}

/// A template as an expression.
pub(crate) fn literal(template: &Template) -> String {
    match template {
        Template::Value(value) => value.to_json(),
        Template::Expr(expr) if variable_key(expr.source()).is_some() => expr.source().to_owned(),
        Template::Expr(expr) => format!("({})", expr.source()),
        Template::Text(parts) => {
            let parts = parts.iter().map(|part| match part {
                Part::Text(text) => text.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${"),
                Part::Expr(expr) => format!("${{{}}}", expr.source()),
            });
            format!("`{}`", parts.collect::<String>())
        }
        Template::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Template::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.clone()).to_json(), literal(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

fn is_zero(template: &Template) -> bool {
    template.constant().and_then(|value| value.as_f64()) == Some(0.0)
}

/// The usual amount where there is none, or a bare 0; `{{ 0 }}` is 0.
fn or_usual(written: Option<Template>, usual: u64) -> Template {
    match written {
        Some(Template::Expr(expr)) if expr.source().trim() == "0" => Template::Value(0.into()),
        Some(amount) if !is_zero(&amount) => amount,
        _ => Template::Value(usual.into()),
    }
}

/// A 0 that is meant, as an expression, so that it is not read as the default.
pub(super) fn real_zero(template: &Template) -> Template {
    let zero = Expr::constant(Value::from(0));
    if is_zero(template) { Template::Expr(zero) } else { template.clone() }
}

/// The text of a variable: as it is, as JSON, or, where there is no such variable, the placeholder itself.
pub(super) fn placeholder(key: &str) -> String {
    let (variable, written) = (variable(key), Value::from(format!("${{{key}}}")).to_json());
    format!(
        "typeof {variable} === \"string\" ? {variable} : typeof {variable} === \"undefined\" ? {written} : JSON.stringify({variable})"
    )
}

/// The key [`placeholder`] was given, where the text is one of its results.
pub(super) fn placeholder_key(source: &str) -> Option<String> {
    let (variable, _) = source.strip_prefix("typeof ")?.split_once(" === \"string\"")?;
    let key = variable_key(variable)?;
    (placeholder(&key) == source).then_some(key)
}
