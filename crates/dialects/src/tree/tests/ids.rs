use super::{flow, problems, read};
use crate::tree::walk::without_places;
use crate::tree::write_ids;

fn check(text: &str, expected: &str) {
    assert_eq!(write_ids(text).as_deref(), Ok(expected), "{text}");
}

#[test]
fn ids_are_written_behind_the_type() {
    check(
        "# head\ntype: Sequence # the root\n\nchildren:\n  - type: PrintAction\n    props: {message: x}\n  - {type: PrintAction, props: {message: y}}\n  - id: own\n    type: PrintAction\n",
        "# head\ntype: Sequence # the root\nid: sequence-1\n\nchildren:\n  - type: PrintAction\n    id: print-action-1\n    props: {message: x}\n  - {type: PrintAction, id: print-action-2, props: {message: y}}\n  - id: own\n    type: PrintAction\n",
    );
    check("type: SuccessNode\r\nname: x\r\n", "type: SuccessNode\r\nid: success-node-1\r\nname: x\r\n");
    check("type: SuccessNode", "type: SuccessNode\nid: success-node-1");
    check("a: 1\n---\ntype: SuccessNode\nid: x\n", "a: 1\n---\ntype: SuccessNode\nid: x\n");
    check(
        "{\"type\": \"Invert\", \"children\": [{\"type\": \"SuccessNode\"}]}",
        "{\"type\": \"Invert\", \"id\": \"invert-1\", \"children\": [{\"type\": \"SuccessNode\", \"id\": \"success-node-1\"}]}",
    );
}

#[test]
fn a_node_behind_an_alias_has_no_place() {
    let problem = write_ids("type: Sequence\nid: s\nchildren:\n  - &n {type: SuccessNode}\n  - *n\n").unwrap_err();
    assert_eq!(problem.code, "EDIT_NOT_POSSIBLE");
    assert_eq!(write_ids("a: [").unwrap_err().code, "YAML_SYNTAX");
}

/// Semantics 1.5: writing the ids down moves no path, and what is written reads without a complaint.
#[test]
fn rule_1_5_written_ids_are_the_derived_ones() {
    let text = "type: Sequence\nchildren:\n  - type: Invert\n    children: [{type: SuccessNode}]\n  - type: Invert\n    children: [{type: SuccessNode}]\n  - type: SuccessNode\n    id: success-node-1\n  - type: SuccessNode\n";
    let written = write_ids(text).unwrap();
    assert_eq!(problems(&written, read(&written).diagnostics), "");
    assert_eq!(without_places(&flow(&written), true), without_places(&flow(text), true));
    assert_eq!(write_ids(&written).as_deref(), Ok(&*written));
}
