//! The loop that carries runs: messages, timers and its own results in, rows to the writer out.

mod cx;
mod load;
mod stalled;

pub(crate) use cx::Cx;

use crate::admission::Slot;
use crate::inner::{Inner, commit_failed};
use crate::live::{Asked, Live};
use crate::message::{Message, NewRun, Turn};
use crate::steady::{LONGEST_SLEEP, Steady};
use crate::timers::Timers;
use crate::writer::{Reply, Submission};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use weir_runs::RunsError;
use weir_store::{CommitError, RunKey};

/// Messages taken up in one turn.
const MESSAGES_PER_TURN: usize = 512;
/// Attempts and timers looked at in one turn.
const STEPS_PER_TURN: usize = 1_024;
/// Rows on their way to the disk beyond which a loop makes no more of them.
const MAX_BACKLOG: usize = 65_536;

pub(crate) struct Shard {
    cx: Cx,
    from: UnboundedReceiver<Message>,
    runs: HashMap<RunKey, Live>,
    /// Messages for runs that are being read from the store.
    loading: HashMap<RunKey, Vec<Message>>,
    /// Of those, the ones that are read because the program has just started, and the turn they were given.
    recovering: HashMap<RunKey, Turn>,
    /// Runs whose rows could not be written, to be read again once the writer knows that we know.
    failed: HashMap<RunKey, Slot>,
    reset: Option<u64>,
    /// Answers of the writer acted upon in this turn.
    heard: usize,
    drained: Option<oneshot::Sender<()>>,
    stopping: Option<oneshot::Sender<()>>,
    is_halted: bool,
}

impl Shard {
    pub fn new(inner: Arc<Inner>, to: UnboundedSender<Message>, from: UnboundedReceiver<Message>) -> Self {
        let steady = Steady::starting_at(inner.now(), Instant::now());
        let cx = Cx {
            inner,
            to,
            timers: Timers::default(),
            steady,
            waiters: HashMap::new(),
            finished: VecDeque::new(),
            launches: VecDeque::new(),
            touched: Vec::new(),
            visited: Vec::new(),
            next_ticket: 1,
            committed: 0,
            generations: 0,
            attempts_under_way: 0,
            helpers: 0,
            draining: false,
        };
        let (runs, loading, recovering) = (HashMap::new(), HashMap::new(), HashMap::new());
        let failed = HashMap::new();
        Self {
            cx,
            from,
            runs,
            loading,
            recovering,
            failed,
            reset: None,
            heard: 0,
            drained: None,
            stopping: None,
            is_halted: false,
        }
    }

    pub async fn run(mut self) {
        let mut messages = Vec::with_capacity(MESSAGES_PER_TURN);
        while !self.is_halted {
            if !self.wait(&mut messages).await {
                return;
            }
            messages.drain(..).for_each(|message| self.take(message));
            self.fire_due();
            self.work();
            self.settle();
            self.hand_in();
            self.advance_virtual_time();
            if self.has_stopped() {
                return;
            }
        }
    }

    /// Waits for something to do. False when nobody can send any more.
    async fn wait(&mut self, messages: &mut Vec<Message>) -> bool {
        if self.has_work() {
            while messages.len() < MESSAGES_PER_TURN
                && let Ok(message) = self.from.try_recv()
            {
                messages.push(message);
            }
            if messages.is_empty() {
                tokio::task::yield_now().await;
            }
            return true;
        }
        let timed = !self.cx.is_virtual() && !self.is_stalled();
        let now = self.cx.steady_now();
        let received = self.from.recv_many(messages, MESSAGES_PER_TURN);
        match self.cx.timers.earliest().filter(|_| timed) {
            None => received.await > 0,
            Some(due) => {
                let left = Duration::from_micros(due.saturating_sub(now).max(0).unsigned_abs());
                tokio::select! {
                    count = received => count > 0,
                    () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => true,
                }
            }
        }
    }

    /// Whether something can be done without a message.
    fn has_work(&self) -> bool {
        let answered = self.cx.committed + 1 >= self.cx.next_ticket;
        let may = (answered || self.cx.inner.shared.writer.backlog() < MAX_BACKLOG) && !self.is_stalled();
        let launches = !self.cx.launches.is_empty() && self.has_place() && !self.cx.draining;
        may && (!self.cx.finished.is_empty() || launches)
    }

    /// While nothing can be written, nothing is begun that would have to be.
    fn is_stalled(&self) -> bool {
        self.cx.inner.shared.writer.stall().is_on()
    }

    fn has_place(&self) -> bool {
        self.cx.attempts_under_way < self.cx.inner.options.attempts_at_once
    }

    fn take(&mut self, message: Message) {
        if let Some(key) = message.run()
            && !self.runs.contains_key(&key)
        {
            return self.queue(key, message);
        }
        match message {
            Message::Start(new) => self.start(*new),
            Message::Load { run } => self.load_row(*run),
            Message::Recover { runs, turn } => self.recover(runs, &turn),
            Message::Loaded { key, result } => self.loaded(key, *result),
            Message::Finished { key, generation, path, attempt, result } => {
                self.cx.attempts_under_way -= 1;
                self.with(key, |run, cx| run.ended_attempt(cx, generation, path, attempt, result));
            }
            Message::VariablesRead { key, path, answer } => {
                self.with(key, |run, cx| run.variables_read(cx, &path, *answer))
            }
            Message::Request { reply: Some(reply), .. } if self.is_stalled() => {
                let _ = reply.send(self.cx.inner.shared.writer.stall().check());
            }
            Message::Request { key, request, inbox, reply } => {
                self.with(key, |run, cx| run.request(cx, Asked { request, inbox, reply }));
            }
            Message::DetachedStarted { key, generation } => {
                self.with(key, |run, cx| run.detached_started(cx, generation));
            }
            Message::ChildEnded { key, path, output, error } => {
                self.with(key, |run, cx| run.child_ended(cx, path, output, error));
            }
            Message::View { key, until, reply } => self.look(key, until, reply),
            Message::Query { key, name, reply } => {
                let result = self.runs.get(&key).map(|run| run.query(&name));
                let _ = reply.send(result.unwrap_or_else(|| Err(RunsError::Busy("the run has left memory".into()))));
            }
            Message::Trace { key } => self.with(key, |run, _| run.trace()),
            Message::Nudge => {}
            Message::Stalled => self.stalled(),
            Message::Withdrawn { runs } => self.withdrawn(runs),
            Message::Lost(error) => self.commit_failed(self.runs.keys().copied().collect(), error),
            Message::HelperDone => self.cx.helpers -= 1,
            Message::Committed { ticket, runs, result } => self.committed(ticket, runs, result),
            Message::Row { run, output } => self.row(*run, output),
            Message::Drain(reply) => {
                self.cx.draining = true;
                self.drained = Some(reply);
            }
            Message::Stop(reply) => self.stop(reply),
            Message::Halt => self.is_halted = true,
        }
    }

    fn with(&mut self, key: RunKey, work: impl FnOnce(&mut Live, &mut Cx)) {
        if let Some(run) = self.runs.get_mut(&key) {
            run.visit(&mut self.cx);
            work(run, &mut self.cx);
        }
    }

    fn start(&mut self, new: NewRun) {
        let (key, traced) = (new.run.key, self.cx.inner.shared.watchers.watches(&new.run.id));
        if self.is_stalled() && new.is_asked_for() {
            return self.refuse_start(new);
        }
        let run = Live::start(new, &mut self.cx, traced);
        self.runs.insert(key, run);
    }

    fn fire_due(&mut self) {
        if self.is_stalled() {
            return;
        }
        let now = self.cx.steady_now();
        for _ in 0..STEPS_PER_TURN {
            let Some((key, due)) = self.cx.timers.pop(now) else { return };
            self.with(key, |run, cx| run.fire(cx, due));
        }
    }

    /// Starts attempts, and takes up those that were over at once.
    fn work(&mut self) {
        for _ in 0..STEPS_PER_TURN {
            if !self.has_work() {
                return;
            }
            if let Some((key, path, attempt, result)) = self.cx.finished.pop_front() {
                self.with(key, |run, cx| run.finished(cx, path, attempt, result));
            } else if let Some((key, path)) = self.cx.launches.pop_front() {
                self.with(key, |run, cx| run.launch(cx, path));
            }
        }
    }

    /// Hands the rows of this turn to the writer.
    fn hand_in(&mut self) {
        let heard = std::mem::take(&mut self.heard);
        if self.cx.touched.is_empty() {
            if heard > 0 {
                self.send(Submission::without_rows(heard, Reply::None));
            }
            return;
        }
        let (mut batches, mut durable, mut soon) = (Vec::with_capacity(self.cx.touched.len()), false, false);
        let mut asked = Vec::new();
        for key in std::mem::take(&mut self.cx.touched) {
            if let Some(run) = self.runs.get_mut(&key) {
                if run.is_asked_for(&self.cx) {
                    asked.push(key);
                }
                let (batch, urgent) = run.take_rows(&self.cx);
                (durable, soon) = (durable || urgent, soon || run.flushes());
                batches.push((key, batch));
            }
        }
        let reply = Reply::Shard { to: self.cx.to.clone(), ticket: self.cx.next_ticket };
        self.cx.next_ticket += 1;
        self.send(Submission { batches, asked, durable, soon, ..Submission::without_rows(heard, reply) });
    }

    pub(super) fn send(&mut self, submission: Submission) {
        if !self.cx.inner.shared.writer.send(submission) {
            self.is_halted = true;
        }
    }

    fn committed(&mut self, ticket: u64, runs: Vec<RunKey>, result: Result<(), CommitError>) {
        self.cx.committed = ticket;
        self.heard += 1;
        match result {
            Ok(()) => {
                for key in runs {
                    if let Some(run) = self.runs.get_mut(&key) {
                        run.release(&mut self.cx);
                    }
                }
                if self.reset == Some(ticket) {
                    self.reset = None;
                    self.reload_failed();
                }
            }
            Err(error) => self.commit_failed(runs, error),
        }
    }

    /// The machines are ahead of the journal: they are dropped and folded again (semantics 5.4).
    fn commit_failed(&mut self, runs: Vec<RunKey>, error: CommitError) {
        tracing::warn!("a commit failed: {error}");
        let error = commit_failed(error);
        for key in runs {
            if let Some(mut run) = self.runs.remove(&key) {
                run.abandon(&mut self.cx, &error);
                self.cx.inner.shared.remove_live(&run.id, key);
                self.failed.insert(key, run.slot.clone());
                self.loading.entry(key).or_default();
            }
        }
        if self.reset.is_none() {
            let ticket = self.cx.next_ticket;
            self.cx.next_ticket += 1;
            self.reset = Some(ticket);
            let reply = Reply::Shard { to: self.cx.to.clone(), ticket };
            self.send(Submission { reset: true, ..Submission::without_rows(0, reply) });
        }
    }

    fn reload_failed(&mut self) {
        let mut failed: Vec<RunKey> = self.failed.keys().copied().collect();
        failed.sort();
        failed.into_iter().for_each(|key| self.load_key(key));
    }

    /// Looks after the runs something happened to: who has ended, who is at rest, who may go.
    fn settle(&mut self) {
        let mut visited = std::mem::take(&mut self.cx.visited);
        for key in visited.drain(..) {
            let Some(run) = self.runs.get_mut(&key) else { continue };
            run.is_visited = false;
            if run.is_parked() && self.cx.inner.options.take_up {
                run.leave(&mut self.cx);
                self.forget(key);
            } else if run.is_over() {
                self.forget(key);
            } else {
                run.keep_row_right(&mut self.cx);
                run.announce(&mut self.cx);
                run.arm_parking(&mut self.cx);
            }
        }
        // What was visited meanwhile is looked at in the next turn.
        if self.cx.visited.is_empty() {
            self.cx.visited = visited;
        }
    }

    fn forget(&mut self, key: RunKey) {
        let Some(run) = self.runs.remove(&key) else { return };
        self.cx.inner.shared.remove_live(&run.id, key);
        if run.is_broken() {
            let error = RunsError::rejected("RUN_UNREADABLE", "the run's journal cannot be folded by this program");
            self.cx.fail_waiters(key, &error);
        }
        if self.cx.inner.admission.is_waited_for(&run.slot.queue) {
            self.cx.inner.claim.notify_one();
        }
    }

    fn is_idle(&self) -> bool {
        let cx = &self.cx;
        let nothing =
            cx.finished.is_empty() && cx.launches.is_empty() && cx.touched.is_empty() && cx.visited.is_empty();
        nothing && cx.committed + 1 == cx.next_ticket && cx.attempts_under_way == 0 && cx.helpers == 0
    }

    /// Time moves to the next timer once there is nothing left to do before it.
    fn advance_virtual_time(&mut self) {
        while self.may_advance()
            && let Some(due) = self.cx.timers.earliest()
        {
            self.cx.inner.shared.clock.advance_to(due);
            self.fire_due();
            self.settle();
            self.hand_in();
        }
    }

    fn may_advance(&self) -> bool {
        let clock = &self.cx.inner.shared.clock;
        let waits = clock.is_virtual()
            && clock.may_advance()
            && self.is_idle()
            && self.loading.is_empty()
            && self.from.is_empty()
            && !self.is_stalled();
        waits && !self.cx.inner.recovering.load(Ordering::Acquire)
    }

    fn stop(&mut self, reply: oneshot::Sender<()>) {
        self.cx.draining = true;
        self.stopping = Some(reply);
        for run in self.runs.values_mut() {
            run.park(&mut self.cx);
        }
    }

    /// Answers a drain when no attempt is under way, and ends after a stop when every row is written.
    fn has_stopped(&mut self) -> bool {
        let written = self.cx.touched.is_empty() && self.cx.committed + 1 == self.cx.next_ticket;
        if self.cx.attempts_under_way == 0
            && written
            && let Some(reply) = self.drained.take()
        {
            let _ = reply.send(());
        }
        match self.stopping.take() {
            Some(reply) if written => {
                self.runs.values_mut().for_each(|run| run.forget_open(&mut self.cx));
                let _ = reply.send(());
                true
            }
            reply => {
                self.stopping = reply;
                false
            }
        }
    }
}
