//! Time of the paths that could cost more than they touch: wide parallels, many waits, long lists.
use std::sync::Arc;
use std::time::Instant;
use weir_base::Value;
use weir_engine::{Command, Event, EventBody, Machine, Plan, Started, TaskResult};

fn many(count: usize, child: impl Fn(usize) -> String) -> String {
    (0..count).map(child).collect::<Vec<_>>().join(",")
}
fn task(id: usize) -> String {
    format!(r#"{{"id":"t{id}","task":{{"kind":"noop","params":{{"n":{id}}}}}}}"#)
}
fn main() {
    let n = 10_000;
    let par = |children: String| format!(r#"{{"id":"p","parallel":{{"children":[{children}]}}}}"#);
    let reactive = |id: usize| format!(r#"{{"id":"r{id}","sequence":{{"order":"reactive","children":[{{"id":"c","set":{{"writes":[{{"op":"check","value":true}}]}}}},{}]}}}}"#, task(id));
    let cases: Vec<(&str, String, &str)> = vec![
        ("parallel 10k tasks", par(many(n, task)), "answer"),
        ("parallel 10k tasks, cancel", par(many(n, task)), "cancel"),
        ("parallel 10k tasks, cancel unpolled", par(many(n, task)), "cancel-early"),
        ("parallel 10k waits, cancel", par(many(n, |id| format!(r#"{{"id":"w{id}","wait":{{"signal":{{"name":"s{id}"}}}}}}"#))), "cancel"),
        ("parallel 10k same wait, cancel", par(many(n, |id| format!(r#"{{"id":"w{id}","wait":{{"signal":{{"name":"s"}}}}}}"#))), "cancel"),
        ("parallel 10k approvals timing out", par(many(n, |id| format!(r#"{{"id":"w{id}","wait":{{"approval":{{"message":"m","timeout":5,"routes":true}}}}}}"#))), "answer"),
        ("parallel 10k timeouts", par(many(n, |id| format!(r#"{{"id":"o{id}","decorate":{{"with":{{"timeout":{{"after":"1h"}}}},"body":{}}}}}"#, task(id)))), "answer"),
        ("parallel 10k reactive", par(many(n, reactive)), "answer"),
        ("parallel 10k reactive, signal", par(many(n, reactive)), "signal"),
        ("graph 10k fan", format!(r#"{{"id":"g","graph":{{"nodes":[{{"node":{}}},{},{{"node":{},"input":"byNode"}}],"edges":[{},{}]}}}}"#, task(0), many(n, |id| format!(r#"{{"node":{},"input":"bare"}}"#, task(id + 1))), task(n + 1),
            many(n, |id| format!(r#"{{"from":"t0","handle":"out","to":"t{}"}}"#, id + 1)), many(n, |id| format!(r#"{{"from":"t{}","handle":"out","to":"t{}"}}"#, id + 1, n + 1))), "answer"),
        ("loop 100k append", r#"{"id":"l","loop":{"mode":{"repeat":100000},"body":{"id":"s","sequence":{"children":[{"id":"a","set":{"writes":[{"target":{"name":"x"},"op":"append","value":1}]}},{"id":"t","task":{"kind":"noop","params":{}}}]}}}}"#.into(), "answer"),
        ("loop 100k append last", r#"{"id":"l","loop":{"mode":{"repeat":100000},"body":{"id":"a","set":{"writes":[{"target":{"name":"x"},"op":"append","value":1}]}}}}"#.into(), "answer"),
        ("for-each 100k collect", r#"{"id":"l","loop":{"mode":{"forEach":{"items":"{{ Array.from({length: 100000}) }}","concurrency":1}},"collect":true,"body":{"id":"t","task":{"kind":"noop","params":{}}}}}"#.into(), "answer"),
        ("sequence 100k", format!(r#"{{"id":"s","sequence":{{"children":[{}]}}}}"#, many(100_000, task)), "answer"),
    ];
    let only = std::env::args().nth(1).unwrap_or_default();
    for (name, root, how) in cases {
        if !name.contains(&only) { continue; }
        let flow = format!(r#"{{"ir":1,"name":"b","dialect":"ir","root":{root}}}"#);
        let plan = Arc::new(Plan::new(&weir_ir::from_json(&flow).expect("a flow")));
        let begun = Instant::now();
        let events = run(&plan, how);
        println!("{name:38} {:9.1} ms  {events} events", begun.elapsed().as_secs_f64() * 1e3);
    }
}
fn run(plan: &Arc<Plan>, how: &str) -> u64 {
    let mut machine = Machine::new(plan.clone(), &Started { run: "run-0001".into(), ..Started::default() }, 0);
    let mut events = 0;
    let mut feed = |machine: &mut Machine, body| { events += 1; machine.handle(&Event::new(events as i64, body)); };
    let mut queue = std::collections::VecDeque::new();
    // Yields first, so that everything is entered.
    let mut open = Vec::new();
    if how == "cancel-early" {
        for at in 0..20 { feed(&mut machine, EventBody::TimerFired { path: format!("@yield[{at}]").into() }); }
    }
    while how != "cancel-early" {
        let Some(command) = machine.poll() else { break };
        match command {
            Command::StartTimer { path, .. } if path.starts_with("@yield") => feed(&mut machine, EventBody::TimerFired { path }),
            other => open.push(other),
        }
    }
    if how == "signal" { feed(&mut machine, EventBody::Signal { name: "x".into(), id: None, payload: Value::Null }); }
    if how.starts_with("cancel") { feed(&mut machine, EventBody::Cancel { reason: "x".into() }); }
    queue.extend(open);
    loop {
        while let Some(command) = machine.poll() { queue.push_back(command); }
        let Some(command) = queue.pop_front() else { break };
        match command {
            Command::Run(task) => {
                let result = TaskResult { params_hash: task.params_hash(), ..TaskResult::success(Value::Null) };
                feed(&mut machine, EventBody::TaskFinished { path: task.path, result: Box::new(result) });
            }
            Command::StartTimer { path, deadline, .. } if !deadline || plan_waits(how) => feed(&mut machine, EventBody::TimerFired { path }),
            _ => {}
        }
        if machine.status().is_final() { break; }
    }
    if !machine.status().is_final() {
        // Deadlines of waits.
        println!("   not final: {:?}", machine.status());
    }
    events
}
fn plan_waits(_: &str) -> bool { std::env::var("DEADLINES").is_ok() }
