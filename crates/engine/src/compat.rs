//! Prefix compatibility: an old journal folded over a flow that may have changed.
//!
//! Every recorded result answers the command with the same path, if it asks for the same thing. What is
//! left over at the end says where the two part ways. Calls nothing outside.

use crate::core::YIELD;
use crate::{Command, Event, EventBody, ForkedFrom, Machine, Plan, Started, Status, TaskResult};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use weir_base::{Micros, Text, Value};

/// An event and its place in the journal.
pub type Numbered = (u64, Event);

/// An old journal folded over a flow.
#[derive(Debug)]
pub struct Replay {
    /// As far as the recorded answers carry it.
    pub machine: Machine,
    /// Paths of the commands nothing in the journal answers: where the run would go on.
    pub resume: Vec<Text>,
    /// The first place at which the journal and the flow part ways.
    pub divergence: Option<Divergence>,
}

/// A recorded result the flow has no use for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    pub seq: u64,
    pub path: Text,
    pub reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The step is reached, but asks for something else: another kind or other parameters.
    Changed,
    /// The step is not reached, or no longer there.
    Unreached,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            Reason::Changed => "it now asks for something else than what was answered",
            Reason::Unreached => "its recorded result is never asked for",
        };
        write!(f, "diverges at step {} (record {}): {why}", self.path, self.seq)
    }
}

/// What it takes to go on with an ended run under another version of its flow.
#[derive(Debug)]
pub struct Rebase {
    /// Records set aside: the failure and everything that followed from it.
    pub dropped: Vec<u64>,
    /// Steps that ran because of the failure, such as a catch or a finally: going on does not undo them.
    pub compensated: Vec<Text>,
    pub replay: Replay,
}

impl Rebase {
    pub fn is_compatible(&self) -> bool {
        self.replay.divergence.is_none() && !self.replay.machine.status().is_final()
    }
}

/// Folds the journal over `plan`, leaving out the records in `dropped`. `None` where it does not begin with `started`.
pub fn replay(plan: &Arc<Plan>, events: &[Numbered], dropped: &BTreeSet<u64>) -> Option<Replay> {
    let (started, at) = started_of(events)?;
    Some(replay_with(Machine::new(plan.clone(), started, at), events, dropped))
}

/// [`replay`] with a machine at hand that has been given the first event, such as one that traces.
pub fn replay_with(machine: Machine, events: &[Numbered], dropped: &BTreeSet<u64>) -> Replay {
    let mut matcher = Matcher::new(machine, events, dropped);
    matcher.run();
    matcher.finish()
}

/// Sets aside why a run ended and folds the rest over the new flow.
///
/// A failure that shows only after the first was set aside (a second broken branch) is set aside too.
pub fn rebase(old: &Arc<Plan>, new: &Arc<Plan>, events: &[Numbered]) -> Option<Rebase> {
    let aside = set_aside(events);
    let events: Vec<Numbered> = events.iter().filter(|(seq, _)| !aside.contains(seq)).cloned().collect();
    let events = &*events;
    let mut causes = BTreeSet::new();
    while let Some(seq) = next_cause(old, events, &causes)? {
        causes.insert(seq);
    }
    loop {
        let followed = follow_ups(old, events, &causes)?;
        let dropped: BTreeSet<u64> = causes.union(&followed).copied().collect();
        let replay = replay(new, events, &dropped)?;
        match cause_of_end(&replay.machine, events, &dropped) {
            Some(seq) => causes.insert(seq),
            None => {
                let compensated = compensations(events, &followed);
                return Some(Rebase { dropped: dropped.into_iter().collect(), compensated, replay });
            }
        };
    }
}

/// A further record that would end the run if the causes found so far had gone well: in a parallel with two
/// broken branches, both are set aside at once.
fn next_cause(old: &Arc<Plan>, events: &[Numbered], causes: &BTreeSet<u64>) -> Option<Option<u64>> {
    let assumed: Vec<Numbered> = events.iter().filter_map(|numbered| gone_well(numbered, causes)).collect();
    let replay = replay(old, &assumed, &BTreeSet::new())?;
    Some(cause_of_end(&replay.machine, &assumed, causes))
}

/// The event as it would have been had it not failed; a timer of a timeout would not have fired.
fn gone_well((seq, event): &Numbered, causes: &BTreeSet<u64>) -> Option<Numbered> {
    if !causes.contains(seq) {
        return Some((*seq, event.clone()));
    }
    let body = match &event.body {
        EventBody::TaskFinished { path, result } => {
            let result = TaskResult { params_hash: result.params_hash.clone(), ..TaskResult::success(Value::Null) };
            EventBody::TaskFinished { path: path.clone(), result: Box::new(result) }
        }
        EventBody::ChildFinished { path, .. } => {
            EventBody::ChildFinished { path: path.clone(), output: Value::Null, error: None }
        }
        _ => return None,
    };
    Some((*seq, Event::new(event.at, body)))
}

/// The record that made a run fail, if one did: a failed result, or the timer of a timeout.
fn cause_of_end(machine: &Machine, events: &[Numbered], dropped: &BTreeSet<u64>) -> Option<u64> {
    let path = match machine.status() {
        Status::Failed => machine.error()?.path.clone(),
        Status::TimedOut => "@deadline".into(),
        _ => return None,
    };
    let there = |at: &Text| *at == path || machine.plan().current_path(at).as_ref() == Some(&path);
    let blames = |body: &EventBody| match body {
        EventBody::TaskFinished { path, result } | EventBody::Override { path, result } => {
            result.error.is_some() && there(path)
        }
        EventBody::ChildFinished { path, error, .. } => error.is_some() && there(path),
        EventBody::TimerFired { path } => there(path),
        _ => false,
    };
    events.iter().filter(|(seq, _)| !dropped.contains(seq)).find(|(_, event)| blames(&event.body)).map(|(seq, _)| *seq)
}

/// Results the old flow only asked for because of these causes.
fn follow_ups(old: &Arc<Plan>, events: &[Numbered], causes: &BTreeSet<u64>) -> Option<BTreeSet<u64>> {
    if causes.is_empty() {
        return Some(BTreeSet::new());
    }
    let (started, at) = started_of(events)?;
    let mut matcher = Matcher::new(Machine::new(old.clone(), started, at), events, causes);
    matcher.run();
    // A fork stays, whatever of its changes finds no place: without it the run would be another one.
    let stays = |seq: u64| events.iter().any(|(other, event)| *other == seq && is_fork(event));
    Some(matcher.left().map(|(seq, _, _)| seq).filter(|seq| !stays(*seq)).collect())
}

fn is_fork(event: &Event) -> bool {
    matches!(event.body, EventBody::Forked(_))
}

fn compensations(events: &[Numbered], followed: &BTreeSet<u64>) -> Vec<Text> {
    let effect = |body: &EventBody| match body {
        EventBody::TaskFinished { path, .. } | EventBody::ChildFinished { path, .. } => Some(path.clone()),
        _ => None,
    };
    events.iter().filter(|(seq, _)| followed.contains(seq)).filter_map(|(_, event)| effect(&event.body)).collect()
}

fn started_of(events: &[Numbered]) -> Option<(&Started, Micros)> {
    match events.first() {
        Some((_, Event { at, body: EventBody::Started(started) })) => Some((started, *at)),
        _ => None,
    }
}

/// What earlier repairs of the run have left out of it for good.
fn set_aside(events: &[Numbered]) -> BTreeSet<u64> {
    let dropped = |(_, event): &Numbered| match &event.body {
        EventBody::Rebased(onto) => onto.dropped.clone(),
        _ => Vec::new(),
    };
    events.iter().flat_map(dropped).collect()
}

/// Delivers recorded answers to a machine in old order, each as soon as it is asked for.
struct Matcher<'a> {
    machine: Machine,
    events: &'a [Numbered],
    /// Undelivered answers by path, as the flow calls it now. A step may have read variables before its result.
    waiting: BTreeMap<Text, Vec<usize>>,
    /// Answers that may be delivered now.
    ready: BTreeSet<usize>,
    changed: BTreeSet<usize>,
    /// Decisions of people, and changes of a fork, about steps that were not there.
    unused: Vec<(usize, Text)>,
    /// Turns the flow gives away where it did not before: nobody outside has a say in them.
    turns: VecDeque<Text>,
    open: BTreeSet<Text>,
}

impl<'a> Matcher<'a> {
    fn new(machine: Machine, events: &'a [Numbered], dropped: &BTreeSet<u64>) -> Self {
        let aside = set_aside(events);
        let (mut waiting, mut ready) = (BTreeMap::<Text, Vec<usize>>::new(), BTreeSet::new());
        for (at, (seq, event)) in events.iter().enumerate().skip(1) {
            let left_out = dropped.contains(seq) || aside.contains(seq);
            if left_out && !is_fork(event) {
                continue;
            }
            match &event.body {
                EventBody::TaskFinished { path, .. }
                | EventBody::TimerFired { path }
                | EventBody::ChildFinished { path, .. }
                | EventBody::VariablesRead { path, .. } => waiting.entry(current(&machine, path)).or_default().push(at),
                EventBody::Signal { .. }
                | EventBody::Override { .. }
                | EventBody::Cancel { .. }
                | EventBody::Forked(_) => {
                    ready.insert(at);
                }
                _ => {}
            }
        }
        let (changed, unused, turns, open) = Default::default();
        Self { machine, events, waiting, ready, changed, unused, turns, open }
    }

    fn run(&mut self) {
        self.note_commands();
        loop {
            // A fork changes what has come to rest: turns that the old flow did not give away come before it.
            let rests = self.turns.is_empty();
            let next = self.ready.first().filter(|at| rests || !is_fork(&self.events[**at].1)).copied();
            if let Some(at) = next {
                self.ready.remove(&at);
                self.deliver(at);
            } else if let Some(path) = self.turns.pop_front() {
                self.open.remove(&path);
                self.machine.handle(&Event::new(self.machine.now(), EventBody::TimerFired { path }));
            } else {
                return;
            }
            self.note_commands();
        }
    }

    fn deliver(&mut self, at: usize) {
        let event = &self.events[at].1;
        if let EventBody::Forked(forked) = &event.body {
            return self.branch(at, forked);
        }
        if let Some(path) = event.body.path().map(|path| current(&self.machine, path)) {
            if matches!(event.body, EventBody::Override { .. }) && !self.machine.is_live(&path) {
                return self.unused.push((at, path));
            }
            if let Some(left) = self.waiting.get_mut(&path) {
                left.retain(|other| *other != at);
            }
            self.open.remove(&path);
        }
        self.machine.handle(event);
    }

    /// Where the inherited part of a journal ends: the changes are made, and all that is open is asked for again.
    fn branch(&mut self, at: usize, forked: &ForkedFrom) {
        for change in &forked.changes {
            if let Err(error) = self.machine.change(change) {
                self.unused.push((at, error.path()));
            }
            self.note_commands();
        }
        self.open.clear();
        self.turns.clear();
        self.machine.rename(forked.run.clone());
    }

    fn note_commands(&mut self) {
        while let Some(command) = self.machine.poll() {
            match command {
                Command::Run(task) => {
                    let hash = task.params_hash();
                    self.asked(task.path, |body| match body {
                        EventBody::TaskFinished { result, .. } => {
                            result.params_hash.is_empty() || result.params_hash == hash
                        }
                        _ => false,
                    });
                }
                Command::StartTimer { path, .. } => {
                    let known = self.asked(path.clone(), |body| matches!(body, EventBody::TimerFired { .. }));
                    if !known && path.starts_with(YIELD) {
                        self.turns.push_back(path);
                    }
                }
                Command::StartChild(child) if child.detached => {}
                Command::StartChild(child) => {
                    self.asked(child.path, |body| matches!(body, EventBody::ChildFinished { .. }));
                }
                Command::ReadVariables { path, .. } => {
                    self.asked(path, |body| matches!(body, EventBody::VariablesRead { .. }));
                }
                Command::Cancel { path } => self.withdrawn(&path),
                // Where the run hands over is the new flow's own business: the fold simply goes on.
                Command::ContinueAsNew { .. } => {
                    let continued = EventBody::Continued { state: Value::Null };
                    self.machine.handle(&Event::new(self.machine.now(), continued));
                }
                Command::Complete { .. } => {}
            }
        }
    }

    /// Notes that something is wanted, and whether an answer to it is recorded.
    fn asked(&mut self, path: Text, answers: impl Fn(&EventBody) -> bool) -> bool {
        let recorded = self.waiting.get(&path).map(Vec::as_slice).unwrap_or_default();
        let answer = recorded.iter().copied().find(|at| answers(&self.events[*at].1.body));
        match answer {
            Some(at) => drop(self.ready.insert(at)),
            None => self.changed.extend(recorded),
        }
        self.open.insert(path);
        answer.is_some()
    }

    fn withdrawn(&mut self, path: &Text) {
        self.open.remove(path);
        self.turns.retain(|turn| turn != path);
        for at in self.waiting.get(path).into_iter().flatten() {
            self.ready.remove(at);
        }
    }

    /// Undelivered results, the oldest first. A timer nobody waits for any more says nothing.
    fn left(&self) -> impl Iterator<Item = (u64, Text, Reason)> {
        let reason = |at: &usize| if self.changed.contains(at) { Reason::Changed } else { Reason::Unreached };
        let timer = |at: &&usize| matches!(self.events[**at].1.body, EventBody::TimerFired { .. });
        let path = |at: &usize| self.events[*at].1.body.path().cloned().unwrap_or_default();
        let waiting = self.waiting.values().flatten().filter(|at| !timer(at));
        let waiting = waiting.map(|at| (self.events[*at].0, path(at), reason(at)));
        let unused = self.unused.iter().map(|(at, path)| (self.events[*at].0, path.clone(), Reason::Unreached));
        let mut left: Vec<_> = waiting.chain(unused).collect();
        left.sort_unstable_by_key(|(seq, ..)| *seq);
        left.into_iter()
    }

    fn finish(self) -> Replay {
        let divergence = self.left().next().map(|(seq, path, reason)| Divergence { seq, path, reason });
        let mut machine = self.machine;
        machine.reissue();
        // A timer is where a run goes on only if nothing else is open.
        let timers = machine.timer_paths();
        let steps: Vec<Text> = self.open.iter().filter(|path| !timers.contains(*path)).cloned().collect();
        let resume = if steps.is_empty() { self.open.into_iter().collect() } else { steps };
        Replay { machine, resume, divergence }
    }
}

/// What the machine's flow calls this path.
fn current(machine: &Machine, path: &Text) -> Text {
    machine.plan().current_path(path).unwrap_or_else(|| path.clone())
}
