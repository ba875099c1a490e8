use super::NodeIx;
use std::collections::HashMap;
use weir_base::Text;
use weir_ir::Scheduling;

#[derive(Debug)]
pub(crate) struct MailboxPlan {
    pub listeners: Box<[ListenerPlan]>,
    /// Every name a message can be sent to, and the listeners it reaches, in file order.
    pub targets: HashMap<Text, Vec<u32>>,
    pub entry: Option<u32>,
    pub scheduling: Scheduling,
    pub max_messages: u64,
    pub max_concurrent: u32,
    pub max_concurrent_per_agent: u32,
    pub context_slots: u32,
}

#[derive(Debug)]
pub(crate) struct ListenerPlan {
    pub name: Text,
    pub agent: bool,
    pub peers: Vec<Text>,
    pub payload_class: Option<Text>,
    pub handler: Option<NodeIx>,
    pub binding: Option<Text>,
}

impl MailboxPlan {
    pub fn listener(&self, at: u32) -> &ListenerPlan {
        &self.listeners[at as usize]
    }

    /// The listeners `sender` may reach under a name; `None` where the name is unknown or not its to use.
    ///
    /// Nobody may send without having the name as a peer, except to itself.
    pub fn reach(&self, sender: u32, name: &str) -> Option<&[u32]> {
        let listener = self.listener(sender);
        let allowed = *listener.name == *name || listener.peers.iter().any(|peer| **peer == *name);
        allowed.then(|| self.targets.get(name).map(Vec::as_slice)).flatten()
    }

    /// The listeners a message from outside may go to under a name: agents and the entry.
    pub fn reach_from_outside(&self, name: &str) -> Option<&[u32]> {
        let open = |at: &u32| self.entry == Some(*at) || self.listener(*at).agent;
        self.targets.get(name).map(Vec::as_slice).filter(|found| found.iter().all(open))
    }
}
