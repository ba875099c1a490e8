//! What names mean in the expressions of a workflow.

use super::{drawing, find, flow, json, read_value};
use weir_base::Value;
use weir_ir::NodeKind;

/// The parameter `p` of node `b`, as it was written and as it was understood.
fn check(written: &str, expected: &str) {
    let data = Value::object([("activityName", "log".into()), ("config", Value::object([("p", written.into())]))]);
    let document = drawing(
        "t:trigger activity-2:activity b:activity s:state-variable e:end",
        "t>activity-2 activity-2>b b>s s>e",
        &[("b", &data.to_json()), ("s", r#"{"config":{"name":"total","value":1}}"#)],
    );
    let found = flow(&document);
    let NodeKind::Task(task) = &find(&found, "b").kind else { panic!("a task") };
    let params = task.params.to_value();
    assert_eq!(params.get("p").and_then(Value::as_str), Some(expected), "{written}");
}

#[test]
fn names_are_nodes_variables_or_themselves() {
    let cases = [
        ("{{ data.x }}", "{{ data.x }}"),
        ("${data.x}", "{{ data.x }}"),
        ("${activity-2.field}", r#"{{ nodes["activity-2"].output.field }}"#),
        ("{{activity_2.field}}", r#"{{ nodes["activity-2"].output.field }}"#),
        ("{{ activity-2.output.field }}", r#"{{ nodes["activity-2"].output.field }}"#),
        ("{{ activity_2.output.field }}", r#"{{ nodes["activity-2"].output.field }}"#),
        ("{{ activity-2 }}", r#"{{ nodes["activity-2"].output }}"#),
        ("{{ activity-2-1 }}", r#"{{ nodes["activity-2"].output-1 }}"#),
        ("{{ t.user }}", "{{ nodes.t.output.user }}"),
        ("{{ total + 1 }}", "{{ vars.total + 1 }}"),
        ("{{ vars.total }}", "{{ vars.total }}"),
        ("{{ input.total }}", "{{ input.total }}"),
        ("{{ data.total }}", "{{ data.total }}"),
        ("{{ data.map(t => t.user) }}", "{{ data.map(t => t.user) }}"),
        ("{{ 'activity-2.x' + t.a }}", "{{ 'activity-2.x' + nodes.t.output.a }}"),
        ("{{ unheard.of }}", "{{ unheard.of }}"),
        ("plain activity-2", "plain activity-2"),
    ];
    for (written, expected) in cases {
        check(written, expected);
    }
}

/// What `error` means in node `h` of a drawing.
fn caught(nodes: &str, edges: &str, expected: &str) {
    let found = flow(&drawing(nodes, edges, &[("h", r#"{"activityName":"log","config":{"p":"{{ error.code }}"}}"#)]));
    let NodeKind::Task(task) = &find(&found, "h").kind else { panic!("a task") };
    assert_eq!(task.params.to_value().get("p").and_then(Value::as_str), Some(expected), "{edges}");
}

#[test]
fn behind_an_error_edge_the_error_has_a_name() {
    let two = "t:trigger a:activity b:activity h:activity e:end";
    caught(two, "t>a a>b a.error>h b>e h>e", "{{ nodes.a.error.code }}");
    caught(two, "t>a a>b b>e a.error>h b.error>h h>e", "{{ (nodes.a.error ?? nodes.b.error).code }}");
    caught(two, "t>a a>b b>h h>e", "{{ error.code }}");
    let looped = "t:trigger l:loop b:activity h:activity e:end";
    caught(looped, "t>l l.body>b b>l l.done>e b.error>h h>e", "{{ data.code }}");
}

fn condition(written: &str) -> String {
    let data = Value::object([("config", Value::object([("expression", written.into())]))]);
    let document = drawing("t:trigger c:condition e:end", "t>c c.true>e c.false>e", &[("c", &data.to_json())]);
    let found = flow(&document);
    let NodeKind::Branch { cases, .. } = &find(&found, "c").kind else { panic!("a branch") };
    let weir_ir::Condition::Expr(expr) = &cases[0].when else { panic!("an expression") };
    expr.source().to_owned()
}

/// Conditions may be written whole or with their parts in placeholders, quoted or not.
#[test]
fn conditions_in_every_spelling() {
    let cases = [
        ("data.score > 10", "data.score > 10"),
        ("{{ data.score > 10 }}", "data.score > 10"),
        ("${data.score} > 10", "(data.score) > 10"),
        ("'${data.status}' === 'ok'", "(data.status) === 'ok'"),
        ("\"{{ data.status }}\" == \"ok\"", "(data.status) == \"ok\""),
        ("${t.score} >= ${data.limit}", "(nodes.t.output.score) >= (data.limit)"),
    ];
    for (written, expected) in cases {
        assert_eq!(condition(written).replace("((", "(").replace("))", ")"), expected, "{written}");
    }
}

/// A node that a retry owns goes by the retry's name outside of it.
#[test]
fn a_retried_node_is_read_through_its_retry() {
    let b = r#"{"activityName":"log","config":{"message":"{{ a.x }} {{ nodes.a.output.y }}"}}"#;
    let found = flow(&drawing("t:trigger r:retry a:activity b:activity e:end", "t>r r>a a>b b>e", &[("b", b)]));
    let NodeKind::Task(task) = &find(&found, "b").kind else { panic!("a task") };
    assert_eq!(task.params.to_value(), json(r#"{"message":"{{ nodes.r.output.x }} {{ nodes.r.output.y }}"}"#));
}

/// In an explicit mapping `data` is what the one edge brings.
#[test]
fn a_mapping_reads_what_came_before() {
    let end = r#"{"input":{"sum":"{{ data.a + data.b }}"}}"#;
    let found = flow(&drawing("t:trigger a:activity e:end", "t>a a>e", &[("e", end)]));
    let weir_ir::Input::Map(mapping) = &super::graph(&found).nodes[2].input else { panic!("a mapping") };
    let text = mapping.to_value().to_json().replace(['(', ')'], "");
    assert_eq!(text, r#"{"sum":"{{ nodes.a.output.a + nodes.a.output.b }}"}"#);
}

/// A problem in an expression points at the expression, wherever it stands.
#[test]
fn broken_expressions_are_reported_where_they_stand() {
    let cases = [
        ("b", r#"{"activityName":"log","config":{"message":"{{ data. }}"}}"#),
        ("b", r#"{"activityName":"log","config":{"message":{"deep":["x","${ 1 + }"]}}}"#),
        ("c", r#"{"config":{"expression":"data >"}}"#),
        ("c", r#"{"config":{"expression":"'a ${data.x} b' == 'c'"}}"#),
        ("c", r#"{"config":{"expression":"data.map(x => { return x })"}}"#),
    ];
    for (id, data) in cases {
        let document = drawing("t:trigger b:activity c:condition e:end", "t>b b>c c.true>e c.false>e", &[(id, data)]);
        let text = document.to_json();
        let parsed = super::read("test.json", &text);
        let errors: Vec<_> = parsed.diagnostics.iter().filter(|problem| problem.is_error()).collect();
        assert_eq!(errors.len(), 1, "{data}: {errors:?}");
        let span = errors[0].span.expect("a place").range();
        let start = text.find(data).expect("the data");
        assert!(start <= span.start && span.end <= start + data.len(), "{data}: {:?}", &text[span]);
    }
}

/// Names and labels with code in them are text.
#[test]
fn hostile_names_are_text() {
    let name = "x=1; process.exit(1); let y";
    let data = Value::object([("config", Value::object([("name", name.into()), ("value", 1.into())]))]);
    let parsed = read_value(&drawing("t:trigger s:state-variable e:end", "t>s s>e", &[("s", &data.to_json())]));
    let found = parsed.flow.expect("a flow");
    assert!(found.variables.contains_key(name), "{:?}", parsed.diagnostics);
}
