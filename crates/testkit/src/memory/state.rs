use std::collections::{BTreeMap, BTreeSet, HashMap};
use weir_base::{Text, Value};
use weir_engine::Record;
use weir_store::{
    Attempt, Effect, Epoch, FlowVersion, InboxKey, Message, Observation, Run, RunKey, Snapshot, Variable, VariableScope,
};

/// A flow's place: tenant, project, name.
pub type FlowKey = (Text, Text, Text);

#[derive(Default)]
pub struct State {
    pub epoch: Epoch,
    pub last_run: RunKey,
    /// By tenant and hash.
    pub versions: HashMap<(Text, Text), FlowVersion>,
    /// The newest version's hash.
    pub flows: BTreeMap<FlowKey, FlowVersion>,
    pub runs: BTreeMap<RunKey, Run>,
    pub ids: HashMap<Text, RunKey>,
    pub outputs: HashMap<RunKey, Value>,
    /// Sorted by `seq`.
    pub journal: HashMap<RunKey, Vec<Record>>,
    pub last_entry: i64,
    /// Run and `seq` by number.
    pub entries: BTreeMap<i64, (RunKey, u64)>,
    pub blobs: HashMap<Text, Vec<u8>>,
    pub blob_refs: BTreeSet<(RunKey, Text)>,
    pub attempts: BTreeMap<(RunKey, Text), Attempt>,
    pub effects: BTreeSet<Effect>,
    pub last_observation: i64,
    pub observations: BTreeMap<i64, Observation>,
    pub variables: BTreeMap<(VariableScope, Text), Variable>,
    pub changes: HashMap<(RunKey, Text), Value>,
    pub snapshots: HashMap<RunKey, Snapshot>,
    pub last_message: InboxKey,
    pub inbox: BTreeMap<InboxKey, Message>,
}
