//! A small world: kinds that do what their parameters say, a witness of every call, and a store that outlives
//! the runtime, so that a test can let the process die and open its data again.
#![allow(dead_code)]

use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use weir_base::{Duration, Text, Value};
use weir_engine::{EventBody, Record, Status};
use weir_kind::{
    Category, Kind, LogLevel, Registration, Registry, TaskContext, TaskError, TaskOutput, VariableChange, VariableOp,
    VariableScope,
};
use weir_runs::{FlowRef, FlowSource, RunView, RunsPort, StartRun, StepView, Until};
use weir_runtime::{Options, Parts, Runtime, VirtualClock};
use weir_store::Store;
use weir_testkit::MemoryStore;

const RECORD: &str = r#"component: {name: test.NAME, title: Probe, summary: Does what it is told., vendor: test, category: testing, complexity: low, version: 1.0.0, effect: EFFECT, implementation: task, on_unknown: ask}
discovery: {purpose: To test., usage_patterns: [], known_issues: []}
schema_decisions: []
input_schema:
  do: { type: string, description: what to do, default: echo }
  value: { type: any, description: what to give back }
  times: { type: number, description: how often to fail }
  name: { type: string, description: a variable }
output_schema: { "*": { type: any, description: whatever was asked for } }
validation_rules: []
connections: { accepts_from: [], outputs_to: [] }
implementation_notes: none
typescript_template: none
test_cases: []
lessons_learned: []
related_components: []
future_improvements: []
"#;

/// One call of a kind, as the outside world saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub kind: String,
    pub key: String,
    pub attempt: u32,
}

#[derive(Default)]
pub struct Witness {
    calls: Mutex<Vec<Call>>,
    /// Lets one call of `do: gate` go on.
    pub gate: Notify,
    pub called: Notify,
}

impl Witness {
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// `path#attempt` of every call, in order.
    pub fn paths(&self) -> Vec<String> {
        let path = |call: &Call| format!("{}#{}", call.key.split_once('/').map_or("", |(_, path)| path), call.attempt);
        self.calls().iter().map(path).collect()
    }

    pub async fn wait_for(&self, count: usize) {
        loop {
            let told = self.called.notified();
            if self.calls.lock().unwrap().len() >= count {
                return;
            }
            told.await;
        }
    }
}

struct Probe(Arc<Witness>);

#[async_trait]
impl Kind for Probe {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let (kind, key, attempt) = (cx.request.kind.to_string(), cx.request.key.clone(), cx.request.attempt);
        self.0.calls.lock().unwrap().push(Call { kind, key, attempt });
        self.0.called.notify_waiters();
        let value = params.get("value").cloned().unwrap_or_default();
        match params.get("do").and_then(Value::as_str).unwrap_or("echo") {
            "fail" => Err(TaskError::new(Category::Upstream, "BROKEN", "it broke")),
            "verdict" => Err(TaskError::verdict("NO", "no")),
            "flaky" if u64::from(cx.request.attempt) <= params.get("times").and_then(Value::as_u64).unwrap_or(1) => {
                Err(TaskError::new(Category::Network, "FLAKY", "not yet"))
            }
            "patience" if cx.request.attempt == 1 => {
                let wait = Duration::parse(value.as_str().unwrap_or("1s")).ok();
                Err(TaskError::new(Category::RateLimit, "SLOW_DOWN", "later").retry_after(wait))
            }
            "panic" => panic!("told to"),
            "never" => std::future::pending().await,
            "gate" => {
                self.0.gate.notified().await;
                Ok(value.into())
            }
            "yield" => {
                tokio::task::yield_now().await;
                Ok(value.into())
            }
            "log" => {
                cx.log(LogLevel::Info, "hello", value.clone());
                Ok(value.into())
            }
            "increment" => {
                let name: Text = params.get("name").and_then(Value::as_str).unwrap_or("n").into();
                let key = cx.request.key.clone();
                let (scope, op) = (VariableScope::Project, VariableOp::Increment);
                let change = VariableChange { scope, name, op, value: Value::from(1), key, through: None };
                cx.change_variable(change).await.map(TaskOutput::from)
            }
            _ => Ok(value.into()),
        }
    }
}

pub const KINDS: [(&str, &str); 3] = [("pure", "pure"), ("call", "idempotent"), ("charge", "non_idempotent")];

pub fn registry(witness: &Arc<Witness>) -> Registry {
    let registration = |(name, effect): &(&str, &str)| {
        let record = RECORD.replace("NAME", name).replace("EFFECT", effect);
        Registration { record: record.leak(), kind: Some(Arc::new(Probe(witness.clone()))) }
    };
    Registry::from_registrations(KINDS.iter().map(registration)).unwrap()
}

/// What outlives a runtime.
pub struct World {
    pub store: Arc<dyn Store>,
    pub clock: Arc<VirtualClock>,
    pub witness: Arc<Witness>,
    pub options: Options,
    pub faults: Option<Arc<dyn weir_runtime::Faults>>,
    pub real_time: bool,
    pub folder: Option<tempfile::TempDir>,
    pub carrier: Option<Arc<dyn weir_runs::Carrier>>,
}

pub const START: i64 = 1_800_000_000_000_000;

impl World {
    pub fn memory() -> Self {
        Self::on(Arc::new(MemoryStore::new()), None)
    }

    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = weir_store_sql::SqlStore::open(folder.path(), &Default::default()).await.unwrap();
        Self::on(Arc::new(store), Some(folder))
    }

    pub fn on(store: Arc<dyn Store>, folder: Option<tempfile::TempDir>) -> Self {
        let clock = Arc::new(VirtualClock::starting_at(START));
        let (witness, options) = (Arc::default(), Options::default());
        Self { store, clock, witness, options, faults: None, real_time: false, folder, carrier: None }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    pub async fn open(&self) -> Runtime {
        let mut parts = Parts::new(self.store.clone(), registry(&self.witness));
        if !self.real_time {
            parts.clock = self.clock.clone();
        }
        if let Some(faults) = &self.faults {
            parts.faults = faults.clone();
        }
        if let Some(carrier) = &self.carrier {
            parts.carrier = carrier.clone();
        }
        Runtime::open(self.options.clone(), parts).await.unwrap()
    }

    /// Moves the virtual clock, forward only.
    pub fn clock_to(&self, at: i64) {
        weir_runtime::Clock::advance_to(&*self.clock, at);
    }

    pub async fn records(&self, run: &str) -> Vec<Record> {
        let row = self.store.run(run).await.unwrap().unwrap();
        self.store.records(row.key, 1, 100_000).await.unwrap()
    }

    /// The types of a run's records, in order.
    pub async fn journal(&self, run: &str) -> Vec<String> {
        self.records(run).await.iter().map(|record| record.ty.to_string()).collect()
    }

    pub async fn events(&self, run: &str) -> Vec<EventBody> {
        self.records(run).await.iter().map(|record| record.decode().unwrap().body).collect()
    }

    pub async fn row(&self, run: &str) -> weir_store::Run {
        self.store.run(run).await.unwrap().unwrap()
    }
}

/// A flow named `test` with this root, and more members of the flow as JSON text such as `"settings":{…},`.
pub fn flow_with(members: &str, root: &str) -> FlowRef {
    flow_named("test", members, root)
}

pub fn flow_named(name: &str, members: &str, root: &str) -> FlowRef {
    let text = format!(r#"{{"ir":1,"name":"{name}","dialect":"ir",{members}"root":{root}}}"#);
    let flow = weir_ir::from_json(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    FlowRef::Source(Arc::new(FlowSource { flow, files: vec![("flow.json".into(), text.into())] }))
}

pub fn flow(root: &str) -> FlowRef {
    flow_with("", root)
}

/// A task node of one of the test kinds.
pub fn task(id: &str, kind: &str, params: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"test.{kind}","params":{params}}}}}"#)
}

/// A task node with more members, such as `"retry":{…}`.
pub fn task_with(id: &str, kind: &str, params: &str, members: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"test.{kind}","params":{params},{members}}}}}"#)
}

pub fn sequence(children: &[String]) -> String {
    format!(r#"{{"id":"s","sequence":{{"children":[{}]}}}}"#, children.join(","))
}

pub fn parallel(children: &[String]) -> String {
    format!(r#"{{"id":"p","parallel":{{"children":[{}]}}}}"#, children.join(","))
}

pub fn timer(id: &str, after: &str) -> String {
    format!(r#"{{"id":"{id}","wait":{{"timer":{{"after":"{after}"}}}}}}"#)
}

pub fn signal(id: &str, name: &str) -> String {
    format!(r#"{{"id":"{id}","wait":{{"signal":{{"name":"{name}"}}}}}}"#)
}

pub fn call(id: &str, flow: &str, members: &str) -> String {
    format!(r#"{{"id":"{id}","call":{{"flow":"{flow}","input":{{}}{members}}}}}"#)
}

pub fn start(flow: FlowRef, id: &str) -> StartRun {
    StartRun::new(flow, Value::object([])).with_id(id)
}

pub async fn run(runtime: &Runtime, flow: FlowRef, id: &str) -> RunView {
    runtime.run(start(flow, id)).await.unwrap()
}

/// The process dies, and another opens its data.
pub async fn crash(world: &World, runtime: Runtime) -> Runtime {
    drop(runtime);
    tokio::task::yield_now().await;
    let runtime = world.open().await;
    runtime.recovered().await;
    runtime
}

pub async fn settled(runtime: &Runtime, id: &str) -> RunView {
    runtime.wait(id, Until::Settled).await.unwrap()
}

pub async fn ended(runtime: &Runtime, id: &str) -> RunView {
    runtime.wait(id, Until::Ended).await.unwrap()
}

pub fn code(view: &RunView) -> &str {
    view.error.as_ref().map_or("", |error| &error.code)
}

pub fn statuses(steps: &[StepView]) -> Vec<(String, String)> {
    steps.iter().map(|step| (step.path.to_string(), format!("{:?}", step.status).to_lowercase())).collect()
}

pub fn succeeded(view: &RunView) {
    assert_eq!(view.status, Status::Succeeded, "{:?}", view.error);
}
