//! What travels between workflows, activities and clients. All of it is in histories: fields are only ever added, and
//! have a default.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Duration, Micros, Text, Value};
use weir_catalog::{Capability, Component, Effect, EffectWhen, RetryDefaults, UnknownPolicy};
use weir_engine::{Event, EventBody, Record, Started, StepError, Usage};
use weir_ir::RetryPolicy;
use weir_kind::{EgressPolicy, FlowContext, LogLevel, MemoryLimit, ModelSettings, TaskError};
use weir_runs::LogView;
use weir_store::Place;

/// The rules by which a workflow turns events into commands. A run keeps those it began under.
///
/// From 2 on a timer that fires late, but within what a cluster's timers are late at most, has fired on time; and a run
/// goes on in a fresh history before its next step, where that is suggested and no other is under way. From 3 on a part of
/// a journal is cut where its log lines would make it too large, too; the end of a run follows by itself where it does not
/// fit; and outputs and states are measured as they travel, in quotes. From 4 on so are signals and what is asked of a
/// run, of which what is too large is left out; and a child that could not hand over its first part does not begin. From
/// 5 on what one turn asks of the cluster fits into one message: steps and children beyond it begin in the next. What is
/// measured before it is sent is so by what its history fixes, a step with the flow's test data; and a run that goes on by
/// itself has begun before the run that called it ends. From 6 on a step is tried again where the secrets of its project are,
/// if whoever had it does not know one; and a run that begins to wait for a decision, for a run it has called, or long for
/// the next attempt of a step tells the store, though that is no record.
pub const INTERPRETER: u32 = 6;

/// What a run's workflow begins with, and each further link of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunInput {
    pub interpreter: u32,
    /// The flow as JSON: nothing is read from a store while a run is worked on.
    pub flow: String,
    pub place: Place,
    pub started: Started,
    pub created_at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
    pub kinds: BTreeMap<Text, Facts>,
    /// Flows that calls may name, as JSON by name; others are asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub library: BTreeMap<Text, String>,
    pub rules: Rules,
    /// Absent in the first link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// What is around the parts of a shipment.
const AROUND: usize = 2_000;

impl RunInput {
    /// The most bytes in which this travels: as it is, or as the first part of the journal, with the flow and the first
    /// record in quotes.
    pub(crate) fn size(&self) -> u64 {
        let whole = serde_json::to_vec(self).map_or(0, |input| input.len());
        let shipped = self.rules.store_queue.as_ref().map_or(0, |_| self.first_part());
        whole.max(shipped) as u64
    }

    fn first_part(&self) -> usize {
        let started = Event::new(self.created_at, EventBody::Started(Box::new(self.started.clone())));
        quoted(&self.flow) + quoted(&Record::encode(1, &started).payload) + AROUND
    }
}

/// What a workflow must know of a kind, as it was when the run began.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    pub effect: Effect,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effect_when: Vec<EffectWhen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryDefaults>,
    pub on_unknown: UnknownPolicy,
    /// It is performed where the store is: it changes variables, or what a flow remembers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_store: bool,
}

/// What a kind has of the store.
const OF_STORE: [Capability; 3] = [Capability::Variables, Capability::Memory, Capability::Interfaces];

impl Facts {
    pub fn of(component: &Component) -> Self {
        Self {
            effect: component.effect,
            effect_when: component.effect_when.clone(),
            timeout: component.timeout,
            retry: component.retry.clone(),
            on_unknown: component.on_unknown,
            needs_store: component.capabilities.iter().any(|capability| OF_STORE.contains(capability)),
        }
    }

    /// What a repetition of a step with these parameters would do.
    pub fn effect_of(&self, params: &Value) -> Effect {
        let applies = |rule: &&EffectWhen| params.get(&rule.param).is_some_and(|value| rule.values.contains(value));
        self.effect_when.iter().find(applies).map_or(self.effect, |rule| rule.effect)
    }
}

/// How a run uses the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    /// Where the journal is shipped and variables are read; nowhere where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_queue: Option<String>,
    /// Kinds that have workers of their own, by name, and their queues. A name may end in `*`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub queues: BTreeMap<Text, String>,
    /// How long an attempt may be silent before whoever makes it counts as lost.
    pub heartbeat: Duration,
    /// How long a worker may work on one turn of a run before another does; as the cluster has it where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_timeout: Option<Duration>,
    /// The largest payload in bytes; none where large ones are kept elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_payload: Option<u64>,
    /// Whether runs carry search attributes.
    pub attributes: bool,
    /// History events after which no new task is begun.
    pub max_events: u32,
    /// Records after which the journal is shipped.
    pub ship_every: u64,
    /// The most bytes of steps and children that are begun in one turn; two million where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_turn: Option<u64>,
    /// The most bytes of one part of the journal; 1,400,000 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_part: Option<u64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            store_queue: None,
            queues: BTreeMap::new(),
            heartbeat: Duration::from_secs(10),
            task_timeout: None,
            max_payload: Some(MAX_PAYLOAD),
            attributes: true,
            max_events: 40_000,
            ship_every: 1_000,
            max_turn: None,
            max_part: None,
        }
    }
}

/// A cluster refuses payloads of 2 MB; some of that goes to what is around them.
pub const MAX_PAYLOAD: u64 = 1_900_000;

/// How many bytes a text has where it stands in JSON, as a record does in a shipment.
pub(crate) fn quoted(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

impl Rules {
    /// The queue of a kind's workers, where it has its own.
    pub fn queue_of(&self, kind: &str) -> Option<&String> {
        let fits = |pattern: &str| pattern.strip_suffix('*').is_some_and(|begin| kind.starts_with(begin));
        let by_pattern = || self.queues.iter().filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len());
        self.queues.get(kind).or_else(|| by_pattern().map(|(_, queue)| queue))
    }
}

/// Where the link before this one ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Link {
    /// The machine's state as JSON text: it may be nested deeper than JSON in JSON is read.
    pub state: String,
    pub seq: u64,
    pub at: Micros,
    /// Children that were started and have not reported yet.
    pub children: BTreeSet<Text>,
    /// Timers whose time has come during a pause.
    pub overdue: Vec<(Micros, Text)>,
    /// The links before, by the cluster's own names, the oldest first.
    pub before: Vec<String>,
}

/// One task to perform, for one attempt or several. Whoever asks for it has parts of it in JSON already.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskInput<P = Value, C = Context> {
    pub run: Text,
    pub path: Text,
    /// Sealed values are marked, see [`weir_engine::sealed_to_json`].
    pub params: P,
    pub timeout: Duration,
    /// The first attempt's number.
    pub attempt: u32,
    /// Absent where the workflow itself decides about further attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    pub context: C,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_payload: Option<u64>,
}

/// What a task came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDone {
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    pub attempt: u32,
    pub began_at: Micros,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogView>,
}

/// Why a task failed for good, or an attempt did; the details of the failure.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskFailed {
    pub error: TaskError,
    pub attempt: u32,
    pub began_at: Micros,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogView>,
}

/// What an attempt says while it goes on, and what the next one learns from it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Beat {
    pub attempt: u32,
    /// The attempt has failed in an orderly way; without this, whoever made it was lost, and it does not count.
    pub failed: bool,
    /// The last line that was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// How many parts of the result have come so far.
    pub parts: u64,
}

impl Beat {
    /// The attempt that follows, where this one was asked for: one whose worker was lost does not count.
    pub fn next_of(&self, asked: u32) -> u32 {
        match self.attempt >= asked {
            true => self.attempt + u32::from(self.failed),
            false => asked,
        }
    }
}

/// [`FlowContext`] as it travels. Folders are relative: every worker has its own root.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Context {
    pub tenant: Text,
    pub project: Text,
    pub service: Text,
    pub flow: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<ModelSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub test_data: Value,
}

impl From<FlowContext> for Context {
    fn from(context: FlowContext) -> Self {
        let FlowContext { tenant, project, service, flow, egress, files, models, memory, test_data } = context;
        let EgressPolicy { hosts, allow, private } = egress;
        let files = files.map(|folder| folder.to_string_lossy().into_owned());
        let memory = memory.map(|memory| memory.bytes);
        Self { tenant, project, service, flow, hosts, allow, private, files, models, memory, test_data }
    }
}

impl Context {
    /// With the folder below this root; without one no folder may be touched.
    pub fn under(self, root: Option<&std::path::Path>) -> FlowContext {
        let Self { tenant, project, service, flow, hosts, allow, private, files, models, memory, test_data } = self;
        FlowContext {
            tenant,
            project,
            service,
            flow,
            egress: EgressPolicy { hosts, allow, private },
            files: root.zip(files).map(|(root, folder)| root.join(folder)),
            models,
            memory: memory.map(|bytes| MemoryLimit { bytes }),
            test_data,
        }
    }
}

/// The end of a child, as its parent is told it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildEnd {
    pub path: Text,
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
}

/// A journal record on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub seq: u64,
    pub at: Micros,
    #[serde(rename = "type")]
    pub ty: String,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub path: Text,
    pub payload: String,
}

/// How a run has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunEnd {
    pub status: weir_engine::Status,
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    pub at: Micros,
}

/// A part of a journal for the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    pub run: Text,
    pub place: Place,
    /// The flow as JSON, with the first part only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    pub version: Text,
    pub name: Text,
    pub created_at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
    pub rows: Vec<Row>,
    /// The newest record there is, where none comes with it: up to here what else it says is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogView>,
    /// Whether the run only waits.
    #[serde(default)]
    pub waits: bool,
    /// And what for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Text>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// With the last part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<RunEnd>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariablesInput {
    pub place: Place,
    pub service: Vec<Text>,
    pub project: Vec<Text>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariablesFound {
    pub service: BTreeMap<Text, Value>,
    pub project: BTreeMap<Text, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindInput {
    pub place: Place,
    pub name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
}

/// A flow for a child, or why there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<Text, Facts>,
}

/// What a run shows of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    pub run: Text,
    pub flow: Text,
    pub version: Text,
    pub status: weir_engine::Status,
    pub waiting: Vec<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Micros>,
    pub seq: u64,
    pub at: Micros,
    pub created_at: Micros,
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    pub variables: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
}

/// A page of the journal of one link.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JournalPage {
    pub rows: Vec<Row>,
    /// The number of the link's first record, and of its newest.
    pub first: u64,
    pub last: u64,
    /// The links before this one, the oldest first.
    pub before: Vec<String>,
    /// Log lines from the number that was asked for.
    pub logs: Vec<LogView>,
}

/// The level of a log line as it is kept.
pub fn level(level: LogLevel) -> Text {
    level.as_str().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only an attempt that has ended in an orderly way counts, and that it has said.
    #[test]
    fn an_attempt_whose_worker_was_lost_does_not_count() {
        for (asked, attempt, failed, next) in
            [(1, 1, false, 1), (1, 1, true, 2), (1, 4, false, 4), (1, 4, true, 5), (3, 1, true, 3)]
        {
            assert_eq!(Beat { attempt, failed, ..Beat::default() }.next_of(asked), next, "{asked} {attempt} {failed}");
        }
    }
}
