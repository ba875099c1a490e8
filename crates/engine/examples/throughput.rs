//! Steps per second of the engine alone: no store, no kinds, every task answered at once.
//!
//! `cargo run --release -p weir-engine --example throughput`

use std::sync::Arc;
use std::time::Instant;
use weir_base::Value;
use weir_engine::{Command, Event, EventBody, Machine, Plan, Started, TaskResult};

fn task(id: usize) -> String {
    format!(r#"{{"id":"t{id}","task":{{"kind":"noop","params":{{"n":{id}}}}}}}"#)
}

fn many(count: usize) -> String {
    (0..count).map(task).collect::<Vec<_>>().join(",")
}

fn main() {
    let flows = [
        ("sequence of 10", format!(r#"{{"id":"s","sequence":{{"children":[{}]}}}}"#, many(10)), 20_000),
        ("parallel of 100", format!(r#"{{"id":"p","parallel":{{"children":[{}]}}}}"#, many(100)), 2_000),
        ("loop of 100,000", format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":100000}},"body":{}}}}}"#, task(0)), 2),
    ];
    for (name, root, runs) in flows {
        let flow = format!(r#"{{"ir":1,"name":"bench","dialect":"ir","root":{root}}}"#);
        let plan = Arc::new(Plan::new(&weir_ir::from_json(&flow).expect("a flow")));
        let begun = Instant::now();
        let steps: u64 = (0..runs).map(|_| run(&plan)).sum();
        let rate = steps as f64 / begun.elapsed().as_secs_f64();
        println!("{name:18} {rate:12.0} steps/s  {:6.2} µs per step", 1e6 / rate);
    }
}

fn run(plan: &Arc<Plan>) -> u64 {
    let started = Started { run: "run-0001".into(), ..Started::default() };
    let mut machine = Machine::new(plan.clone(), &started, 0);
    let (mut steps, mut at) = (0, 0);
    while let Some(command) = machine.poll() {
        if let Command::Run(task) = command {
            steps += 1;
            at += 1;
            let result = TaskResult { params_hash: task.params_hash(), ..TaskResult::success(Value::Null) };
            machine.handle(&Event::new(at, EventBody::TaskFinished { path: task.path, result: Box::new(result) }));
        }
    }
    steps
}
