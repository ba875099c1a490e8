//! Whatever comes in: no panic, no hang, and every node in the flow exactly once.

use super::{codes, drawing, flow, graph, json, owned, read, read_value, workflows::FIXTURES};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use weir_base::Value;
use weir_ir::{Flow, Graph, Input};

const TYPES: [&str; 9] =
    ["activity", "condition", "loop", "retry", "phase", "end", "signal", "state-variable", "trigger"];
const HANDLES: [&str; 7] = ["", "", ".true", ".false", ".body", ".done", ".error"];

/// Every region is acyclic, its edges join its own nodes, and no node stands in two places.
fn well_formed(found: &Flow) -> Result<usize, String> {
    let mut seen = HashSet::new();
    let mut work: Vec<&Graph> = vec![graph(found)];
    while let Some(region) = work.pop() {
        let ids: HashMap<&str, usize> =
            region.nodes.iter().enumerate().map(|(at, node)| (&*node.node.id, at)).collect();
        let mut incoming = vec![0; ids.len()];
        let mut next = vec![Vec::new(); ids.len()];
        for edge in &region.edges {
            let (Some(from), Some(to)) = (ids.get(&*edge.from), ids.get(&*edge.to)) else {
                return Err(format!("{} leads out of its region", edge.from));
            };
            next[*from].push(*to);
            incoming[*to] += 1;
        }
        let mut ready: Vec<usize> = (0..ids.len()).filter(|at| incoming[*at] == 0).collect();
        let mut sorted = 0;
        while let Some(at) = ready.pop() {
            sorted += 1;
            for to in &next[at] {
                incoming[*to] -= 1;
                if incoming[*to] == 0 {
                    ready.push(*to);
                }
            }
        }
        if sorted != ids.len() {
            return Err("a region with a cycle".to_owned());
        }
        for exit in &region.exits {
            if !ids.contains_key(&*exit.from) {
                return Err(format!("an exit of {} from elsewhere", exit.from));
            }
        }
        for node in &region.nodes {
            let entry = node.node.origin.ty.is_empty();
            if !entry && !seen.insert(node.node.id.clone()) {
                return Err(format!("{} stands twice", node.node.id));
            }
            work.extend(owned(&node.node));
        }
    }
    Ok(seen.len())
}

/// Walks a region with each node leaving by one of its drawn handles, as `choices` has it, and looks whether any
/// node that was promised one value gets two.
fn never_two(region: &Graph, choices: u32) -> bool {
    let places: HashMap<&str, usize> = region.nodes.iter().enumerate().map(|(at, node)| (&*node.node.id, at)).collect();
    let mut handles: Vec<Vec<&str>> = vec![Vec::new(); places.len()];
    let mut incoming = vec![0; places.len()];
    for edge in &region.edges {
        handles[places[&*edge.from]].push(&edge.handle);
        incoming[places[&*edge.to]] += 1;
    }
    let mut taken = vec![0; places.len()];
    let mut left = incoming.clone();
    let mut ready: Vec<usize> = (0..places.len()).filter(|at| left[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        let runs = incoming[at] == 0 || taken[at] > 0;
        let known = &handles[at];
        let choice = known.get((choices >> (at % 12)) as usize % known.len().max(1)).copied().unwrap_or("");
        for edge in region.edges.iter().filter(|edge| places[&*edge.from] == at) {
            let to = places[&*edge.to];
            taken[to] += usize::from(runs && &*edge.handle == choice);
            left[to] -= 1;
            if left[to] == 0 {
                ready.push(to);
            }
        }
    }
    let bare = |at: &usize| region.nodes[*at].input == Input::Bare && incoming[*at] > 1;
    (0..places.len()).filter(bare).all(|at| taken[at] <= 1)
        && region
            .nodes
            .iter()
            .filter_map(|node| owned(&node.node))
            .all(|inner| never_two(inner, choices.rotate_left(5)))
}

fn random_drawing() -> impl Strategy<Value = (usize, Value)> {
    let types = prop::collection::vec(0..TYPES.len(), 1..14);
    let edges = prop::collection::vec((0usize..14, 0..HANDLES.len(), 0usize..14), 0..40);
    (types, edges).prop_map(|(types, edges)| {
        let count = types.len() + 1;
        let nodes: Vec<String> =
            types.iter().enumerate().map(|(at, ty)| format!("n{}:{}", at + 1, TYPES[*ty])).collect();
        let edges =
            edges.iter().map(|(from, handle, to)| format!("n{}{}>n{}", from % count, HANDLES[*handle], to % count));
        let edges: Vec<String> = edges.collect();
        (count, drawing(&format!("n0:trigger {}", nodes.join(" ")), &edges.join(" "), &[]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Any drawing, legal or not, becomes regions without cycles that hold each node exactly once.
    #[test]
    fn random_drawings((count, document) in random_drawing()) {
        let parsed = read_value(&document);
        let found = parsed.flow.expect("something can be made of any drawing");
        let seen = well_formed(&found);
        prop_assert_eq!(seen, Ok(count), "{}", document.to_json());
    }

    /// A node's input never depends on the order edges are written in.
    #[test]
    fn the_order_of_edges_decides_nothing((_, document) in random_drawing()) {
        let parsed = read_value(&document);
        if parsed.diagnostics.iter().any(|problem| problem.is_error()) {
            return Ok(());
        }
        let mut members = document.as_object().cloned().unwrap_or_default();
        let mut edges = members["edges"].as_array().unwrap_or(&[]).to_vec();
        edges.reverse();
        members.insert("edges".into(), Value::from(edges));
        let turned = flow(&Value::from(members));
        let inputs = |found: &Flow| graph(found).nodes.iter().map(|node| node.input.clone()).collect::<Vec<_>>();
        prop_assert_eq!(inputs(&turned), inputs(&parsed.flow.expect("a flow")));
    }

    /// 3.5: a value is bare only where no run can bring two; every way through the flow is tried.
    #[test]
    fn rule_3_5_bare_means_one((_, document) in random_drawing(), choices in 0u32..4_096) {
        let parsed = read_value(&document);
        let found = parsed.flow.expect("a flow");
        prop_assert!(never_two(graph(&found), choices), "{}", document.to_json());
    }

    /// A damaged document ends in problems, never in a panic.
    #[test]
    fn damaged_documents(which in 0usize..6, cut in 0usize..4_000, put in "[\\[\\]{}\":,a-z0-9${ ]{0,6}", keep in 0usize..9) {
        let text = FIXTURES[which].1;
        let mut at = cut % text.len();
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let mut end = (at + keep).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let damaged = format!("{}{put}{}", &text[..at], &text[end..]);
        let parsed = read("damaged.json", &damaged);
        if let Some(found) = parsed.flow.filter(|found| found.dialect == "graph") {
            prop_assert!(well_formed(&found).is_ok());
        }
        read("damaged.json", &text[..at]);
    }
}

/// Ten thousand nodes in the shapes that are worst for careless algorithms.
#[test]
fn large_drawings_end() {
    let count = 10_000;
    let name = |at: usize| format!("n{at}");
    let chain = (1..count).map(|at| format!("{}>{}", name(at - 1), name(at))).collect::<Vec<_>>();
    let to_last = (0..count - 1).map(|at| format!("{}>{}", name(at), name(count - 1))).collect::<Vec<_>>();
    let back = (1..count).map(|at| format!("{}>{}", name(at), name(at - 1))).collect::<Vec<_>>();
    let types = |ty: &str| (1..count).map(|at| format!("n{at}:{ty}")).collect::<Vec<_>>().join(" ");
    let shapes = [
        (types("phase"), chain.join(" ")),
        (types("phase"), format!("{} {}", chain.join(" "), to_last.join(" "))),
        (types("phase"), format!("{} {}", chain.join(" "), back.join(" "))),
        (types("loop"), format!("{} {}", chain.join(" "), back.join(" "))),
        (types("retry"), chain.join(" ")),
        (types("condition"), chain.iter().map(|edge| edge.replacen('>', ".true>", 1)).collect::<Vec<_>>().join(" ")),
    ];
    for (nodes, edges) in shapes {
        let parsed = read_value(&drawing(&format!("n0:trigger {nodes}"), &edges, &[]));
        if let Some(found) = parsed.flow {
            assert_eq!(well_formed(&found), Ok(count));
        } else {
            assert!(codes(&parsed).contains(&"TOO_DEEP"));
        }
    }
}

/// Nesting as deep as is allowed is built; one more is refused.
#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| {
        let nodes = (1..=depth).map(|at| format!("l{at}:loop")).collect::<Vec<_>>().join(" ");
        let inwards = (2..=depth).map(|at| format!("l{}.body>l{at}", at - 1)).collect::<Vec<_>>().join(" ");
        let outwards = (2..=depth).map(|at| format!("l{at}.done>l{}", at - 1)).collect::<Vec<_>>().join(" ");
        let edges = format!("t>l1 {inwards} l{depth}.body>a a>l{depth} {outwards} l1.done>e");
        read_value(&drawing(&format!("t:trigger {nodes} a:activity e:end"), &edges, &[]))
    };
    let deep = nested(45);
    assert!(codes(&deep).is_empty(), "{:?}", codes(&deep));
    assert_eq!(well_formed(&deep.flow.expect("a flow")), Ok(48));
    assert_eq!(codes(&nested(46)), ["TOO_DEEP"]);
}

/// Ids, labels and names of any kind stay text.
#[test]
fn odd_ids_are_kept() {
    for id in ["a b", "'); drop", "\u{1F600}", "constructor", "__proto__", "data", "9", "{{ x }}", "${x}"] {
        let quoted = Value::from(id).to_json();
        let text = format!(
            r#"{{"nodes":[{{"id":"t","type":"trigger","position":{{"x":0,"y":0}}}},
            {{"id":{quoted},"type":"activity","position":{{"x":0,"y":0}},"data":{{"label":{quoted},"activityName":"log"}}}},
            {{"id":"e","type":"end","position":{{"x":0,"y":0}}}}],
            "edges":[{{"source":"t","target":{quoted}}},{{"source":{quoted},"target":"e"}}]}}"#
        );
        let found = flow(&json(&text));
        assert_eq!(&*graph(&found).nodes[1].node.id, id);
    }
}
