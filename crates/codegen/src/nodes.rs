//! One function for every step of a flow.

use crate::activities::js_string;
use crate::express::{expression, template};
use crate::names::{comment, node_function};
use std::fmt::Write as _;
use weir_base::Diagnostic;
use weir_ir::{Case, Condition, Decorator, Exit, Fail, Flow, Node, NodeKind, Order, SetOp, VarScope, Write};

/// What the functions of a flow are written with.
pub(crate) struct Writer<'a> {
    pub flow: &'a Flow,
    pub functions: Vec<String>,
    pub problems: Vec<Diagnostic>,
    number: usize,
}

/// The call that performs a step, or what about the step cannot be written.
type Call = Result<String, &'static str>;

const EXPRESSION: &str = "an expression other than a constant or one declared variable";

impl<'a> Writer<'a> {
    pub fn new(flow: &'a Flow) -> Self {
        Self { flow, functions: Vec::new(), problems: Vec::new(), number: 0 }
    }

    /// Writes the function of a node and those of the nodes inside it, parents first; gives its name.
    pub fn node(&mut self, node: &Node, above: &str) -> String {
        self.number += 1;
        let name = node_function(self.number, node);
        let path = if above.is_empty() { node.id.to_string() } else { format!("{above}/{}", node.id) };
        let place = self.functions.len();
        self.functions.push(String::new());
        let (kind, call) = self.call(node, &path);
        match call {
            Ok(call) => self.functions[place] = function(node, &name, &path, kind, &call),
            Err(what) => self.problems.push(unsupported(node, &path, what)),
        }
        name
    }

    fn call(&mut self, node: &Node, path: &str) -> (&'static str, Call) {
        match &node.kind {
            NodeKind::Sequence { order: Order::Plain, children } => {
                ("sequence", self.children("sequence", children, path))
            }
            NodeKind::Select { order: Order::Plain, children } => ("select", self.children("select", children, path)),
            NodeKind::Branch { cases, otherwise } => ("branch", self.branch(cases, otherwise.as_ref(), path)),
            NodeKind::Try { body, catch, finally } => {
                ("try", Ok(self.attempt(body, catch.as_deref(), finally.as_deref(), path)))
            }
            NodeKind::Decorate { with: Decorator::Invert, body } => {
                ("invert", Ok(format!("invert(at, {})", self.node(body, path))))
            }
            NodeKind::Decorate { with: Decorator::Force { success }, body } => {
                ("force", Ok(format!("force(at, {success}, {})", self.node(body, path))))
            }
            NodeKind::Set { writes } => ("set", self.set(writes)),
            NodeKind::Return { value } => ("return", self.template(value).map(|value| format!("returns(at, {value})"))),
            NodeKind::Fail(fail) => ("fail", self.fail(fail)),
            _ => ("", Err("a step of this type")),
        }
    }

    fn children(&mut self, what: &str, children: &[Node], path: &str) -> Call {
        let mut out = format!("{what}(at, [");
        for child in children {
            let _ = write!(out, "\n      {},", self.node(child, path));
        }
        out.push_str(if children.is_empty() { "])" } else { "\n    ])" });
        Ok(out)
    }

    fn branch(&mut self, cases: &[Case], otherwise: Option<&Exit>, path: &str) -> Call {
        let mut out = "branch(\n      at,\n      [".to_owned();
        for case in cases {
            let Condition::Expr(when) = &case.when else { return Err("a condition that is a region of steps") };
            let when = expression(self.flow, when, 8).ok_or(EXPRESSION)?;
            let _ = write!(out, "\n        {{ when: {when}, then: {} }},", self.exit(&case.then, path)?);
        }
        out.push_str("\n      ],\n      null,\n");
        if let Some(last) = otherwise {
            let _ = writeln!(out, "      {},", self.exit(last, path)?);
        }
        Ok(out + "    )")
    }

    fn exit(&mut self, exit: &Exit, path: &str) -> Call {
        let body = exit.body.as_ref().ok_or("a way out without a step")?;
        let body = self.node(body, path);
        let handle = exit.handle.iter().map(|handle| format!(", handle: {}", js_string(handle))).collect::<String>();
        Ok(format!("{{ body: {body}{handle} }}"))
    }

    fn attempt(&mut self, body: &Node, catch: Option<&Node>, finally: Option<&Node>, path: &str) -> String {
        let body = self.node(body, path);
        let caught = catch.map_or_else(|| "undefined".to_owned(), |node| self.node(node, path));
        let last = finally.map_or_else(|| "undefined".to_owned(), |node| self.node(node, path));
        format!("attempt(at, {body}, {caught}, {last})")
    }

    fn set(&self, writes: &[Write]) -> Call {
        if writes.is_empty() {
            return Err("a set without writes");
        }
        let mut out = "set(\n      at,\n      [".to_owned();
        for write in writes {
            let _ = write!(out, "\n        {},", self.write(write)?);
        }
        Ok(out + "\n      ],\n      null,\n    )")
    }

    fn write(&self, write: &Write) -> Call {
        let op = operation(write.op).ok_or("a script")?;
        let value = self.template(&write.value)?;
        let Some(target) = &write.target else { return Ok(format!("{{ op: '{op}', value: {value} }}")) };
        if target.scope != VarScope::Run {
            return Err("a variable of a service or project");
        }
        Ok(format!("{{ name: {}, op: '{op}', value: {value} }}", self.template(&target.name)?))
    }

    fn fail(&self, fail: &Fail) -> Call {
        Ok(format!("fails(at, {}, {})", js_string(&fail.code), self.template(&fail.message)?))
    }

    fn template(&self, value: &weir_expr::Template) -> Call {
        template(self.flow, value, 8).ok_or(EXPRESSION)
    }
}

fn operation(op: SetOp) -> Option<&'static str> {
    match op {
        SetOp::Set => Some("set"),
        SetOp::Append => Some("append"),
        SetOp::Increment => Some("increment"),
        SetOp::Decrement => Some("decrement"),
        SetOp::Get => Some("get"),
        SetOp::Check => Some("check"),
        SetOp::Script => None,
    }
}

fn function(node: &Node, name: &str, path: &str, kind: &str, call: &str) -> String {
    let title = match node.title() {
        title if title == &*node.id => String::new(),
        title => format!(": {}", comment(title)),
    };
    let id = js_string(&node.id);
    format!(
        "/** {}{title} */\nasync function {name}(above: At): Promise<Outcome> {{\n  return step(above, {id}, '{kind}', (at) =>\n    {call},\n  );\n}}\n",
        comment(path)
    )
}

fn unsupported(node: &Node, path: &str, what: &str) -> Diagnostic {
    let ty = if node.origin.ty.is_empty() { String::new() } else { format!(" ({})", node.origin.ty) };
    Diagnostic::error(
        crate::UNSUPPORTED,
        format!("step `{path}`{ty} has {what}, which cannot be written as TypeScript yet"),
    )
    .path(path)
    .maybe_at(node.origin.span)
    .help("run the flow with `weir run` or on a server, or take this out and generate again")
}
