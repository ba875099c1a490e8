use crate::{Flow, NodeKind, Wait};
use std::collections::BTreeSet;
use weir_base::{Text, closest};

/// What the signal that answers an approval is called, before the path of its step.
pub const APPROVE: &str = "approve:";

/// Every signal that some step of a flow can take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalNames {
    names: BTreeSet<Text>,
    /// Ids of the steps that wait for a person, earlier ones included. Such a step's path ends in its id; what comes
    /// before that is known only to the run.
    approvals: BTreeSet<Text>,
}

impl SignalNames {
    pub fn of(flow: &Flow) -> Self {
        let mut found = Self { names: flow.signals.keys().cloned().collect(), ..Self::default() };
        flow.for_each_node(&mut |node| match &node.kind {
            NodeKind::Wait(Wait::Signal { name, .. }) => drop(found.names.insert(name.clone())),
            NodeKind::Wait(Wait::Approval { .. }) => {
                found.approvals.insert(node.id.clone());
                found.approvals.extend(node.was.iter().cloned());
            }
            _ => {}
        });
        found
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.approvals.is_empty()
    }

    /// Whether some step can take a signal of this name.
    pub fn take(&self, name: &str) -> bool {
        let ends_in = |path: &str| self.approvals.iter().any(|id| ends_in(path, id));
        self.names.contains(name) || name.strip_prefix(APPROVE).is_some_and(ends_in)
    }

    /// Whether the flow itself gives a signal this name, be it that of an answer to a person's step.
    pub fn is_given(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The name that was most likely meant. Of an approval, the path before the step's own id is taken as it is.
    pub fn closest(&self, name: &str) -> Option<String> {
        if let Some(near) = closest(name, self.names.iter().map(|known| &**known)) {
            return Some(near.to_owned());
        }
        let path = name.split_once(':').map_or(name, |(_, path)| path);
        let (before, id) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
        let near = closest(id, self.approvals.iter().map(|id| &**id))?;
        Some(format!("{APPROVE}{before}{near}"))
    }

    /// As a person would write them: an approval with its step's id alone.
    pub fn shown(&self) -> Vec<String> {
        let names = self.names.iter().map(|name| name.to_string());
        names.chain(self.approvals.iter().map(|id| format!("{APPROVE}{id}"))).collect()
    }
}

fn ends_in(path: &str, id: &str) -> bool {
    path.strip_suffix(id).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str], approvals: &[&str]) -> SignalNames {
        let set = |names: &[&str]| names.iter().map(|name| Text::from(*name)).collect();
        SignalNames { names: set(names), approvals: set(approvals) }
    }

    #[test]
    fn an_approval_is_known_wherever_its_step_stands() {
        let known = names(&["paid"], &["sign"]);
        for name in ["paid", "approve:sign", "approve:checkout/items[2]/sign"] {
            assert!(known.take(name), "{name}");
        }
        for name in ["Paid", "sign", "approve:design", "approve:sign/other", "approve:", ""] {
            assert!(!known.take(name), "{name}");
        }
    }

    #[test]
    fn the_name_that_was_meant_is_offered() {
        let known = names(&["paid"], &["sign"]);
        let cases = [
            ("piad", Some("paid")),
            ("sign", Some("approve:sign")),
            ("aprove:sign", Some("approve:sign")),
            ("approve:checkout/items[2]/sing", Some("approve:checkout/items[2]/sign")),
            ("elsewhere", None),
        ];
        for (name, meant) in cases {
            assert_eq!(known.closest(name).as_deref(), meant, "{name}");
        }
        assert_eq!(names(&[], &[]).closest("paid"), None);
    }
}
