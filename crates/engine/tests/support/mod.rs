//! Runs a flow against made-up answers, in virtual time, and checks the laws every fold must keep.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::{
    Command, Event, EventBody, Machine, Plan, Record, RunTask, SEMANTICS, Started, Status, StepError, TaskResult,
    Trace, TraceBody,
};

/// What a run came to.
pub struct Ran {
    pub status: Status,
    pub output: Value,
    pub error: Option<StepError>,
    pub vars: Value,
    /// Paths of tasks in the order they were asked for.
    pub tasks: Vec<String>,
    /// Paths of what was withdrawn.
    pub cancelled: Vec<String>,
    pub events: Vec<Event>,
    pub trace: Vec<Trace>,
    pub machine: Machine,
}

impl Ran {
    pub fn code(&self) -> &str {
        self.error.as_ref().map_or("", |error| &error.code)
    }

    /// The status each step path ended in.
    pub fn steps(&self) -> Vec<(String, String)> {
        let settled = |trace: &Trace| match &trace.body {
            TraceBody::Settled { status, .. } => Some((trace.path.to_string(), format!("{status:?}").to_lowercase())),
            TraceBody::Skipped { .. } => Some((trace.path.to_string(), "skipped".into())),
            _ => None,
        };
        self.trace.iter().filter_map(settled).collect()
    }

    pub fn elapsed_ms(&self) -> i64 {
        self.events.last().map_or(0, |event| event.at / 1_000)
    }
}

type Answers = Box<dyn FnMut(&RunTask) -> Option<TaskResult>>;
type Children = Box<dyn FnMut(&str, &Value) -> Result<Value, StepError>>;

/// A flow, its input, and what happens from outside.
pub struct Sim {
    plan: Arc<Plan>,
    input: Value,
    /// Answers the n-th (from 0) call of a path's task.
    answer: Answers,
    /// Sent one by one, each when nothing but waiting is left.
    outside: VecDeque<EventBody>,
    variables: BTreeMap<Text, Value>,
    children: Children,
    limit: usize,
    refold: bool,
    semantics: u32,
}

pub fn flow(root: &str) -> String {
    format!(r#"{{"ir":1,"name":"test","dialect":"ir","root":{root}}}"#)
}

/// A flow given as its root node, run with the standard answers (see [`standard`]).
pub fn run(root: &str) -> Ran {
    Sim::new(&flow(root)).run()
}

/// `ok` succeeds with its params, `fail` fails, `verdict` fails by design, `never` gives no answer.
pub fn standard(task: &RunTask) -> Option<TaskResult> {
    match &*task.spec.kind {
        "ok" => Some(TaskResult::success(task.params.clone())),
        "fail" => Some(TaskResult::failure(StepError::new("BROKEN", "upstream", "it broke"))),
        "verdict" => Some(TaskResult::failure(StepError::verdict("NO", "no"))),
        "never" => None,
        other => panic!("no answer for kind `{other}`"),
    }
}

impl Sim {
    pub fn new(flow: &str) -> Self {
        let flow = weir_ir::from_json(flow).unwrap_or_else(|error| panic!("{error}\n{flow}"));
        Self {
            plan: Arc::new(Plan::new(&flow)),
            input: Value::Null,
            answer: Box::new(standard),
            outside: VecDeque::new(),
            variables: BTreeMap::new(),
            children: Box::new(|flow, input| Ok(Value::object([("flow", flow.into()), ("input", input.clone())]))),
            limit: 200_000,
            refold: true,
            semantics: SEMANTICS,
        }
    }

    pub fn input(mut self, json: &str) -> Self {
        self.input = Value::from_json(json).unwrap();
        self
    }

    /// Under the rules of this number; else under those of today.
    pub fn semantics(mut self, number: u32) -> Self {
        self.semantics = number;
        self
    }

    pub fn answers(mut self, answer: impl FnMut(&RunTask) -> Option<TaskResult> + 'static) -> Self {
        self.answer = Box::new(answer);
        self
    }

    /// A task kind `flaky` that fails until its path family was called this often.
    pub fn flaky(self, succeed_at: usize) -> Self {
        let mut calls: BTreeMap<String, usize> = BTreeMap::new();
        self.answers(move |task| {
            if &*task.spec.kind != "flaky" {
                return standard(task);
            }
            let name = task.path.rsplit('/').next().unwrap_or_default().to_owned();
            let count = calls.entry(name).or_default();
            *count += 1;
            match *count >= succeed_at {
                true => Some(TaskResult::success(task.params.clone())),
                false => Some(TaskResult::failure(StepError::new("FLAKY", "upstream", "not yet"))),
            }
        })
    }

    pub fn children(mut self, child: impl FnMut(&str, &Value) -> Result<Value, StepError> + 'static) -> Self {
        self.children = Box::new(child);
        self
    }

    pub fn variable(mut self, name: &str, value: Value) -> Self {
        self.variables.insert(name.into(), value);
        self
    }

    pub fn then(mut self, event: EventBody) -> Self {
        self.outside.push_back(event);
        self
    }

    pub fn signal(self, name: &str, payload: &str) -> Self {
        self.then(EventBody::Signal { name: name.into(), id: None, payload: Value::from_json(payload).unwrap() })
    }

    /// Leaves out folding again, for runs of a million steps.
    pub fn once(mut self) -> Self {
        self.refold = false;
        self
    }

    pub fn run(mut self) -> Ran {
        let (input, semantics) = (self.input.clone(), self.semantics);
        let started = Started { run: "r1".into(), input, semantics, ..Started::default() };
        let mut machine = Machine::traced(self.plan.clone(), &started, 0);
        let mut events = vec![Event::new(0, EventBody::Started(Box::new(started)))];
        let mut outer = Outer::default();
        let mut trace = machine.take_trace();
        while let Some(event) = self.next(&mut machine, &mut outer) {
            events.push(event.clone());
            machine.handle(&event);
            trace.extend(machine.take_trace());
            assert!(events.len() < self.limit, "the run does not end");
        }
        check_paths_are_unique(&outer.tasks);
        if self.refold {
            check_refold(&self.plan, &events, &machine);
        }
        Ran {
            status: machine.status(),
            output: machine.output(),
            error: machine.error().cloned(),
            vars: machine.variables(),
            tasks: outer.tasks.iter().map(Text::to_string).collect(),
            cancelled: outer.cancelled.iter().map(Text::to_string).collect(),
            events,
            trace,
            machine,
        }
    }

    /// The next thing that happens: an answer to the oldest open task, else a scripted event, else the earliest timer.
    fn next(&mut self, machine: &mut Machine, outer: &mut Outer) -> Option<Event> {
        while let Some(command) = machine.poll() {
            if let Some(event) = self.perform(command, outer) {
                outer.ready.push_back(event);
            }
        }
        if let Some(body) = outer.ready.pop_front() {
            return Some(Event::new(outer.now, body));
        }
        if machine.status().is_final() {
            return None;
        }
        if let Some(body) = self.outside.pop_front() {
            return Some(Event::new(outer.now, body));
        }
        let (due, path) = outer.timers.pop_first()?;
        outer.now = outer.now.max(due);
        Some(Event::new(outer.now, EventBody::TimerFired { path }))
    }

    fn perform(&mut self, command: Command, outer: &mut Outer) -> Option<EventBody> {
        match command {
            Command::Run(task) => {
                outer.tasks.push(task.path.clone());
                let result = TaskResult { params_hash: task.params_hash(), ..(self.answer)(&task)? };
                Some(EventBody::TaskFinished { path: task.path, result: Box::new(result) })
            }
            Command::StartTimer { path, due, .. } => {
                outer.timers.insert((due, path));
                None
            }
            Command::Cancel { path } => {
                outer.timers.retain(|(_, timer)| *timer != path);
                outer.ready.retain(|body| body.path() != Some(&path));
                outer.cancelled.push(path);
                None
            }
            Command::StartChild(child) if child.detached => None,
            Command::StartChild(child) => {
                let (output, error) = match (self.children)(&child.flow, &child.input) {
                    Ok(output) => (output, None),
                    Err(error) => (Value::Null, Some(error)),
                };
                Some(EventBody::ChildFinished { path: child.path, output, error })
            }
            Command::ReadVariables { path, service, project } => {
                let read = |names: Vec<Text>| {
                    names
                        .into_iter()
                        .map(|name| (name.clone(), self.variables.get(&name).cloned().unwrap_or_default()))
                        .collect()
                };
                Some(EventBody::VariablesRead { path, service: read(service), project: read(project) })
            }
            Command::ContinueAsNew { state } => Some(EventBody::Continued { state }),
            Command::Complete { .. } => None,
        }
    }
}

#[derive(Default)]
struct Outer {
    now: Micros,
    tasks: Vec<Text>,
    cancelled: Vec<Text>,
    timers: BTreeSet<(Micros, Text)>,
    ready: VecDeque<EventBody>,
}

/// Semantics 1.1: a path occurs once per run.
fn check_paths_are_unique(tasks: &[Text]) {
    let mut seen = BTreeSet::new();
    for path in tasks {
        assert!(seen.insert(path), "the path `{path}` occurs twice");
    }
}

/// The same events give the same state: from the start, from the journal's text, and from a snapshot at any event.
fn check_refold(plan: &Arc<Plan>, events: &[Event], live: &Machine) {
    let EventBody::Started(started) = &events[0].body else { panic!("a journal begins with `started`") };
    let expected = live.to_state().to_json();
    let mut whole = Machine::new(plan.clone(), started, events[0].at);
    let every = (events.len() / 40).max(1);
    for (at, event) in events.iter().enumerate().skip(1) {
        let record = Record::encode(at as u64 + 1, event);
        let event = record.decode().expect("an event reads back from its record");
        whole.handle(&event);
        if at % every == 0 {
            let mut resumed = Machine::restore(plan.clone(), &whole.to_state()).expect("a snapshot reads back");
            events[at + 1..].iter().for_each(|event| resumed.handle(event));
            assert_eq!(resumed.to_state().to_json(), expected, "resumed after event {at}");
        }
    }
    assert_eq!(whole.to_state().to_json(), expected, "folded again");
}
