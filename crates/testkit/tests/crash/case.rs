//! A case: flows, runs of them, and what is asked of the runs, all from one seed.

use crate::flow::{Made, Maker};
use crate::random::Random;
use std::sync::Arc;
use weir_base::{Duration, Text};
use weir_ir::Durability;
use weir_runs::{FlowRef, FlowSource};
use weir_runtime::Options;

pub struct Case {
    pub durability: Durability,
    pub is_virtual: bool,
    /// Flows that others call.
    pub sub_flows: Vec<FlowSource>,
    pub scripts: Vec<Script>,
    /// Ids of runs that go on by themselves.
    pub detached: Vec<String>,
    pub counters: Vec<Text>,
    pub options: Options,
}

/// What is asked of one run, in order.
pub struct Script {
    pub run: String,
    pub flow: FlowRef,
    pub acts: Vec<Act>,
}

/// One request. Each has a name that is unique among those of its run.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Start,
    Signal {
        name: String,
        by_inbox: bool,
    },
    Pause,
    Resume,
    /// Once the run waits for `stop`.
    Cancel,
}

impl Act {
    /// How the act is noted once it was acknowledged.
    pub fn note(&self, run: &str) -> String {
        match self {
            Act::Start => format!("start {run}"),
            Act::Signal { name, by_inbox: false } => format!("signal {run} {name}"),
            Act::Signal { name, by_inbox: true } => format!("post {run} {name}"),
            Act::Pause => format!("pause {run}"),
            Act::Resume => format!("resume {run}"),
            Act::Cancel => format!("cancel {run}"),
        }
    }
}

const MODES: [Durability; 3] = [Durability::Sync, Durability::Async, Durability::Exit];

impl Case {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::of_case(0, "crash", seed);
        let durability = MODES[(seed % 3) as usize];
        let is_virtual = random.one_in(2);
        let runs: Vec<String> = (0..1 + random.below(3)).map(|number| format!("r{number}")).collect();
        let mut maker = Maker::new(&mut random, is_virtual);
        let made: Vec<(String, Made)> = runs.into_iter().map(|run| (run.clone(), maker.top(&run))).collect();
        let counters = maker.counters.iter().map(|name| name.as_str().into()).collect();
        let sub_flows = maker.flows.iter().map(|(name, root)| source(name, root)).collect();
        let below =
            |(run, made): &(String, Made)| made.detached.iter().map(|path| format!("{run}/{path}")).collect::<Vec<_>>();
        let detached = made.iter().flat_map(below).collect();
        let scripts = made.into_iter().map(|(run, made)| script(&mut random, run, made)).collect();
        let options = options(&mut random, durability);
        Self { durability, is_virtual, sub_flows, scripts, detached, counters, options }
    }

    pub fn mode(&self) -> &'static str {
        match self.durability {
            Durability::Sync => "sync",
            Durability::Async => "async",
            Durability::Exit => "exit",
        }
    }
}

fn options(random: &mut Random, durability: Durability) -> Options {
    Options {
        force_durability: Some(durability),
        runs_per_flow: random.one_in(6).then_some(1),
        snapshot_every: [5, 20, 1_000][random.below(3)],
        park_after: Duration::from_millis([0, 5, 2_000][random.below(3)]),
        flush_after: Duration::from_millis([0, 2, 50][random.below(3)]),
        inbox_every: Duration::from_millis(1),
        drain: Duration::from_millis(100),
        ..Options::default()
    }
}

fn source(name: &str, root: &str) -> FlowSource {
    let text = format!(r#"{{"ir":1,"name":"{name}","dialect":"ir","root":{root}}}"#);
    let flow = weir_ir::from_json(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    FlowSource { flow, files: vec![("flow.json".into(), text.into())] }
}

fn script(random: &mut Random, run: String, made: Made) -> Script {
    let mut acts: Vec<Act> =
        made.signals.iter().map(|name| Act::Signal { name: name.clone(), by_inbox: random.one_in(2) }).collect();
    for place in (1..acts.len()).rev() {
        acts.swap(place, random.below(place + 1));
    }
    if random.one_in(4) {
        let pause = random.below(acts.len() + 1);
        acts.insert(pause, Act::Pause);
        let resume = pause + 1 + random.below(acts.len() - pause);
        acts.insert(resume, Act::Resume);
    }
    acts.insert(0, Act::Start);
    acts.extend(made.waits_for_cancel.then_some(Act::Cancel));
    let flow = FlowRef::Source(Arc::new(source(&format!("flow-{run}"), &made.root)));
    Script { run, flow, acts }
}
