use super::{Files, Kinds, flow, lower::TREES, read_as, read_with};
use crate::Options;
use crate::tree::walk::without_places;
use weir_ir::Flow;

fn round_trip(flow: &Flow) -> String {
    let text = crate::print(flow, "tree", &Kinds).unwrap_or_else(|problems| panic!("{problems:?}"));
    let again = super::flow(&text);
    assert_eq!(without_places(&again, true), without_places(flow, true), "{text}");
    text
}

#[test]
fn what_was_read_is_written_back() {
    for (_, text) in TREES {
        round_trip(&flow(text));
    }
}

#[test]
fn a_computed_status_is_written_as_it_was() {
    for (ty, more) in [("AlwaysCondition", ""), ("MockAction", ""), ("MockAction", ", ticksBeforeComplete: 3")] {
        let text = format!("type: {ty}\nid: a\nprops: {{returnStatus: \"{{{{ b ? 'SUCCESS' : c }}}}\"{more}}}\n");
        let printed = round_trip(&flow(&text));
        assert!(printed.contains("returnStatus: \"{{ vars.b ? 'SUCCESS' : vars.c }}\""), "{printed}");
    }
}

#[test]
fn trees_of_other_files_come_along() {
    let files = Files(
        [("x.yaml", "type: SubTree\nid: top\nprops: {treeId: y}\n"), ("y.yaml", "type: SuccessNode\nid: y\n")].into(),
    );
    let flow = read_with("type: SubTree\nid: a\nprops: {treeId: x}\n", &files).flow.unwrap();
    assert_eq!(
        round_trip(&flow),
        "type: SubTree\nid: a\nprops:\n  treeId: x\n---\ntreeId: x\ntype: SubTree\nid: top\nprops:\n  treeId: y\n---\ntype: SuccessNode\nid: y\n"
    );
}

/// A flow that is read to be written again keeps what is disabled, wherever it stands.
#[test]
fn disabled_nodes_stay_and_stay_disabled() {
    let text = "type: Sequence
id: s
children:
  - type: PrintAction
    id: a
    name: Say it
    disabled: true
    props:
      message: x
  - type: Conditional
    id: c
    children:
      - type: SuccessNode
        id: check
        disabled: true
      - type: Sequence
        id: then
        disabled: true
        children:
          - type: SuccessNode
            id: ok
";
    let kept = Options { keep_disabled: true, ..Options::default() };
    let flow = read_as(text, &Files::default(), kept).flow.unwrap();
    assert_eq!(crate::print(&flow, "tree", &Kinds).unwrap(), text);
}

#[test]
fn the_text_is_what_a_person_would_write() {
    let text = "type: Sequence\nid: s\nname: A row\nsettings:\n  timeout: 5m\nchildren:\n  - type: PrintAction\n    id: hello\n    props:\n      message: Hello {{ vars.name }}\n  - type: Conditional\n    id: c\n    children:\n      - type: CheckCondition\n        id: check\n        props:\n          expression: vars.a > 1\n      - type: SuccessNode\n        id: then\n  - type: LogMessage\n    id: log\n    props:\n      message: order ${order.id}\n  - type: Script\n    id: script\n    props:\n      textContent: |-\n        a = (b == null);\n        c = param(\"x\") + 'y'\n";
    let printed = round_trip(&flow(text));
    assert_eq!(round_trip(&flow(&printed)), printed);
    for line in [
        "  - type: LogMessage",
        "      message: order ${order.id}",
        "      message: Hello {{ vars.name }}",
        "  timeout: 5m",
    ] {
        assert!(printed.lines().any(|found| found == line), "{line}\n{printed}");
    }
}

/// In a tree a bare 0 stands for the default, so one that is meant is written as an expression.
#[test]
fn a_zero_that_is_meant_stays_zero() {
    let ir = |root: &str| {
        let text =
            format!(r#"{{"ir":1,"name":"n","dialect":"ir","settings":{{"mode":"task","egress":{{}}}},"root":{root}}}"#);
        crate::print(&weir_ir::from_json(&text).unwrap(), "tree", &Kinds).unwrap()
    };
    assert!(ir(r#"{"id":"w","wait":{"timer":{"after":0}}}"#).contains("waitMs: \"{{ 0 }}\""));
    assert!(ir(r#"{"id":"w","wait":{"timer":{"after":5}}}"#).contains("waitMs: 5"));
}

fn refused(json: &str) -> String {
    let flow = weir_ir::from_json(json).unwrap();
    let problems = crate::print(&flow, "tree", &Kinds).unwrap_err();
    problems.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_stands_in_the_way_is_named() {
    let ir = |root: &str| {
        format!(r#"{{"ir":1,"name":"n","dialect":"ir","settings":{{"mode":"task","egress":{{}}}},"root":{root}}}"#)
    };
    let cases = [
        (r#"{"id":"r","return":{"value":1}}"#, "NOT_EXPRESSIBLE r"),
        (
            r#"{"id":"r","sequence":{"children":[{"id":"a","graph":{"nodes":[],"edges":[]}},{"id":"b","wait":{"signal":{"name":"x"}}}]}}"#,
            "NOT_EXPRESSIBLE a\nNOT_EXPRESSIBLE b",
        ),
        (r#"{"id":"r","fail":{"code":"X","message":"m"}}"#, "NOT_EXPRESSIBLE r"),
        (
            r#"{"id":"r","decorate":{"with":"invert","body":{"id":"a","task":{"kind":"print","params":{"message":"{{ data }}"}}}}}"#,
            "NOT_EXPRESSIBLE a",
        ),
        (r#"{"id":"r","task":{"kind":"http.request","params":{"url":"x"}}}"#, "NOT_EXPRESSIBLE r"),
        (r#"{"id":"r","phase":"p","set":{"writes":[]}}"#, "NOT_EXPRESSIBLE r"),
    ];
    for (root, expected) in cases {
        assert_eq!(refused(&ir(root)), expected, "{root}");
    }
}

/// A flow of another dialect that a tree has words for is written as a tree.
#[test]
fn flows_of_other_dialects() {
    let json = r#"{"ir":1,"name":"Named","dialect":"ir","settings":{"mode":"task","egress":{}},"root":{"id":"r","sequence":{"children":[
        {"id":"a","task":{"kind":"file.read","params":{"path":"{{ input.path }}"},"assign":[{"var":"text","value":"output"}]}},
        {"id":"b","set":{"writes":[{"target":{"scope":"run","name":"n"},"op":"append","value":1}]}}]}}}"#;
    let flow = weir_ir::from_json(json).unwrap();
    let text = crate::print(&flow, "tree", &Kinds).unwrap();
    let again = super::flow(&text);
    assert_eq!((again.name.as_str(), again.dialect.as_str()), ("Named", "tree"));
    assert_eq!(without_places(&again, false).root.kind, flow.root.kind);
}
