use crate::StepError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::{Micros, Text, Value};

/// Something that came back from the outside world, and when. The only way a run ever changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: Micros,
    pub body: EventBody,
}

/// The closed list of events. The names are those of the journal's `type` column; see [`crate::Record`].
#[derive(Clone, Debug, PartialEq)]
pub enum EventBody {
    Started(Box<Started>),
    /// The final result of a task, after all its attempts.
    TaskFinished {
        path: Text,
        result: Box<TaskResult>,
    },
    TimerFired {
        path: Text,
    },
    /// Deduplicated by `id` where there is one.
    Signal {
        name: Text,
        id: Option<Text>,
        payload: Value,
    },
    ChildFinished {
        path: Text,
        output: Value,
        error: Option<StepError>,
    },
    /// The answer to one [`crate::Command::ReadVariables`]: values by name, null where unset.
    VariablesRead {
        path: Text,
        service: BTreeMap<Text, Value>,
        project: BTreeMap<Text, Value>,
    },
    Cancel {
        reason: Text,
    },
    Pause,
    Resume,
    /// A person's decision about an open step: it counts as finished with this.
    Override {
        path: Text,
        result: Box<TaskResult>,
    },
    /// Mark before an attempt of a non-idempotent kind; folds to nothing.
    Dispatched {
        path: Text,
        attempt: u32,
    },
    /// What the policy or a person decided about an attempt whose outcome is unknown; folds to nothing.
    Decided {
        path: Text,
        decision: Decision,
    },
    /// A result with no open command; folds to nothing, is billed.
    Late {
        path: Text,
        result: Box<TaskResult>,
    },
    /// Opens the next link of the same run; the fold starts here.
    Continued {
        state: Value,
    },
    /// Sets results aside and goes on under another version of the flow.
    Rebased(Box<RebasedOnto>),
    /// The first record of a fork.
    Forked(Box<ForkedFrom>),
}

/// Where an ended run goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RebasedOnto {
    /// Content hash of the flow version.
    pub flow: Text,
    /// Numbers of the run's own records that are set aside.
    pub dropped: Vec<u64>,
    /// In a fork: numbers of what it inherited that is set aside, counted from the first record of its oldest ancestor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherited: Vec<u64>,
    /// In a fork: the state it goes on from, so that it depends on no other run's journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
}

/// The state of another run after one of its records, with changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForkedFrom {
    pub from: Text,
    pub seq: u64,
    pub state: Value,
    /// The fork's own name. Empty, like what follows, where an older version wrote the record.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub run: Text,
    /// Content hash of the flow version it begins under.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub flow: Text,
    /// What `state` has that the other run did not; see [`crate::Machine::change`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ForkChange>,
}

/// One thing a fork does differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ForkChange {
    /// `vars.total`, `vars.cart.items`, `input` or `input.x`, and its new value.
    Set { path: Text, value: Value },
    /// Something that happens at once, as the journal has it.
    Event {
        #[serde(rename = "type")]
        ty: Text,
        #[serde(default, skip_serializing_if = "str::is_empty")]
        path: Text,
        payload: Value,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    pub run: Text,
    /// Content hash of the flow version.
    pub flow: Text,
    pub semantics: u32,
    /// Kind versions this run is pinned to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<Text, Text>,
    #[serde(default)]
    pub input: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The run that called this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    pub run: Text,
    pub path: Text,
    pub detached: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskResult {
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub output: Value,
    /// Present exactly where the task failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Text>,
    /// Hash of the evaluated parameters, see [`weir_base::hash_value_hex`].
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub params_hash: Text,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// When the first attempt began; for the step list only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Micros>,
}

fn one() -> u32 {
    1
}

fn is_one(attempts: &u32) -> bool {
    *attempts == 1
}

/// What a task used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of the account's currency.
    pub micros: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Retry,
    Fail,
}

impl Event {
    pub fn new(at: Micros, body: EventBody) -> Self {
        Self { at, body }
    }
}

impl TaskResult {
    pub fn success(output: Value) -> Self {
        Self { output, attempts: 1, ..Self::default() }
    }

    pub fn failure(error: StepError) -> Self {
        Self { error: Some(error), attempts: 1, ..Self::default() }
    }
}
