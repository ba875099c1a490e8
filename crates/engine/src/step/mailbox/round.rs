use super::action::{Action, actions_of};
use super::state::{Caller, Delivery, Letter, MailboxState, Message, Thread};
use super::todo::{TODOS_PER_THREAD, Todo};
use super::weight::{MAILBOX_BYTES, MESSAGE_BYTES, weigh};
use super::{PeerCall, Seat, thread_name};
use crate::arena::Ix;
use crate::frame::Outcome;
use crate::plan::MailboxPlan;
use crate::step::pure;
use crate::{StepError, category, code};
use weir_base::{Text, Value};

const RESPONSE: &str = "Response";
const SYSTEM_ERROR: &str = "SystemError";
const SYSTEM: &str = "system";
const NO_REPLY: &str = "no reply";

/// Everything that follows from one cause: an outside message, an ended handler, the tool calls of a turn.
///
/// It only changes the mailbox's own state; what it means for others is in its [`Effects`].
pub(super) struct Round<'a> {
    state: &'a mut MailboxState,
    plan: &'a MailboxPlan,
    batch: Vec<(u32, Message)>,
    effects: Effects,
}

#[derive(Default)]
pub(super) struct Effects {
    pub answers: Vec<Answer>,
    /// What to tell a watcher, and of which thread.
    pub warnings: Vec<(u64, Text)>,
    /// Ends the mailbox.
    pub failure: Option<StepError>,
}

/// The result of a tool call, or a part of it.
pub(super) struct Answer {
    pub agent: Ix,
    pub tool: u32,
    pub part: u32,
    pub value: Value,
}

impl<'a> Round<'a> {
    pub fn new(state: &'a mut MailboxState, plan: &'a MailboxPlan) -> Self {
        Self { state, plan, batch: Vec::new(), effects: Effects::default() }
    }

    /// Queues what was sent, in order.
    pub fn finish(self) -> Effects {
        self.state.queue.add(self.batch, self.plan.scheduling);
        self.effects
    }

    /// A message from outside opens a root thread for each of its listeners.
    pub fn outside(&mut self, listeners: &[u32], payload: &Value) {
        for listener in listeners {
            let thread = self.open(None, *listener, Caller::Outside);
            self.deliver(thread, Value::Null, self.kind_of(*listener), payload.clone());
        }
    }

    /// A handler has ended.
    pub fn handled(&mut self, slot: u32, outcome: Outcome) {
        let Some(delivery) = self.state.working.remove(&slot) else { return };
        if delivery.waiting == 0 {
            self.state.end_work(delivery.listener);
        }
        match outcome {
            Outcome::Success { output, .. } => match pure::refuse_sealed(&output) {
                Ok(()) => self.act(delivery, output),
                Err(error) if &*error.code == "SECRET_NOT_ALLOWED" => {
                    let message = "a secret cannot be sent in a message; name it where it is used";
                    self.failed(delivery.thread, StepError { message: message.into(), ..error });
                }
                Err(error) => self.failed(delivery.thread, error),
            },
            Outcome::Failure(error) => self.failed(delivery.thread, *error),
            Outcome::Cancelled => {}
        }
        self.state.thread_mut(delivery.thread).load -= 1;
        self.close_quiet(delivery.thread);
    }

    fn act(&mut self, delivery: Delivery, output: Value) {
        for action in actions_of(output) {
            if self.effects.failure.is_some() {
                return;
            }
            match action {
                Action::Send { to, payload } => self.send(delivery.thread, &to, payload),
                Action::Respond(answer) => self.respond(delivery.thread, answer),
                Action::Todo(todo) => {
                    self.note(delivery.thread, &todo);
                }
                Action::TodoDone(id) => {
                    self.strike(delivery.thread, &id);
                }
            }
        }
    }

    /// To others in a thread of their own, to itself in the same one.
    fn send(&mut self, thread: u64, to: &str, payload: Value) {
        let sender = self.state.thread(thread).listener;
        let Some(listeners) = self.plan.reach(sender, to) else { return self.misrouted(thread) };
        for listener in listeners {
            let target = match *listener == sender {
                true => thread,
                false => self.open(Some(thread), *listener, Caller::Parent),
            };
            let letter = self.deliver(target, self.name_of(sender), self.kind_of(*listener), payload.clone());
            if let Some(letter) = letter.filter(|_| target != thread) {
                self.remember(thread, letter);
            }
        }
    }

    /// The sender is told, in the same words whether the name is unknown or not its to use.
    fn misrouted(&mut self, thread: u64) {
        self.deliver(thread, SYSTEM.into(), SYSTEM_ERROR.into(), routing_error());
    }

    /// Goes to whoever opened the thread, whatever message is being handled in it.
    fn respond(&mut self, thread: u64, answer: Value) {
        match self.state.thread(thread).caller {
            Caller::Outside => self.put_out(thread, answer),
            Caller::Parent => self.tell_parent(thread, RESPONSE, answer),
            Caller::Call { .. } => self.answer_call(thread, RESPONSE, answer),
        }
    }

    fn put_out(&mut self, thread: u64, answer: Value) {
        let from = self.name_of(self.state.thread(thread).listener);
        let Some(letter) = self.letter(from, Value::Null, RESPONSE.into(), answer.clone(), Value::Null) else { return };
        self.hold(letter.bytes);
        self.remember(thread, letter);
        self.state.outputs.push(answer);
    }

    /// The caller of a handler that failed is told; outside that is the end of the run.
    fn failed(&mut self, thread: u64, error: StepError) {
        match self.state.thread(thread).caller {
            Caller::Outside => {
                self.effects.failure.get_or_insert(error);
            }
            Caller::Parent => self.tell_parent(thread, SYSTEM_ERROR, handler_error(&error)),
            Caller::Call { .. } => {
                let answer = Value::object([("error", error.to_value())]);
                self.answer_call(thread, SYSTEM_ERROR, answer);
            }
        }
    }

    fn tell_parent(&mut self, thread: u64, kind: &str, payload: Value) {
        let from = self.name_of(self.state.thread(thread).listener);
        let Some(parent) = self.state.thread(thread).parent else { return };
        if let Some(letter) = self.deliver(parent, from, kind.into(), payload) {
            self.remember(thread, letter);
        }
    }

    /// The first answer is the result of the call.
    fn answer_call(&mut self, thread: u64, kind: &str, value: Value) {
        let from = self.state.thread(thread);
        let (listener, caller, parent) = (from.listener, from.caller, from.parent);
        let Caller::Call { agent, slot, tool, part } = caller else { return };
        if std::mem::replace(&mut self.state.thread_mut(thread).answered, true) {
            let text = format!("`{}` answered again; only the first answer counts", self.plan.listener(listener).name);
            return self.effects.warnings.push((thread, text.into()));
        }
        if let Some(parent) = parent
            && let Some(letter) = self.letter_to(parent, self.name_of(listener), kind.into(), value.clone())
        {
            self.notice(parent, &letter.value);
            self.remember(thread, letter.clone());
            self.remember(parent, letter);
        }
        self.resume(slot);
        self.effects.answers.push(Answer { agent, tool, part, value });
    }

    /// Sends the tool calls of an agent; gives the number of listeners asked by each call.
    pub fn call(&mut self, seat: &Seat, agent: Ix, calls: Vec<PeerCall>) -> Vec<usize> {
        calls.into_iter().map(|call| self.call_one(seat, agent, call)).collect()
    }

    fn call_one(&mut self, seat: &Seat, agent: Ix, call: PeerCall) -> usize {
        let sender = self.state.thread(seat.thread).listener;
        let Some(listeners) = self.plan.reach(sender, &call.peer) else { return 0 };
        for (part, listener) in listeners.iter().enumerate() {
            let caller = Caller::Call { agent, slot: seat.slot, tool: call.tool, part: part as u32 };
            let thread = self.open(Some(seat.thread), *listener, caller);
            let letter = self.deliver(thread, self.name_of(sender), self.kind_of(*listener), call.args.clone());
            if let Some(letter) = letter {
                self.remember(seat.thread, letter);
            }
            self.suspend(seat.slot);
        }
        listeners.len()
    }

    /// An agent that waits for a peer leaves its place to others, or nobody could answer it.
    fn suspend(&mut self, slot: u32) {
        let Some(delivery) = self.state.working.get_mut(&slot) else { return };
        delivery.waiting += 1;
        if let Delivery { waiting: 1, listener, .. } = *delivery {
            self.state.end_work(listener);
        }
    }

    fn resume(&mut self, slot: u32) {
        let Some(delivery) = self.state.working.get_mut(&slot) else { return };
        delivery.waiting -= 1;
        if let Delivery { waiting: 0, listener, .. } = *delivery {
            self.state.begin_work(listener);
        }
    }

    fn open(&mut self, parent: Option<u64>, listener: u32, caller: Caller) -> u64 {
        let id = self.state.opened;
        self.state.opened += 1;
        self.state.threads.insert(id, Thread::new(parent, listener, caller));
        if let Some(parent) = parent {
            self.state.thread_mut(parent).children += 1;
        }
        id
    }

    /// Puts a message into the queue, and gives it back for the sender's own context; nothing where a limit is passed.
    fn deliver(&mut self, thread: u64, from: Value, kind: Value, payload: Value) -> Option<Letter> {
        let letter = self.letter_to(thread, from, kind, payload)?;
        self.hold(letter.bytes);
        self.count_message();
        self.notice(thread, &letter.value);
        let target = self.state.thread_mut(thread);
        let message = Message { thread, index: target.messages, letter: letter.clone() };
        target.messages += 1;
        target.load += 1;
        self.batch.push((target.listener, message));
        Some(letter)
    }

    fn letter_to(&mut self, thread: u64, from: Value, kind: Value, payload: Value) -> Option<Letter> {
        let to = self.name_of(self.state.thread(thread).listener);
        self.letter(from, to, kind, payload, thread_name(thread).into())
    }

    fn letter(&mut self, from: Value, to: Value, kind: Value, payload: Value, thread: Value) -> Option<Letter> {
        let Some(bytes) = weigh(&payload) else {
            let message = format!("a message is larger than {MESSAGE_BYTES} bytes");
            self.effects.failure.get_or_insert_with(|| limit(code::MESSAGE_TOO_LARGE, message));
            return None;
        };
        let members = [("from", from), ("to", to), ("kind", kind), ("payload", payload), ("thread", thread)];
        Some(Letter { value: Value::object(members), bytes })
    }

    fn count_message(&mut self) {
        self.state.sent += 1;
        let most = self.plan.max_messages;
        if self.state.sent > most {
            let message = format!("more than {most} messages were sent in one run");
            self.effects.failure.get_or_insert_with(|| limit(code::MESSAGE_LIMIT, message));
        }
    }

    fn hold(&mut self, bytes: u64) {
        self.state.bytes += bytes;
        if self.state.bytes > MAILBOX_BYTES {
            let message = format!("the messages of this run take more than {MAILBOX_BYTES} bytes");
            self.effects.failure.get_or_insert_with(|| limit(code::MESSAGE_LIMIT, message));
        }
    }

    fn remember(&mut self, thread: u64, letter: Letter) {
        self.state.remember(thread, letter, self.plan.context_slots);
    }

    fn notice(&mut self, thread: u64, message: &Value) {
        self.state.thread_mut(thread).todos.iter_mut().for_each(|todo| todo.notice(message));
    }

    /// Opens a todo; gives its id, or nothing where it is none or the thread has too many.
    pub fn note(&mut self, thread: u64, given: &Value) -> Option<Text> {
        let id = Text::from(format!("todo-{}", self.state.todos));
        let todo = Todo::read(id.clone(), given).filter(|_| self.state.thread(thread).todos.len() < TODOS_PER_THREAD);
        let Some(todo) = todo else {
            let text = format!("a todo was not noted: it has no `waitFor`, or there are {TODOS_PER_THREAD} open ones");
            self.effects.warnings.push((thread, text.into()));
            return None;
        };
        self.state.todos += 1;
        self.state.thread_mut(thread).todos.push(todo);
        Some(id)
    }

    /// Closes a todo of this thread; says whether it was raised, or nothing where there is none of this id.
    pub fn strike(&mut self, thread: u64, id: &str) -> Option<bool> {
        let todos = &mut self.state.thread_mut(thread).todos;
        let Some(at) = todos.iter().position(|todo| *todo.id == *id) else {
            self.effects.warnings.push((thread, format!("there is no open todo `{id}` in this thread").into()));
            return None;
        };
        Some(todos.remove(at).raised)
    }

    /// Drops a thread nothing can come back to, and those above it that only waited for it.
    fn close_quiet(&mut self, thread: u64) {
        let mut next = Some(thread);
        while let Some(id) = next {
            let thread = self.state.thread(id);
            if thread.load > 0 || thread.children > 0 {
                return;
            }
            if !thread.answered {
                self.answer_call(id, RESPONSE, NO_REPLY.into());
            }
            next = self.drop_thread(id);
        }
    }

    fn drop_thread(&mut self, id: u64) -> Option<u64> {
        let thread = self.state.threads.remove(&id)?;
        self.state.bytes -= thread.bytes;
        for todo in &thread.todos {
            self.effects.warnings.push((id, format!("the thread ended with an open todo: {}", todo.shown()).into()));
        }
        let parent = thread.parent?;
        self.state.thread_mut(parent).children -= 1;
        Some(parent)
    }

    fn name_of(&self, listener: u32) -> Value {
        self.plan.listener(listener).name.clone().into()
    }

    fn kind_of(&self, listener: u32) -> Value {
        self.plan.listener(listener).payload_class.clone().into()
    }
}

fn routing_error() -> Value {
    Value::object([("code", "routing".into()), ("message", ROUTING_MESSAGE.into()), ("retryAllowed", true.into())])
}

pub(super) const ROUTING_MESSAGE: &str = "Message could not be delivered. Please verify your target and try again.";

fn handler_error(error: &StepError) -> Value {
    Value::object([
        ("code", "handler".into()),
        ("message", error.message.clone().into()),
        ("retryAllowed", error.retryable.into()),
        ("error", error.to_value()),
    ])
}

fn limit(code: &str, message: String) -> StepError {
    StepError::new(code, category::LIMIT, message)
}
