use super::Lowering;
use crate::graph::node_type::NodeType;
use weir_base::Diagnostic;
use weir_expr::Template;
use weir_ir::{Decorator, Join, Loop, Node, NodeKind, OnError, RetryPolicy};

/// A node before its edges are known.
pub struct Draft {
    pub body: Body,
    /// The node's own idea of its input.
    pub mapping: Option<Template>,
    pub join: Join,
    pub cancel_rest: bool,
    pub on_error: OnError,
    /// It is disabled and read to be written again.
    pub disabled: bool,
}

pub enum Body {
    Leaf(NodeKind),
    /// A loop without its body yet; the node inside it is a placeholder.
    Loop(Box<Loop>),
    Retry(RetryPolicy),
}

pub fn pass() -> Body {
    Body::Leaf(NodeKind::Set { writes: Vec::new() })
}

impl Lowering<'_, '_> {
    /// A node as its type says. Nothing that cannot be read is left out: it passes its input through, and is reported.
    pub fn draft(&mut self, at: usize) -> Draft {
        let before = self.report.len();
        let body = self.body(at);
        if !self.disabled(at) {
            return self.active(at, body);
        }
        if self.keep_disabled {
            return Draft { disabled: true, ..self.active(at, body) };
        }
        // What it declares stays declared; what is wrong with it matters when it is switched on again.
        self.report.truncate(before);
        self.note_disabled(at);
        let join = self.join(at);
        let cancel_rest = self.cancel_rest(at);
        Draft { body: pass(), mapping: None, join, cancel_rest, on_error: OnError::Fail, disabled: false }
    }

    fn body(&mut self, at: usize) -> Body {
        match self.step(at).ty {
            NodeType::Trigger => self.trigger(at),
            NodeType::End | NodeType::Phase | NodeType::Unknown => pass(),
            NodeType::Activity => self.activity(at),
            NodeType::Kind => self.kind_node(at),
            NodeType::Component(kind) => self.component(at, kind),
            NodeType::Agent => self.agent(at),
            NodeType::ChildWorkflow => self.child(at),
            NodeType::Conditional => self.fork(at),
            NodeType::Loop => self.loop_head(at),
            NodeType::Retry => self.retry(at),
            NodeType::Signal => self.signal(at),
            NodeType::Approval => self.approval(at),
            NodeType::Wait => self.wait(at),
            NodeType::StateVariable => self.state_variable(at),
            NodeType::Set => self.set(at),
            NodeType::DataIn => self.data_in(at),
            NodeType::DataOut => self.data_out(at),
            NodeType::Return => self.return_node(at),
            NodeType::Fail => self.fail(at),
        }
    }

    fn active(&mut self, at: usize, body: Body) -> Draft {
        let mapping = self.mapping(at);
        let body = self.around(at, body);
        let (join, cancel_rest, on_error) = (self.join(at), self.cancel_rest(at), self.on_error(at));
        Draft { body, mapping, join, cancel_rest, on_error, disabled: false }
    }

    /// Whether the node lets what flows into it flow on and does nothing else.
    fn disabled(&mut self, at: usize) -> bool {
        let Some(found) = self.step(at).data_field("disabled") else { return false };
        let disabled = found.as_bool();
        if disabled.is_none() {
            let message = format!("`disabled` must be true or false, but this is {}", found.describe());
            self.invalid(at, Some(found), message);
        } else if disabled == Some(true) && !self.step(at).ty.can_be_disabled() {
            let message = format!("a node of type `{}` cannot be disabled", self.step(at).type_name);
            let problem = self.problem(at, "INVALID_CONFIG", Some(found), message);
            self.report.push(problem.help("take its edges away, or lead them past it"));
            return false;
        }
        disabled.unwrap_or(false)
    }

    fn note_disabled(&mut self, at: usize) {
        let step = self.step(at);
        let message = format!("`{}` is disabled: what flows into it flows on", crate::fields::short(&step.id));
        let note = Diagnostic::info("DISABLED_STEP", message).at(step.doc.span).path(step.path(""));
        self.report.push(note);
    }

    fn join(&mut self, at: usize) -> Join {
        self.choice(at, &["join"], &[("all", Join::All), ("any", Join::Any)]).unwrap_or_default()
    }

    /// `data.input`, where it says what `data` is. A task's input that reads `data` itself is only its parameters.
    fn mapping(&mut self, at: usize) -> Option<Template> {
        let (ty, step) = (self.step(at).ty, self.step(at));
        let doc = match ty {
            NodeType::Agent | NodeType::ChildWorkflow => step.data_field("input"),
            NodeType::End => step.data_field("input").or_else(|| step.any_field(&["output", "result"])),
            NodeType::Return | NodeType::Unknown => None,
            _ => step.data_field("input"),
        }?;
        let template = self.template(doc, at, ".data.input");
        Some(template).filter(|template| !(ty.is_task() && super::mentions(template, "data")))
    }

    fn cancel_rest(&mut self, at: usize) -> bool {
        let cancels = self.flag_field(at, &["cancelRest"]);
        if cancels && self.step(at).field("join").and_then(crate::text::Doc::as_str) != Some("any") {
            let doc = self.step(at).field("cancelRest");
            self.invalid(at, doc, "`cancelRest` needs `join: any`: a node that waits for all has nothing to cancel");
        }
        cancels
    }

    fn on_error(&mut self, at: usize) -> OnError {
        let choices = [("fail", OnError::Fail), ("continue", OnError::Continue)];
        self.choice(at, &["onError", "on_error"], &choices).unwrap_or_default()
    }

    /// `timeout` and `retryPolicy` around a node that is no task; a wait has its timeout inside.
    fn around(&mut self, at: usize, body: Body) -> Body {
        let ty = self.step(at).ty;
        if ty.is_task() || matches!(ty, NodeType::Retry | NodeType::Signal | NodeType::Approval | NodeType::DataIn) {
            return body;
        }
        match (ty, body) {
            (NodeType::Agent | NodeType::ChildWorkflow, Body::Leaf(kind)) => Body::Leaf(self.decorated(at, kind)),
            (_, body) => {
                self.no_effect(at);
                body
            }
        }
    }

    fn decorated(&mut self, at: usize, kind: NodeKind) -> NodeKind {
        let mut kind = kind;
        if let Some(policy) = self.policy_field(at) {
            kind = NodeKind::Decorate { with: Decorator::Retry { policy }, body: Box::new(Node::new("attempt", kind)) };
        }
        if let Some(after) = self.duration_field(at, &["timeout"]) {
            kind = NodeKind::Decorate { with: Decorator::Timeout { after }, body: Box::new(Node::new("timed", kind)) };
        }
        kind
    }

    fn no_effect(&mut self, at: usize) {
        for key in ["timeout", "retryPolicy", "retry_policy"] {
            let Some(found) = self.step(at).data_field(key) else { continue };
            let message = format!("`{key}` has no effect on a node of type `{}`", self.step(at).type_name);
            let mut problem = self.problem(at, "INVALID_CONFIG", Some(found), message);
            problem.severity = weir_base::Severity::Warning;
            self.report.push(problem);
        }
    }

    pub fn policy_field(&mut self, at: usize) -> Option<RetryPolicy> {
        let found = ["retryPolicy", "retry_policy"].iter().find_map(|key| self.step(at).data_field(key))?;
        let path = self.step(at).path(".data.retryPolicy");
        Some(crate::graph::policy::retry_policy(found, &path, self.report))
    }
}
