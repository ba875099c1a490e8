use super::{Call, Writer};
use weir_ir::{Decorator, Node};

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
            Decorator::Invert => ("invert", Ok(format!("{}(at, {})", self.uses("invert"), self.node(body, path)))),
            Decorator::Force { success } => {
                ("force", Ok(format!("{}(at, {success}, {})", self.uses("force"), self.node(body, path))))
            }
            _ => ("", Err("a decorator of this type")),
        }
    }
}
