use super::{Call, Writer};
use std::fmt::Write as _;
use weir_ir::{Decorator, NodeKind, Order, Parallel, Settle, Strategy};

impl Writer<'_> {
    pub(super) fn parallel(&mut self, parallel: &Parallel, path: &str) -> Call {
        let (name, key) = (self.uses("parallel"), self.key());
        let strategy = match parallel.strategy {
            Strategy::All => "all",
            Strategy::Any => "any",
        };
        let mut rule = format!("{{ strategy: '{strategy}'");
        for (member, threshold) in [("success", &parallel.success_threshold), ("failure", &parallel.failure_threshold)]
        {
            let Some(threshold) = threshold else { continue };
            let _ = write!(rule, ", {member}: {}", self.measure("countOf", threshold)?);
        }
        if let Some(limit) = parallel.limit {
            let _ = write!(rule, ", limit: {limit}");
        }
        if parallel.settle == Settle::Early {
            rule.push_str(", early: true");
        }
        if self.reenters() {
            let _ = write!(rule, ", memory: '{key}'");
        }
        let children = self.list(&parallel.children, path);
        Ok(format!("{name}(at, {children}, {rule} }})"))
    }

    /// Whether anything in the flow is entered again while it is open.
    fn reenters(&self) -> bool {
        let mut found = false;
        self.flow.for_each_node(&mut |node| {
            found |= matches!(
                &node.kind,
                NodeKind::Sequence { order: Order::Reactive, .. }
                    | NodeKind::Select { order: Order::Reactive, .. }
                    | NodeKind::Decorate { with: Decorator::Retry { .. } | Decorator::Precondition { .. }, .. }
            );
        });
        found
    }
}
