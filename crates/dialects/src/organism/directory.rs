use super::draft::Draft;
use crate::fields::{near, short};
use std::collections::{HashMap, HashSet};
use weir_base::{Diagnostic, Text};

/// Who is meant by a name: a listener, or every listener of a group.
pub(super) struct Directory<'d, 'a> {
    pub drafts: &'d [Draft<'a>],
    targets: HashMap<&'d str, Vec<usize>>,
}

impl<'d, 'a> Directory<'d, 'a> {
    pub fn new(drafts: &'d [Draft<'a>]) -> Self {
        let mut targets: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, draft) in drafts.iter().enumerate() {
            targets.entry(&draft.name).or_default().push(index);
            draft.group.iter().for_each(|group| targets.entry(group).or_default().push(index));
        }
        Self { drafts, targets }
    }

    /// The listeners a message to this name reaches, in file order; none for an unknown name.
    pub fn targets(&self, name: &str) -> impl Iterator<Item = &'d Draft<'a>> {
        let drafts = self.drafts;
        self.indices(name).iter().map(move |index| &drafts[*index])
    }

    fn indices(&self, name: &str) -> &[usize] {
        self.targets.get(name).map_or(&[], Vec::as_slice)
    }

    /// Reports every peer that is no listener, group or gateway.
    pub fn check_peers(&self, gateways: &[Text], out: &mut Vec<Diagnostic>) {
        let known = || self.drafts.iter().flat_map(|draft| [Some(&draft.name), draft.group.as_ref()]).flatten();
        let outside: HashSet<&str> = gateways.iter().map(|gateway| &**gateway).collect();
        let candidates: Vec<&str> = known().chain(gateways).take(1_000).map(|name| &**name).collect();
        for draft in self.drafts {
            let unknown = |peer: &str| self.indices(peer).is_empty() && !outside.contains(peer);
            for (peer, span) in draft.peers.iter().filter(|(peer, _)| unknown(peer)) {
                let message = format!(
                    "`{}` names the peer `{}`, which is no listener, group or gateway",
                    draft.name,
                    short(peer)
                );
                let found = Diagnostic::error("UNKNOWN_PEER", message).at(*span).path(draft.path);
                out.push(match near(peer, candidates.iter().copied()) {
                    Some(meant) => found.help(format!("did you mean `{meant}`?")).suggest(meant),
                    None => found,
                });
            }
        }
    }

    /// The listeners no message can come to: from outside one comes to an open listener, and from there to peers.
    pub fn unreachable(&self, open: impl Fn(&Draft<'_>) -> bool) -> Vec<&'d Draft<'a>> {
        let mut reached: Vec<bool> = self.drafts.iter().map(open).collect();
        let mut queue: Vec<usize> = (0..self.drafts.len()).filter(|index| reached[*index]).collect();
        while let Some(index) = queue.pop() {
            let peers = self.drafts[index].peers.iter();
            for target in peers.flat_map(|(peer, _)| self.indices(peer)) {
                if !std::mem::replace(&mut reached[*target], true) {
                    queue.push(*target);
                }
            }
        }
        self.drafts.iter().zip(reached).filter(|(_, reached)| !reached).map(|(draft, _)| draft).collect()
    }
}
