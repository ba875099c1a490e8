//! A run as its workflow holds it: the machine, the journal so far, and what it shows. Knows nothing of Temporal.

use super::plans;
use crate::wire::{JournalPage, Link, Row, RunEnd, RunInput, Shipment, State, quoted};
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::{Command, Event, EventBody, Machine, Record, Status};
use weir_ir::Flow;
use weir_runs::{LogView, StepView};
use weir_runtime::Steps;
use weir_store::{Place, blob_hash};

/// The most bytes of one shipment or one page.
const PART: usize = 1_400_000;

/// The most bytes of an output, and of variables, that an update is answered with. Answers of several, a part of the
/// journal and what else a turn asks for travel as one message.
const TOLD: usize = 10_000;

/// What is known of a run besides what happens in it.
pub struct Run {
    pub flow: Arc<Flow>,
    pub version: Text,
    pub place: Place,
    pub created_at: Micros,
    pub cause: Option<Text>,
    /// The flow as JSON.
    pub text: String,
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
    /// For each of them the number of the record it comes before.
    logs_before: Vec<u64>,
    steps: Steps,
    /// Up to which record, and which log line, the store has it.
    shipped: u64,
    shipped_logs: usize,
    /// Whether a shipment is cut where its log lines make it too large, too: from rules 3 on.
    cuts_logs: bool,
    /// The most bytes of one shipment.
    max_part: usize,
    /// The largest payload in bytes; none where large ones are kept elsewhere.
    max_payload: Option<u64>,
    before: Vec<String>,
    /// What it waits for besides signals, as the driver knows it.
    pub waits: Vec<Text>,
    /// Whether nothing is under way: only a time, a signal, another run or somebody can bring it on.
    pub rests: bool,
    /// What the newest part has said that it waits for, in order.
    told_waits: Vec<Text>,
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
        (fold.cuts_logs, fold.max_payload) = (input.interpreter >= 3, input.rules.max_payload);
        fold.max_part = input.rules.max_part.map_or(PART, |most| most as usize);
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
            logs_before: Vec::new(),
            steps: Steps::default(),
            shipped: seq,
            shipped_logs: 0,
            cuts_logs: false,
            max_part: PART,
            max_payload: None,
            before: link.map(|link| link.before.clone()).unwrap_or_default(),
            waits: Vec::new(),
            rests: false,
            told_waits: Vec::new(),
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

    /// Whether the record of what has come in could not go out again.
    pub fn is_too_large(&self, payload: &Value) -> bool {
        self.max_payload.is_some_and(|most| quoted(&payload.to_json()) as u64 > most)
    }

    pub fn is_paused(&self) -> bool {
        self.machine.status() == Status::Paused
    }

    pub fn add_logs(&mut self, logs: Vec<LogView>) {
        self.logs_before.extend(logs.iter().map(|_| self.seq + 1));
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
        let (rows, logs) = match self.cuts_logs {
            true => self.fitting(most as usize),
            false => (self.rows_from(self.shipped + 1, most as usize), self.logs.len() - self.shipped_logs),
        };
        let run = &self.run;
        Shipment {
            run: self.machine.run_id().clone(),
            place: run.place.clone(),
            flow: (self.shipped == 0).then(|| run.text.clone()),
            version: run.version.clone(),
            name: run.flow.name.as_str().into(),
            created_at: run.created_at,
            cause: run.cause.clone(),
            up_to: rows.is_empty().then_some(self.seq),
            rows,
            logs: self.logs[self.shipped_logs..][..logs].to_vec(),
            waits: self.only_waits(),
            waiting: self.shown_waits(),
            paused: self.is_paused(),
            end: None,
        }
    }

    /// As many unshipped records as fit together with the log lines that come before each of them, at least one; and how
    /// many such lines there are. What comes after the last record goes with it.
    fn fitting(&self, most: usize) -> (Vec<Row>, usize) {
        let mut room = self.max_part.saturating_sub(if self.shipped == 0 { quoted(&self.run.text) } else { 0 });
        let (mut rows, mut logs) = (Vec::new(), self.shipped_logs);
        for row in self.rows.iter().skip((self.shipped + 1).saturating_sub(self.first) as usize).take(most) {
            let with = self.logs_before[logs..].iter().take_while(|seq| **seq <= row.seq).count();
            let size = size_of_row(row) + size_of_logs(&self.logs[logs..][..with]);
            if size > room && !rows.is_empty() {
                break;
            }
            (room, logs) = (room.saturating_sub(size), logs + with);
            rows.push(row.clone());
        }
        if rows.last().map_or(self.shipped, |row| row.seq) == self.seq {
            logs = self.logs.len();
        }
        (rows, logs - self.shipped_logs)
    }

    /// Whether the end of the run goes with this part of its journal; else it follows by itself.
    pub fn takes_end(&self, part: &Shipment, end: &RunEnd) -> bool {
        if !self.cuts_logs || part.rows.is_empty() {
            return true;
        }
        let flow = part.flow.as_deref().map_or(0, quoted);
        let size = flow + part.rows.iter().map(size_of_row).sum::<usize>() + size_of_logs(&part.logs);
        size + serde_json::to_string(end).map_or(0, |end| end.len()) <= self.max_part
    }

    fn only_waits(&self) -> bool {
        self.rests || self.machine.is_parked() || self.waits_for_somebody()
    }

    /// What a part says that it waits for. Whoever looks at a paused run wants to know what it will wait for still.
    fn shown_waits(&self) -> Vec<Text> {
        if self.only_waits() || self.is_paused() { self.waiting() } else { Vec::new() }
    }

    /// Waits of which the newest part has said nothing.
    pub fn untold_waits(&self) -> Vec<Text> {
        self.shown_waits().into_iter().filter(|what| self.told_waits.binary_search(what).is_err()).collect()
    }

    pub fn note_waits_told(&mut self) {
        self.told_waits = self.shown_waits();
    }

    /// Nobody knows whether the store has heard of them.
    pub fn note_waits_lost(&mut self) {
        self.told_waits.clear();
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
            first || bytes <= self.max_part
        };
        self.rows.iter().skip(skip).take(most).take_while(fits).cloned().collect()
    }

    /// Records from `from` on, and log lines from `log` on, as many as fit one answer.
    pub fn page(&self, from: u64, log: usize) -> JournalPage {
        let (mut rows, mut room) = (Vec::new(), PART);
        for row in self.rows.iter().skip(from.saturating_sub(self.first) as usize).take(5_000) {
            let size = size_of_row(row);
            if size > room && !rows.is_empty() {
                break;
            }
            room = room.saturating_sub(size);
            rows.push(row.clone());
        }
        let fits = |log: &&LogView| {
            let size = size_of_logs(std::slice::from_ref(*log));
            let is_all = room == PART || size <= room;
            room = room.saturating_sub(size);
            is_all
        };
        let logs = self.logs.iter().skip(log).take(500).take_while(fits).cloned().collect();
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
        self.state_with(PART / 2)
    }

    /// As an update is answered with.
    pub fn told(&self) -> State {
        self.state_with(TOLD)
    }

    /// With an output and variables of at most so many bytes.
    fn state_with(&self, most: usize) -> State {
        let machine = &self.machine;
        let waiting = self.waiting();
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
            output: small(machine.output(), most),
            error: machine.error().cloned(),
            variables: small(machine.variables(), most),
            cause: self.run.cause.clone(),
        }
    }

    /// What it waits for, in a fixed order.
    fn waiting(&self) -> Vec<Text> {
        let signals = self.machine.awaited_signals().into_iter().map(|name| Text::from(format!("signal {name}")));
        let mut waiting: Vec<Text> = signals.chain(self.waits.iter().cloned()).collect();
        waiting.sort();
        waiting
    }

    fn status(&self, waiting: &[Text]) -> Status {
        match self.machine.status() {
            Status::Running if (self.rests || self.machine.is_parked()) && !waiting.is_empty() => Status::Waiting,
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

/// What does not fit an answer is left out; the journal has it all.
fn small(value: Value, most: usize) -> Value {
    match value.to_json().len() > most {
        true => Value::Null,
        false => value,
    }
}

fn size_of_row(row: &Row) -> usize {
    quoted(&row.payload) + row.path.len() + 80
}

fn size_of_logs(logs: &[LogView]) -> usize {
    logs.iter().map(|log| quoted(&log.message) + log.metadata.to_json().len() + 150).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Begin, input_of};
    use crate::wire::Rules;

    const FLOW: &str =
        r#"{"ir": 1, "name": "f", "dialect": "ir", "root": {"id": "w", "wait": {"signal": {"name": "go"}}}}"#;

    fn begun(flow: &str, interpreter: u32) -> RunInput {
        let begin = Begin {
            run: "r".into(),
            flow: weir_ir::from_json(flow).unwrap(),
            input: Value::object([]),
            place: Place::default(),
            cause: None,
            library: Default::default(),
            rules: Rules::default(),
            queue: "weir".into(),
            at: 1,
        };
        let mut input = input_of(&begin, &weir_kinds::catalog().unwrap(), None).unwrap();
        input.interpreter = interpreter;
        input
    }

    /// A run with 40 records, each after 60 KB of log lines.
    fn talkative(interpreter: u32) -> Fold {
        let mut fold = Fold::begin(&begun(FLOW, interpreter)).unwrap();
        for number in 0..40 {
            let (path, kind, level, message) = ("w".into(), "log".into(), "info".into(), "\"x\"".repeat(20_000).into());
            fold.add_logs(vec![LogView { at: number, path, kind, attempt: 1, level, message, metadata: Value::Null }]);
            fold.apply(number, EventBody::Signal { name: "other".into(), id: None, payload: Value::Null });
        }
        fold
    }

    #[test]
    fn a_part_with_its_log_lines_fits_what_a_cluster_takes() {
        let mut fold = talkative(3);
        let (mut seqs, mut logs) = (Vec::new(), Vec::new());
        while !fold.is_shipped() {
            let part = fold.part(1_000);
            assert!(serde_json::to_vec(&part).unwrap().len() < 1_900_000);
            assert!(!part.rows.is_empty(), "what has no record is not kept");
            fold.note_shipped(part.rows.last().map_or(0, |row| row.seq), part.logs.len());
            seqs.extend(part.rows.iter().map(|row| row.seq));
            logs.extend(part.logs.iter().map(|log| log.at));
        }
        assert_eq!(seqs, (1..=41).collect::<Vec<u64>>());
        assert_eq!(logs, (0..40).collect::<Vec<i64>>());
    }

    fn end(bytes: usize) -> RunEnd {
        RunEnd { status: Status::Succeeded, output: "x".repeat(bytes).into(), error: None, at: 1 }
    }

    /// The last step's result is in its record, and in the end of the run once more.
    #[test]
    fn the_end_goes_by_itself_where_it_does_not_fit() {
        for (bytes, together) in [(600_000, true), (1_100_000, false), (1_890_000, false)] {
            let mut fold = talkative(3);
            fold.note_shipped(41, 40);
            let payload = "x".repeat(bytes).into();
            fold.apply(41, EventBody::Signal { name: "other".into(), id: None, payload });
            let mut part = fold.part(1_000);
            assert_eq!(fold.takes_end(&part, &end(bytes)), together, "{bytes}");
            part.end = together.then(|| end(bytes));
            assert!(serde_json::to_vec(&part).unwrap().len() < 2_000_000, "{bytes}");
            fold.note_shipped(42, 0);
            let mut part = fold.part(1_000);
            assert!(part.rows.is_empty() && fold.takes_end(&part, &end(bytes)), "{bytes}");
            part.end = Some(end(bytes));
            assert!(serde_json::to_vec(&part).unwrap().len() < 2_000_000, "{bytes}");
        }
        let fold = talkative(2);
        assert!(fold.takes_end(&fold.part(1_000), &end(1_890_000)), "as ever");
    }

    /// Semantics 7(h).
    #[test]
    fn a_page_fits_what_a_cluster_takes() {
        let fold = talkative(4);
        let (mut next, mut lines) = (1, 0);
        while lines < 40 {
            let page = fold.page(next, lines);
            assert!(serde_json::to_vec(&page).unwrap().len() < 1_900_000);
            assert!(!page.rows.is_empty() || !page.logs.is_empty(), "it comes to an end");
            next = page.rows.last().map_or(next, |row| row.seq + 1);
            lines += page.logs.len();
        }
        assert_eq!((next, lines), (42, 40));
    }

    /// Answers of updates travel with whatever else a turn asks for.
    #[test]
    fn an_update_is_answered_with_what_is_small() {
        for (bytes, told) in [(9_000, true), (11_000, false)] {
            let flow = FLOW.replace(
                r#""root""#,
                &format!(r#""variables": {{"v": {{"initial": "{}"}}}}, "root""#, "x".repeat(bytes)),
            );
            let fold = Fold::begin(&begun(&flow, 5)).unwrap();
            assert_eq!(!fold.told().variables.is_null(), told, "{bytes}");
            assert!(!fold.state().variables.is_null(), "whoever asks is told");
        }
    }

    /// Their histories say how many parts there were.
    #[test]
    fn runs_of_earlier_rules_are_cut_as_ever() {
        let part = talkative(2).part(1_000);
        assert_eq!((part.rows.len(), part.logs.len()), (41, 40));
        assert_eq!(PART, 1_400_000, "where parts of later rules are cut");
    }
}
