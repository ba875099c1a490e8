use super::quantiles::Sample;
use super::{Analytics, CLASSES, ErrorFrequency, NodePerformance, Part, is_success};
use serde::Deserialize;
use std::collections::BTreeMap;
use weir_base::{Micros, Text};
use weir_engine::{Record, StepStatus};
use weir_runs::StepView;
use weir_store::{EndedCount, EndedFilter, Run};

/// Entries of the two lists.
const LISTED: usize = 10;
/// Nodes that are told apart, so that a flow with generated names stays bounded.
const NODES: usize = 10_000;

/// What was read so far.
pub struct Gathered {
    from: Micros,
    until: Micros,
    width: Micros,
    parts: Vec<Gauge>,
    durations: Sample,
    errors: BTreeMap<Text, ErrorFrequency>,
    nodes: BTreeMap<(Text, Text), Node>,
    cost: u64,
    runs_read: u64,
    pub journals_read: u64,
}

#[derive(Default)]
struct Gauge {
    runs: u64,
    failed: u64,
    durations: Sample,
    classes: [u64; CLASSES.len() + 1],
}

#[derive(Default)]
struct Node {
    kind: Text,
    failed: u64,
    cost: u64,
    durations: Sample,
}

/// What a record of a result says about cost; the rest of it is not looked at.
#[derive(Deserialize)]
struct Spent {
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    micros: u64,
}

impl Gathered {
    pub fn new(filter: &EndedFilter, width: Micros, counts: &[EndedCount]) -> Self {
        let length = (filter.until - filter.from - 1) / width + 1;
        let mut parts: Vec<Gauge> = Vec::new();
        parts.resize_with(usize::try_from(length).unwrap_or_default(), Gauge::default);
        for count in counts {
            let part = usize::try_from(count.part).ok().and_then(|part| parts.get_mut(part));
            if let Some(part) = part {
                part.runs += count.count;
                part.failed += if is_success(count.status) { 0 } else { count.count };
            }
        }
        Self {
            from: filter.from,
            until: filter.until,
            width,
            parts,
            durations: Sample::default(),
            errors: BTreeMap::new(),
            nodes: BTreeMap::new(),
            cost: 0,
            runs_read: 0,
            journals_read: 0,
        }
    }

    /// Runs come newest first.
    pub fn run(&mut self, run: &Run) {
        let Some(ended_at) = run.ended_at else { return };
        let took = millis(ended_at - run.started_at.unwrap_or(run.created_at));
        self.runs_read += 1;
        self.durations.add(took);
        let part = usize::try_from((ended_at - self.from) / self.width).ok();
        if let Some(part) = part.and_then(|part| self.parts.get_mut(part)) {
            part.durations.add(took);
            part.classes[CLASSES.partition_point(|end| *end < took)] += 1;
        }
        if let Some(error) = &run.error {
            let first = || ErrorFrequency {
                code: error.code.clone(),
                message: error.message.clone(),
                count: 0,
                newest: run.id.clone(),
            };
            self.errors.entry(error.code.clone()).or_insert_with(first).count += 1;
        }
    }

    pub fn record(&mut self, run: &Run, record: &Record) {
        if !matches!(&*record.ty, "task_finished" | "late") {
            return;
        }
        let spent = serde_json::from_str::<Spent>(&record.payload).ok().and_then(|spent| spent.usage);
        let Some(spent) = spent.filter(|spent| spent.micros > 0) else { return };
        self.cost = self.cost.saturating_add(spent.micros);
        if let Some(node) = self.node(run, &record.path) {
            node.cost = node.cost.saturating_add(spent.micros);
        }
    }

    pub fn step(&mut self, run: &Run, step: &StepView) {
        let (Some(began), Some(ended), false) = (step.started_at, step.ended_at, step.region) else { return };
        let Some(node) = self.node(run, &step.path) else { return };
        node.kind = step.kind.clone();
        node.failed += u64::from(step.status == StepStatus::Failed);
        node.durations.add(millis(ended - began));
    }

    fn node(&mut self, run: &Run, path: &str) -> Option<&mut Node> {
        let key = (run.flow.clone(), node_of(path));
        let full = self.nodes.len() >= NODES && !self.nodes.contains_key(&key);
        (!full).then(|| self.nodes.entry(key).or_default())
    }

    pub fn finish(mut self) -> Analytics {
        let total_runs: u64 = self.parts.iter().map(|part| part.runs).sum();
        let failed: u64 = self.parts.iter().map(|part| part.failed).sum();
        let mut errors: Vec<_> = self.errors.into_values().collect();
        errors.sort_by(|a, b| b.count.cmp(&a.count).then(a.code.cmp(&b.code)));
        errors.truncate(LISTED);
        let mut nodes: Vec<_> = self.nodes.into_iter().filter(|(_, node)| node.durations.count() > 0).collect();
        nodes.sort_by(|(_, a), (_, b)| b.durations.mean().total_cmp(&a.durations.mean()));
        nodes.truncate(LISTED);
        let part = |(index, part): (usize, &mut Gauge)| Part {
            at: self.from + self.width * index as Micros,
            runs: part.runs,
            failed: part.failed,
            duration: part.durations.quantiles(),
            classes: part.classes.to_vec(),
        };
        Analytics {
            since: self.from,
            until: self.until,
            part: self.width,
            total_runs,
            success_rate: ratio(total_runs - failed, total_runs),
            duration: self.durations.quantiles(),
            total_cost: currency(self.cost)
                * if self.journals_read == 0 { 0.0 } else { ratio(total_runs, self.journals_read) },
            top_errors: errors,
            slowest_nodes: nodes.into_iter().map(performance).collect(),
            series: self.parts.iter_mut().enumerate().map(part).collect(),
            runs_read: self.runs_read,
            journals_read: self.journals_read,
        }
    }
}

fn performance(((flow, node), mut seen): ((Text, Text), Node)) -> NodePerformance {
    NodePerformance {
        flow,
        node,
        kind: seen.kind,
        count: seen.durations.count(),
        failed: seen.failed,
        duration: seen.durations.quantiles(),
        cost: currency(seen.cost),
    }
}

fn millis(micros: Micros) -> f64 {
    micros.max(0) as f64 / 1_000.0
}

fn currency(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The path of a step with its numbers taken out.
fn node_of(path: &str) -> Text {
    let mut node = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let counted = digits > 0 && after[digits..].starts_with(']');
        node.push_str(before);
        node.push('[');
        rest = if counted { &after[digits..] } else { after };
    }
    node.push_str(rest);
    node.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_of_loops_are_one_node() {
        for (path, node) in [
            ("a", "a"),
            ("a/items[2]/b", "a/items[]/b"),
            ("a[10]/b[3]", "a[]/b[]"),
            ("odd[x]/b[", "odd[x]/b["),
            ("", ""),
        ] {
            assert_eq!(&*node_of(path), node);
        }
    }
}
