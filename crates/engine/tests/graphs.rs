//! The graph region: semantics section 3.

mod support;

use support::run;
use weir_engine::Status;

/// Steps as `(id, kind, more fields of the graph node)`; edges as `a>b` or `a:handle>b`.
fn graph(steps: &[(&str, &str, &str)], edges: &str) -> String {
    let node = |(id, kind, more): &(&str, &str, &str)| {
        let inner = match *kind {
            "yes" | "no" => format!(
                r#""branch":{{"cases":[{{"when":{{"expr":"{}"}},"then":{{"handle":"true"}}}}],"otherwise":{{"handle":"false"}}}}"#,
                *kind == "yes"
            ),
            "pass" => r#""set":{"writes":[]}"#.to_owned(),
            kind => format!(r#""task":{{"kind":"{kind}","params":{{"id":"{id}","data":"{{{{ data }}}}"}}}}"#),
        };
        format!(r#"{{"node":{{"id":"{id}",{inner}}}{more}}}"#)
    };
    let edge = |text: &str| {
        let (from, to) = text.split_once('>').expect("an edge");
        let (from, handle) = from.split_once(':').unwrap_or((from, "out"));
        format!(r#"{{"from":"{from}","handle":"{handle}","to":"{to}"}}"#)
    };
    let nodes: Vec<String> = steps.iter().map(node).collect();
    let edges: Vec<String> = edges.split_whitespace().map(edge).collect();
    format!(r#"{{"id":"g","graph":{{"nodes":[{}],"edges":[{}]}}}}"#, nodes.join(","), edges.join(","))
}

const BARE: &str = r#","input":"bare""#;
const BY_NODE: &str = r#","input":"byNode""#;

#[test]
fn rule_3_1_all_whose_turn_has_come_start_in_file_order() {
    let root = graph(&[("a", "ok", ""), ("b", "ok", ""), ("c", "ok", BARE), ("d", "ok", BARE)], "a>d a>c");
    assert_eq!(run(&root).tasks, ["g/a", "g/b", "g/c", "g/d"]);
}

#[test]
fn rule_3_2_a_branch_lets_the_other_side_die() {
    let steps = [("q", "yes", ""), ("t", "ok", BARE), ("f", "ok", BARE), ("after", "ok", BARE)];
    let ran = run(&graph(&steps, "q:true>t q:false>f f>after"));
    assert_eq!(ran.tasks, ["g/t"]);
    assert!(ran.steps().contains(&("g/after".into(), "skipped".into())));
}

/// A for-each gives its list by index where it is collected, whatever ended first; else the last body output.
#[test]
fn rule_3_8_what_a_loop_gives() {
    let body = r#"{"id":"t","task":{"kind":"ok","params":"{{ item * 2 }}"}}"#;
    let cases = [
        (r#"{"forEach":{"items":[3,1,2],"concurrency":1}}"#, r#""collect":true,"#, "[6,2,4]"),
        (r#"{"forEach":{"items":[3,1,2],"concurrency":3}}"#, r#""collect":true,"#, "[6,2,4]"),
        (r#"{"forEach":{"items":[3,1,2],"concurrency":1}}"#, "", "4"),
        (r#"{"forEach":{"items":[],"concurrency":1}}"#, r#""collect":true,"#, "[]"),
    ];
    for (mode, collect, output) in cases {
        let ran = run(&format!(r#"{{"id":"l","loop":{{"mode":{mode},{collect}"body":{body}}}}}"#));
        assert_eq!((ran.status, ran.output.to_json().as_str()), (Status::Succeeded, output), "{mode} {collect}");
    }
}

#[test]
fn rule_3_3_a_join_waits_for_taken_or_dead() {
    let steps = [("q", "no", ""), ("t", "ok", BARE), ("f", "ok", BARE), ("j", "ok", BARE)];
    let ran = run(&graph(&steps, "q:true>t q:false>f t>j f>j"));
    assert_eq!(ran.tasks, ["g/f", "g/j"]);
    let any = [("a", "ok", ""), ("b", "never", ""), ("j", "ok", r#","join":"any","cancelRest":true,"input":"bare""#)];
    let ran = run(&graph(&any, "a>j b>j"));
    assert_eq!((ran.status, ran.cancelled), (Status::Succeeded, vec!["g/b".to_owned()]));
}

#[test]
fn rule_3_3_join_any_runs_once() {
    let any = [("a", "ok", ""), ("b", "ok", ""), ("j", "ok", r#","join":"any","input":"bare""#)];
    assert_eq!(run(&graph(&any, "a>j b>j")).tasks, ["g/a", "g/b", "g/j"]);
}

#[test]
fn rule_3_4_failures() {
    let plain = [("a", "fail", ""), ("b", "never", "")];
    let ran = run(&graph(&plain, ""));
    assert_eq!((ran.status, ran.cancelled), (Status::Failed, vec!["g/b".to_owned()]));
    let caught = [("a", "fail", ""), ("ok", "ok", BARE), ("h", "ok", BARE)];
    let ran = run(&graph(&caught, "a>ok a:error>h"));
    assert_eq!(ran.tasks, ["g/a", "g/h"]);
    let handled = ran.output.get("h").expect("the handler's output");
    assert_eq!(handled.get("data").and_then(|data| data.get("code")).and_then(|code| code.as_str()), Some("BROKEN"));
    let going_on = [("a", "fail", r#","onError":"continue""#), ("b", "ok", BARE)];
    assert_eq!(run(&graph(&going_on, "a>b")).output.to_json(), r#"{"id":"b","data":null}"#);
}

#[test]
fn rule_3_5_inputs_and_the_regions_output() {
    let steps = [("a", "ok", ""), ("b", "ok", ""), ("j", "pass", BY_NODE)];
    let output = run(&graph(&steps, "a>j b>j")).output.to_json();
    assert_eq!(output, r#"{"a":{"id":"a","data":null},"b":{"id":"b","data":null}}"#);
    let ends = run(&graph(&[("a", "ok", ""), ("b", "pass", "")], "")).output.to_json();
    assert_eq!(ends, r#"{"a":{"id":"a","data":null},"b":null}"#);
    let mapped = [("a", "ok", ""), ("b", "ok", r#","input":{"map":"{{ nodes.a.output.id + '!' }}"}"#)];
    assert_eq!(run(&graph(&mapped, "a>b")).output.to_json(), r#"{"id":"b","data":"a!"}"#);
}

#[test]
fn rule_3_5_an_end_does_not_cut_siblings() {
    let ran = run(&graph(&[("a", "ok", ""), ("end", "pass", BARE), ("b", "ok", "")], "a>end"));
    assert_eq!(ran.tasks, ["g/a", "g/b"]);
}

#[test]
fn rule_3_7_an_exit_edge_ends_the_loop() {
    let body = r#"{"id":"body","graph":{"nodes":[
        {"node":{"id":"work","task":{"kind":"ok","params":{}}}},
        {"node":{"id":"stop","branch":{"cases":[{"when":{"expr":"index >= 2"},"then":{"handle":"true"}}],"otherwise":{"handle":"false"}}},"input":"bare"}],
        "edges":[{"from":"work","handle":"out","to":"stop"}],
        "exits":[{"from":"stop","handle":"true","name":"exit"}]}}"#;
    let looped = format!(r#"{{"id":"l","loop":{{"mode":"forever","body":{body}}}}}"#);
    let root = format!(
        r#"{{"id":"g","graph":{{"nodes":[{{"node":{looped}}},
            {{"node":{{"id":"x","task":{{"kind":"ok","params":{{}}}}}},"input":"bare"}},
            {{"node":{{"id":"d","task":{{"kind":"ok","params":{{}}}}}},"input":"bare"}}],
            "edges":[{{"from":"l","handle":"exit","to":"x"}},{{"from":"l","handle":"done","to":"d"}}]}}}}"#
    );
    let ran = run(&root);
    assert_eq!(ran.tasks, ["g/l[0]/body/work", "g/l[1]/body/work", "g/l[2]/body/work", "g/x"]);
}

#[test]
fn an_empty_graph_succeeds() {
    assert_eq!(run(&graph(&[], "")).status, Status::Succeeded);
}
