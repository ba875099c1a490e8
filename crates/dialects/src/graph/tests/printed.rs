//! Flows written as workflows, and read again.

use super::{Kinds, drawing, find, flow, graph, json, read, read_as, sketch, workflows::FIXTURES};
use crate::{DIALECTS, Options, convert};
use weir_base::Value;
use weir_ir::Flow;

fn printed(found: &Flow) -> Value {
    match convert(found, "graph", &Kinds) {
        Ok(text) => json(&text),
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// A workflow comes back as it was: its positions, notes and unknown keys with it.
#[test]
fn a_workflow_comes_back_as_it_was() {
    for (name, text) in FIXTURES {
        let found = read(name, text).flow.expect("a flow");
        assert_eq!(printed(&found).to_json(), json(text).to_json(), "{name}");
    }
}

/// A flow that was changed is drawn anew, with nodes where they stood, and means the same when it is read again.
#[test]
fn a_changed_workflow_is_drawn_anew() {
    for (name, text) in FIXTURES {
        let mut found = read(name, text).flow.expect("a flow");
        found.name.push_str(" (changed)");
        let document = printed(&found);
        assert!(document.get("nodes").is_some(), "{name}");
        let again = flow(&document);
        assert_eq!(sketch(graph(&again)), sketch(graph(&found)), "{name}");
        assert_eq!(again.name, found.name);
        let position = |value: &Value| value.get("nodes").and_then(|nodes| nodes.at(1)?.get("position").cloned());
        let inner = json(text);
        let original = inner.get("definition").unwrap_or(&inner);
        assert_eq!(position(&document), position(original), "{name}");
        let kept = |value: &Value| value.get("id").or(value.get("tags")).cloned();
        assert_eq!(kept(&document), kept(&inner), "{name}");
    }
}

/// Nodes, edges, and the data of some nodes.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Drawings of every kind of node survive being drawn anew.
#[test]
fn every_node_type_is_drawn_again() {
    let cases: [Case; 13] = [
        ("t:trigger l:loop a:approval b:activity e:end", "t>l l>a a>b b>l a.rejected>l l>e", &[]),
        ("t:trigger r:retry a:activity b:activity h:activity e:end", "t>r t>b r>a a>e a.error>h b>e h>e", &[]),
        ("t:trigger l:loop a:activity b:activity e:end", "t>l l>a a>b a.error>l b>l l>e", &[]),
        (
            "t:trigger l:loop s:signal e:end",
            "t>l l>s s>l s.timeout>l l>e",
            &[("s", r#"{"signalName":"go","timeout":"1h"}"#)],
        ),
        ("t:trigger c:condition a:activity b:activity e:end", "t>c c.true>a c.false>b a>e b>e", &[]),
        ("t:trigger l:loop a:activity b:wait e:end", "t>l l>a a>b b>l l>e", &[]),
        ("t:trigger l:loop c:condition a:activity x:activity e:end", "t>l l>c c.true>a a>l c.false>x l>e x>e", &[]),
        ("t:trigger l:loop a:activity b:activity e:end", "t>l l>a l>b a>b b>l l>e", &[]),
        ("t:trigger r:retry a:activity b:activity e:end", "t>r r.body>a a>b r.done>e", &[]),
        ("t:trigger s:signal a:approval e:end f:fail", "t>s s>a s.timeout>f a.approved>e a.rejected>f", &[]),
        ("t:trigger p:phase v:state-variable w:child-workflow e:end", "t>p p>v v>w w>e", &[]),
        (
            "t:trigger g:agent e:end",
            "t>g g>e",
            &[(
                "g",
                r#"{"timeout":"1h","retryPolicy":{"maxAttempts":2},"config":{"model":"m","tools":["Log"],"temperature":1}}"#,
            )],
        ),
        (
            "t:trigger l:loop a:activity e:end",
            "t>l l>a a>l l>e",
            &[("l", r#"{"config":{"items":"{{ input }}","concurrency":2,"itemVariable":"one"}}"#)],
        ),
    ];
    for (nodes, edges, data) in cases {
        let mut found = flow(&drawing(nodes, edges, data));
        found.settings.extra.clear();
        let again = flow(&printed(&found));
        assert_eq!(sketch(graph(&again)), sketch(graph(&found)), "{edges}");
        for node in &graph(&found).nodes {
            let shown = |of: &Flow| super::shown(find(of, &node.node.id));
            assert_eq!(shown(&again), shown(&found), "{edges}");
        }
    }
}

fn tree(text: &str) -> Flow {
    tree_as(text, Options::default())
}

fn tree_as(text: &str, options: Options) -> Flow {
    let parsed = super::read_as("test.yaml", text, options);
    let mut found = parsed.flow.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    found.input_as_variables = false;
    found
}

/// A sequence of steps becomes a chain with a trigger before it, an end after it, and tidy places.
#[test]
fn a_sequence_becomes_a_chain() {
    let found = tree(
        "type: Sequence
id: greet
children:
  - {type: LogMessage, id: hello, props: {message: hi}}
  - {type: CounterAction, id: count, props: {counterKey: n}}
  - {type: Repeat, id: twice, props: {numCycles: 2}, children: [{type: LogMessage, id: again, props: {message: x}}]}
",
    );
    let document = printed(&found);
    let again = flow(&document);
    assert_eq!(
        sketch(graph(&again)),
        "start:region hello:bare count:bare twice:bare{ again:region |  -> bare } end:bare \
         | start>hello hello>count count>twice twice.done>end -> bare"
    );
    let xs = document.get("nodes").and_then(Value::as_array).into_iter().flatten();
    let xs: Vec<f64> = xs.filter_map(|node| node.get("position")?.get("x")?.as_f64()).collect();
    assert_eq!(xs, [0.0, 260.0, 520.0, 780.0, 1040.0, 1040.0]);
}

/// What a workflow has no word for is named, all of it.
#[test]
fn what_stands_in_the_way_is_named() {
    let found = tree(
        "type: Selector
id: pick
children:
  - {type: Invert, id: not, children: [{type: SuccessNode, id: ok}]}
",
    );
    let problems = convert(&found, "graph", &Kinds).expect_err("a selector cannot be drawn");
    assert_eq!(problems[0].code, "NOT_EXPRESSIBLE");
    assert!(problems[0].message.contains("selector"), "{problems:?}");
    assert!(DIALECTS.iter().any(|dialect| dialect.name() == "graph"));
}

fn kept() -> Options {
    Options { keep_disabled: true, ..Options::default() }
}

/// The ids of the nodes of a document that are disabled.
fn disabled(document: &Value) -> Vec<&str> {
    let nodes = document.get("nodes").and_then(Value::as_array).into_iter().flatten();
    let off = nodes.filter(|node| node.get("data").and_then(|data| data.get("disabled")) == Some(&true.into()));
    off.filter_map(|node| node.get("id")?.as_str()).collect()
}

/// A disabled step of a tree is the same step, disabled; one of several is so node by node.
#[test]
fn disabled_steps_of_a_tree_are_drawn_and_disabled() {
    let tree = "type: Sequence
id: greet
children:
  - {type: LogMessage, id: hello, disabled: true, props: {message: hi}}
  - {type: LogMessage, id: said, props: {message: hi}}
  - type: Sequence
    id: more
    disabled: true
    children: [{type: CounterAction, id: count, props: {counterKey: n}}, {type: WaitAction, id: rest, props: {waitMs: 5}}]
  - {type: Repeat, id: twice, props: {numCycles: 2}, children: [{type: LogMessage, id: again, disabled: true, props: {message: x}}]}
";
    let document = printed(&tree_as(tree, kept()));
    assert_eq!(disabled(&document), ["hello", "count", "rest", "again"]);
    let passes = r#"{"set":{"writes":[]}}"#;
    let again = flow(&document);
    assert_eq!(["hello", "count", "rest"].map(|id| super::shown(find(&again, id))), [passes; 3]);

    let awake = flow(&json(&document.to_json().replace(r#","disabled":true"#, "")));
    assert!(super::shown(find(&awake, "hello")).contains(r#""message":"hi""#));
    assert_eq!(super::shown(find(&awake, "rest")), r#"{"wait":{"timer":{"after":"5ms"}}}"#);
}

/// Where nodes could not pass on what they get, the step that is in the way is named.
#[test]
fn disabled_steps_that_cannot_be_drawn_are_named() {
    let log = |id: &str| format!("{{type: LogMessage, id: {id}, props: {{message: x}}}}");
    for step in [
        format!("{{type: Repeat, id: x, disabled: true, props: {{numCycles: 2}}, children: [{}]}}", log("a")),
        "{type: FailureNode, id: x, disabled: true}".to_owned(),
    ] {
        let found = tree_as(&format!("type: Sequence\nid: s\nchildren: [{}, {step}]\n", log("first")), kept());
        let problems = convert(&found, "graph", &Kinds).expect_err("it cannot be drawn");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].code.as_str(), problems[0].path.as_str()), ("NOT_EXPRESSIBLE", "main/x"), "{step}");
    }
}

/// A workflow comes back with its disabled nodes, however it was read; drawn anew, what they are told is still there.
#[test]
fn disabled_nodes_of_a_workflow_come_back() {
    let data = [("n", r#"{"disabled":true,"activityName":"log","config":{"message":"hi"}}"#)];
    let document = drawing("t:trigger n:activity e:end", "t>n n>e", &data);
    for keep_disabled in [true, false] {
        let options = Options { keep_disabled, ..Options::default() };
        let found = read_as("test.json", &document.to_json(), options).flow.expect("a flow");
        assert_eq!(printed(&found).to_json(), document.to_json());
    }
    let mut found = read_as("test.json", &document.to_json(), kept()).flow.expect("a flow");
    found.settings.extra.clear();
    let again = printed(&found);
    assert_eq!(disabled(&again), ["n"]);
    let data = again.get("nodes").and_then(|nodes| nodes.at(1)?.get("data").cloned()).unwrap_or_default();
    assert_eq!(data.get("config").map(Value::to_json).as_deref(), Some(r#"{"message":"hi"}"#));
}

/// The inner form holds what is run, and says which steps are not.
#[test]
fn the_inner_form_refuses_disabled_steps() {
    let data = [("n", r#"{"disabled":true,"label":"Say hi","activityName":"log","config":{}}"#)];
    let document = drawing("t:trigger n:activity e:end", "t>n n>e", &data);
    let found = read_as("test.json", &document.to_json(), kept()).flow.expect("a flow");
    let problems = convert(&found, "ir", &Kinds).expect_err("it is not run");
    assert_eq!((problems.len(), problems[0].code.as_str(), problems[0].path.as_str()), (1, "NOT_EXPRESSIBLE", "n"));
    assert!(problems[0].message.contains("`Say hi` is disabled"), "{problems:?}");
}
