use super::row::{Row, Target};
use super::{flows, process};
use std::sync::Arc;
use weir_base::Value;
use weir_engine::{Command, Event, EventBody, Machine, Plan, Record, Started, TaskResult};

/// The engine with a journal in memory: every task is answered at once, every result is encoded and kept.
pub fn steps() -> anyhow::Result<Vec<Row>> {
    let works = [
        ("10 in sequence", flows::sequence(10), 20_000),
        ("100 in parallel", flows::parallel(100), 2_000),
        ("100,000 in a loop", flows::repeat(100_000), 2),
    ];
    works.into_iter().map(|(figure, root, runs)| one(figure, &root, runs)).collect()
}

fn one(figure: &'static str, root: &str, runs: usize) -> anyhow::Result<Row> {
    let plan = Arc::new(Plan::new(&flows::flow(root)?));
    carry(&plan);
    let used = process::cpu();
    let steps: usize = (0..runs).map(|_| carry(&plan)).sum();
    let rate = steps as f64 / process::cpu().saturating_sub(used).as_secs_f64();
    Ok(Row::new("engine alone, journal in memory", figure, Target::AtLeast(500_000.0), rate, "steps/CPU-s"))
}

/// Carries one run to its end; how many records it has but the first.
fn carry(plan: &Arc<Plan>) -> usize {
    let started = Started { run: "run-0001".into(), ..Started::default() };
    let mut journal = vec![Record::encode(1, &Event::new(0, EventBody::Started(Box::new(started.clone()))))];
    let mut machine = Machine::new(plan.clone(), &started, 0);
    while let Some(command) = machine.poll() {
        let Command::Run(task) = command else { continue };
        let output = Value::object([("ok", true.into())]);
        let result = TaskResult { params_hash: task.params_hash(), ..TaskResult::success(output) };
        let body = EventBody::TaskFinished { path: task.path, result: Box::new(result) };
        let event = Event::new(journal.len() as i64, body);
        journal.push(Record::encode(journal.len() as u64 + 1, &event));
        machine.handle(&event);
    }
    journal.len() - 1
}
