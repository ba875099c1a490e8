use super::queue::Queue;
use super::todo::Todo;
use super::weight::CONTEXT_BYTES;
use crate::arena::Ix;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use weir_base::Value;

/// A mailbox at work. Threads and messages that nothing can come back to are gone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MailboxState {
    pub(super) queue: Queue,
    /// Messages being handled, by the slot of their handler.
    pub(super) working: BTreeMap<u32, Delivery>,
    /// Handlers that count against the limits: all but agents that wait for a peer.
    pub(super) at_work: u32,
    pub(super) at_work_by: BTreeMap<u32, u32>,
    pub(super) threads: BTreeMap<u64, Thread>,
    /// How many of each there have been; the next one's number.
    pub(super) opened: u64,
    pub(super) slots: u32,
    pub(super) todos: u64,
    /// Messages sent so far, answers and errors included.
    pub(super) sent: u64,
    /// What was sent to the caller outside.
    pub(super) outputs: Vec<Value>,
    /// What all of this weighs.
    pub(super) bytes: u64,
}

/// A frame of conversation: one listener, called once, with everything that comes back to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Thread {
    pub parent: Option<u64>,
    pub listener: u32,
    pub caller: Caller,
    /// Messages to the listener so far; the index of the next one.
    pub messages: u64,
    /// Messages queued or being handled.
    pub load: u32,
    /// Live threads this one has opened.
    pub children: u32,
    /// Whether the call it was opened for has its answer.
    pub answered: bool,
    /// Messages handled and sent in this thread, the oldest first, and how many were forgotten before them.
    pub history: VecDeque<Letter>,
    pub forgotten: u64,
    /// What the history weighs.
    pub bytes: u64,
    pub todos: Vec<Todo>,
}

/// Where an answer goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Caller {
    Outside,
    /// The parent thread's listener.
    Parent,
    /// A tool call of the agent that works in the parent thread under `slot`.
    Call {
        agent: Ix,
        slot: u32,
        tool: u32,
        part: u32,
    },
}

/// A message being handled.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub thread: u64,
    pub listener: u32,
    /// Answers from peers its agent waits for.
    pub waiting: u32,
}

/// `{from, to, kind, payload, thread}`, and what it weighs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Letter {
    pub value: Value,
    pub bytes: u64,
}

/// A message on its way, the n-th to its listener in its thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub thread: u64,
    pub index: u64,
    pub letter: Letter,
}

impl MailboxState {
    pub(super) fn begin_work(&mut self, listener: u32) {
        self.at_work += 1;
        *self.at_work_by.entry(listener).or_default() += 1;
    }

    pub(super) fn end_work(&mut self, listener: u32) {
        self.at_work -= 1;
        let count = self.at_work_by.entry(listener).or_default();
        *count -= 1;
        if *count == 0 {
            self.at_work_by.remove(&listener);
        }
    }

    /// Keeps a message in the context of a thread.
    pub(super) fn remember(&mut self, thread: u64, letter: Letter, slots: u32) {
        let thread = self.thread_mut(thread);
        let before = thread.bytes;
        thread.bytes += letter.bytes;
        thread.history.push_back(letter);
        thread.forget(slots);
        let after = thread.bytes;
        self.bytes = self.bytes + after - before;
    }

    pub(super) fn thread_mut(&mut self, id: u64) -> &mut Thread {
        self.threads.get_mut(&id).expect("a thread lives while a message or a thread below it does")
    }

    pub(super) fn thread(&self, id: u64) -> &Thread {
        self.threads.get(&id).expect("a thread lives while a message or a thread below it does")
    }
}

impl Thread {
    pub fn new(parent: Option<u64>, listener: u32, caller: Caller) -> Self {
        Self {
            parent,
            listener,
            caller,
            messages: 0,
            load: 0,
            children: 0,
            answered: false,
            history: VecDeque::new(),
            forgotten: 0,
            bytes: 0,
            todos: Vec::new(),
        }
    }

    /// Drops the oldest messages that are too many for the context: `slots`, and the one being handled.
    fn forget(&mut self, slots: u32) {
        let most = if slots == 0 { 0 } else { slots as usize + 1 };
        while self.history.len() > most || self.bytes > CONTEXT_BYTES {
            let Some(oldest) = self.history.pop_front() else { return };
            self.bytes -= oldest.bytes;
            self.forgotten += 1;
        }
    }

    /// How many messages were ever kept: what a message handled now has behind it.
    pub fn seen(&self) -> u64 {
        self.forgotten + self.history.len() as u64
    }

    /// The last `slots` of the first `seen` messages, as far as they are still there.
    pub fn history_until(&self, seen: u64, slots: u32) -> impl Iterator<Item = &Value> {
        let until = seen.saturating_sub(self.forgotten) as usize;
        let letters = self.history.iter().take(until).skip(until.saturating_sub(slots as usize));
        letters.map(|letter| &letter.value)
    }
}
