//! The workloads W1, W2, W3 and W5 on the embedded runtime, in a folder that is thrown away.
//!
//! `cargo run --release -p weir-runtime --example bench -- [W1] [W2] [W3] [W5] [memory]`

use async_trait::async_trait;
use std::sync::Arc;
use std::time::Instant;
use weir_base::Value;
use weir_engine::Status;
use weir_kind::{Kind, Registration, Registry, TaskContext, TaskError, TaskOutput};
use weir_runs::{FlowRef, FlowSource, RunsPort, StartRun};
use weir_runtime::{Options, Parts, Runtime};
use weir_store::Store;
use weir_store_sql::{SqlOptions, SqlStore};
use weir_testkit::MemoryStore;

const RECORD: &str = r#"component: {name: bench.EFFECT, title: Echo, summary: Gives back its value., vendor: bench, category: testing, complexity: low, version: 1.0.0, effect: EFFECT, implementation: task}
discovery: {purpose: To measure., usage_patterns: [], known_issues: []}
schema_decisions: []
input_schema: { n: { type: any, description: anything } }
output_schema: { "*": { type: any, description: the same } }
validation_rules: []
connections: { accepts_from: [], outputs_to: [] }
implementation_notes: none
typescript_template: none
test_cases: []
lessons_learned: []
related_components: []
future_improvements: []
"#;

struct Echo;

#[async_trait]
impl Kind for Echo {
    async fn run(&self, _: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        Ok(params.into())
    }
}

struct Measured {
    name: String,
    runs: usize,
    steps: usize,
    seconds: f64,
    cpu: f64,
    median_ms: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| wanted.iter().all(|word| word == "memory") || wanted.iter().any(|word| word == name);
    let folder = tempfile::tempdir().expect("a folder for the data");
    let store: Arc<dyn Store> = match wanted.iter().any(|word| word == "memory") {
        true => Arc::new(MemoryStore::new()),
        false => Arc::new(SqlStore::open(folder.path(), &SqlOptions::default()).await.expect("a store")),
    };
    let kinds = ["pure", "idempotent"]
        .map(|effect| Registration { record: RECORD.replace("EFFECT", effect).leak(), kind: Some(Arc::new(Echo)) });
    let registry = Registry::from_registrations(kinds).expect("the records are right");
    let options = Options { held_runs: 100_000, ..Options::default() };
    let runtime = Arc::new(Runtime::open(options, Parts::new(store, registry)).await.expect("a runtime"));
    let memory_before = resident_kib();
    for effect in ["idempotent", "pure"] {
        if wants("W1") {
            show(load(&runtime, &format!("W1 {effect} one at a time"), &task("t", effect), 1, 1, 2_000).await);
            show(load(&runtime, &format!("W1 {effect} 32 at once"), &task("t", effect), 1, 32, 20_000).await);
        }
        if wants("W2") {
            let steps: Vec<String> = (0..10).map(|n| task(&format!("t{n}"), effect)).collect();
            let root = format!(r#"{{"id":"s","sequence":{{"children":[{}]}}}}"#, steps.join(","));
            show(load(&runtime, &format!("W2 {effect} one at a time"), &root, 10, 1, 300).await);
            show(load(&runtime, &format!("W2 {effect} 32 at once"), &root, 10, 32, 4_000).await);
        }
        if wants("W3") {
            let steps: Vec<String> = (0..100).map(|n| task(&format!("t{n}"), effect)).collect();
            let root = format!(r#"{{"id":"p","parallel":{{"children":[{}]}}}}"#, steps.join(","));
            show(load(&runtime, &format!("W3 {effect} 4 at once"), &root, 100, 4, 1_000).await);
        }
        if wants("W5") {
            for count in [10_000, 100_000] {
                let root =
                    format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":{count}}},"body":{}}}}}"#, task("t", effect));
                show(load(&runtime, &format!("W5 {effect} {count} steps"), &root, count, 1, 1).await);
                println!("   resident memory {} MiB more than at the start", (resident_kib() - memory_before) / 1_024);
            }
        }
    }
}

fn task(id: &str, effect: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"bench.{effect}","params":{{"n":1}}}}}}"#)
}

async fn load(runtime: &Arc<Runtime>, name: &str, root: &str, steps: usize, at_once: usize, runs: usize) -> Measured {
    let flow =
        weir_ir::from_json(&format!(r#"{{"ir":1,"name":"bench","dialect":"ir","root":{root}}}"#)).expect("a flow");
    let flow = FlowRef::Source(Arc::new(FlowSource { flow, files: Vec::new() }));
    let hash = runtime
        .publish(
            &Default::default(),
            &match flow {
                FlowRef::Source(source) => FlowSource::clone(&source),
                _ => unreachable!(),
            },
        )
        .await
        .expect("publishes");
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let workers = (0..at_once).map(|_| {
        let (runtime, hash) = (runtime.clone(), hash.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            for _ in 0..runs / at_once {
                let began = Instant::now();
                let start =
                    StartRun { project: "".into(), ..StartRun::new(FlowRef::Version(hash.clone()), Value::Null) };
                let view = runtime.run(start).await.expect("runs");
                assert_eq!(view.status, Status::Succeeded, "{:?}", view.error);
                times.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            times
        })
    });
    let mut times = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        times.extend(worker.await.expect("a worker"));
    }
    times.sort_by(f64::total_cmp);
    let runs = times.len();
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    Measured { name: name.to_owned(), runs, steps: runs * steps, seconds, cpu, median_ms: times[runs / 2] }
}

fn show(measured: Measured) {
    let Measured { name, runs, steps, seconds, cpu, median_ms } = measured;
    println!(
        "{name:32} {:>9.0} runs/s {:>9.0} steps/s  median {median_ms:>8.3} ms  cpu/run {:.4} ms  cpu/step {:.4} ms",
        runs as f64 / seconds,
        steps as f64 / seconds,
        cpu * 1_000.0 / runs as f64,
        cpu * 1_000.0 / steps as f64,
    );
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or(0)
}
