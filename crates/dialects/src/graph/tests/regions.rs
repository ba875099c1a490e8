//! Semantics, section 3: what becomes regions, edges and inputs.

use super::{drawing, find, flow, graph, read_value, sketch};
use weir_ir::{Join, OnError};

fn check(nodes: &str, edges: &str, expected: &str) {
    check_with(nodes, edges, &[], expected);
}

fn check_with(nodes: &str, edges: &str, data: &[(&str, &str)], expected: &str) {
    assert_eq!(sketch(graph(&flow(&drawing(nodes, edges, data)))), expected, "\n{nodes}\n{edges}");
}

/// 3.5: one edge, exclusive edges or `join: any` give the bare value; several an object; none the region's input.
#[test]
fn rule_3_5_inputs() {
    check("t:trigger a:activity e:end", "t>a a>e", "t:region a:bare e:bare | t>a a>e -> bare");
    check(
        "t:trigger a:activity b:activity e:end",
        "t>a t>b a>e b>e",
        "t:region a:bare b:bare e:by | t>a t>b a>e b>e -> bare",
    );
    check(
        "t:trigger c:condition a:activity b:activity e:end",
        "t>c c.true>a c.false>b a>e b>e",
        "t:region c:bare a:bare b:bare e:bare | t>c c.true>a c.false>b a>e b>e -> bare",
    );
    check_with(
        "t:trigger a:activity b:activity e:end",
        "t>a t>b a>e b>e",
        &[("e", r#"{"join":"any"}"#)],
        "t:region a:bare b:bare e:bare | t>a t>b a>e b>e -> bare",
    );
    check_with(
        "t:trigger a:activity b:activity e:end",
        "t>a t>b a>e b>e",
        &[("e", r#"{"input":{"sum":"{{ nodes.a.output + nodes.b.output }}"}}"#)],
        "t:region a:bare b:bare e:map | t>a t>b a>e b>e -> bare",
    );
}

/// 3.5: exclusive means different handles of one node, however far above; part of a side is not enough.
#[test]
fn rule_3_5_exclusive_paths() {
    check(
        "t:trigger c:condition d:condition a:activity b:activity x:activity e:end",
        "t>c c.true>d c.false>x d.true>a d.false>b a>e b>e x>e",
        "t:region c:bare d:bare a:bare b:bare x:bare e:bare | t>c c.true>d c.false>x d.true>a d.false>b a>e b>e x>e -> bare",
    );
    check(
        "t:trigger c:condition a:activity b:activity x:activity e:end",
        "t>c c.true>a c.true>b c.false>x a>e b>e x>e",
        "t:region c:bare a:bare b:bare x:bare e:by | t>c c.true>a c.true>b c.false>x a>e b>e x>e -> bare",
    );
    check(
        "t:trigger c:condition a:activity e:end",
        "t>c c.true>a a>e c.false>e",
        "t:region c:bare a:bare e:bare | t>c c.true>a a>e c.false>e -> bare",
    );
    check(
        "t:trigger a:activity h:activity e:end",
        "t>a a>e a.error>h h>e",
        "t:region a:bare h:bare e:bare | t>a a>e a.error>h h>e -> bare",
    );
}

/// 3.5: the region's output follows the same rule over its end nodes.
#[test]
fn rule_3_5_output() {
    check("t:trigger a:end b:end", "t>a t>b", "t:region a:bare b:bare | t>a t>b -> by");
    check(
        "t:trigger c:condition a:end b:end",
        "t>c c.true>a c.false>b",
        "t:region c:bare a:bare b:bare | t>c c.true>a c.false>b -> bare",
    );
}

/// 3.5: ends and edges reached by several handles of one node exclude what the other handles lead to.
#[test]
fn rule_3_5_exclusive_by_several_handles() {
    let cases = r#"{"config":{"cases":[{"when":"data < 1","handle":"cheap"},{"when":"data < 9","handle":"fair"}]}}"#;
    let by_price = |nodes: &str, edges: &str, expected: &str| check_with(nodes, edges, &[("c", cases)], expected);
    by_price(
        "t:trigger c:condition a:end b:end",
        "t>c c.cheap>a c.fair>a c.else>b",
        "t:region c:bare a:bare b:bare | t>c c.cheap>a c.fair>a c.else>b -> bare",
    );
    by_price(
        "t:trigger c:condition m:activity x:activity e:end",
        "t>c c.cheap>m c.fair>m m>e c.else>x x>e",
        "t:region c:bare m:bare x:bare e:bare | t>c c.cheap>m c.fair>m m>e c.else>x x>e -> bare",
    );
    by_price(
        "t:trigger c:condition a:end b:end",
        "t>c c.cheap>a c.fair>a c.fair>b c.else>b",
        "t:region c:bare a:bare b:bare | t>c c.cheap>a c.fair>a c.fair>b c.else>b -> by",
    );
    check(
        "t:trigger c:condition d:condition a:end b:end",
        "t>c c.true>a c.false>d d.true>a d.false>b",
        "t:region c:bare d:bare a:bare b:bare | t>c c.true>a c.false>d d.true>a d.false>b -> bare",
    );
}

/// 3.6: the loop owns the nodes that lead back to it; without handles, its edge into them is `body`.
#[test]
fn rule_3_6_bodies() {
    check(
        "t:trigger l:loop a:activity b:activity e:end",
        "t>l l>a a>b b>l l>e",
        "t:region l:bare{ a:region b:bare | a>b -> bare } e:bare | t>l l.done>e -> bare",
    );
    check(
        "t:trigger l:loop m:loop a:activity b:activity e:end",
        "t>l l.body>m m.body>a a>m m.done>b b>l l.done>e",
        "t:region l:bare{ m:region{ a:region |  -> bare } b:bare | m.done>b -> bare } e:bare | t>l l.done>e -> bare",
    );
    check(
        "t:trigger l:loop m:loop a:activity b:activity e:end",
        "t>l l>a a>l l>m m>b b>m m>e",
        "t:region l:bare{ a:region |  -> bare } m:bare{ b:region |  -> bare } e:bare | t>l l.done>m m.done>e -> bare",
    );
}

/// 3.6: inner nodes that lead back to an outer loop belong to the inner one, and end its iterations.
#[test]
fn rule_3_6_back_edge_out_of_an_inner_loop() {
    check(
        "t:trigger l:loop m:loop c:condition e:end",
        "t>l l>m m>c c.true>m c.false>l l>e",
        "t:region l:bare{ m:region{ c:region |  !c.false=c.false -> bare } |  -> bare } e:bare | t>l l.done>e -> bare",
    );
}

/// 3.7: an edge that leaves the body ends the loop by a handle of its own and keeps its source's name.
#[test]
fn rule_3_7_exits() {
    check(
        "t:trigger l:loop c:condition a:activity x:activity e:end",
        "t>l l>c c.true>a a>l c.false>x l>e x>e",
        "t:region l:bare{ c:region a:bare | c.true>a !c.false=c.false -> bare } x:bare e:bare \
         | t>l l.c.false>x(c) l.done>e x>e -> bare",
    );
    check(
        "t:trigger l:loop m:loop c:condition a:activity x:activity e:end",
        "t>l l>m m>c c.true>a a>m m>l c.false>x l>e x>e",
        "t:region l:bare{ m:region{ c:region a:bare | c.true>a !c.false=c.false -> bare } \
         |  !m.c.false=m.c.false -> bare } x:bare e:bare | t>l l.m.c.false>x(c) l.done>e x>e -> bare",
    );
}

/// 3.6: where the loop and a body node both lead to a node, the loop's edge stays to be taken.
#[test]
fn rule_3_6_entry_beside_other_edges() {
    check(
        "t:trigger l:loop a:activity b:activity e:end",
        "t>l l>a l>b a>b b>l l>e",
        "t:region l:bare{ l:entry:region a:bare b:by | a>b l:entry>a(l) l:entry>b(l) -> bare } e:bare | t>l l.done>e -> bare",
    );
}

/// 3.4, 3.7: a failure, or a timeout, that leads back to the loop ends the iteration only.
#[test]
fn rule_3_7_failures_that_lead_back() {
    let found = flow(&drawing("t:trigger l:loop a:activity e:end", "t>l l>a a>l a.error>l l>e", &[]));
    assert_eq!(sketch(graph(&found)), "t:region l:bare{ a:region |  -> bare } e:bare | t>l l.done>e -> bare");
    let inner = super::owned(find(&found, "l")).expect("a body");
    assert_eq!(inner.nodes[0].on_error, OnError::Continue);
    check(
        "t:trigger l:loop a:activity b:activity e:end",
        "t>l l>a a>b b>l a.error>l l>e",
        "t:region l:bare{ a:region b:bare l:again:bare | a>b a.error>l:again -> bare } e:bare | t>l l.done>e -> bare",
    );
    let data = [("s", r#"{"signalName":"go","timeout":"1h"}"#)];
    let found = flow(&drawing("t:trigger l:loop s:signal e:end", "t>l l>s s>l s.timeout>l l>e", &data));
    let weir_ir::NodeKind::Wait(weir_ir::Wait::Signal { routes, .. }) = &find(&found, "s").kind else {
        panic!("a wait")
    };
    assert!(routes);
}

/// 2.7: a retry owns what stands behind its `body` handle, without one its direct successor.
#[test]
fn rule_2_7_retry() {
    check(
        "t:trigger r:retry a:activity e:end",
        "t>r r>a a>e",
        "t:region r:bare{ a:region |  -> bare } e:bare | t>r r>e(a) -> bare",
    );
    check(
        "t:trigger r:retry a:activity b:activity e:end",
        "t>r r.body>a a>b r.done>e",
        "t:region r:bare{ a:region b:bare | a>b -> bare } e:bare | t>r r>e -> bare",
    );
    check(
        "t:trigger r:retry a:activity b:activity e:end",
        "t>r r.body>a a>b b>e",
        "t:region r:bare{ a:region b:bare e:bare | a>b b>e -> bare } | t>r -> bare",
    );
    check(
        "t:trigger r:retry a:activity h:activity e:end",
        "t>r r>a a>e a.error>h h>e",
        "t:region r:bare{ a:region |  -> bare } h:bare e:bare | t>r r>e(a) r.error>h(a) h>e -> bare",
    );
}

/// 2.7: a retry around a loop, a retry in a loop, and a retry around a retry.
#[test]
fn rule_2_7_retry_and_loops() {
    check(
        "t:trigger r:retry l:loop a:activity e:end",
        "t>r r>l l>a a>l l>e",
        "t:region r:bare{ l:region{ a:region |  -> bare } |  -> bare } e:bare | t>r r>e(l) -> bare",
    );
    check(
        "t:trigger l:loop r:retry a:activity e:end",
        "t>l l>r r>a a>l l>e",
        "t:region l:bare{ r:region{ a:region |  -> bare } |  -> bare } e:bare | t>l l.done>e -> bare",
    );
    check(
        "t:trigger r:retry s:retry a:activity e:end",
        "t>r r>s s>a a>e",
        "t:region r:bare{ s:region{ a:region |  -> bare } |  -> bare } e:bare | t>r r>e(a) -> bare",
    );
    check(
        "t:trigger r:retry c:condition a:activity b:activity e:end",
        "t>r r>c c.true>a c.false>b a>e b>e",
        "t:region r:bare{ c:region |  !c.true=c.true !c.false=c.false -> bare } a:bare b:bare e:bare \
         | t>r r.c.true>a(c) r.c.false>b(c) a>e b>e -> bare",
    );
}

/// 2.7: a phase labels what it dominates, up to the next phase.
#[test]
fn rule_2_7_phases() {
    let data = [("p", r#"{"config":{"name":"one"}}"#), ("q", r#"{"label":"two"}"#)];
    let found =
        flow(&drawing("t:trigger p:phase a:activity q:phase b:activity e:end", "t>p p>a a>q q>b b>e t>e", &data));
    let phases =
        ["t", "p", "a", "q", "b", "e"].map(|id| find(&found, id).phase.clone().unwrap_or_default().to_string());
    assert_eq!(phases, ["", "one", "one", "two", "two", ""]);
}

/// 3.3 and 3.4: what a node says about its join and its failure.
#[test]
fn rules_3_3_and_3_4_node_settings() {
    let data = [
        ("a", r#"{"activityName":"log","onError":"continue","config":{"message":"x"}}"#),
        ("e", r#"{"join":"any","cancelRest":true}"#),
    ];
    let found = flow(&drawing("t:trigger a:activity b:activity e:end", "t>a t>b a>e b>e", &data));
    let nodes = &graph(&found).nodes;
    let settings = nodes.iter().map(|node| (node.join, node.cancel_rest, node.on_error)).collect::<Vec<_>>();
    assert_eq!(settings[1], (Join::All, false, OnError::Continue));
    assert_eq!(settings[3], (Join::Any, true, OnError::Fail));
}

/// 3.2: an edge without a handle is `out`; a failure leaves by `error`; labels say `true` and `false` too.
#[test]
fn rule_3_2_handles() {
    let mut document = drawing("t:trigger c:condition a:activity b:end", "t>c c>a c>b a>b", &[]).to_json();
    document = document.replace(r#""source":"c","target":"a""#, r#""source":"c","target":"a","label":"Yes""#);
    document = document.replace(r#""source":"c","target":"b""#, r#""source":"c","target":"b","label":"no""#);
    let parsed = super::read("test.json", &document);
    let found = parsed.flow.expect("a flow");
    assert_eq!(
        sketch(graph(&found)),
        "t:region c:bare a:bare b:bare | t>c c.true>a c.false>b a>b -> bare",
        "{:?}",
        parsed.diagnostics
    );
}

/// What follows the loop, data, and whether the list is kept.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], bool);

/// 3.8: a for-each keeps its list only where something reads it.
#[test]
fn rule_3_8_collects_only_what_is_read() {
    let head = r#"{"config":{"items":"{{ input.list }}"}}"#;
    let silent = r#"{"activityName":"log","config":{"message":"done"}}"#;
    let cases: [Case; 4] = [
        ("e:end", &[("l", head)], true),
        ("e:activity x:end", &[("l", head), ("e", silent)], false),
        ("e:activity x:end", &[("l", head)], true),
        (
            "e:activity x:end",
            &[("l", head), ("e", r#"{"activityName":"log","config":{"message":"{{ nodes.l.output }}"}}"#)],
            true,
        ),
    ];
    for (rest, data, expected) in cases {
        let edges = if rest.contains('x') { "t>l l>a a>l l>e e>x" } else { "t>l l>a a>l l>e" };
        let found = flow(&drawing(&format!("t:trigger l:loop a:activity {rest}"), edges, data));
        let weir_ir::NodeKind::Loop(inner) = &find(&found, "l").kind else { panic!("a loop") };
        assert_eq!(inner.collect, expected, "{rest} {data:?}");
    }
}

/// 3.6: a second way in, an overlap, and a cycle without a loop are refused, naming their edges.
#[test]
fn rule_3_6_refused_cycles() {
    let cases = [
        ("t:trigger a:activity b:activity e:end", "t>a a>b b>a b>e", "–e2→"),
        ("t:trigger l:loop a:activity b:activity e:end", "t>l t>b l>a a>b b>l l>e", "entered past its head, by `e2`"),
        ("t:trigger l:loop m:loop a:activity e:end", "t>l l>m m>a a>l a>m t>m l>e", "entered past its head"),
        ("t:trigger a:activity e:end", "t>a a>a a>e", "`a` –e2→ `a`"),
    ];
    for (nodes, edges, text) in cases {
        let parsed = read_value(&drawing(nodes, edges, &[]));
        let found = parsed.diagnostics.iter().find(|problem| problem.code == "CYCLE_DETECTED");
        let message = found.map(|problem| problem.message.clone()).unwrap_or_default();
        assert!(message.contains(text), "{edges}: {message}\n{:?}", parsed.diagnostics);
    }
}
