//! Whole documents: a chain with a condition, the stored form, the same in YAML, and the four workflows every
//! installation is verified with.

use super::{codes, find, flow, graph, json, read, sketch};
use crate::text::{Format, parse};
use crate::{DIALECTS, SourceFile};
use weir_base::FileId;
use weir_ir::{FlowMode, Loop, NodeKind};

const CHAIN: &str = include_str!("../fixtures/alert-chain.json");
const STORED: &str = include_str!("../fixtures/contract-review.json");
const SIMPLE: &str = include_str!("../fixtures/simple-workflow.json");
const BASE: &str = include_str!("../fixtures/base-workflow.json");
const LONG_RUNNING: &str = include_str!("../fixtures/long-running-workflow.json");
const BASE_LONG_RUNNING: &str = include_str!("../fixtures/base-long-running-workflow.json");

pub const FIXTURES: [(&str, &str); 6] = [
    ("alert-chain.json", CHAIN),
    ("contract-review.json", STORED),
    ("simple-workflow.json", SIMPLE),
    ("base-workflow.json", BASE),
    ("long-running-workflow.json", LONG_RUNNING),
    ("base-long-running-workflow.json", BASE_LONG_RUNNING),
];

/// Branches go one way: what follows the other handle is not reached.
#[test]
fn a_chain_with_a_condition() {
    let parsed = read("chain.json", CHAIN);
    assert!(codes(&parsed).is_empty(), "{:#?}", parsed.diagnostics);
    let found = parsed.flow.expect("a flow");
    assert_eq!(
        sketch(graph(&found)),
        "start:region detect:bare notify:bare severe:bare escalate:bare record:bare report:bare done:bare \
         | start>detect detect>notify notify>severe severe.true>escalate severe.false>record escalate>report \
         report>done record>done -> bare"
    );
    let NodeKind::Branch { cases, .. } = &find(&found, "severe").kind else { panic!("a branch") };
    let weir_ir::Condition::Expr(when) = &cases[0].when else { panic!("an expression") };
    assert_eq!(when.source(), "nodes.detect.output.level >= vars.threshold");
}

#[test]
fn the_stored_form() {
    let parsed = read("stored.json", STORED);
    assert!(codes(&parsed).is_empty(), "{:#?}", parsed.diagnostics);
    let found = parsed.flow.expect("a flow");
    assert_eq!((found.name.as_str(), found.settings.version.as_deref()), ("contract-review", Some("1.2.0")));
    assert_eq!(found.settings.timeout.map(|time| time.millis), Some(900_000));
    assert_eq!(
        sketch(graph(&found)),
        "in:region review:bare approved:bare sign:bare revise:bare out:bare \
         | in>review review>approved approved.true>sign approved.false>revise sign>out revise>out -> bare"
    );
    let sample =
        found.test_data.get("sampleInput").and_then(|input| input.get("contract")?.as_str().map(str::to_owned));
    assert_eq!(sample.as_deref(), Some("C-17"));
}

#[test]
fn wrapped_and_in_yaml() {
    let wrapped = format!(r#"{{"workflow":{BASE},"options":{{"strictMode":true}}}}"#);
    let plain = flow(&json(BASE));
    let inner = read("wrapped.json", &wrapped);
    assert_eq!(sketch(graph(&inner.flow.expect("a flow"))), sketch(graph(&plain)));
    let yaml = "
name: BaseWorkflow
nodes:
  - {id: start, type: trigger, position: {x: 0, y: 0}}
  - id: log
    type: activity
    position: {x: 1, y: 0}
    data: {componentName: Log, config: {message: 'Hello, {{ data.who }}'}}
  - {id: stop, type: end, position: {x: 2, y: 0}}
edges:
  - {id: e1, source: start, target: log}
  - {id: e2, source: log, target: stop}
";
    let found = read("base.yaml", yaml);
    assert!(codes(&found).is_empty(), "{:#?}", found.diagnostics);
    assert_eq!(sketch(graph(&found.flow.expect("a flow"))), sketch(graph(&plain)));
}

#[test]
fn the_simple_workflows() {
    assert_eq!(sketch(graph(&flow(&json(SIMPLE)))), "start:region stop:bare | start>stop -> bare");
    let base = flow(&json(BASE));
    assert_eq!(sketch(graph(&base)), "start:region log:bare stop:bare | start>log log>stop -> bare");
    assert_eq!(base.settings.mode, FlowMode::Task);
}

fn looped<'f>(found: &'f weir_ir::Flow, id: &str) -> &'f Loop {
    match &find(found, id).kind {
        NodeKind::Loop(inner) => inner,
        other => panic!("a loop, not {other:?}"),
    }
}

/// A service that never ends: its loop continues as new before its history grows past what the settings allow.
#[test]
fn the_long_running_workflow() {
    let found = flow(&json(LONG_RUNNING));
    assert_eq!(found.settings.mode, FlowMode::Service);
    let inner = looped(&found, "again");
    // A thousand events, two journaled steps in each iteration.
    assert_eq!((inner.continue_as_new, inner.max.is_none()), (Some(500), true));
    assert_eq!(
        sketch(graph(&found)),
        "start:region again:bare{ log:region pause:bare | log>pause -> bare } | start>again -> bare"
    );
}

#[test]
fn the_bounded_long_running_workflow() {
    let found = flow(&json(BASE_LONG_RUNNING));
    let inner = looped(&found, "hundred");
    assert_eq!((inner.continue_as_new, inner.max.is_none()), (Some(100), true));
    assert_eq!(found.settings.mode, FlowMode::Service);
    assert!(found.variables.contains_key("count"));
}

#[test]
fn only_workflows_fit() {
    let fits = |text: &str| {
        let source = SourceFile { id: FileId(0), name: "x.yaml".to_owned(), text: text.to_owned() };
        let (documents, _) = parse(&source, Format::Yaml);
        documents.first().map(|doc| DIALECTS.into_iter().find(|dialect| dialect.fits(doc)).map_or("none", |d| d.name()))
    };
    assert_eq!(fits(BASE), Some("graph"));
    assert_eq!(fits(STORED), Some("graph"));
    assert_eq!(fits("workflow: {nodes: [], edges: []}"), Some("graph"));
    assert_ne!(fits("organism: {name: a}\nlisteners: []\nnodes: []\nedges: []"), Some("graph"));
    assert_ne!(fits("type: Sequence\nchildren: []"), Some("graph"));
}

/// The example of the user's page is a flow without a problem.
#[test]
fn the_documented_example() {
    let page = include_str!("../../../../../docs/dialects/graph.md");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let parsed = read("page.json", example);
    assert!(codes(&parsed).is_empty(), "{:#?}", parsed.diagnostics);
    let found = parsed.flow.expect("a flow");
    assert_eq!(sketch(graph(&found)), "start:region greet:bare stop:bare | start>greet greet>stop -> bare");
}
