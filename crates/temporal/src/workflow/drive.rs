use super::happened::Happened;
use super::tasks::{Open, context_of};
use super::timers::Armed;
use super::turn::Turn;
use super::{RunFlow, Shared, lock, weights};
use crate::wire::{Found, RunEnd, RunInput};
use futures_util::FutureExt;
use futures_util::future::{Fuse, LocalBoxFuture};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::poll_fn;
use std::task::Poll;
use std::time::UNIX_EPOCH;
use temporalio_sdk::{WaitConditionOptions, WorkflowCancellationToken, WorkflowContext, WorkflowResult};
use weir_base::{Micros, Text, Value};
use weir_engine::{Command, EventBody};
use weir_store::Place;

/// How often in a row the run may go on without Temporal: then it lets others have their turn.
const IN_A_ROW: u32 = 100;

/// The most activities of one run at the same time.
pub const MOST_OPEN: usize = 1_000;

/// How far a link has come.
pub enum Phase {
    Running,
    /// What happens is folded, but nothing new is begun: the next link goes on.
    HandingOver,
    Ending(Box<RunEnd>),
}

/// What is under way.
pub struct Pending<'a> {
    pub sort: Sort,
    pub future: LocalBoxFuture<'a, Happened>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Activity,
    Timer,
    /// The beginning of a child, or a word to another workflow.
    Word,
    /// A child that was begun: it goes on without the parent, and reports by itself.
    Child,
}

/// Carries one link of a run.
pub struct Driver<'a> {
    pub cx: &'a WorkflowContext<RunFlow>,
    pub input: RunInput,
    pub fold: Shared,
    /// What every step is told about the flow, and what that counts.
    pub context: Box<RawValue>,
    pub around_steps: usize,
    pub phase: Phase,
    pub pending: Vec<Pending<'a>>,
    /// What has happened already and was not looked at yet.
    pub ready: VecDeque<Happened>,
    pub tasks: BTreeMap<Text, Open>,
    /// Steps whose secrets workers elsewhere do not know, by their paths without indices: in a loop each of them is one.
    pub with_secrets: BTreeSet<String>,
    /// Tasks that wait for a place.
    pub queued: VecDeque<Text>,
    pub timers: BTreeMap<Text, Armed>,
    pub timers_set: u64,
    /// Timers whose time has come while the run was paused.
    pub overdue: Vec<(Micros, Text)>,
    pub children: BTreeSet<Text>,
    /// Children whose flow is being looked for.
    pub wanted: BTreeMap<Text, weir_engine::StartChild>,
    pub shipping: bool,
    /// The part before was lost with whoever had it.
    pub ship_lost: bool,
    /// The store has the end of the run.
    pub end_shipped: bool,
    pub parent_told: bool,
    /// The machine wants a fresh link.
    pub asked: bool,
    /// The record that opens the next link is written.
    pub continued: bool,
    pub in_a_row: u32,
    pub turn: Turn,
    /// Children that wait for a turn with room for them, and their flows.
    pub held: VecDeque<(Text, Found)>,
    cancel: Fuse<LocalBoxFuture<'a, Option<String>>>,
    /// For everything that must outlive a cancellation of the workflow: what ends when is the machine's to say.
    pub own: WorkflowCancellationToken,
}

impl<'a> Driver<'a> {
    pub fn new(cx: &'a WorkflowContext<RunFlow>, mut input: RunInput, fold: Shared) -> Self {
        let link = input.link.take().unwrap_or_default();
        let (context, around_steps) = around_steps(&fold, &input.place);
        Self {
            cx,
            input,
            fold,
            context,
            around_steps,
            phase: Phase::Running,
            pending: Vec::new(),
            ready: VecDeque::new(),
            tasks: BTreeMap::new(),
            with_secrets: BTreeSet::new(),
            queued: VecDeque::new(),
            timers: BTreeMap::new(),
            timers_set: 0,
            overdue: link.overdue,
            children: link.children,
            wanted: BTreeMap::new(),
            shipping: false,
            ship_lost: false,
            end_shipped: false,
            parent_told: false,
            asked: false,
            continued: false,
            in_a_row: 0,
            turn: Turn::default(),
            held: VecDeque::new(),
            cancel: cx.cancelled().boxed_local().fuse(),
            own: WorkflowCancellationToken::new(),
        }
    }

    /// Carries the run to the end of this link.
    pub async fn run(mut self) -> WorkflowResult<Value> {
        loop {
            self.drain();
            self.show();
            self.ship_if_due();
            if let Some(end) = self.end() {
                return end;
            }
            let happened = self.next().await;
            self.take(happened);
        }
    }

    /// Takes what the machine wants done, and what follows from a step that could not even begin.
    fn drain(&mut self) {
        loop {
            self.obey_all();
            let before = lock(&self.fold).seq;
            self.begin_held();
            self.begin_queued();
            if lock(&self.fold).seq == before {
                return;
            }
        }
    }

    fn obey_all(&mut self) {
        while matches!(self.phase, Phase::Running) {
            let Some(command) = lock(&self.fold).poll() else { return };
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Run(task) => self.open_task(task),
            Command::StartTimer { path, due, deadline } => self.start_timer(path, due, deadline),
            Command::Cancel { path } => self.cancel(&path),
            Command::StartChild(child) => self.want_child(child),
            Command::ReadVariables { path, service, project } => self.read_variables(path, service, project),
            Command::Complete { status, output, error } => self.complete(status, output, error),
            Command::ContinueAsNew { .. } => self.asked = true,
        }
    }

    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Mail(mail) => self.deliver(mail),
            Happened::Cancelled(reason) => self.apply(EventBody::Cancel { reason: reason.into() }),
            Happened::Task { path, attempt, answer } => self.task_answered(path, attempt, answer),
            Happened::Timer { path, set } => self.timer_fired(path, set),
            Happened::Retry { path, attempt } => self.next_attempt(path, attempt),
            Happened::Variables { path, found } => self.variables_read(path, found),
            Happened::Found { path, found } => self.flow_found(path, found),
            Happened::Begun { path, refused } => self.child_begun(path, refused),
            Happened::Child(end) => self.child_ended(end),
            Happened::Shipped { seq, logs, last, done } => self.shipped(seq, logs, last, done),
            Happened::Nothing => {}
        }
    }

    /// Journals and folds; nothing happens to a run that is over.
    pub fn apply(&mut self, body: EventBody) {
        let now = self.now();
        self.apply_at(now, body);
    }

    pub fn apply_at(&mut self, now: Micros, body: EventBody) {
        if matches!(self.phase, Phase::Ending(_)) {
            return;
        }
        // What was to be the last record of this link is not: the link goes on.
        if std::mem::take(&mut self.continued) {
            self.phase = Phase::Running;
        }
        lock(&self.fold).apply(now, body);
    }

    /// The workflow's time: the same whenever it is worked on again.
    pub fn now(&self) -> Micros {
        let since = self.cx.workflow_time().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.and_then(|since| Micros::try_from(since.as_micros()).ok()).unwrap_or(0).max(lock(&self.fold).at)
    }

    pub fn push(&mut self, sort: Sort, future: LocalBoxFuture<'a, Happened>) {
        self.pending.push(Pending { sort, future });
    }

    pub fn activities(&self) -> usize {
        self.pending.iter().filter(|pending| pending.sort == Sort::Activity).count()
    }

    /// Whether the run may go on without Temporal once more.
    pub fn may_hurry(&mut self) -> bool {
        self.in_a_row += 1;
        self.in_a_row < IN_A_ROW
    }

    /// The first of everything that can happen: signals in the order of arrival, then a cancellation, then answers in
    /// the order of asking.
    async fn next(&mut self) -> Happened {
        if let Some(happened) = self.ready.pop_front() {
            return happened;
        }
        let token = WaitConditionOptions::builder().cancellation_token(self.own.clone()).build();
        let cx = self.cx;
        let mut mail = cx.wait_condition_with_options(|run| !run.inbox.is_empty(), token).boxed_local();
        let leaving = !matches!(self.phase, Phase::Running);
        let unanswered = leaving && !cx.all_handlers_finished();
        let (pending, cancel, in_a_row) = (&mut self.pending, &mut self.cancel, &mut self.in_a_row);
        poll_fn(move |waker| {
            if mail.poll_unpin(waker).is_ready()
                && let Some(mail) = cx.state_mut(|run| run.inbox.pop_front())
            {
                return Poll::Ready(Happened::Mail(mail));
            }
            if let Poll::Ready(reason) = cancel.poll_unpin(waker) {
                return Poll::Ready(Happened::Cancelled(reason.unwrap_or_default()));
            }
            for at in 0..pending.len() {
                if let Poll::Ready(happened) = pending[at].future.poll_unpin(waker) {
                    drop(pending.remove(at));
                    return Poll::Ready(happened);
                }
            }
            if unanswered && cx.all_handlers_finished() {
                return Poll::Ready(Happened::Nothing);
            }
            *in_a_row = 0;
            Poll::Pending
        })
        .await
    }

    /// What is seen from outside.
    fn show(&self) {
        let timers = self.timers.values().map(|armed| armed.due).min();
        let retries = self.tasks.values().filter_map(Open::next_at).min();
        let children = self.children.iter().map(|path| format!("child {path}"));
        let tasks = self.tasks.iter().filter_map(|(path, open)| open.waits_for(path));
        let timer = timers.map(|_| "timer".to_owned());
        let rests = self.rests();
        let mut fold = lock(&self.fold);
        fold.rests = rests;
        fold.waits = children.chain(tasks).chain(timer).map(Text::from).collect();
        fold.wake_at = timers.into_iter().chain(retries).min();
    }
}

fn around_steps(fold: &Shared, place: &Place) -> (Box<RawValue>, usize) {
    let run = &lock(fold).run;
    (context_of(&run.flow, place), weights::of_context(&run.flow, &run.text))
}
