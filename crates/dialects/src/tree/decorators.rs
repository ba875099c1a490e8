use super::ids::Id;
use super::lower::{At, Lower, broken};
use super::types::Type;
use crate::fields::{near, short};
use crate::text::Doc;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{Condition, Decorator, Loop, LoopMode, Node, NodeKind, OnLimit, Precheck};

const CHECK_KEYS: [&str; 3] = ["condition", "resolver", "required"];

impl Lower<'_> {
    pub(super) fn decorated(&mut self, at: &At<'_>, ty: Type) -> NodeKind {
        let with = match ty {
            Type::Timeout => Decorator::Timeout { after: self.required_time(at, "timeoutMs", 1) },
            Type::Delay => Decorator::Delay { by: self.required_time(at, "delayMs", 0) },
            Type::Repeat => return self.repeat(at),
            Type::Invert => Decorator::Invert,
            Type::ForceSuccess => Decorator::Force { success: true },
            Type::ForceFailure => Decorator::Force { success: false },
            Type::RunOnce => Decorator::RunOnce,
            Type::KeepRunningUntilFailure => Decorator::UntilFailure,
            Type::Precondition => Decorator::Precondition { checks: self.checks(at) },
            _ => Decorator::SoftAssert,
        };
        NodeKind::Decorate { with, body: Box::new(self.body(at)) }
    }

    fn repeat(&mut self, at: &At<'_>) -> NodeKind {
        if at.prop("numCycles").is_none() {
            self.missing(at, "numCycles");
        }
        let cycles = self.count(at, "numCycles", 1).unwrap_or(Template::Value(1.into()));
        NodeKind::Loop(Box::new(Loop {
            mode: LoopMode::Repeat(cycles),
            body: self.body(at),
            max: None,
            on_limit: OnLimit::Fail,
            continue_as_new: None,
            collect: false,
        }))
    }

    fn required_time(&mut self, at: &At<'_>, name: &str, least: u64) -> Template {
        if at.prop(name).is_none() {
            self.missing(at, name);
        }
        self.time(at, name, least).unwrap_or(Template::Value(least.into()))
    }

    fn body(&mut self, at: &At<'_>) -> Node {
        let children = self.children(at);
        children.into_iter().next().unwrap_or_else(|| broken("body".into(), at.doc))
    }

    fn checks(&mut self, at: &At<'_>) -> Vec<Precheck> {
        let Some(conditions) = at.prop("conditions").filter(|conditions| !conditions.is_null()) else {
            return Vec::new();
        };
        if !conditions.is_list() {
            self.invalid(at, "conditions", "a list of `{condition, resolver?, required?}`");
        }
        let numbered = conditions.items().iter().enumerate();
        numbered.filter_map(|(index, item)| self.precheck(at, item, index + 1)).collect()
    }

    fn precheck(&mut self, at: &At<'_>, item: &Doc, number: usize) -> Option<Precheck> {
        if !item.is_map() {
            let message = format!("a precondition is a map with a `condition`, not {}", item.describe());
            self.out.push(Diagnostic::error("INVALID_PROP", message).at(item.span).path(&*at.id));
            return None;
        }
        self.check_keys(at, item);
        let condition = match item.get("condition") {
            Some(condition) => self.condition(at, condition, &format!("condition-{number}"))?,
            None => {
                let message = "this precondition has no `condition`";
                self.out.push(Diagnostic::error("MISSING_PROP", message).at(item.span).path(&*at.id));
                return None;
            }
        };
        let resolver = item.get("resolver").filter(|resolver| !resolver.is_null());
        let resolver = resolver.map(|doc| Box::new(self.inner(at, doc, &format!("resolver-{number}"))));
        Some(Precheck { condition, resolver, required: self.flag(at, item, "required", true) })
    }

    /// A node, or an expression as text.
    fn condition(&mut self, at: &At<'_>, doc: &Doc, role: &str) -> Option<Condition> {
        if doc.as_str().is_some() {
            return self.expression(doc).map(Condition::Expr);
        }
        if let Some(constant) = doc.as_bool() {
            return Some(Condition::Expr(Expr::constant(Value::from(constant))));
        }
        Some(Condition::Region(Box::new(self.inner(at, doc, role))))
    }

    fn inner(&mut self, at: &At<'_>, doc: &Doc, role: &str) -> Node {
        let written = super::ids::of_siblings(std::slice::from_ref(doc)).into_iter().find(|id| id.written);
        let id = written.unwrap_or_else(|| Id { text: Text::from(role), written: false });
        self.node(doc, id, at.depth + 1, &[])
    }

    fn flag(&mut self, at: &At<'_>, item: &Doc, key: &str, default: bool) -> bool {
        let Some(doc) = item.get(key).filter(|doc| !doc.is_null()) else {
            return default;
        };
        if doc.as_bool().is_none() {
            let message = format!("`{key}` is true or false, not {}", doc.describe());
            self.out.push(Diagnostic::error("INVALID_PROP", message).at(doc.span).path(&*at.id));
        }
        doc.as_bool().unwrap_or(default)
    }

    fn check_keys(&mut self, at: &At<'_>, item: &Doc) {
        for entry in item.entries().iter().filter(|entry| !CHECK_KEYS.contains(&&*entry.key)) {
            let message = format!("`{}` is not a key of a precondition", short(&entry.key));
            let found = Diagnostic::error("UNKNOWN_PROP", message).at(entry.key_span).path(&*at.id);
            self.out.push(match near(&entry.key, CHECK_KEYS) {
                Some(known) => found.help(format!("did you mean `{known}`?")).suggest(known),
                None => found.help("its keys are `condition`, `resolver` and `required`"),
            });
        }
    }
}
