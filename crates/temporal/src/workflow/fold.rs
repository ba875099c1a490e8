//! A run as its workflow holds it: the machine, the journal so far, and what it shows. Knows nothing of Temporal.

use super::plans;
use crate::wire::{JournalPage, Link, Row, RunInput, Shipment, State};
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::{Command, Event, EventBody, Machine, Record, Status};
use weir_ir::Flow;
use weir_runs::{LogView, StepView};
use weir_runtime::Steps;
use weir_store::{Place, blob_hash};

/// The most bytes of rows in one shipment or one page.
const PART: usize = 1_400_000;

/// What is known of a run besides what happens in it.
pub struct Run {
    pub flow: Arc<Flow>,
    pub version: Text,
    pub place: Place,
    pub created_at: Micros,
    pub cause: Option<Text>,
    text: String,
}

pub struct Fold {
    pub run: Run,
    machine: Machine,
    pub seq: u64,
    pub at: Micros,
    /// The records of this link; the first one's number is `first`.
    rows: Vec<Row>,
    first: u64,
    logs: Vec<LogView>,
    steps: Steps,
    /// Up to which record, and which log line, the store has it.
    shipped: u64,
    shipped_logs: usize,
    before: Vec<String>,
    /// What it waits for besides signals, as the driver knows it.
    pub waits: Vec<Text>,
    pub wake_at: Option<Micros>,
}

impl Fold {
    /// The machine of a new run, or of the next link of one.
    pub fn begin(input: &RunInput) -> Result<Self, String> {
        let (flow, plan) = plans::of(&input.flow)?;
        let version = blob_hash(weir_ir::to_json(&flow).as_bytes());
        let run = Run {
            flow,
            version,
            place: input.place.clone(),
            created_at: input.created_at,
            cause: input.cause.clone(),
            text: input.flow.clone(),
        };
        let (machine, at) = match &input.link {
            None => (Machine::traced(plan, &input.started, input.created_at), input.created_at),
            Some(link) => (restored(plan, link)?, link.at),
        };
        let mut fold = Self::new(run, machine, at, input.link.as_ref());
        if input.link.is_none() {
            fold.keep(&Event::new(at, EventBody::Started(Box::new(input.started.clone()))));
        }
        fold.note_trace();
        Ok(fold)
    }

    fn new(run: Run, machine: Machine, at: Micros, link: Option<&Link>) -> Self {
        let seq = link.map_or(0, |link| link.seq);
        Self {
            run,
            machine,
            seq,
            at,
            rows: Vec::new(),
            first: seq + 1,
            logs: Vec::new(),
            steps: Steps::default(),
            shipped: seq,
            shipped_logs: 0,
            before: link.map(|link| link.before.clone()).unwrap_or_default(),
            waits: Vec::new(),
            wake_at: None,
        }
    }

    /// Journals what came from outside and folds it. `now` may lie before what was folded last; time never goes back.
    pub fn apply(&mut self, now: Micros, body: EventBody) {
        self.at = self.at.max(now);
        let event = Event::new(self.at, body);
        self.keep(&event);
        self.machine.handle(&event);
        self.note_trace();
        if let EventBody::TaskFinished { path, result } | EventBody::Override { path, result } = &event.body {
            self.steps.note_result(path, result);
        }
    }

    fn keep(&mut self, event: &Event) {
        self.seq += 1;
        let Record { seq, at, ty, path, payload } = Record::encode(self.seq, event);
        self.rows.push(Row { seq, at, ty: ty.into_owned(), path, payload });
    }

    fn note_trace(&mut self) {
        for trace in self.machine.take_trace() {
            self.steps.note(trace);
        }
    }

    pub fn poll(&mut self) -> Option<Command> {
        let command = self.machine.poll();
        self.note_trace();
        command
    }

    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    pub fn is_paused(&self) -> bool {
        self.machine.status() == Status::Paused
    }

    pub fn add_logs(&mut self, logs: Vec<LogView>) {
        self.logs.extend(logs);
    }

    /// How many records the store does not have yet.
    pub fn unshipped(&self) -> u64 {
        self.seq - self.shipped
    }

    pub fn shipped(&self) -> u64 {
        self.shipped
    }

    /// The links before this one, by the cluster's names.
    pub fn before(&self) -> &[String] {
        &self.before
    }

    pub fn is_shipped(&self) -> bool {
        self.unshipped() == 0 && self.shipped_logs == self.logs.len()
    }

    /// The next part for the store, at most so many records.
    pub fn part(&self, most: u64) -> Shipment {
        let rows = self.rows_from(self.shipped + 1, most as usize);
        let run = &self.run;
        Shipment {
            run: self.machine.run_id().clone(),
            place: run.place.clone(),
            flow: (self.shipped == 0).then(|| run.text.clone()),
            version: run.version.clone(),
            name: run.flow.name.as_str().into(),
            created_at: run.created_at,
            cause: run.cause.clone(),
            rows,
            logs: self.logs[self.shipped_logs..].to_vec(),
            waits: self.machine.is_parked() || self.waits_for_somebody(),
            paused: self.is_paused(),
            end: None,
        }
    }

    /// Whether only somebody can bring it on, who has to see it for that.
    pub fn waits_for_somebody(&self) -> bool {
        let asked = self.waits.iter().any(|what| what.starts_with("decision "));
        asked || (self.machine.is_parked() && !self.machine.awaited_signals().is_empty())
    }

    /// The store has it.
    pub fn note_shipped(&mut self, seq: u64, logs: usize) {
        self.shipped = self.shipped.max(seq);
        self.shipped_logs += logs;
    }

    fn rows_from(&self, from: u64, most: usize) -> Vec<Row> {
        let skip = from.saturating_sub(self.first) as usize;
        let mut bytes = 0;
        let fits = |row: &&Row| {
            let first = bytes == 0;
            bytes += row.payload.len() + row.path.len() + 80;
            first || bytes <= PART
        };
        self.rows.iter().skip(skip).take(most).take_while(fits).cloned().collect()
    }

    /// Records from `from` on, and log lines from `log` on, as many as fit one answer.
    pub fn page(&self, from: u64, log: usize) -> JournalPage {
        let rows = self.rows_from(from.max(self.first), 5_000);
        let logs = self.logs.iter().skip(log).take(500).cloned().collect();
        JournalPage { rows, first: self.first, last: self.seq, before: self.before.clone(), logs }
    }

    /// The newest record of a result at this path.
    pub fn result_at(&self, path: &str) -> Option<Row> {
        let is_result = |row: &&Row| matches!(row.ty.as_str(), "task_finished" | "override" | "child_finished");
        self.rows.iter().rev().find(|row| *row.path == *path && is_result(row)).cloned()
    }

    /// Steps of this link from the one with this place on.
    pub fn steps(&self, from: usize) -> Vec<StepView> {
        let mut bytes = 0;
        let fits = |step: &&StepView| {
            bytes += step.output.to_json().len() + step.path.len() + 200;
            bytes <= PART
        };
        self.steps.iter().skip(from).take(2_000).take_while(fits).cloned().collect()
    }

    pub fn state(&self) -> State {
        let machine = &self.machine;
        let signals = machine.awaited_signals().into_iter().map(|name| Text::from(format!("signal {name}")));
        let mut waiting: Vec<Text> = signals.chain(self.waits.iter().cloned()).collect();
        waiting.sort();
        State {
            run: machine.run_id().clone(),
            flow: self.run.flow.name.as_str().into(),
            version: self.run.version.clone(),
            status: self.status(&waiting),
            waiting,
            wake_at: self.wake_at,
            seq: self.seq,
            at: self.at,
            created_at: self.run.created_at,
            output: small(machine.output()),
            error: machine.error().cloned(),
            variables: small(machine.variables()),
            cause: self.run.cause.clone(),
        }
    }

    fn status(&self, waiting: &[Text]) -> Status {
        match self.machine.status() {
            Status::Running if self.machine.is_parked() && !waiting.is_empty() => Status::Waiting,
            status => status,
        }
    }

    /// The state the next link begins with, as JSON text.
    pub fn snapshot(&self) -> String {
        self.machine.to_state().to_json()
    }
}

fn restored(plan: Arc<weir_engine::Plan>, link: &Link) -> Result<Machine, String> {
    let state: Value = weir_base::read_deep(&link.state).map_err(|error| error.to_string())?;
    let mut machine = Machine::restore(plan, &state)?;
    machine.trace();
    Ok(machine)
}

/// An answer larger than a cluster takes is left out; the journal has it all.
fn small(value: Value) -> Value {
    match value.to_json().len() > PART / 2 {
        true => Value::Null,
        false => value,
    }
}
