//! From the pieces of a document to the flow: one draft per node, then regions from the innermost outwards.

mod assemble;
mod control;
mod draft;
mod flow;
mod header;
mod lift;
mod state;
mod work;

pub use flow::{ROOT, lower};

use super::read::{Step, Workflow};
use super::words::Words;
use crate::Names;
use crate::text::Doc;
use indexmap::IndexMap;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{SignalDecl, Trigger, Variable};

/// What lowering reads, and what nodes add to the flow as they are lowered.
pub struct Lowering<'a, 'r> {
    pub workflow: &'r Workflow<'a>,
    pub names: &'r dyn Names,
    /// Whether disabled nodes stay what they are, and are marked.
    pub keep_disabled: bool,
    pub words: Words<'r>,
    pub report: &'r mut Vec<Diagnostic>,
    pub variables: IndexMap<Text, Variable>,
    pub signals: IndexMap<Text, SignalDecl>,
    pub queries: IndexMap<Text, Expr>,
    pub triggers: Vec<Trigger>,
    /// Properties of the flow's input that data-in nodes describe.
    pub inputs: IndexMap<Text, Value>,
    /// Iterations after which a loop without bounds continues as new, per journaled step in it, where the
    /// workflow is long-running.
    pub long_running: Option<u64>,
}

impl<'a, 'r> Lowering<'a, 'r> {
    pub fn step(&self, at: usize) -> &'r Step<'a> {
        &self.workflow.steps[at]
    }

    pub fn template(&mut self, doc: &Doc, from: usize, rest: &str) -> Template {
        let path = self.step(from).path(rest);
        self.words.template(doc, from, &path, self.report)
    }

    pub fn expression(&mut self, doc: &Doc, from: usize, rest: &str) -> Option<Expr> {
        let path = self.step(from).path(rest);
        self.words.expression(doc, from, &path, self.report)
    }

    /// An error about the configuration of a node.
    pub fn invalid(&mut self, at: usize, doc: Option<&Doc>, message: impl Into<String>) {
        let problem = self.problem(at, "INVALID_CONFIG", doc, message.into());
        self.report.push(problem);
    }

    pub fn problem(&self, at: usize, code: &str, doc: Option<&Doc>, message: String) -> Diagnostic {
        let step = self.step(at);
        let span = doc.or(step.config).or(step.data).unwrap_or(step.doc).span;
        Diagnostic::error(code, message).at(span).path(step.path(".data"))
    }

    pub fn text_field(&mut self, at: usize, keys: &[&str]) -> Option<Text> {
        let found = self.step(at).any_field(keys)?;
        match found.as_str().map(str::trim) {
            Some("") => None,
            Some(text) => Some(Text::from(text)),
            None => {
                let message = format!("`{}` must be text, but this is {}", keys[0], found.describe());
                self.invalid(at, Some(found), message);
                None
            }
        }
    }

    /// A duration that is checked, or a template that gives one.
    pub fn duration_field(&mut self, at: usize, keys: &[&str]) -> Option<Template> {
        let found = self.step(at).any_field(keys)?;
        self.duration(at, found, keys[0])
    }

    pub fn duration(&mut self, at: usize, doc: &Doc, key: &str) -> Option<Template> {
        if doc.as_str().is_some_and(|text| text.contains("{{") || text.contains("${")) {
            return Some(self.template(doc, at, &format!(".data.{key}")));
        }
        let path = self.step(at).path(&format!(".data.{key}"));
        let parsed = super::policy::duration(doc, &path, self.report)?;
        Some(Template::Value(Value::from(parsed.to_string())))
    }

    /// A number that must be a whole one, or a template that gives one.
    pub fn count_field(&mut self, at: usize, keys: &[&str]) -> Option<Template> {
        let found = self.step(at).any_field(keys)?;
        if found.as_str().is_some() {
            return Some(self.template(found, at, &format!(".data.config.{}", keys[0])));
        }
        if super::policy::whole(found).is_none() {
            let message = format!("`{}` must be a whole number, but this is {}", keys[0], found.to_value());
            self.invalid(at, Some(found), message);
            return None;
        }
        Some(Template::Value(found.to_value()))
    }

    pub fn flag_field(&mut self, at: usize, keys: &[&str]) -> bool {
        let Some(found) = self.step(at).any_field(keys) else { return false };
        if found.as_bool().is_none() {
            let message = format!("`{}` must be true or false, but this is {}", keys[0], found.describe());
            self.invalid(at, Some(found), message);
        }
        found.as_bool().unwrap_or(false)
    }

    /// One of some words, each with its meaning.
    pub fn choice<T: Copy>(&mut self, at: usize, keys: &[&str], choices: &[(&str, T)]) -> Option<T> {
        let found = self.step(at).any_field(keys)?;
        let word = found.as_str().unwrap_or("");
        if let Some((_, meaning)) = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            return Some(*meaning);
        }
        let names = choices.iter().map(|(name, _)| *name);
        let message = format!("`{}` is one of {}", keys[0], crate::fields::list(names.clone()));
        let mut problem = self.problem(at, "INVALID_CONFIG", Some(found), message);
        if let Some(near) = crate::fields::near(word, names) {
            problem = problem.help(format!("did you mean `{near}`?")).suggest(near);
        }
        self.report.push(problem);
        None
    }

    pub fn declare(&mut self, name: &Text, variable: Variable) {
        self.variables.entry(name.clone()).or_insert(variable);
        self.words.declare(name.clone());
    }
}

/// `{{ data }}`.
pub fn data() -> Template {
    code("data")
}

/// A template that is one expression written by this program.
pub fn code(source: &str) -> Template {
    Expr::parse(source).map_or(Template::Value(Value::Null), Template::Expr)
}

/// Whether an expression in a template reads a root name.
pub fn mentions(template: &Template, root: &str) -> bool {
    let mut found = false;
    template.for_each_expr(&mut |expr| found |= expr.references().iter().any(|reference| &*reference.root == root));
    found
}
