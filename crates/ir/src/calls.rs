use crate::{Flow, NodeKind};
use std::collections::BTreeSet;
use weir_base::Text;

/// The flows that a flow calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Those it names.
    pub names: BTreeSet<Text>,
    /// Whether some call computes its name, so that it may be that of any flow.
    pub any: bool,
}

impl Flow {
    /// What the calls of this flow name; not what these call in turn.
    pub fn calls(&self) -> Calls {
        let mut calls = Calls::default();
        self.for_each_node(&mut |node| {
            let NodeKind::Call(call) = &node.kind else { return };
            match call.flow.constant() {
                Some(value) => calls.names.extend(value.as_str().map(Text::from)),
                None => calls.any = true,
            }
        });
        calls
    }
}
