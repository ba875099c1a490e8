//! One run in memory: its machine, what it has open, and the rows it is about to write.

mod armed;
mod attempt;
mod detached;
mod end;
mod perform;
mod request;
mod rest;
mod tasks;
mod view;

use crate::admission::Slot;
use crate::flows::Prepared;
use crate::fold::{ENGINE_ERROR, Folded, INTERNAL, row_bytes};
use crate::guard::guarded;
use crate::message::{Answer, NewRun};
use crate::meters::FlowMeter;
use crate::shard::Cx;
use armed::ArmedTimers;
use detached::Detached;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tasks::Tasks;
use tokio::sync::oneshot;
use weir_base::{Micros, Text};
use weir_engine::{Command, Event, EventBody, Machine, Origin, Record, StartChild, Status, StepError};
use weir_ir::Durability;
use weir_kind::FlowContext;
use weir_runs::{ProgressBody, RunView, RunsError};
use weir_store::{Attempt, Batch, Effect, Entry, Epoch, Place, RunKey, RunUpdate};

pub(crate) use request::Asked;
pub(crate) use view::query;

/// A run that is carried by a loop.
pub(crate) struct Live {
    pub generation: u64,
    /// Has not taken a place yet.
    is_pending: bool,
    pub key: RunKey,
    pub id: Text,
    pub place: Place,
    pub flow: Arc<Prepared>,
    context: Arc<FlowContext>,
    meter: Arc<FlowMeter>,
    durability: Durability,
    pub slot: Slot,
    machine: Machine,
    origin: Option<Origin>,
    created_at: Micros,
    /// What started it; for whoever asks.
    started_by: Option<Text>,
    started_at: Option<Micros>,
    /// What the row in the store says.
    stored: Status,
    /// And when a run that has left memory goes on by itself, and what it waits for.
    stored_waits: (Option<Micros>, Vec<Text>),
    phase: Phase,
    seq: u64,
    at: Micros,
    /// Rows for the end of this turn.
    batch: Batch,
    is_touched: bool,
    is_urgent: bool,
    pub is_visited: bool,
    /// Turns handed in and not answered.
    pub unanswered: u32,
    /// The turn that must be on disk before anything further is done.
    hard: u64,
    held: VecDeque<(u64, Held)>,
    timers: ArmedTimers,
    /// Timers whose time has come while the run was paused.
    overdue: Vec<(Micros, Text)>,
    tasks: Tasks,
    /// Attempts whose future exists, also of steps that are closed.
    pub under_way: u32,
    reads: u32,
    children: HashSet<Text>,
    detached: Detached,
    marks: BTreeMap<Text, u32>,
    /// Attempts of tasks that the machine has not asked for again yet.
    resumed: HashMap<Text, Attempt>,
    snapshot: Snapshots,
    /// The record that causes what the machine asks for now, and how many commands without an event it has caused.
    cause: (u64, u32),
    traced: bool,
    /// What watchers were told last.
    told: Option<(Status, Vec<Text>)>,
    park_armed: bool,
    active_at: Micros,
    started_reply: Option<oneshot::Sender<Result<RunView, RunsError>>>,
    /// Who came too late, to be told once the end is on disk.
    refused: Vec<Answer>,
    output: weir_base::Value,
    error: Option<StepError>,
}

/// How far a run has come in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Active,
    /// Its turn has not come: events are taken, nothing is done.
    Dormant,
    /// The rows of its parking are on their way.
    Parking,
    /// Its end is on the way to the disk.
    Ending,
    Ended,
    /// The fold has broken; the machine must not be touched.
    Broken,
}

/// Something to do once the rows before it are on disk.
enum Held {
    Command(Command),
    Child(Box<StartChild>, Option<Effect>),
    /// Start the attempt the task is at.
    Launch {
        path: Text,
    },
    /// Start the next attempt at this time.
    Backoff {
        path: Text,
        attempt: u32,
        not_before: Micros,
    },
    Answer(Answer),
    Started,
    Ended,
    Parked,
}

/// When the state was kept last, and what has been written since.
struct Snapshots {
    seq: u64,
    size: usize,
    bytes: usize,
}

impl Live {
    /// A run whose row and first record are about to be written. Nothing of it is released before they are.
    pub fn start(new: NewRun, cx: &mut Cx, traced: bool) -> Self {
        let NewRun { run, flow, started, slot, effect, started_reply, ended_reply } = new;
        let at = run.created_at;
        let machine = match traced {
            true => guarded(|| Machine::traced(flow.plan.clone(), &started, at)),
            false => guarded(|| Machine::new(flow.plan.clone(), &started, at)),
        };
        let broken = machine.as_ref().err().cloned();
        // A machine that broke is never touched again; an empty flow's stands in its place.
        let machine = machine.unwrap_or_else(|_| empty_machine());
        let folded = Parts { run, flow, slot, machine, origin: started.origin.clone(), seq: 0, at };
        let mut live = Self::new(folded, cx);
        (live.traced, live.started_reply) = (traced, started_reply);
        if let Some(reply) = ended_reply {
            cx.waiters.entry(live.key).or_default().push((crate::message::Awaited::Ended, reply));
        }
        live.batch.effects.extend(effect);
        live.write(cx, &Event::new(at, EventBody::Started(Box::new(started))), true);
        live.hold(Held::Started);
        live.meter.started.fetch_add(1, Ordering::Relaxed);
        live.tell_started();
        match broken {
            Some(message) => live.breaks(cx, message),
            None => live.drain(cx),
        }
        live
    }

    /// A run from the store, with everything that has no answer still to be asked for.
    pub fn resume(folded: Folded, slot: Slot, cx: &mut Cx, traced: bool) -> Self {
        let Folded { run, flow, machine, state, attempts, snapshot } = folded;
        let (stored, started_at) = (run.status, run.started_at);
        let parts = Parts { run, flow, slot, machine, origin: state.origin, seq: state.seq, at: state.at };
        let mut live = Self::new(parts, cx);
        live.batch = Batch { epoch: cx.inner.shared.writer.epoch(), ..Batch::default() };
        (live.stored, live.started_at, live.traced) = (stored, started_at, traced);
        live.marks = state.marks;
        live.resumed = attempts.into_iter().map(|attempt| (attempt.path.clone(), attempt)).collect();
        live.snapshot = Snapshots { seq: snapshot.0, size: snapshot.1, bytes: state.bytes };
        if stored == Status::Pending {
            (live.phase, live.is_pending) = (Phase::Dormant, true);
        }
        live
    }

    fn new(parts: Parts, cx: &mut Cx) -> Self {
        let Parts { run, flow, slot, machine, origin, seq, at } = parts;
        let options = &cx.inner.options;
        let durability = options.force_durability.or(flow.durability).unwrap_or(options.durability);
        let mut batch = empty_batch(cx.inner.shared.writer.epoch());
        let (key, id, place, created_at, started_at) =
            (run.key, run.id.clone(), run.place.clone(), run.created_at, run.started_at);
        let context = flow.context(&place);
        let meter = cx.inner.shared.meters.flow(&place, &flow.name);
        let (stored, started_by) = (run.status, run.cause.clone());
        let stored_waits = (run.wake_at, run.waits.clone());
        batch.runs.push(run);
        cx.generations += 1;
        Self {
            generation: cx.generations,
            is_pending: false,
            key,
            id,
            place,
            flow,
            context,
            meter,
            durability,
            slot,
            machine,
            origin,
            created_at,
            started_by,
            started_at,
            stored,
            stored_waits,
            phase: Phase::Active,
            seq,
            at,
            batch,
            is_touched: false,
            is_urgent: false,
            is_visited: false,
            unanswered: 0,
            hard: 0,
            held: VecDeque::new(),
            timers: ArmedTimers::default(),
            overdue: Vec::new(),
            tasks: Tasks::default(),
            under_way: 0,
            reads: 0,
            children: HashSet::new(),
            detached: Detached::default(),
            marks: BTreeMap::new(),
            resumed: HashMap::new(),
            snapshot: Snapshots { seq: 0, size: 0, bytes: 0 },
            cause: (seq, 0),
            traced: false,
            told: None,
            park_armed: false,
            active_at: at,
            started_reply: None,
            refused: Vec::new(),
            output: weir_base::Value::Null,
            error: None,
        }
    }

    /// Journals what came from outside and folds it. `hard` events are on disk before anything follows from them.
    fn apply(&mut self, cx: &mut Cx, body: EventBody, hard: bool) {
        self.at = self.at.max(cx.now());
        self.active_at = self.at;
        let event = Event::new(self.at, body);
        self.write(cx, &event, hard);
        if matches!(self.phase, Phase::Ended | Phase::Ending | Phase::Broken) {
            return;
        }
        self.unpark();
        let faults = &cx.inner.shared.faults;
        let folded = guarded(|| {
            faults.folding();
            self.machine.handle(&event);
        });
        if let Err(message) = folded {
            return self.breaks(cx, message);
        }
        self.note_row();
    }

    fn write(&mut self, cx: &mut Cx, event: &Event, hard: bool) {
        self.seq += 1;
        if !matches!(event.body, EventBody::Dispatched { .. } | EventBody::Decided { .. }) {
            self.cause = (self.seq, 0);
        }
        let record = Record::encode(self.seq, event);
        self.snapshot.bytes += row_bytes(&record);
        self.meter.messages.fetch_add(1, Ordering::Relaxed);
        self.batch.records.push(Entry { run: self.key, record });
        self.touch(cx, hard);
    }

    /// There are rows to hand in at the end of this turn.
    fn touch(&mut self, cx: &mut Cx, hard: bool) {
        if !self.is_touched {
            self.is_touched = true;
            cx.touched.push(self.key);
        }
        if hard {
            self.is_urgent = true;
            self.hard = cx.next_ticket;
        }
        self.visit(cx);
    }

    pub fn visit(&mut self, cx: &mut Cx) {
        if !self.is_visited {
            self.is_visited = true;
            cx.visited.push(self.key);
        }
    }

    /// The rows of this turn, and whether they must reach the disk before anything goes on.
    pub fn take_rows(&mut self, cx: &Cx) -> (Batch, bool) {
        self.note_rest(cx);
        self.is_touched = false;
        self.unanswered += 1;
        let epoch = self.batch.epoch;
        (std::mem::replace(&mut self.batch, empty_batch(epoch)), std::mem::take(&mut self.is_urgent))
    }

    /// Whether results of this run are to reach the disk soon even where nobody waits.
    pub fn flushes(&self) -> bool {
        self.durability != Durability::Exit
    }

    /// A result from outside, in the flow's durability (semantics 5.10).
    fn is_hard(&self) -> bool {
        self.durability == Durability::Sync
    }

    /// The row changes on start, park and end (semantics 5.14), and when a run is paused and resumed. That it waits is
    /// said with the rows of a turn, once it is known how that ends.
    fn note_row(&mut self) {
        let paused = self.machine.status() == Status::Paused;
        if self.phase == Phase::Dormant || paused == (self.stored == Status::Paused) {
            return;
        }
        self.started_at.get_or_insert(self.at);
        self.update_row(match paused {
            true => RunUpdate::paused(self.key, self.wake_at(), None),
            false => RunUpdate::started(self.key, self.at),
        });
    }

    fn update_row(&mut self, update: RunUpdate) {
        (self.stored, self.stored_waits) = (update.status, (update.wake_at, update.waits.clone()));
        self.batch.updates.push(update);
    }

    /// The run's turn has come.
    pub fn activate(&mut self, cx: &mut Cx) {
        if self.phase == Phase::Dormant {
            (self.phase, self.is_pending, self.stored) = (Phase::Active, false, Status::Running);
            self.started_at.get_or_insert(cx.now());
            self.start_postponed(cx);
            self.drain(cx);
        }
    }

    /// Takes everything the machine wants done.
    pub fn drain(&mut self, cx: &mut Cx) {
        self.tell_trace(cx);
        while !matches!(self.phase, Phase::Broken | Phase::Ended | Phase::Ending) {
            if self.phase == Phase::Dormant && !self.machine.status().is_final() {
                return;
            }
            match guarded(|| self.machine.poll()) {
                Ok(Some(command)) => self.obey(cx, command),
                Ok(None) => break,
                Err(message) => self.breaks(cx, message),
            }
        }
        self.tell_trace(cx);
    }

    fn tell_trace(&mut self, cx: &Cx) {
        if self.traced && self.phase != Phase::Broken {
            for trace in self.machine.take_trace() {
                cx.tell(&self.id, trace.at, ProgressBody::Step(trace));
            }
        }
    }

    pub fn trace(&mut self) {
        self.traced = true;
        self.machine.trace();
    }

    fn hold(&mut self, held: Held) {
        self.held.push_back((self.hard, held));
    }

    /// Does it now, or when what came before is on disk.
    fn hold_or_perform(&mut self, cx: &mut Cx, held: Held) {
        match self.held.is_empty() && self.hard <= cx.committed {
            true => self.perform(cx, held),
            false => self.hold(held),
        }
    }

    /// Rows of this run are written: does what has waited for them.
    pub fn release(&mut self, cx: &mut Cx) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.visit(cx);
        while let Some((ticket, _)) = self.held.front()
            && *ticket <= cx.committed
        {
            if let Some((_, held)) = self.held.pop_front() {
                self.perform(cx, held);
            }
        }
        self.keep_snapshot(cx);
        self.drain(cx);
    }

    /// The fold has broken: the run is parked until a program that can fold it comes (semantics 5.11).
    fn breaks(&mut self, cx: &mut Cx, message: String) {
        tracing::error!(run = %self.id, seq = self.seq, "{message}");
        let error = StepError::new(ENGINE_ERROR, INTERNAL, message);
        self.stored = Status::Paused;
        self.error = Some(error.clone());
        self.phase = Phase::Broken;
        self.batch.updates.push(RunUpdate::paused(self.key, None, Some(error)));
        self.touch(cx, true);
        self.forget_open(cx);
    }

    /// Stops everything that is open, without a word in the journal.
    pub fn forget_open(&mut self, cx: &mut Cx) {
        self.timers.drain().for_each(|armed| cx.timers.unset(armed.key));
        for mut open in self.tasks.drain() {
            open.stop(cx);
        }
    }

    /// Whether nothing of this run is left to be done in memory.
    pub fn is_over(&self) -> bool {
        let over = matches!(self.phase, Phase::Ended | Phase::Broken)
            || (self.phase == Phase::Dormant && self.held.is_empty());
        over && !self.is_touched && self.unanswered == 0 && self.under_way == 0
    }

    pub fn is_broken(&self) -> bool {
        self.phase == Phase::Broken
    }

    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

struct Parts {
    run: weir_store::Run,
    flow: Arc<Prepared>,
    slot: Slot,
    machine: Machine,
    origin: Option<Origin>,
    seq: u64,
    at: Micros,
}

fn empty_batch(epoch: Epoch) -> Batch {
    Batch { epoch, ..Batch::default() }
}

fn empty_machine() -> Machine {
    use weir_engine::{Plan, Started};
    use weir_ir::{Flow, IR_VERSION, Node, NodeKind, Order};
    let root = Node::new("empty", NodeKind::Sequence { order: Order::default(), children: Vec::new() });
    let flow = Flow {
        ir: IR_VERSION,
        name: "empty".into(),
        description: None,
        dialect: "ir".into(),
        input: None,
        output: None,
        input_as_variables: false,
        variables: Default::default(),
        signals: Default::default(),
        queries: Default::default(),
        settings: Default::default(),
        defs: Default::default(),
        root,
        triggers: Vec::new(),
        test_data: Default::default(),
    };
    Machine::new(Arc::new(Plan::new(&flow)), &Started::default(), 0)
}
