use crate::inner::Inner;
use crate::message::{Attempted, Awaited, Message};
use crate::steady::Steady;
use crate::timers::{Due, TimerKey, Timers};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use weir_base::{Micros, Text};
use weir_runs::{Progress, ProgressBody, RunView, RunsError};
use weir_store::RunKey;

pub(crate) type Waiter = (Awaited, oneshot::Sender<Result<RunView, RunsError>>);

/// Everything of a loop but its runs: what a run may touch while it is worked on.
pub(crate) struct Cx {
    pub inner: Arc<Inner>,
    pub to: UnboundedSender<Message>,
    /// By the steady time.
    pub timers: Timers,
    pub steady: Steady,
    pub waiters: HashMap<RunKey, Vec<Waiter>>,
    /// Attempts that were over at once.
    pub finished: VecDeque<(RunKey, Text, u32, Attempted)>,
    /// Attempts that may start.
    pub launches: VecDeque<(RunKey, Text)>,
    /// Runs with rows to hand in at the end of this turn.
    pub touched: Vec<RunKey>,
    /// Runs something happened to in this turn.
    pub visited: Vec<RunKey>,
    /// The number the rows of this turn will have, and the newest that is written.
    pub next_ticket: u64,
    pub committed: u64,
    /// How many machines have been taken into memory.
    pub generations: u64,
    pub attempts_under_way: usize,
    /// Things done beside the loop that will be heard of.
    pub helpers: usize,
    pub draining: bool,
}

impl Cx {
    pub fn now(&self) -> Micros {
        self.inner.now()
    }

    /// Time that does not go back where the clock does.
    pub fn steady_now(&mut self) -> Micros {
        let clock = self.now();
        self.steady.read(clock, Instant::now())
    }

    /// Sets a timer for a run whose own time is `at`.
    pub fn set_timer(&mut self, due: Micros, at: Micros, run: RunKey, what: Due) -> TimerKey {
        let clock = self.now();
        let when = self.steady.when(due, at, clock, Instant::now());
        self.timers.set(when, run, what)
    }

    pub fn is_virtual(&self) -> bool {
        self.inner.shared.clock.is_virtual()
    }

    pub fn tell(&self, run: &Text, at: Micros, body: ProgressBody) {
        self.inner.shared.watchers.tell(Progress { run: run.clone(), at, body });
    }

    /// Does something beside the loop. The loop does not count as idle until it is over.
    pub fn help(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.helpers += 1;
        let to = self.to.clone();
        tokio::spawn(async move {
            work.await;
            let _ = to.send(Message::HelperDone);
        });
    }

    /// Answers those who wait for this; `ended` ones too where the run is over.
    pub fn answer_waiters(&mut self, run: RunKey, view: &RunView) {
        let Some(waiters) = self.waiters.remove(&run) else { return };
        let over = view.status.is_final();
        let (due, rest): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|(until, _)| over || *until != Awaited::Ended);
        due.into_iter().for_each(|(_, reply)| drop(reply.send(Ok(view.clone()))));
        if !rest.is_empty() {
            self.waiters.insert(run, rest);
        }
    }

    pub fn fail_waiters(&mut self, run: RunKey, error: &RunsError) {
        for (_, reply) in self.waiters.remove(&run).into_iter().flatten() {
            let _ = reply.send(Err(error.clone()));
        }
    }
}
