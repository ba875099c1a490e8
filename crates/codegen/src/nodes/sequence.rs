use super::{Call, Writer};
use std::fmt::Write as _;
use weir_ir::{Node, Order};

impl Writer<'_> {
    pub(super) fn sequence(&mut self, what: &'static str, order: Order, children: &[Node], path: &str) -> Call {
        let (name, given) = match order {
            Order::Plain => (what, String::new()),
            Order::Memory => ("remembering", format!("'{what}', '{}', ", self.key())),
            Order::Reactive => ("reactive", format!("'{what}', ")),
        };
        Ok(format!("{}(at, {given}{})", self.uses(name), self.list(children, path)))
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
