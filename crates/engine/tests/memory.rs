//! What a run costs while it is held in memory: semantics 5.14.

use std::sync::Arc;
use weir_base::Value;
use weir_engine::{Command, Event, EventBody, Machine, Plan, Started, TaskResult};

/// Carries a flow to its end; the largest size of the machine, and of its state as text, while step
/// `first`, then `last` was open.
fn sizes(root: &str, first: usize, last: usize) -> [(usize, usize); 2] {
    let flow = format!(r#"{{"ir":1,"name":"long","dialect":"ir","root":{root}}}"#);
    let plan = Arc::new(Plan::new(&weir_ir::from_json(&flow).unwrap()));
    let mut machine = Machine::new(plan, &Started { run: "r".into(), ..Started::default() }, 0);
    let (mut steps, mut sizes) = (0, [(0, 0); 2]);
    while let Some(command) = machine.poll() {
        let Command::Run(task) = command else { continue };
        steps += 1;
        for (place, at) in [first, last].into_iter().enumerate() {
            if steps == at {
                sizes[place] = (machine.size(), machine.to_state().to_json().len());
            }
        }
        let result =
            TaskResult { params_hash: task.params_hash(), ..TaskResult::success(Value::object([("ok", true.into())])) };
        machine
            .handle(&Event::new(steps as i64, EventBody::TaskFinished { path: task.path, result: Box::new(result) }));
    }
    assert!(machine.status().is_final(), "the flow ends");
    assert!(steps >= last, "{steps} steps");
    sizes
}

#[test]
fn rule_5_14_a_long_loop_does_not_grow() {
    let step = r#"{"id":"t","task":{"kind":"k","params":{}}}"#;
    let loops = [
        format!(r#"{{"id":"l","loop":{{"mode":{{"repeat":10000}},"body":{step}}}}}"#),
        format!(
            r#"{{"id":"l","loop":{{"mode":{{"repeat":5000}},"body":{{"id":"s","sequence":{{"children":[{step},{{"id":"u","task":{{"kind":"k","params":{{}}}}}}]}}}}}}}}"#
        ),
    ];
    for root in loops {
        let [(early, early_text), (late, late_text)] = sizes(&root, 100, 9_999);
        assert!(late <= early, "{early} parts became {late}\n{root}");
        // Indices have more digits later on; nothing else may have been added.
        assert!(late_text <= early_text + 64, "{early_text} bytes became {late_text}\n{root}");
    }
}

/// The code a flow without tasks fails with.
fn fails_with(variables: &str, root: &str) -> String {
    let flow = format!(r#"{{"ir":1,"name":"large","dialect":"ir","variables":{variables},"root":{root}}}"#);
    let plan = Arc::new(Plan::new(&weir_ir::from_json(&flow).unwrap()));
    let mut machine = Machine::new(plan, &Started { run: "r".into(), ..Started::default() }, 0);
    let mut code = String::new();
    while let Some(command) = machine.poll() {
        match command {
            Command::StartTimer { path, due, .. } => machine.handle(&Event::new(due, EventBody::TimerFired { path })),
            Command::Complete { error: Some(error), .. } => code = error.code.to_string(),
            _ => {}
        }
    }
    code
}

/// Values share their parts, so a few steps can make one that no disk would hold. It is refused where it is made.
#[test]
fn what_doubles_with_every_step_ends_in_a_failure() {
    let write =
        |op: &str, value: &str| format!(r#"{{"target":{{"scope":"run","name":"x"}},"op":"{op}","value":"{value}"}}"#);
    let again = |writes: &str| {
        format!(
            r#"{{"id":"l","loop":{{"mode":{{"repeat":5000}},"max":5000,"body":{{"id":"b","set":{{"writes":[{writes}]}}}}}}}}"#
        )
    };
    let pass = |id: &str, input: &str| format!(r#"{{"node":{{"id":"{id}","set":{{"writes":[]}}}},"input":"{input}"}}"#);
    let joined: String = (0..60)
        .map(|at| {
            format!(
                ",{},{},{}",
                pass(&format!("a{at}"), "bare"),
                pass(&format!("b{at}"), "bare"),
                pass(&format!("j{at}"), "byNode")
            )
        })
        .collect();
    let edges: String = (0..60).map(|at| {
        let before = if at == 0 { "t".to_owned() } else { format!("j{}", at - 1) };
        format!(r#",{{"from":"{before}","handle":"out","to":"a{at}"}},{{"from":"{before}","handle":"out","to":"b{at}"}},{{"from":"a{at}","handle":"out","to":"j{at}"}},{{"from":"b{at}","handle":"out","to":"j{at}"}}"#)
    }).collect();
    let graph = format!(
        r#"{{"id":"g","graph":{{"nodes":[{}{joined}],"edges":[{}],"output":"bare"}}}}"#,
        pass("t", "region"),
        edges.trim_start_matches(',')
    );
    let list = r#"{"x":{"initial":["a"]}}"#;
    let text = r#"{"x":{"initial":"a"}}"#;
    let cases = [
        (list, again(&write("append", "{{ vars.x }}")), "OUTPUT_TOO_LARGE"),
        (text, again(&write("append", "{{ vars.x }}")), "OUTPUT_TOO_LARGE"),
        (list, again(&write("set", "{{ vars }}")), "OUTPUT_TOO_LARGE"),
        (list, again(&write("set", "{{ [vars.x, vars.x] }}")), "EXPRESSION_FUEL"),
        (list, graph, "OUTPUT_TOO_LARGE"),
    ];
    for (variables, root, expected) in cases {
        assert_eq!(fails_with(variables, &root), expected, "{root}");
    }
}
