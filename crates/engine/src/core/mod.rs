//! Everything about a run that changes, and how: what events do (`events`), how work is worked off (`work`), what is
//! asked of the outside (`ask`), what steps use (`tools`), what a watcher is told (`tell`).

mod ask;
mod events;
mod tell;
mod tools;
mod unanswered;
mod work;

pub(crate) use unanswered::is_unanswered;

pub(crate) use tell::{entered, settled};
pub(crate) use tools::{indexed, join};

use crate::arena::{Arena, Ix};
use crate::env::{EnvKind, Envs};
use crate::frame::{Frame, Outcome};
use crate::plan::{NodeIx, Plan};
use crate::{Command, Status, StepError, Trace};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use weir_base::{Map, Micros, Text, Value};

/// How many transitions one event may cause before the engine yields.
pub(crate) const TRANSITIONS_PER_EVENT: u32 = 10_000;
/// How many iterations may pass without a result from outside.
pub(crate) const IDLE_ITERATIONS: u64 = 1_000_000;
/// How many signals of one name wait to be taken, and how many bytes of them.
pub(crate) const BUFFERED_SIGNALS: usize = 1_000;
pub(crate) const BUFFERED_BYTES: usize = 1 << 20;
/// Of how many names the ids of signals are known, so that none is taken twice.
pub(crate) const KNOWN_SIGNALS: usize = 1_000;

/// No deadline is later: up to here microseconds survive as the numbers of JSON.
pub(crate) const LAST_DUE: Micros = (1 << 53) - 1;

pub(crate) const RUN_DEADLINE: &str = "@deadline";
/// Timers that only let others have their turn are named so, with a count behind.
pub(crate) const YIELD: &str = "@yield";

/// The form states are written in. Older ones are brought up to date when they are read, for ever.
pub(crate) const STATE_FORMAT: u32 = 1;

/// Everything that changes; the plan never does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Core {
    /// The form this state is written in; see [`STATE_FORMAT`].
    pub format: u32,
    /// The rules the run began under.
    pub semantics: u32,
    pub run: Text,
    pub input: Value,
    pub started_at: Micros,
    pub now: Micros,
    pub frames: Arena<Frame>,
    pub envs: Envs,
    pub root: Option<Ix>,
    pub root_env: Option<Ix>,
    pub work: Vec<Work>,
    pub tasks: BTreeMap<Text, Ix>,
    pub children: BTreeMap<Text, Ix>,
    pub reads: BTreeMap<Text, Ix>,
    pub timers: BTreeMap<Text, Timer>,
    /// Steps waiting for a signal, by name, the oldest first.
    pub waits: BTreeMap<Text, VecDeque<Ix>>,
    pub signals: BTreeMap<Text, VecDeque<Value>>,
    /// By name, the one first seen first.
    pub signal_ids: IndexMap<Text, VecDeque<Text>>,
    pub signal_bytes: usize,
    /// Live reactive regions in the order they were entered.
    pub reactive: Vec<Ix>,
    pub paused: bool,
    pub cancelling: bool,
    pub force: bool,
    pub timed_out: bool,
    /// Nothing could wake the run any more, and it is being ended because of it.
    pub stuck: bool,
    pub yields: u64,
    pub idle_iterations: u64,
    /// How many events were folded.
    pub turn: u64,
    /// The loops that want a fresh journal link, in the order they asked.
    pub handover: Vec<Ix>,
    /// A hand-over was asked for and not answered yet.
    pub handing_over: bool,
    pub completion: Option<Completion>,
    /// Not asked for by anybody yet. The state keeps those that nothing else in it stands for.
    #[serde(default, skip_serializing_if = "unanswered::are_none", with = "unanswered")]
    pub commands: VecDeque<Command>,
    #[serde(skip)]
    pub trace: Option<Vec<Trace>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub owner: Owner,
    pub due: Micros,
    pub deadline: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Owner {
    Frame(Ix),
    Run,
    Yield,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Completion {
    pub status: Status,
    pub output: Value,
    pub error: Option<StepError>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Enter a node as a child; holds one reference on `env`.
    Enter { parent: Ix, slot: u32, node: NodeIx, env: Ix, base: Text },
    /// A child has ended.
    Done { parent: Ix, slot: u32, outcome: Outcome },
    /// End a frame and all below it with this outcome.
    Close { frame: Ix, outcome: Outcome },
}

impl Core {
    pub fn begin(&mut self, plan: &Plan) {
        let mut vars: Map = plan.variables.iter().cloned().collect();
        if let (true, Value::Object(input)) = (plan.input_as_variables, &self.input) {
            vars.extend(input.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        let env = self.envs.push(Ix::NONE, EnvKind::Vars(vars), true);
        self.root_env = Some(env);
        if let Some(timeout) = plan.timeout {
            self.add_timer(RUN_DEADLINE.into(), Owner::Run, self.now.saturating_add(timeout.micros()), true);
        }
        self.envs.retain(env);
        self.work.push(Work::Enter { parent: Ix::NONE, slot: 0, node: plan.root, env, base: Text::default() });
        self.run(plan);
    }
}
