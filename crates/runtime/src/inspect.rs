//! A run as its journal tells it: its steps, and its state after any of its records. Asks nothing outside.

use crate::flows::{FlowCache, Prepared, store_failed};
use crate::fold::first_machine;
use crate::guard::guarded;
use crate::ports::LOG;
use crate::repair::{INHERITED_UNKNOWN, Lineage, dropped};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::{
    Command, Event, EventBody, Machine, Numbered, Plan, Record, Status, StepStatus, TaskResult, Trace, TraceBody,
    replay_with,
};
use weir_ir::Flow;
use weir_runs::{KeptRun, LogView, OpenView, Rehearsal, ReplayView, RunsError, StepView};
use weir_store::{Run, RunKey, Store};

const PAGE: u32 = 1_000;
/// The most steps a list shows: a run that went round a million times is not made readable by a million lines.
const LISTED: usize = 100_000;

/// A machine folded from the very first record, and what was seen on the way.
pub(crate) struct Replayed {
    pub machine: Machine,
    flow: Arc<Prepared>,
    steps: Steps,
    warnings: Vec<Text>,
    seq: u64,
    at: Micros,
}

/// Folds the journal up to and including record `to`.
pub(crate) async fn replay(
    store: &dyn Store,
    flows: &FlowCache,
    run: &Run,
    to: Option<u64>,
) -> Result<Replayed, RunsError> {
    replay_until(store, flows, run, to, None).await
}

/// As [`replay`], but goes no further than the record with which the step `ended` has ended.
pub(crate) async fn replay_until(
    store: &dyn Store,
    flows: &FlowCache,
    run: &Run,
    to: Option<u64>,
    ended: Option<&str>,
) -> Result<Replayed, RunsError> {
    let first = first_record(store, run.key).await?;
    let (before, warnings) = steps_before(store, flows, &decode(&first)?).await?;
    let mut replayed = go_on(store, flows, (run, first), (to.unwrap_or(u64::MAX), ended), before).await?;
    replayed.warnings.splice(0..0, warnings);
    Ok(replayed)
}

/// As [`replay`], where nobody asks for the steps: what a fork needs of the runs before it is in its first record.
pub(crate) async fn replay_alone(
    store: &dyn Store,
    flows: &FlowCache,
    run: &Run,
    to: Option<u64>,
) -> Result<Replayed, RunsError> {
    let first = first_record(store, run.key).await?;
    go_on(store, flows, (run, first), (to.unwrap_or(u64::MAX), None), Steps::default()).await
}

/// How many forks of forks are followed back. What is further away is not shown.
const ANCESTORS: usize = 64;

/// The steps a fork begins with, as they were in the run it was forked from, and so on back; and which of these runs
/// cannot be read or folded any more.
async fn steps_before(store: &dyn Store, flows: &FlowCache, first: &Event) -> Result<(Steps, Vec<Text>), RunsError> {
    let (mut chain, mut link, mut warnings) = (Vec::new(), forked_from(first), Vec::new());
    while let Some((from, seq)) = link.take().filter(|_| chain.len() < ANCESTORS) {
        let Some(row) = store.run(&from).await.map_err(store_failed)? else { break };
        let begun = beginning(store, row.key).await;
        let Some((first, before)) = forgive(begun, &from, &mut warnings)? else { break };
        link = before;
        chain.push((row, first, seq));
    }
    let mut steps = Steps::default();
    for (row, first, seq) in chain.into_iter().rev() {
        let replayed = go_on(store, flows, (&row, first), (seq, None), steps).await;
        steps = forgive(replayed, &row.id, &mut warnings)?.map(|replayed| replayed.steps).unwrap_or_default();
    }
    Ok((steps, warnings))
}

/// The first record of a run, and what that was forked from.
async fn beginning(store: &dyn Store, key: RunKey) -> Result<(Record, Option<(Text, u64)>), RunsError> {
    let first = first_record(store, key).await?;
    let from = forked_from(&decode(&first)?);
    Ok((first, from))
}

/// What is wrong with a run before a fork is not wrong with the fork, which only misses its steps. What passes by itself
/// is another matter: whoever asks again misses nothing.
fn forgive<T>(read: Result<T, RunsError>, run: &str, warnings: &mut Vec<Text>) -> Result<Option<T>, RunsError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_transient() || matches!(error, RunsError::Stopping) => Err(error),
        Err(error) => {
            let what = format!("steps of `{run}`, which this run goes back to, and of those before it are not listed");
            warnings.push(format!("{what}: {error}").into());
            Ok(None)
        }
    }
}

fn forked_from(first: &Event) -> Option<(Text, u64)> {
    match &first.body {
        EventBody::Forked(forked) => Some((forked.from.clone(), forked.seq)),
        _ => None,
    }
}

async fn first_record(store: &dyn Store, key: RunKey) -> Result<Record, RunsError> {
    let first = store.records(key, 1, 1).await.map_err(store_failed)?;
    first.into_iter().next().ok_or_else(|| unreadable("the journal is empty"))
}

/// Folds a run's journal behind the steps of the runs it was forked from.
async fn go_on(
    store: &dyn Store,
    flows: &FlowCache,
    (run, first): (&Run, Record),
    (to, ended): (u64, Option<&str>),
    before: Steps,
) -> Result<Replayed, RunsError> {
    let over = |replayed: &Replayed| ended.is_some_and(|step| replayed.has_ended(step));
    let rebased = rebases(store, run.key, to).await?;
    let event = decode(&first)?;
    let version = rebased.version.clone().unwrap_or_else(|| first_version(run, &event));
    let flow = flows.version(&run.place.tenant, &version).await?;
    let mut replayed = match rebased.until {
        0 => Replayed::begin(run, flow, &(first.seq, event), before)?,
        until => rebased_onto(store, flow, run, &rebased, until).await?,
    };
    while replayed.seq < to && !over(&replayed) {
        let records = store.records(run.key, replayed.seq + 1, PAGE).await.map_err(store_failed)?;
        if records.is_empty() {
            break;
        }
        for record in records.iter().take_while(|record| record.seq <= to) {
            replayed.fold(record)?;
            if over(&replayed) {
                break;
            }
        }
    }
    Ok(replayed)
}

/// The run as the newest change of its flow leaves it. What came before answers that flow's questions, whatever their
/// order; of a fork, what it inherited too. Where that is not known any more, the record has the state.
async fn rebased_onto(
    store: &dyn Store,
    flow: Arc<Prepared>,
    run: &Run,
    rebased: &Rebases,
    until: u64,
) -> Result<Replayed, RunsError> {
    let whole = Lineage::of(store, run, until).await?.map(|lineage| lineage.events()).transpose()?;
    let machine = match (&whole, &rebased.state) {
        (Some(events), _) => traced(&flow, events)?,
        (None, Some(state)) => restored(&flow, state)?,
        (None, None) => return Err(unreadable(INHERITED_UNKNOWN)),
    };
    let at = rebased.at.max(machine.now());
    let mut replayed = Replayed { machine, flow, steps: Steps::default(), warnings: Vec::new(), seq: until, at };
    match whole {
        Some(events) => replayed.note_standing(&events),
        None => replayed.take_over(Steps::default())?,
    }
    while guarded(|| replayed.machine.poll()).map_err(unreadable)?.is_some() {}
    Ok(replayed)
}

/// A traced machine that has been told all that stands.
fn traced(flow: &Prepared, events: &[Numbered]) -> Result<Machine, RunsError> {
    let Some((_, Event { at, body: EventBody::Started(started) })) = events.first() else {
        return Err(unreadable("the journal does not begin with a start"));
    };
    let told = || replay_with(Machine::traced(flow.plan.clone(), started, *at), events, &BTreeSet::new()).machine;
    guarded(told).map_err(unreadable)
}

fn restored(flow: &Prepared, state: &Value) -> Result<Machine, RunsError> {
    let restored = guarded(|| Machine::restore(flow.plan.clone(), state)).map_err(unreadable)?;
    let mut machine = restored.map_err(unreadable)?;
    machine.trace();
    Ok(machine)
}

/// Folds a journal over a flow: a test that calls nothing outside.
pub fn rehearse(flow: &Flow, events: &[Numbered]) -> Result<Rehearsal, RunsError> {
    let Some((_, Event { at, body: EventBody::Started(started) })) = events.first() else {
        return Err(unreadable("the journal does not begin with a start"));
    };
    let plan = Arc::new(Plan::new(flow));
    let told = || replay_with(Machine::traced(plan, started, *at), events, &BTreeSet::new());
    let matched = guarded(told).map_err(unreadable)?;
    let (mut machine, mut steps) = (matched.machine, Steps::default());
    machine.take_trace().into_iter().for_each(|trace| steps.note(trace));
    for (_, event) in events {
        if let EventBody::TaskFinished { path, result } = &event.body {
            steps.note_result(path, result);
        }
    }
    Ok(Rehearsal {
        status: machine.status(),
        output: machine.output(),
        error: machine.error().cloned(),
        variables: machine.variables(),
        steps: steps.by_path.into_values().collect(),
        divergence: matched.divergence,
        open: matched.resume,
        state: machine.to_state(),
    })
}

/// As [`rehearse`], of a stored run over the version it has run under; a fork with what it inherited. A journal with
/// payloads of more than `most` bytes is not read to the end: `JOURNAL_TOO_LONG`.
pub async fn rehearse_stored(store: &dyn Store, row: &Run, most: usize) -> Result<KeptRun, RunsError> {
    let version = store.flow_version(&row.place.tenant, &row.version).await.map_err(store_failed)?;
    let version = version.ok_or_else(|| RunsError::FlowUnknown { flow: row.version.clone() })?;
    let flow = weir_ir::from_json(&version.ir);
    let flow = flow.map_err(|error| RunsError::rejected("FLOW_UNREADABLE", error.to_string()))?;
    let lineage = Lineage::within(store, row, u64::MAX, most).await?;
    let lineage = lineage.ok_or_else(|| unreadable(INHERITED_UNKNOWN))?;
    let rehearsal = rehearse(&flow, &lineage.events()?)?;
    Ok(KeptRun { journal: lineage.records, rehearsal })
}

#[derive(Default)]
struct Rebases {
    version: Option<Text>,
    /// Of a fork: what it goes on from.
    state: Option<Value>,
    /// Number and time of the newest of them; 0 for none.
    until: u64,
    at: Micros,
}

/// The newest flow the run goes on under (semantics 6.2).
async fn rebases(store: &dyn Store, key: RunKey, to: u64) -> Result<Rebases, RunsError> {
    let (mut rebases, mut from) = (Rebases::default(), 1);
    loop {
        let records = store.records(key, from, PAGE).await.map_err(store_failed)?;
        let Some(last) = records.last().filter(|_| from <= to) else { return Ok(rebases) };
        from = last.seq + 1;
        for record in records.iter().filter(|record| record.ty == "rebased" && record.seq <= to) {
            if let EventBody::Rebased(onto) = decode(record)?.body {
                let (version, state) = (Some(onto.flow), onto.state);
                rebases = Rebases { version, state, until: record.seq, at: record.at };
            }
        }
    }
}

fn first_version(run: &Run, event: &Event) -> Text {
    match &event.body {
        EventBody::Started(started) => started.flow.clone(),
        EventBody::Forked(forked) if !forked.flow.is_empty() => forked.flow.clone(),
        _ => run.version.clone(),
    }
}

fn decode(record: &Record) -> Result<Event, RunsError> {
    record.decode().map_err(|error| unreadable(error.to_string()))
}

fn unreadable(message: impl Into<String>) -> RunsError {
    RunsError::rejected("RUN_UNREADABLE", message)
}

impl Replayed {
    /// After the first record: a fork's with the steps of the runs before it.
    fn begin(run: &Run, flow: Arc<Prepared>, first: &Numbered, before: Steps) -> Result<Replayed, RunsError> {
        let (seq, event) = first;
        let machine = first_machine(&run.id, &flow, event, true).map_err(|(_, message)| unreadable(message))?;
        let (steps, warnings) = Default::default();
        let mut replayed = Replayed { machine, flow, steps, warnings, seq: *seq, at: event.at };
        if forked_from(event).is_some() {
            replayed.take_over(before)?;
        }
        replayed.note_trace();
        Ok(replayed)
    }

    fn note_standing(&mut self, events: &[Numbered]) {
        self.note_trace();
        let dropped = dropped(events);
        for (_, event) in events.iter().filter(|(seq, _)| !dropped.contains(seq)) {
            if let EventBody::TaskFinished { path, result } | EventBody::Override { path, result } = &event.body {
                self.steps.note_result(path, result);
            }
        }
    }

    fn fold(&mut self, record: &Record) -> Result<(), RunsError> {
        let event = decode(record)?;
        (self.seq, self.at) = (record.seq, self.at.max(record.at));
        if let EventBody::TaskFinished { path, result } | EventBody::Override { path, result } = &event.body {
            self.steps.note_result(path, result);
        }
        guarded(|| self.machine.handle(&event)).map_err(unreadable)?;
        // Nothing is done with commands here, and they must not pile up.
        while guarded(|| self.machine.poll()).map_err(unreadable)?.is_some() {}
        self.note_trace();
        Ok(())
    }

    /// The steps a fork begins with. One that a change has ended is left out, since no journal tells how; one that a
    /// change has begun is known by what it asks for.
    fn take_over(&mut self, mut steps: Steps) -> Result<(), RunsError> {
        steps.by_path.retain(|path, step| is_over(step) || self.is_live(path) || self.machine.expects(path));
        self.steps = steps;
        guarded(|| self.machine.reissue()).map_err(unreadable)?;
        while let Some(command) = guarded(|| self.machine.poll()).map_err(unreadable)? {
            let Command::Run(task) = command else { continue };
            let began = || StepView {
                started_at: Some(self.at),
                ..step(&task.path, task.spec.kind.clone(), Text::from(""), StepStatus::Running)
            };
            self.steps.by_path.entry(task.path.clone()).or_insert_with(began);
        }
        Ok(())
    }

    fn note_trace(&mut self) {
        for trace in self.machine.take_trace() {
            if let TraceBody::Warning { message } = &trace.body {
                self.warnings.push(message.clone());
            }
            self.steps.note(trace);
        }
    }

    /// The number of the last record that was folded.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether the run has come to this step.
    pub fn knows(&self, step: &str) -> bool {
        self.steps.by_path.contains_key(step)
    }

    pub fn has_ended(&self, step: &str) -> bool {
        self.steps.by_path.get(step).is_some_and(|step| step.ended_at.is_some())
    }

    pub fn is_live(&self, step: &str) -> bool {
        !step.is_empty() && &*self.machine.nearest_live(step) == step
    }

    pub fn is_over(&self) -> bool {
        self.machine.status().is_final()
    }

    /// The flow version it goes on under, and the machine.
    pub fn into_parts(self) -> (Arc<Prepared>, Machine) {
        (self.flow, self.machine)
    }

    pub fn into_steps(self) -> Vec<StepView> {
        self.steps.by_path.into_values().collect()
    }

    pub fn into_view(mut self, run: &Run) -> Result<ReplayView, RunsError> {
        guarded(|| self.machine.reissue()).map_err(unreadable)?;
        let mut open = Vec::new();
        while let Some(command) = guarded(|| self.machine.poll()).map_err(unreadable)? {
            open.extend(open_view(command));
        }
        if self.steps.is_cut {
            self.warnings.push(format!("only the first {LISTED} steps are listed").into());
        }
        let machine = &self.machine;
        Ok(ReplayView {
            run: run.id.clone(),
            flow: self.flow.name.clone(),
            version: self.flow.hash.clone(),
            seq: self.seq,
            at: self.at,
            status: self.status(),
            output: machine.output(),
            error: machine.error().cloned(),
            variables: machine.variables(),
            signals: machine.awaited_signals(),
            open,
            warnings: self.warnings.clone(),
            steps: self.steps.by_path.into_values().collect(),
        })
    }

    fn status(&self) -> Status {
        self.machine.status()
    }
}

/// What an open run waits for of itself, in the words and the order of one that is in memory. Tasks are left out: the
/// journal does not say whether they rest.
pub(crate) fn waits(view: &ReplayView) -> Vec<Text> {
    let signals = view.signals.iter().map(|name| Text::from(format!("signal {name}")));
    let open = view.open.iter().filter_map(|open| match &*open.what {
        "timer" => Some("timer".into()),
        what if what.starts_with("child ") => Some(format!("child {}", open.path).into()),
        _ => None,
    });
    signals.chain(open).collect::<BTreeSet<_>>().into_iter().collect()
}

fn open_view(command: Command) -> Option<OpenView> {
    let (what, path, due) = match command {
        Command::Run(task) => (format!("task {}", task.spec.kind), task.path, None),
        Command::StartTimer { path, due, .. } => ("timer".to_owned(), path, Some(due)),
        Command::StartChild(child) => (format!("child {}", child.flow), child.path, None),
        Command::ReadVariables { path, .. } => ("variables".to_owned(), path, None),
        Command::ContinueAsNew { .. } => ("continue".to_owned(), "".into(), None),
        Command::Cancel { .. } | Command::Complete { .. } => return None,
    };
    Some(OpenView { what: what.into(), path, due })
}

/// Steps by path, in the order of entering.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    by_path: IndexMap<Text, StepView>,
    /// Whether there were more than are kept.
    is_cut: bool,
}

impl Steps {
    pub fn iter(&self) -> impl Iterator<Item = &StepView> {
        self.by_path.values()
    }

    /// Takes note of what a traced machine tells.
    pub fn note(&mut self, trace: Trace) {
        let Trace { at, path, body } = trace;
        match body {
            TraceBody::Entered { .. } | TraceBody::Skipped { .. } if !self.has_room_for(&path) => self.is_cut = true,
            TraceBody::Entered { kind, title, phase, region } => {
                let step =
                    StepView { phase, region, started_at: Some(at), ..step(&path, kind, title, StepStatus::Running) };
                self.by_path.insert(path, step);
            }
            TraceBody::Skipped { kind, title } => {
                self.by_path.insert(path.clone(), step(&path, kind, title, StepStatus::Skipped));
            }
            TraceBody::Waiting { reason } => self.with(&path, |step| {
                (step.status, step.waiting) = (StepStatus::Waiting, Some(reason));
            }),
            TraceBody::Settled { status, output, error, handle, .. } => self.with(&path, |step| {
                (step.status, step.output, step.error, step.handle) = (status, output, error, handle);
                (step.ended_at, step.waiting) = (Some(at), None);
            }),
            TraceBody::VariableSet { .. } | TraceBody::Warning { .. } => {}
        }
    }

    fn has_room_for(&self, path: &Text) -> bool {
        self.by_path.len() < LISTED || self.by_path.contains_key(path)
    }

    /// Takes note of what a fold does not tell: how often a task was attempted, and since when.
    pub fn note_result(&mut self, path: &Text, result: &TaskResult) {
        self.with(path, |step| {
            step.attempts = result.attempts;
            step.started_at = result.started_at.or(step.started_at);
        });
    }

    fn with(&mut self, path: &Text, change: impl FnOnce(&mut StepView)) {
        if let Some(step) = self.by_path.get_mut(path) {
            change(step);
        }
    }
}

fn is_over(step: &StepView) -> bool {
    step.ended_at.is_some() || step.status == StepStatus::Skipped
}

fn step(path: &Text, kind: Text, title: Text, status: StepStatus) -> StepView {
    StepView {
        path: path.clone(),
        kind,
        title,
        phase: None,
        region: false,
        status,
        attempts: u32::from(status != StepStatus::Skipped),
        started_at: None,
        ended_at: None,
        output: Value::Null,
        error: None,
        handle: None,
        waiting: None,
    }
}

/// What the run's steps have logged, in order.
pub(crate) async fn logs(store: &dyn Store, key: RunKey) -> Result<Vec<LogView>, RunsError> {
    let (mut logs, mut after) = (Vec::new(), 0);
    loop {
        let page = store.observations(key, after, PAGE).await.map_err(store_failed)?;
        let Some(last) = page.last() else { return Ok(logs) };
        after = last.number;
        let lines = page.iter().filter(|observation| &*observation.seen.kind == LOG);
        logs.extend(lines.filter_map(|line| serde_json::from_str::<LogView>(&line.seen.payload).ok()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_where_there_are_more_steps_than_it_shows() {
        let mut steps = Steps::default();
        let mut enter = |number: usize| {
            let (kind, title) = ("k".into(), "t".into());
            let body = TraceBody::Skipped { kind, title };
            steps.note(Trace { at: 0, path: format!("all[{number}]").into(), body });
            (steps.by_path.len(), steps.is_cut)
        };
        assert_eq!((1..=LISTED).map(&mut enter).last(), Some((LISTED, false)), "just so many");
        assert_eq!(enter(1), (LISTED, false), "again");
        assert_eq!(enter(LISTED + 1), (LISTED, true));
    }
}
