use super::draft::{Body, pass};
use super::{Lowering, code, data};
use crate::graph::words::member_text;
use crate::text::Doc;
use weir_base::{Severity, Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{NodeKind, SetOp, Target, Task, VarScope, VarType, Variable, Wait, Write};

const OPERATIONS: [(&str, SetOp); 5] = [
    ("set", SetOp::Set),
    ("append", SetOp::Append),
    ("increment", SetOp::Increment),
    ("decrement", SetOp::Decrement),
    ("get", SetOp::Get),
];

/// `workflow` is the scope of one run.
const SCOPES: [(&str, VarScope); 5] = [
    ("workflow", VarScope::Run),
    ("run", VarScope::Run),
    ("flow", VarScope::Run),
    ("service", VarScope::Service),
    ("project", VarScope::Project),
];

impl Lowering<'_, '_> {
    /// A variable of the run is written by a pure step; one of a service or project by the kind `set`.
    pub fn state_variable(&mut self, at: usize) -> Body {
        let Some(name) = self.variable_name(at) else {
            let message = format!("the state variable `{}` has no `name`", self.step(at).id);
            self.invalid(at, self.step(at).config, message);
            return pass();
        };
        let op = self.choice(at, &["operation", "op"], &OPERATIONS).unwrap_or(SetOp::Set);
        let value = self.operand(at, op);
        match self.choice(at, &["scope"], &SCOPES).unwrap_or_default() {
            VarScope::Run => self.run_variable(at, name, op, value),
            scope => self.shared_variable(scope, name, op, value),
        }
    }

    fn variable_name(&mut self, at: usize) -> Option<Text> {
        let named = self.text_field(at, &["name", "variableName", "variable", "key"]);
        named.or_else(|| self.step(at).label().map(Text::from))
    }

    /// `value`, or `amount` where something is counted; by default the node's input, or one.
    fn operand(&mut self, at: usize, op: SetOp) -> Template {
        let (keys, default): (&[&str], fn() -> Template) = match op {
            SetOp::Get => return Template::Value(Value::Null),
            SetOp::Increment | SetOp::Decrement => (&["amount", "by", "value"], || Template::Value(Value::from(1))),
            _ => (&["value"], data),
        };
        match self.step(at).any_field(keys) {
            Some(doc) => self.template(doc, at, &format!(".data.config.{}", keys[0])),
            None if op == SetOp::Set && self.has_null_value(at) => Template::Value(Value::Null),
            None => default(),
        }
    }

    /// `value: null` sets null; only a missing value means the node's input.
    fn has_null_value(&self, at: usize) -> bool {
        self.step(at).config.and_then(|config| config.get("value")).is_some_and(Doc::is_null)
    }

    fn run_variable(&mut self, at: usize, name: Text, op: SetOp, value: Template) -> Body {
        self.storage(at);
        let initial = self.step(at).config_field("initialValue").map(Doc::to_value);
        let ty = initial.as_ref().map_or_else(|| type_by_use(op), type_of);
        self.declare(&name, Variable { ty, initial: initial.clone(), description: None });
        if let (Some(initial), Some(declared)) = (initial, self.variables.get_mut(&name)) {
            declared.initial.get_or_insert(initial);
        }
        Body::Leaf(NodeKind::Set { writes: vec![write(name, op, value)] })
    }

    /// Where the old system kept a variable; a run's variables always live in its journal.
    fn storage(&mut self, at: usize) {
        let Some(found) = self.step(at).any_field(&["storageType", "storage_type"]) else { return };
        if found.as_str() != Some("workflow") {
            let message = "a run's variables are kept by the run itself; `storageType` is not used".to_owned();
            let mut problem = self.problem(at, "INVALID_CONFIG", Some(found), message);
            problem.severity = Severity::Warning;
            self.report.push(problem.help("use the scope `service` or `project` for what outlives the run"));
        }
    }

    fn shared_variable(&mut self, scope: VarScope, name: Text, op: SetOp, value: Template) -> Body {
        let kind = self.names.by_kind("set").map_or_else(|| "set".into(), |leaf| leaf.kind);
        let scope = SCOPES.iter().rev().find(|(_, known)| *known == scope).map_or("project", |(name, _)| name);
        let op_name = OPERATIONS.iter().find(|(_, known)| *known == op).map_or("set", |(name, _)| name);
        let text = |text: &str| Template::Value(Value::from(text));
        let mut members = vec![
            (Text::from("scope"), text(scope)),
            ("name".into(), Template::Value(name.into())),
            ("op".into(), text(op_name)),
        ];
        if op != SetOp::Get {
            members.push(("value".into(), value));
        }
        Body::Leaf(NodeKind::Task(Box::new(Task::new(kind, Template::Object(members)))))
    }

    /// `set` writes every member of `config.assign`, or of `config` itself, to the variable of that name.
    pub fn set(&mut self, at: usize) -> Body {
        let (doc, rest) = match self.step(at).config_field("assign") {
            Some(assign) => (Some(assign), ".data.config.assign"),
            None => (self.step(at).config, ".data.config"),
        };
        let members = self.members(at, doc, &[], rest);
        members.iter().for_each(|(name, _)| self.declare(name, Variable::default()));
        let writes = members.into_iter().map(|(name, value)| write(name, SetOp::Set, value)).collect();
        Body::Leaf(NodeKind::Set { writes })
    }

    /// Takes a member of the run's input, or waits for a signal where `config.signal` names one.
    pub fn data_in(&mut self, at: usize) -> Body {
        if let Some(name) = self.text_field(at, &["signal", "signalName"]) {
            self.declare_signal(at, &name);
            let timeout = self.duration_field(at, &["timeout"]);
            return Body::Leaf(NodeKind::Wait(Wait::Signal { name, timeout, routes: false }));
        }
        let Some(name) = self.text_field(at, &["name", "field", "inputName"]) else {
            return Body::Leaf(NodeKind::Set { writes: vec![value(code("input"))] });
        };
        if let Some(schema) = self.step(at).config_field("schema") {
            self.inputs.insert(name.clone(), schema.to_value());
        }
        let default = self.step(at).any_field(&["default", "defaultValue"]).map_or(Value::Null, Doc::to_value);
        let source = match self.flag_field(at, &["required"]) {
            true => member_text("input", &name),
            false => format!("{} ?? {}", optional_member("input", &name), literal(&default)),
        };
        Body::Leaf(NodeKind::Set { writes: vec![value(code(&source))] })
    }

    /// Keeps a value in a variable, and answers the query of that name with it.
    pub fn data_out(&mut self, at: usize) -> Body {
        let Some(variable) = self.declare_query(at) else { return pass() };
        let value = match self.step(at).any_field(&["value", "expression"]) {
            Some(doc) => self.template(doc, at, ".data.config.value"),
            None => data(),
        };
        Body::Leaf(NodeKind::Set { writes: vec![write(variable, SetOp::Set, value)] })
    }

    /// The query of a data-out node; gives the variable it reads.
    pub fn declare_query(&mut self, at: usize) -> Option<Text> {
        let Some(name) =
            self.text_field(at, &["queryName", "name", "field"]).or_else(|| self.step(at).label().map(Text::from))
        else {
            let message = format!("`{}` has no `name` to be asked for by", self.step(at).id);
            self.invalid(at, self.step(at).config, message);
            return None;
        };
        let variable = self.text_field(at, &["variable", "variableName"]).unwrap_or_else(|| name.clone());
        self.declare(&variable, Variable::default());
        if let Ok(query) = Expr::parse(&member_text("vars", &variable)) {
            self.queries.insert(name, query);
        }
        Some(variable)
    }
}

fn write(name: Text, op: SetOp, value: Template) -> Write {
    let target = Target { scope: VarScope::Run, name: Template::Value(name.into()) };
    Write { target: Some(target), op, value }
}

/// A value that is only the step's output.
fn value(value: Template) -> Write {
    Write { target: None, op: SetOp::Get, value }
}

fn optional_member(root: &str, key: &str) -> String {
    match member_text(root, key) {
        dotted if dotted.starts_with(&format!("{root}.")) => dotted.replacen('.', "?.", 1),
        indexed => indexed.replacen('[', "?.[", 1),
    }
}

/// A value as the source of an expression. An object needs parentheses.
fn literal(value: &Value) -> String {
    format!("({})", value.to_json())
}

fn type_by_use(op: SetOp) -> VarType {
    match op {
        SetOp::Increment | SetOp::Decrement => VarType::Number,
        _ => VarType::Any,
    }
}

fn type_of(value: &Value) -> VarType {
    match value {
        Value::String(_) => VarType::String,
        Value::Number(_) => VarType::Number,
        Value::Bool(_) => VarType::Boolean,
        Value::Array(_) => VarType::Array,
        Value::Object(_) => VarType::Object,
        Value::Null | Value::Sealed(_) => VarType::Any,
    }
}
