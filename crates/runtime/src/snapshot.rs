use crate::fold::FoldState;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Micros, Text, Value};
use weir_engine::{Origin, SEMANTICS};

/// What a snapshot holds (semantics 5.12). It may be thrown away at any time; the journal says the same.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    pub semantics: u32,
    /// Content hash of the flow version.
    pub flow: Text,
    pub at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<Text, u32>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub children: BTreeSet<Text>,
    pub state: Value,
}

impl Kept {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a snapshot is always JSON")
    }

    /// Whether this program would have made the same one.
    pub fn is_of(&self, flow: &str) -> bool {
        self.semantics == SEMANTICS && &*self.flow == flow
    }

    pub fn into_fold(self, seq: u64) -> FoldState {
        let Self { at, origin, marks, children, .. } = self;
        FoldState { origin, seq, at, marks, children, cause: seq, ..FoldState::default() }
    }
}
