use super::task::policy_text;
use super::{Call, Writer};
use weir_base::Text;
use weir_expr::Template;
use weir_ir::{Decorator, Node, Precheck};

impl Writer<'_> {
    pub(super) fn attempt(&mut self, body: &Node, catch: Option<&Node>, finally: Option<&Node>, path: &str) -> String {
        let name = self.uses("attempt");
        let body = self.node(body, path);
        let caught = catch.map_or_else(|| "undefined".to_owned(), |node| self.node(node, path));
        let last = finally.map(|node| format!(", {}", self.node(node, path))).unwrap_or_default();
        let caught = if caught == "undefined" && last.is_empty() { String::new() } else { format!(", {caught}") };
        format!("{name}(at, {body}{caught}{last})")
    }

    pub(super) fn decorate(&mut self, with: &Decorator, body: &Node, path: &str) -> (&'static str, Call) {
        match with {
            Decorator::Invert => ("invert", Ok(self.around("invert", "", body, path))),
            Decorator::Force { success } => ("force", Ok(self.around("force", &format!("{success}, "), body, path))),
            Decorator::Timeout { after } => ("timeout", self.timed("timeout", after, body, path)),
            Decorator::Delay { by } => ("delay", self.timed("delay", by, body, path)),
            Decorator::Retry { policy } => {
                ("retry", Ok(self.around("retry", &format!("{}, ", policy_text(policy)), body, path)))
            }
            Decorator::RunOnce => ("runOnce", Ok(self.remembering("runOnce", body, path))),
            Decorator::UntilFailure => ("untilFailure", Ok(self.around("untilFailure", "", body, path))),
            Decorator::SoftAssert => ("softAssert", Ok(self.around("softAssert", "", body, path))),
            Decorator::Precondition { checks } => ("precondition", self.precondition(checks, body, path)),
        }
    }

    fn around(&mut self, name: &'static str, given: &str, body: &Node, path: &str) -> String {
        format!("{}(at, {given}{})", self.uses(name), self.node(body, path))
    }

    /// What keeps something for the next time it is entered, under the step's own name.
    pub(super) fn remembering(&mut self, name: &'static str, body: &Node, path: &str) -> String {
        let key = self.key();
        self.around(name, &format!("'{key}', "), body, path)
    }

    fn timed(&mut self, name: &'static str, after: &Template, body: &Node, path: &str) -> Call {
        let measured = self.measure("durationOf", after)?;
        Ok(self.around(name, &format!("{measured}, "), body, path))
    }

    fn precondition(&mut self, checks: &[Precheck], body: &Node, path: &str) -> Call {
        let name = self.uses("precondition");
        let mut out = Vec::new();
        for check in checks {
            let condition = self.condition(&check.condition, path)?;
            let resolver = check.resolver.as_ref().map(|node| format!("resolver: {}, ", self.node(node, path)));
            let resolver = resolver.unwrap_or_default();
            out.push(format!("{{ condition: {condition}, {resolver}required: {} }}", check.required));
        }
        Ok(format!("{name}(at, [{}], {})", out.join(", "), self.node(body, path)))
    }

    /// A definition is written once, wherever it is used.
    pub(super) fn used_definition(&mut self, def: &Text) -> Call {
        let key = self.key();
        let name = match self.definitions.get(def) {
            Some(name) => name.clone(),
            None => {
                let node = self.flow.defs.get(def).ok_or("a definition that is not there")?;
                let name = self.node(node, &format!("({def})"));
                self.definitions.insert(def.clone(), name.clone());
                name
            }
        };
        Ok(format!("{}(at, '{key}', {name})", self.uses("use")))
    }
}
