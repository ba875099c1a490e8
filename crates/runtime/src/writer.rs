//! The one task that writes: what all loops hand in while a commit is under way goes into the next one.

mod stalled;

use crate::faults::Faults;
use crate::message::Message;
use crate::meters::Meters;
use crate::stall::Stall;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use weir_store::{Batch, CommitError, Epoch, RunKey, Store};

/// A commit takes no more rows than this, so that the first of them need not wait for all.
const ROWS_PER_COMMIT: usize = 8_192;

/// Below so many rows a commit costs little more than waiting for the disk, so that it is worth its while to hear
/// first what the loops that were just answered have to add.
const ROWS_WORTH_A_COMMIT: usize = 64;

/// How long such a loop is waited for at most.
const PATIENCE: Duration = Duration::from_millis(1);

/// Rows of one sender, to be written together with those of others, in the order of sending.
pub(crate) struct Submission {
    pub batches: Vec<(RunKey, Batch)>,
    /// Those among the runs that are new and that somebody outside waits for.
    pub asked: Vec<RunKey>,
    /// Runs that were given back, of which the sender sends nothing after this.
    pub given_up: Vec<RunKey>,
    /// Whether the disk is waited for.
    pub durable: bool,
    /// Whether the disk is to have it soon, though nobody waits.
    pub soon: bool,
    /// The sender knows of every failure before this; what it sends from here on is whole again.
    pub reset: bool,
    /// How many answers the sender has acted upon since it sent something last.
    pub heard: usize,
    pub reply: Reply,
}

/// Who is told how it went.
pub(crate) enum Reply {
    None,
    Shard { to: UnboundedSender<Message>, ticket: u64 },
    One(oneshot::Sender<Result<(), CommitError>>),
}

/// The way to the writer. Sending never waits; senders bound themselves by what is not answered yet.
#[derive(Clone)]
pub(crate) struct Writer {
    to: UnboundedSender<Submission>,
    /// Rows sent and not written yet.
    waiting: Arc<AtomicUsize>,
    epoch: Epoch,
    /// How often something was written so far.
    commits: watch::Receiver<u64>,
    stall: Arc<Stall>,
}

pub(crate) struct WriterOptions {
    pub window: Duration,
    pub flush_after: Duration,
}

impl Writer {
    /// The writer and the task to spawn. The task ends when every handle is gone, or after the store has failed
    /// for good; `on_failure` is told why. `shards` are all the loops there are.
    pub fn new(
        store: Arc<dyn Store>,
        epoch: Epoch,
        faults: Arc<dyn Faults>,
        meters: Arc<Meters>,
        options: WriterOptions,
        shards: Vec<UnboundedSender<Message>>,
        on_failure: impl FnOnce(CommitError) + Send + 'static,
    ) -> (Self, impl Future<Output = ()>) {
        let (to, from) = unbounded_channel();
        let (committed, commits) = watch::channel(0);
        let (waiting, stall) = (Arc::new(AtomicUsize::new(0)), Arc::<Stall>::default());
        let task = Task {
            store,
            epoch,
            faults,
            meters,
            options,
            from,
            waiting: waiting.clone(),
            committed,
            unheard: 0,
            unsynced_until: None,
            failed: Vec::new(),
            shards,
            stall: stall.clone(),
            kept: VecDeque::new(),
            withdrawn: HashSet::new(),
        };
        (Self { to, waiting, epoch, commits, stall }, task.run(on_failure))
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// How often something was written, once that is more than `seen`; at the writer's end what it came to.
    pub async fn committed(&self, seen: u64) -> u64 {
        let mut commits = self.commits.clone();
        let found = commits.wait_for(|count| *count > seen).await.map(|count| *count);
        found.unwrap_or(seen)
    }

    /// Whether anything can be written at present.
    pub fn stall(&self) -> &Stall {
        &self.stall
    }

    /// Rows that are still to be written.
    pub fn backlog(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// False after the writer has ended.
    pub fn send(&self, submission: Submission) -> bool {
        self.waiting.fetch_add(submission.rows(), Ordering::Relaxed);
        self.to.send(submission).is_ok()
    }

    /// Writes a batch and waits until it is written, and on the disk if it is durable.
    pub async fn write(&self, run: RunKey, batch: Batch) -> Result<(), CommitError> {
        let durable = batch.durable;
        self.submit(vec![(run, batch)], durable).await
    }

    /// Waits until everything sent before can be read, and is on the disk if `durable`.
    pub async fn barrier(&self, durable: bool) -> Result<(), CommitError> {
        self.submit(Vec::new(), durable).await
    }

    async fn submit(&self, batches: Vec<(RunKey, Batch)>, durable: bool) -> Result<(), CommitError> {
        let (reply, answer) = oneshot::channel();
        let reply = Reply::One(reply);
        self.send(Submission { batches, durable, soon: true, ..Submission::without_rows(0, reply) });
        answer.await.unwrap_or_else(|_| Err(ended()))
    }
}

fn ended() -> CommitError {
    CommitError::Stop(weir_store::StoreError::Io("the writer has ended".into()))
}

impl Submission {
    pub fn without_rows(heard: usize, reply: Reply) -> Self {
        let (batches, asked, given_up) = (Vec::new(), Vec::new(), Vec::new());
        Self { batches, asked, given_up, durable: false, soon: false, reset: false, heard, reply }
    }

    fn rows(&self) -> usize {
        self.batches.iter().map(|(_, batch)| batch.len()).sum()
    }

    fn is_from(&self, sender: &UnboundedSender<Message>) -> bool {
        matches!(&self.reply, Reply::Shard { to, .. } if to.same_channel(sender))
    }

    /// A loop's word that it has acted upon an answer and has nothing to write.
    fn is_bare(&self) -> bool {
        let says_nothing = self.batches.is_empty() && self.given_up.is_empty();
        matches!(self.reply, Reply::None) && says_nothing && !self.durable
    }

    fn is_log(&self) -> bool {
        self.batches.iter().all(|(_, batch)| batch.len() == batch.observations.len())
    }

    /// Whether a loop was told.
    fn answer(self, result: &Result<(), CommitError>) -> bool {
        match self.reply {
            Reply::None => false,
            Reply::Shard { to, ticket } => {
                let runs = self.batches.into_iter().map(|(run, _)| run).collect();
                to.send(Message::Committed { ticket, runs, result: result.clone() }).is_ok()
            }
            Reply::One(reply) => {
                let _ = reply.send(result.clone());
                false
            }
        }
    }
}

struct Task {
    store: Arc<dyn Store>,
    epoch: Epoch,
    faults: Arc<dyn Faults>,
    meters: Arc<Meters>,
    options: WriterOptions,
    from: UnboundedReceiver<Submission>,
    waiting: Arc<AtomicUsize>,
    committed: watch::Sender<u64>,
    /// Answers that loops have not acted upon yet.
    unheard: usize,
    /// When what the disk may not have yet is to be brought there.
    unsynced_until: Option<Instant>,
    /// Loops that have not heard yet that a commit of theirs failed, and why. What they have sent since then
    /// follows records that do not exist, so it must not be written.
    failed: Vec<(UnboundedSender<Message>, CommitError)>,
    shards: Vec<UnboundedSender<Message>>,
    stall: Arc<Stall>,
    /// What was handed in while nothing could be written.
    kept: VecDeque<Submission>,
    /// New runs that were given back, until their loop has heard of it; nothing more of them is to be written.
    withdrawn: HashSet<RunKey>,
}

impl Task {
    async fn run(mut self, on_failure: impl FnOnce(CommitError)) {
        let mut joined = Vec::new();
        while let Some(first) = self.next().await {
            joined.clear();
            let flush = first.is_none();
            first.into_iter().for_each(|submission| self.take(&mut joined, submission));
            if joined.is_empty() && !flush {
                continue;
            }
            self.join(&mut joined).await;
            self.refuse(&mut joined);
            self.leave_out(&mut joined);
            if joined.is_empty() && !flush {
                continue;
            }
            let rows = stalled::rows_of(&joined);
            let result = self.commit(&mut joined).await;
            if let Err(error) = &result {
                self.note_failed(&joined, error);
            }
            if let Err(error @ CommitError::Lost(_)) = &result {
                self.fold_all_again(error);
            }
            self.unheard +=
                joined.drain(..).map(|submission: Submission| usize::from(submission.answer(&result))).sum::<usize>();
            self.tell_committed(rows, &result);
            if let Err(error @ (CommitError::StaleOwner { .. } | CommitError::Stop(_))) = result {
                return on_failure(error);
            }
        }
        // The last results nobody waited for: a stop leaves nothing behind in memory.
        if self.unsynced_until.is_some() {
            let _ = self.write(Batch::new(self.epoch), 0).await;
        }
    }

    /// The next submission; nothing inside where the time to flush has come first. `None` at the end.
    async fn next(&mut self) -> Option<Option<Submission>> {
        if let Some(submission) = self.kept.pop_front() {
            return Some(Some(submission));
        }
        let Some(at) = self.unsynced_until else { return self.from.recv().await.map(Some) };
        tokio::select! {
            biased;
            submission = self.from.recv() => submission.map(Some),
            () = tokio::time::sleep_until(at) => Some(None),
        }
    }

    fn take(&mut self, joined: &mut Vec<Submission>, submission: Submission) {
        self.unheard = self.unheard.saturating_sub(submission.heard);
        if !submission.is_bare() {
            joined.push(submission);
        }
    }

    /// Adds what else there is to write by now, or will be in a moment.
    async fn join(&mut self, joined: &mut Vec<Submission>) {
        let durable = joined.iter().any(|submission| submission.durable);
        if !self.options.window.is_zero() && durable {
            tokio::time::sleep(self.options.window).await;
        }
        let mut rows: usize = joined.iter().map(Submission::rows).sum();
        while rows < ROWS_PER_COMMIT {
            let Some(submission) = self.more(durable && rows < ROWS_WORTH_A_COMMIT).await else { return };
            rows += submission.rows();
            self.take(joined, submission);
        }
    }

    /// What is there to be written, or else, if that is worth while, what a loop that was just answered sends.
    async fn more(&mut self, patient: bool) -> Option<Submission> {
        if let Some(submission) = self.kept.pop_front().or_else(|| self.from.try_recv().ok()) {
            return Some(submission);
        }
        if !patient || self.unheard == 0 {
            return None;
        }
        let submission = tokio::time::timeout(PATIENCE, self.from.recv()).await.ok().flatten();
        if submission.is_none() {
            // A loop that takes so long is not waited for again.
            self.unheard = 0;
        }
        submission
    }

    /// Answers what must not be written with the error that went before, and takes it out.
    fn refuse(&mut self, joined: &mut Vec<Submission>) {
        if self.failed.is_empty() {
            return;
        }
        for submission in std::mem::take(joined) {
            match self.failed.iter().position(|(to, _)| submission.is_from(to)) {
                Some(at) if submission.reset => {
                    self.failed.remove(at);
                    joined.push(submission);
                }
                Some(at) => {
                    self.waiting.fetch_sub(submission.rows(), Ordering::Relaxed);
                    self.unheard += usize::from(submission.answer(&Err(self.failed[at].1.clone())));
                }
                None => joined.push(submission),
            }
        }
    }

    fn note_failed(&mut self, joined: &[Submission], error: &CommitError) {
        for submission in joined {
            if let Reply::Shard { to, .. } = &submission.reply
                && !submission.batches.is_empty()
                && !self.failed.iter().any(|(failed, _)| submission.is_from(failed))
            {
                self.failed.push((to.clone(), error.clone()));
            }
        }
    }

    /// Nothing that any loop has in memory may be on disk: what they send from now on is not written until they have
    /// heard of it.
    fn fold_all_again(&mut self, error: &CommitError) {
        for shard in &self.shards {
            if !self.failed.iter().any(|(failed, _)| failed.same_channel(shard)) {
                self.failed.push((shard.clone(), error.clone()));
            }
        }
        self.tell_all(|| Message::Lost(error.clone()));
    }

    async fn commit(&mut self, joined: &mut Vec<Submission>) -> Result<(), CommitError> {
        // A flush is the empty durable commit.
        let flush = self.unsynced_until.is_some_and(|at| at <= Instant::now());
        let durable = (joined.is_empty() && self.unsynced_until.is_some())
            || flush
            || joined.iter().any(|submission| submission.durable);
        let mut batch = self.gather(joined);
        batch.durable = durable;
        let mut result = self.write(batch, stalled::rows_of(joined)).await;
        if let Err(error) = &result
            && error.may_pass()
        {
            let error = error.clone();
            result = self.persist(joined, error).await;
        }
        let rows = stalled::rows_of(joined);
        self.waiting.fetch_sub(rows, Ordering::Relaxed);
        if result.is_ok() {
            self.note_synced(durable, joined);
        }
        result
    }

    /// After the loops have been told: whoever reads the rows now and asks a loop about them hears of what follows.
    fn tell_committed(&self, rows: usize, result: &Result<(), CommitError>) {
        if rows > 0 && result.is_ok() {
            self.committed.send_modify(|count| *count += 1);
        }
    }

    /// Everything that was handed in as one durable batch. The parts are kept: they may have to be written once more.
    fn gather(&self, joined: &[Submission]) -> Batch {
        let mut batch = Batch::new(self.epoch);
        let parts = joined.iter().flat_map(|submission| &submission.batches);
        parts.for_each(|(_, part)| batch.absorb(part.clone()));
        batch.durable = true;
        batch
    }

    async fn write(&self, batch: Batch, rows: usize) -> Result<(), CommitError> {
        self.faults.at("commit.before");
        let begun = std::time::Instant::now();
        let result = self.store.commit(batch).await;
        match &result {
            Ok(()) => self.meters.committed(rows, begun.elapsed()),
            Err(error) => self.meters.commit_failed(error),
        }
        self.faults.at("commit.after");
        result
    }

    fn note_synced(&mut self, durable: bool, joined: &[Submission]) {
        if durable {
            self.unsynced_until = None;
        } else if joined.iter().any(|submission| submission.soon) {
            self.unsynced_until.get_or_insert_with(|| Instant::now() + self.options.flush_after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::NoFaults;
    use tokio::sync::mpsc::error::TryRecvError;
    use weir_base::Text;
    use weir_engine::{Event, EventBody, Record};
    use weir_store::{Entry, Place, Run};
    use weir_testkit::MemoryStore;

    /// A loop as the writer sees it: it hands in rows of one run and hears how it went.
    struct Sender {
        run: RunKey,
        seq: u64,
        writer: Writer,
        to: UnboundedSender<Message>,
        from: UnboundedReceiver<Message>,
    }

    impl Sender {
        async fn new(run: i64, writer: &Writer) -> Self {
            let key = RunKey(run);
            let mut batch = Batch::new(writer.epoch());
            batch.runs.push(Run::new(key, Text::from(format!("r{run}")), Place::default(), "f", 0));
            writer.write(key, batch).await.unwrap();
            let (to, from) = unbounded_channel();
            Self { run: key, seq: 0, writer: writer.clone(), to, from }
        }

        fn hand_in(&mut self, heard: usize) {
            self.seq += 1;
            let mut batch = Batch::new(self.writer.epoch());
            let record = Record::encode(self.seq, &Event::new(0, EventBody::Pause));
            batch.records.push(Entry { run: self.run, record });
            let reply = Reply::Shard { to: self.to.clone(), ticket: self.seq };
            let batches = vec![(self.run, batch)];
            let durable = true;
            self.writer.send(Submission { batches, durable, soon: true, ..Submission::without_rows(heard, reply) });
        }

        fn says_it_has_nothing(&self, heard: usize) {
            self.writer.send(Submission::without_rows(heard, Reply::None));
        }

        /// Whether an answer has come, after everyone had a chance to work. No time passes meanwhile.
        async fn is_answered(&mut self) -> bool {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            match self.from.try_recv() {
                Ok(Message::Committed { result, .. }) => result.is_ok(),
                Ok(_) => false,
                Err(error) => {
                    assert_eq!(error, TryRecvError::Empty);
                    false
                }
            }
        }
    }

    async fn writer() -> Writer {
        let store = Arc::new(MemoryStore::new());
        let epoch = store.claim(1, 0).await.unwrap();
        let options = WriterOptions { window: Duration::ZERO, flush_after: Duration::from_secs(1) };
        let (writer, task) =
            Writer::new(store, epoch, Arc::new(NoFaults), Arc::new(Meters::new(None)), options, Vec::new(), |error| {
                panic!("{error}")
            });
        tokio::spawn(task);
        writer
    }

    /// Two loops that were answered together: what they make of it goes to the disk together.
    #[tokio::test(start_paused = true)]
    async fn a_commit_waits_for_loops_that_were_just_answered() {
        let writer = writer().await;
        let (mut a, mut b) = (Sender::new(1, &writer).await, Sender::new(2, &writer).await);
        a.hand_in(0);
        b.hand_in(0);
        assert!(a.is_answered().await && b.is_answered().await);
        a.hand_in(1);
        assert!(!a.is_answered().await, "the other loop may have something to add");
        b.hand_in(1);
        assert!(a.is_answered().await && b.is_answered().await);
        a.hand_in(1);
        b.says_it_has_nothing(1);
        assert!(a.is_answered().await, "nobody is left to wait for");
        a.hand_in(1);
        assert!(a.is_answered().await, "a loop alone never waits");
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_takes_long_is_not_waited_for() {
        let writer = writer().await;
        let (mut a, mut b) = (Sender::new(1, &writer).await, Sender::new(2, &writer).await);
        a.hand_in(0);
        b.hand_in(0);
        assert!(a.is_answered().await && b.is_answered().await);
        a.hand_in(1);
        assert!(!a.is_answered().await);
        assert!(a.from.recv().await.is_some(), "the clock moves on while nobody has anything to do");
        a.hand_in(1);
        assert!(a.is_answered().await, "and not a second time");
    }

    /// What came of a run before its loop had heard that it was taken back is not written, and then it is forgotten.
    #[tokio::test]
    async fn what_was_taken_back_is_known_until_its_loop_has_heard_of_it() {
        let store = Arc::new(MemoryStore::new());
        let epoch = store.claim(1, 0).await.unwrap();
        let (to, mut told) = unbounded_channel();
        let (committed, _commits) = watch::channel(0);
        let mut task = Task {
            store,
            epoch,
            faults: Arc::new(NoFaults),
            meters: Arc::new(Meters::new(None)),
            options: WriterOptions { window: Duration::ZERO, flush_after: Duration::from_secs(1) },
            from: unbounded_channel().1,
            waiting: Arc::default(),
            committed,
            unheard: 0,
            unsynced_until: None,
            failed: Vec::new(),
            shards: vec![to.clone()],
            stall: Arc::default(),
            kept: VecDeque::new(),
            withdrawn: HashSet::new(),
        };
        let rows = |run: i64, asked: &[i64]| {
            let mut batch = Batch::new(epoch);
            batch.runs.push(Run::new(RunKey(run), Text::from(format!("r{run}")), Place::default(), "f", 0));
            task_rows(RunKey(run), batch, asked, &to)
        };
        let mut joined = vec![rows(1, &[1]), rows(2, &[])];
        task.waiting.fetch_add(stalled::rows_of(&joined), Ordering::Relaxed);
        task.withdraw(&mut joined, &CommitError::Busy("it is away".into()));
        assert_eq!(stalled::rows_of(&joined), 1, "the one that was asked for is given back");
        let Ok(Message::Withdrawn { runs }) = told.try_recv() else { panic!("the loop is told") };
        let given_up = Submission { given_up: runs, ..Submission::without_rows(0, Reply::None) };
        let mut later = vec![rows(1, &[]), given_up, rows(2, &[])];
        task.waiting.fetch_add(2, Ordering::Relaxed);
        task.leave_out(&mut later);
        assert_eq!((later.len(), stalled::rows_of(&later)), (2, 1), "it had sent more of the run");
        assert!(task.withdrawn.is_empty());
    }

    fn task_rows(run: RunKey, batch: Batch, asked: &[i64], to: &UnboundedSender<Message>) -> Submission {
        let (reply, asked) = (Reply::Shard { to: to.clone(), ticket: 1 }, asked.iter().copied().map(RunKey).collect());
        Submission { batches: vec![(run, batch)], asked, ..Submission::without_rows(0, reply) }
    }
}
