//! A cluster, a worker, and flows to run on them.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_base::{FileId, Text, Value};
use weir_catalog::Catalog;
use weir_dialects::{Context, Loader, SourceFile};
use weir_ir::Flow;
use weir_kind::{NoInterfaces, NoMemory, memory::MemorySecrets};
use weir_runtime::{Clock, FlowFinder, NoFinder, SystemClock};
use weir_store::{Place, Store};
use weir_temporal::{
    Address, Begin, Cluster, Keeper, Options, Outcome, Outside, Parts, Rules, TemporalError, Working, forward,
    input_of, names, work,
};
use weir_testkit::MemoryStore;

pub fn catalog() -> Catalog {
    weir_kinds::catalog().expect("the built-in records are good")
}

pub struct Lab {
    pub address: Address,
    pub cluster: Cluster,
    pub store: Arc<dyn Store>,
    pub rules: Rules,
    pub secrets: Arc<MemorySecrets>,
    /// Knows flows for the worker that is started next.
    pub finder: Arc<dyn FlowFinder>,
    worker: Option<Working>,
    forwarding: Option<tokio::task::JoinHandle<()>>,
    catalog: Catalog,
}

impl Lab {
    pub async fn at(address: &str) -> Self {
        Self::with(Address::new(address), Arc::new(MemoryStore::new())).await
    }

    pub async fn with(address: Address, store: Arc<dyn Store>) -> Self {
        let cluster = Cluster::connect(&address).await.expect("the cluster");
        let rules = Rules {
            store_queue: Some(names::store_queue(names::QUEUE)),
            heartbeat: weir_base::Duration::from_secs(2),
            ..Rules::default()
        };
        let mut lab = Self {
            address,
            cluster,
            store,
            rules,
            secrets: Arc::default(),
            finder: Arc::new(NoFinder),
            worker: None,
            forwarding: None,
            catalog: catalog(),
        };
        lab.start_worker().await;
        lab
    }

    pub async fn start_worker(&mut self) {
        let epoch = self.store.claim(1, 0).await.expect("the store");
        let keeper = Keeper::new(self.store.clone(), epoch, self.finder.clone(), Arc::new(catalog()));
        let keeper = Arc::new(keeper);
        self.forwarding = Some(tokio::spawn(forward(keeper.clone(), self.cluster.clone())));
        let parts = self.parts(Some(keeper));
        self.worker = Some(work(&self.address, Options::default(), parts).await.expect("a worker"));
    }

    /// What a worker is made of here.
    pub fn parts(&self, keeper: Option<Arc<Keeper>>) -> Parts {
        let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
        let outside = Outside {
            secrets: self.secrets.clone(),
            interfaces: Arc::new(NoInterfaces),
            memory: Arc::new(NoMemory),
            clock: Arc::new(SystemClock),
        };
        let registry = weir_kinds::registry(egress).map_err(|problem| problem.message).expect("kinds");
        Parts { registry, outside, keeper, files_root: None }
    }

    pub async fn stop(&mut self) {
        self.forwarding.take().iter().for_each(|task| task.abort());
        if let Some(worker) = self.worker.take() {
            worker.stop().await.expect("the worker stops in order");
        }
    }

    pub fn begin(&self, run: &str, flow: Flow, input: Value) -> Begin {
        Begin {
            run: run.into(),
            flow,
            input,
            place: Place { tenant: "".into(), project: "p".into(), service: "s".into() },
            cause: None,
            library: Default::default(),
            rules: self.rules.clone(),
            queue: names::QUEUE.to_owned(),
            at: SystemClock.now(),
        }
    }

    pub async fn start(&self, begin: &Begin) -> Result<bool, TemporalError> {
        let input = input_of(begin, &self.catalog, None).expect("an input the flow takes");
        self.cluster.begin(begin, input).await
    }

    pub async fn run(&self, run: &str, flow: Flow, input: Value) -> Outcome {
        self.start(&self.begin(run, flow, input)).await.expect("it starts");
        self.cluster.outcome(run).await.expect("an outcome")
    }

    /// Waits until the store has a copy of a run that waits.
    pub async fn until_kept(&self, run: &str) -> weir_store::Run {
        let asked = async {
            let mut again = tokio::time::interval(std::time::Duration::from_millis(20));
            loop {
                match self.store.run(run).await.expect("the store") {
                    Some(row) if row.status == weir_engine::Status::Waiting => return row,
                    _ => drop(again.tick().await),
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), asked).await.expect("within a minute")
    }

    /// Waits until a run shows what is wanted.
    pub async fn until(&self, run: &str, wanted: impl Fn(&weir_temporal::State) -> bool) -> weir_temporal::State {
        let asked = async {
            let mut again = tokio::time::interval(std::time::Duration::from_millis(20));
            loop {
                match self.cluster.state(run).await {
                    Ok(state) if wanted(&state) => return state,
                    _ => drop(again.tick().await),
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), asked).await.expect("within a minute")
    }
}

struct Nothing;

impl Loader for Nothing {
    fn load(&self, _: &str, _: &str) -> Option<SourceFile> {
        None
    }

    fn list(&self, _: &str, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A flow from text in any dialect.
pub fn flow(text: &str) -> Flow {
    let catalog = catalog();
    let (names, options) = (weir_control::CatalogNames(&catalog), weir_dialects::Options::default());
    let source = SourceFile { id: FileId(0), name: "flow.yaml".to_owned(), text: text.to_owned() };
    let parsed = weir_dialects::parse(source, &Context { loader: &Nothing, names: &names, options: &options });
    let problems: Vec<_> = parsed.diagnostics.iter().filter(|problem| problem.is_error()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    parsed.flow.expect("a flow")
}

pub fn example(name: &str) -> (Flow, Value, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let file = ["flow.yaml", "flow.json"].map(|file| folder.join(file)).into_iter().find(|file| file.is_file());
    let read = |path: PathBuf| std::fs::read_to_string(path).ok();
    let value = |file: &str| read(folder.join(file)).map(|text| Value::from_json(&text).expect("JSON"));
    let text = read(file.expect("a flow")).expect("a file");
    (flow(&text), value("input.json").unwrap_or_else(|| Value::object([])), value("expected.json").unwrap_or_default())
}

pub fn steps(flow: &Flow, outcome: &Outcome) -> Vec<(Text, String, u32)> {
    let rehearsal = weir_runtime::rehearse(flow, &outcome.events().expect("a journal")).expect("a fold");
    let shown = |step: weir_runs::StepView| (step.path, format!("{:?}", step.status), step.attempts);
    rehearsal.steps.into_iter().map(shown).collect()
}

pub const WAITS: &str = r#"{"ir": 1, "name": "waits", "dialect": "ir", "root": {"id": "main", "sequence": {"children": [
    {"id": "go", "wait": {"signal": {"name": "go"}}}
]}}}"#;

/// Two steps of two kinds at once.
pub const BRANCHES: &str = r#"{"ir": 1, "name": "branches", "dialect": "ir", "root": {"id": "main", "parallel": {"children": [
    {"id": "say", "task": {"kind": "log", "params": {"message": "hello"}}},
    {"id": "make", "task": {"kind": "regex.extract", "params": {"input": "a1", "pattern": "[0-9]"}}}
]}}}"#;

/// A body that takes a while, and a step that is done finally.
pub const FINALLY: &str = r#"{"ir": 1, "name": "finally", "dialect": "ir", "root": {"id": "main", "try": {
    "body": {"id": "wait", "wait": {"signal": {"name": "never"}}},
    "finally": {"id": "tidy", "task": {"kind": "log", "params": {"message": "tidied"}}}
}}}"#;

/// The steps an example lists, with their status and attempts, as the run has them.
pub fn compare_steps(name: &str, flow: &Flow, expected: &Value, outcome: &Outcome) {
    let found = steps(flow, outcome);
    for step in expected.get("steps").and_then(Value::as_array).unwrap_or_default() {
        let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = text("path");
        let (_, status, attempts) =
            found.iter().find(|found| *found.0 == *path).unwrap_or_else(|| panic!("{name}: {path} is not reached"));
        assert_eq!(status.to_lowercase(), text("status"), "{name}: {path}");
        if let Some(wanted) = step.get("attempts").and_then(Value::as_u64) {
            assert_eq!(u64::from(*attempts), wanted, "{name}: attempts of {path}");
        }
    }
}
