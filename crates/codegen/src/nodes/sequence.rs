use super::{Call, Writer};
use std::fmt::Write as _;
use weir_ir::{Node, Order};

impl Writer<'_> {
    pub(super) fn sequence(&mut self, what: &'static str, order: Order, children: &[Node], path: &str) -> Call {
        if order != Order::Plain {
            return Err("an order with memory or guards");
        }
        Ok(format!("{}(at, {})", self.uses(what), self.list(children, path)))
    }

    /// The functions of these nodes as a list.
    pub(super) fn list(&mut self, children: &[Node], path: &str) -> String {
        let mut out = "[".to_owned();
        for child in children {
            let _ = write!(out, " {},", self.node(child, path));
        }
        out + "]"
    }
}
