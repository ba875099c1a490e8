//! Laws that hold for every flow: a path occurs once, folding again and resuming from any snapshot give the same
//! state, no environment outlives the run, and every run that is cancelled twice ends.
//!
//! The simulation itself checks the first two after every run; see `support`.

mod support;

use proptest::prelude::*;
use support::{Sim, flow, standard};
use weir_base::Value;
use weir_engine::{EventBody, StepError, TaskResult};

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => Just(r#""task":{"kind":"any","params":{"n":"{{ vars.n ?? 0 }}"},"assign":[{"var":"last","value":"output"}]}"#.to_owned()),
        2 => Just(r#""set":{"writes":[{"target":{"name":"n"},"op":"increment","value":1}]}"#.to_owned()),
        1 => Just(r#""set":{"writes":[{"op":"check","value":"{{ (vars.n ?? 0) % 2 === 0 }}"}]}"#.to_owned()),
        1 => (0u32..3).prop_map(|ms| format!(r#""wait":{{"timer":{{"after":{ms}}}}}"#)),
        1 => Just(r#""wait":{"signal":{"name":"go","timeout":5}}"#.to_owned()),
        1 => Just(r#""wait":{"yield":{"turns":2}}"#.to_owned()),
        1 => Just(r#""call":{"flow":"child","input":{"n":1}}"#.to_owned()),
        1 => Just(r#""fail":{"code":"BY_DESIGN","message":"no"}"#.to_owned()),
    ]
}

fn node(id: usize, kind: &str) -> String {
    format!(r#"{{"id":"n{id}",{kind}}}"#)
}

fn list(children: &[String]) -> String {
    children.iter().enumerate().map(|(at, kind)| node(at, kind)).collect::<Vec<_>>().join(",")
}

fn region(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let some = || prop::collection::vec(inner.clone(), 0..4);
    let order = prop_oneof![Just("plain"), Just("memory"), Just("reactive")];
    let decorators = prop_oneof![
        Just(r#""invert""#),
        Just(r#""runOnce""#),
        Just(r#""softAssert""#),
        Just(r#"{"force":{"success":true}}"#),
        Just(r#"{"timeout":{"after":4}}"#),
        Just(r#"{"delay":{"by":1}}"#),
        Just(r#"{"retry":{"policy":{"strategy":"fail-after-x","maxAttempts":3,"initial":1,"coefficient":1.0}}}"#),
    ];
    prop_oneof![
        (order.clone(), some())
            .prop_map(|(order, c)| format!(r#""sequence":{{"order":"{order}","children":[{}]}}"#, list(&c))),
        (order, some()).prop_map(|(order, c)| format!(r#""select":{{"order":"{order}","children":[{}]}}"#, list(&c))),
        (some(), any::<bool>(), 1u32..3).prop_map(|(c, early, limit)| {
            let settle = if early { "early" } else { "all" };
            format!(r#""parallel":{{"settle":"{settle}","limit":{limit},"children":[{}]}}"#, list(&c))
        }),
        (decorators, inner.clone())
            .prop_map(|(with, body)| format!(r#""decorate":{{"with":{with},"body":{}}}"#, node(0, &body))),
        (inner.clone(), inner.clone(), inner.clone()).prop_map(|(body, catch, finally)| {
            format!(
                r#""try":{{"body":{},"catch":{},"finally":{}}}"#,
                node(0, &body),
                node(1, &catch),
                node(2, &finally)
            )
        }),
        (1u32..4, inner.clone())
            .prop_map(|(count, body)| format!(r#""loop":{{"mode":{{"repeat":{count}}},"body":{}}}"#, node(0, &body))),
        (1u32..3, inner.clone()).prop_map(|(at_once, body)| {
            format!(
                r#""loop":{{"mode":{{"forEach":{{"items":[1,2,3],"concurrency":{at_once}}}}},"body":{}}}"#,
                node(0, &body)
            )
        }),
        (inner.clone(), inner.clone()).prop_map(|(when, then)| {
            format!(
                r#""branch":{{"cases":[{{"when":{{"region":{}}},"then":{{"body":{}}}}}]}}"#,
                node(0, &when),
                node(1, &then)
            )
        }),
        inner.clone().prop_map(|body| format!(r#""scope":{{"body":{}}}"#, node(0, &body))),
        some().prop_map(|c| {
            let step = |(at, kind): (usize, &String)| {
                format!(r#"{{"node":{},"onError":"continue","input":"byNode"}}"#, node(at, kind))
            };
            let nodes: Vec<String> = c.iter().enumerate().map(step).collect();
            let edges: Vec<String> =
                (1..c.len()).map(|at| format!(r#"{{"from":"n{}","handle":"out","to":"n{at}"}}"#, at / 2)).collect();
            format!(r#""graph":{{"nodes":[{}],"edges":[{}]}}"#, nodes.join(","), edges.join(","))
        }),
    ]
    .boxed()
}

fn any_flow() -> impl Strategy<Value = String> {
    leaf().boxed().prop_recursive(4, 24, 4, region).prop_map(|kind| flow(&node(0, &kind)))
}

/// Succeeds, fails or fails by design, by the path and a seed.
fn answer(seed: u64, path: &str) -> TaskResult {
    let digest = weir_base::hash_value(&Value::from(format!("{seed}{path}"))) as u64;
    match digest % 5 {
        0 => TaskResult::failure(StepError::new("BROKEN", "upstream", "it broke")),
        1 => TaskResult::failure(StepError::verdict("NO", "no")),
        _ => TaskResult::success(Value::from(digest as u32)),
    }
}

fn simulate(flow: &str, seed: u64) -> Sim {
    Sim::new(flow).answers(move |task| match &*task.spec.kind {
        "any" => Some(answer(seed, &task.path)),
        _ => standard(task),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_flow_ends_and_leaves_nothing_behind(flow in any_flow(), seed in 0u64..1_000) {
        let ran = simulate(&flow, seed).signal("go", "1").run();
        prop_assert!(ran.status.is_final(), "{:?}\n{flow}", ran.status);
        prop_assert!(ran.machine.size() <= 2, "{} live parts are left\n{flow}", ran.machine.size());
    }

    #[test]
    fn two_cancels_end_every_flow(flow in any_flow(), seed in 0u64..1_000) {
        let cancel = || EventBody::Cancel { reason: "enough".into() };
        let ran = simulate(&flow, seed)
            .answers(|task| (&*task.spec.kind != "any").then(|| standard(task)).flatten())
            .then(cancel())
            .then(cancel())
            .run();
        prop_assert!(ran.status.is_final(), "{:?}\n{flow}", ran.status);
    }
}
