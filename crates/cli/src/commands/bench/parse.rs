use super::row::{Row, Target};
use super::{process, raw};
use crate::load;
use anyhow::Context as _;
use weir_base::{FileId, has_errors};
use weir_catalog::Catalog;
use weir_control::CatalogNames;
use weir_dialects::{Context, NoFiles, Options, SourceFile};
use weir_ir::Flow;

const TIMES: usize = 41;
/// Reads per measurement, so that one is long enough to be measured.
const READS: usize = 20;

/// Reading and checking a tree of 50 nodes beside reading the same bytes into plain values.
pub fn tree() -> anyhow::Result<Vec<Row>> {
    let (text, catalog) = (tree_text(7, 6), load::catalog()?);
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        plain.push(timed(|| serde_saphyr::from_str::<serde_json::Value>(&text).map(drop).map_err(Into::into))?);
        ours.push(timed(|| parse_and_check(&text, &catalog).map(drop))?);
    }
    let (ours, plain) = (raw::median(&mut ours), raw::median(&mut plain));
    let row = Row::new(
        "parse and check a tree of 50 nodes",
        "in times of the YAML library reading the same bytes",
        Target::AtMost(2.0),
        ours / plain,
        "×",
    )
    .with("parseAndCheckMs", ours)
    .with("yamlMs", plain)
    .with("bytes", text.len());
    Ok(vec![row])
}

/// Milliseconds of the processor that one of many takes.
pub(super) fn timed(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let used = process::cpu();
    for _ in 0..READS {
        work()?;
    }
    Ok(process::cpu().saturating_sub(used).as_secs_f64() * 1e3 / READS as f64)
}

pub(super) fn parse_and_check(text: &str, catalog: &Catalog) -> anyhow::Result<Flow> {
    let (names, options) = (CatalogNames(catalog), Options::default());
    let context = Context { loader: &NoFiles, names: &names, options: &options };
    let source = SourceFile { id: FileId(0), name: "tree.yaml".into(), text: text.to_owned() };
    let parsed = weir_dialects::parse(source, &context);
    let mut problems = parsed.diagnostics;
    problems.extend(parsed.flow.iter().flat_map(|flow| weir_check::check(flow, catalog)));
    match problems.into_iter().find(|problem| has_errors(std::slice::from_ref(problem))) {
        Some(problem) => anyhow::bail!("the tree of the bench has a problem: {} {}", problem.code, problem.message),
        None => parsed.flow.context("the tree of the bench is no flow"),
    }
}

/// A sequence of groups, conditions and templates among their steps: seven groups of six steps are 50 nodes.
pub(super) fn tree_text(groups: usize, steps: usize) -> String {
    let mut text = String::from("type: Sequence\nid: root\nchildren:\n");
    for group in 0..groups {
        text.push_str(&format!("  - type: Sequence\n    id: group{group}\n    children:\n"));
        for step in 0..steps {
            text.push_str(&leaf(group, step));
        }
    }
    text
}

fn leaf(group: usize, step: usize) -> String {
    let id = format!("      - id: g{group}s{step}\n");
    let total = format!("total{group}");
    let (kind, props) = match step % 3 {
        0 => ("SetVariable", [format!("name: {total}"), format!("value: \"{{{{ 1 + {step} }}}}\"")]),
        1 => ("CheckCondition", [format!("key: {total}"), format!("value: {step}")]),
        _ => ("LogMessage", [format!("message: \"step {step}: {{{{ {total} }}}}\""), "level: info".to_owned()]),
    };
    let props = props.map(|prop| format!("          {prop}\n")).concat();
    let rest = format!("        type: {kind}\n        props:\n{props}");
    id + &rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tree_of_the_bench_has_fifty_nodes_and_no_problem() {
        let text = super::tree_text(7, 6);
        assert_eq!(text.matches("type: ").count(), 50);
        super::parse_and_check(&text, &crate::load::catalog().unwrap()).unwrap();
    }
}
