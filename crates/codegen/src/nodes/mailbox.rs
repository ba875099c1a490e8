use super::{Call, Writer};
use crate::activities::js_string;
use weir_base::Text;
use weir_ir::{Listener, Mailbox, Scheduling};

impl Writer<'_> {
    /// Listeners that send each other messages, and the limits they do it within.
    pub(super) fn mailbox(&mut self, mailbox: &Mailbox, path: &str) -> Call {
        let listeners: Vec<String> = mailbox.listeners.iter().map(|listener| self.listener(listener, path)).collect();
        let rules = rules(mailbox).join(", ");
        Ok(format!("{}(at, [{}], {{ {rules} }})", self.uses("mailbox"), listeners.join(", ")))
    }

    fn listener(&mut self, listener: &Listener, path: &str) -> String {
        let mut members = vec![
            format!("name: {}", js_string(&listener.name)),
            format!("groups: {}", names(&listener.groups)),
            format!("agent: {}", listener.agent),
            format!("peers: {}", names(&listener.peers)),
        ];
        members.extend(listener.payload_class.iter().map(|class| format!("payloadClass: {}", js_string(class))));
        members.extend(listener.handler.iter().map(|handler| format!("handler: {}", self.node(handler, path))));
        members.extend(listener.binding.iter().map(|binding| format!("binding: {}", js_string(binding))));
        format!("{{ {} }}", members.join(", "))
    }
}

fn names(names: &[Text]) -> String {
    format!("[{}]", names.iter().map(|name| js_string(name)).collect::<Vec<_>>().join(", "))
}

fn rules(mailbox: &Mailbox) -> Vec<String> {
    let scheduling = match mailbox.scheduling {
        Scheduling::BreadthFirst => "breadth-first",
        Scheduling::DepthFirst => "depth-first",
    };
    let entry = mailbox.entry.iter().map(|entry| format!("entry: {}", js_string(entry)));
    let others = [
        format!("scheduling: '{scheduling}'"),
        format!("maxMessages: {}", mailbox.max_messages),
        format!("maxConcurrent: {}", mailbox.max_concurrent),
        format!("maxConcurrentPerAgent: {}", mailbox.max_concurrent_per_agent),
        format!("contextSlots: {}", mailbox.context_slots),
    ];
    entry.chain(others).collect()
}
