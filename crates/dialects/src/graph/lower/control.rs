use super::Lowering;
use super::draft::{Body, pass};
use crate::graph::node_type::NodeType;
use crate::graph::read::Step;
use crate::graph::routes::{case_name, else_name};
use crate::text::Doc;
use weir_base::{Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{Case, Condition, Exit, Loop, LoopMode, Node, NodeKind, OnLimit, Variable};

/// A while without a bound of its own ends after this many iterations.
const DEFAULT_BOUND: u64 = 1_000;
/// How many journaled events a long-running run keeps before it continues as new.
pub const DEFAULT_EVENTS: u64 = 10_000;

impl<'a> Lowering<'a, '_> {
    /// A condition chooses a handle and passes its input on.
    pub fn fork(&mut self, at: usize) -> Body {
        if let Some(cases) = self.step(at).field("cases") {
            return self.cases(at, cases);
        }
        let Some(doc) = self.condition_doc(at) else {
            let message = format!("the condition `{}` has no `expression`", self.step(at).id);
            self.invalid(at, self.step(at).config, message);
            return pass();
        };
        let Some(when) = self.expression(doc, at, ".data.config.expression") else { return pass() };
        let cases = vec![case(when, "true".into())];
        Body::Leaf(NodeKind::Branch { cases, otherwise: Some(leave_by("false".into())) })
    }

    fn condition_doc(&self, at: usize) -> Option<&'a Doc> {
        self.step(at).any_field(&["expression", "condition"])
    }

    /// `cases: [{when, handle}]`, or `{value, handle}` compared with `config.expression`.
    fn cases(&mut self, at: usize, cases: &Doc) -> Body {
        if cases.items().is_empty() {
            self.invalid(at, Some(cases), "`cases` must be a list of at least one case");
            return pass();
        }
        let subject = match self.step(at).any_field(&["expression", "value", "on"]) {
            Some(doc) => self.expression(doc, at, ".data.config.expression"),
            None => None,
        };
        let mut found = Vec::new();
        for (index, doc) in cases.items().iter().enumerate() {
            let when = self.case_condition(at, doc, subject.as_ref());
            found.extend(when.map(|when| case(when, case_name(doc, index))));
        }
        let otherwise = Some(leave_by(else_name(self.step(at))));
        Body::Leaf(NodeKind::Branch { cases: found, otherwise })
    }

    fn case_condition(&mut self, at: usize, doc: &Doc, subject: Option<&Expr>) -> Option<Expr> {
        if let Some(when) = ["when", "condition", "expression"].iter().find_map(|key| doc.get(key)) {
            return self.expression(when, at, ".data.config.cases");
        }
        let Some((subject, value)) = subject.zip(doc.get("value").or_else(|| doc.get("equals"))) else {
            self.invalid(at, Some(doc), "a case needs `when`, or `value` to compare with the node's `expression`");
            return None;
        };
        let value = value.to_value();
        Expr::parse(&format!("({}) === {}", subject.source(), value.to_json())).ok().map(|expr| expr.at(doc.span))
    }

    /// A loop without its body: what it repeats over, and what bounds it.
    pub fn loop_head(&mut self, at: usize) -> Body {
        let mode = self.loop_mode(at);
        let while_loop = matches!(mode, LoopMode::While(_));
        let (mut max, period) = (self.bound(at), self.period(at));
        let mut on_limit = if while_loop { OnLimit::Fail } else { OnLimit::Done };
        let choices = [("fail", OnLimit::Fail), ("done", OnLimit::Done)];
        on_limit = self.choice(at, &["onLimit", "on_limit"], &choices).unwrap_or(on_limit);
        let bounded = max.is_some() || period.is_some() || matches!(mode, LoopMode::ForEach { .. });
        match (bounded, while_loop) {
            (true, _) => {}
            (false, true) => max = Some(Template::Value(Value::from(DEFAULT_BOUND))),
            (false, false) => self.unbounded(at),
        }
        let (max, continue_as_new) = match (max, period) {
            (max, Some(Period::EveryBound)) => (None, bound_of(&max)),
            (max, Some(Period::Every(count))) => (max, Some(count)),
            (max, None) => (max, None),
        };
        let body = Node::new("body", NodeKind::Set { writes: Vec::new() });
        Body::Loop(Box::new(Loop { mode, body, max, on_limit, continue_as_new, collect: false }))
    }

    fn loop_mode(&mut self, at: usize) -> LoopMode {
        let step = self.step(at);
        if let Some(items) = step.any_field(&["items", "collection", "forEach"]) {
            return self.for_each(at, items);
        }
        let condition = step.any_field(&["condition", "while", "expression"]);
        match condition.and_then(|doc| self.expression(doc, at, ".data.config.condition")) {
            Some(condition) => LoopMode::While(Condition::Expr(condition)),
            None => LoopMode::Forever,
        }
    }

    /// `items` is a list, a template, or the source of an expression.
    fn for_each(&mut self, at: usize, doc: &Doc) -> LoopMode {
        let bare = doc.as_str().is_some_and(|text| !text.contains("{{") && !text.contains("${"));
        let items = match bare {
            true => self.expression(doc, at, ".data.config.items").map(Template::Expr),
            false => Some(self.template(doc, at, ".data.config.items")),
        };
        let concurrency = match self.step(at).any_field(&["concurrency"]) {
            None => 1,
            Some(found) => match crate::graph::policy::whole(found).and_then(|n| u32::try_from(n).ok()) {
                Some(number) if number > 0 => number,
                _ => {
                    self.invalid(at, Some(found), "`concurrency` must be a whole number from 1");
                    1
                }
            },
        };
        let item_var = self.text_field(at, &["itemVariable", "itemVar"]);
        let index_var = self.text_field(at, &["indexVariable", "indexVar"]);
        item_var.iter().chain(&index_var).for_each(|name| self.declare(name, Variable::default()));
        LoopMode::ForEach {
            items: items.unwrap_or(Template::Value(Value::array([]))),
            item_var,
            index_var,
            concurrency,
        }
    }

    /// `maxIterations`; zero means there is none.
    fn bound(&mut self, at: usize) -> Option<Template> {
        let bound = self.count_field(at, &["maxIterations", "max_iterations", "iterations", "count"])?;
        Some(bound).filter(|bound| bound.constant().is_none_or(|value| value.as_f64() != Some(0.0)))
    }

    fn period(&mut self, at: usize) -> Option<Period> {
        let Some(found) = self.step(at).any_field(&["continueAsNew", "continue_as_new"]) else {
            return self.long_running_period(at);
        };
        if let Some(flag) = found.as_bool() {
            return flag.then(|| self.own_period(at));
        }
        let number =
            if found.is_map() { found.get("every").or_else(|| found.get("afterIterations")) } else { Some(found) };
        match number.and_then(crate::graph::policy::whole).filter(|number| *number > 0) {
            Some(number) => Some(Period::Every(number)),
            None => {
                let message = "`continueAsNew` is a number of iterations, or true for every `maxIterations`";
                self.invalid(at, Some(found), message);
                None
            }
        }
    }

    /// `continueAsNew: true`: every `maxIterations` where there is one, else as the workflow's settings have it.
    fn own_period(&self, at: usize) -> Period {
        let bounded = self.step(at).any_field(&["maxIterations", "max_iterations", "iterations", "count"]);
        match bounded.and_then(crate::graph::policy::whole).filter(|bound| *bound > 0) {
            Some(_) => Period::EveryBound,
            None => Period::Every(self.long_running.unwrap_or(DEFAULT_EVENTS)),
        }
    }

    /// A loop without any bound of a long-running workflow continues as new before its history grows too long.
    fn long_running_period(&self, at: usize) -> Option<Period> {
        let events = self.long_running?;
        let keys = ["maxIterations", "max_iterations", "iterations", "count", "items", "collection", "forEach"];
        let zero = |doc: &Doc| doc.as_f64() == Some(0.0);
        let bounded = self.step(at).any_field(&keys).is_some_and(|doc| !zero(doc));
        let inside = |node: &usize| self.words.owners_of(*node).any(|owner| owner == at);
        let journaled = |node: &usize| {
            let ty = self.step(*node).ty;
            ty.is_task() || matches!(ty, NodeType::Agent | NodeType::ChildWorkflow | NodeType::Signal | NodeType::Wait)
        };
        let steps = (0..self.workflow.steps.len()).filter(|node| journaled(node) && inside(node)).count() as u64;
        (!bounded).then(|| Period::Every((events / steps.max(1)).max(1)))
    }

    fn unbounded(&mut self, at: usize) {
        let message = format!("the loop `{}` has nothing that ends it", self.step(at).id);
        let problem = self.problem(at, "LOOP_UNBOUNDED", self.step(at).config, message);
        self.report.push(problem.help(
            "set `maxIterations`, `condition` or `items`, or `continueAsNew` to a number of iterations for a loop that is meant to go on",
        ));
    }

    pub fn retry(&mut self, at: usize) -> Body {
        let path = self.step(at).path(".data.config");
        let doc = self.retry_doc(at);
        match doc {
            Some(doc) => Body::Retry(crate::graph::policy::retry_policy(doc, &path, self.report)),
            None => Body::Retry(Default::default()),
        }
    }

    /// A retry node's policy stands in its config, or in `retryPolicy` like any other node's.
    fn retry_doc(&self, at: usize) -> Option<&'a Doc> {
        let step: &Step<'a> = self.step(at);
        let own = ["retryPolicy", "retry_policy"].iter().find_map(|key| step.field(key));
        own.or(step.config)
    }
}

enum Period {
    Every(u64),
    /// `maxIterations` counts the iterations of one link of the run.
    EveryBound,
}

fn bound_of(max: &Option<Template>) -> Option<u64> {
    max.as_ref()?.constant()?.as_u64()
}

fn case(when: Expr, handle: Text) -> Case {
    Case { when: Condition::Expr(when), then: leave_by(handle) }
}

fn leave_by(handle: Text) -> Exit {
    Exit { handle: Some(handle), body: None }
}
