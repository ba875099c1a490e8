use super::NodeIx;
use std::collections::HashMap;
use weir_base::{Text, Value};
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
    pub payload: Option<Value>,
    pub payload_class: Option<Text>,
    pub handler: Option<NodeIx>,
    pub binding: Option<Text>,
}
