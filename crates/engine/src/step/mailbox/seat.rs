use super::state::{MailboxState, Thread};
use super::{state_of, thread_name};
use crate::arena::Ix;
use crate::core::Core;
use crate::plan::{MailboxPlan, Op, Plan};
use serde::{Deserialize, Serialize};
use weir_base::Value;

/// Where a handler stands in its mailbox. What it says about the thread is looked up when something asks for it, so
/// that a long context is neither copied nor written down for every message.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(super) mailbox: Ix,
    pub(super) slot: u32,
    pub(super) thread: u64,
    /// How many messages of the thread were there before this one.
    pub(super) seen: u64,
}

impl Seat {
    /// What expressions see as `thread`: `{id, chain, history, todos}`.
    pub fn thread(&self, core: &Core, plan: &Plan) -> Option<Value> {
        let members = ["id", "chain", "history", "todos"];
        let members = members.into_iter().map(|key| Some((key, self.thread_member(core, plan, key)?)));
        members.collect::<Option<Vec<_>>>().map(Value::object)
    }

    pub fn thread_member(&self, core: &Core, plan: &Plan, key: &str) -> Option<Value> {
        let state = state_of(core, self.mailbox)?;
        let thread = state.threads.get(&self.thread)?;
        let mailbox = mailbox_of(core, plan, self.mailbox)?;
        match key {
            "id" => Some(thread_name(self.thread).into()),
            "chain" => Some(chain(state, mailbox, thread)),
            "history" => Some(Value::array(thread.history_until(self.seen, mailbox.context_slots).cloned())),
            "todos" => Some(Value::array(thread.todos.iter().map(|todo| todo.to_value()))),
            _ => None,
        }
    }
}

/// The listeners from the one that was called from outside to the one of this thread, as a list: a dot in a name
/// means nothing.
fn chain(state: &MailboxState, mailbox: &MailboxPlan, thread: &Thread) -> Value {
    let above = |thread: &&Thread| thread.parent.and_then(|parent| state.threads.get(&parent));
    let mut names: Vec<Value> = std::iter::successors(Some(thread), above)
        .map(|thread| mailbox.listener(thread.listener).name.clone().into())
        .collect();
    names.reverse();
    Value::from(names)
}

pub(super) fn mailbox_of<'a>(core: &Core, plan: &'a Plan, ix: Ix) -> Option<&'a MailboxPlan> {
    match &plan.node(core.frames.get(ix)?.node).op {
        Op::Mailbox(mailbox) => Some(mailbox),
        _ => None,
    }
}
