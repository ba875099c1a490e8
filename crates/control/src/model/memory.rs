use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// Something a flow remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEntry {
    /// The flow's id.
    pub flow: Text,
    pub key: Text,
    pub value: serde_json::Value,
    /// What it counts as: key and value as JSON.
    pub bytes: u64,
}

impl Record for MemoryEntry {
    const TABLE: Table = Table::Memories;
    const WHAT: &'static str = "memory";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.flow.clone()
    }

    fn name(&self) -> Text {
        self.key.clone()
    }
}

/// How much a flow remembers. It has the flow's id, and is listed with those of all flows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemorySize {
    pub bytes: u64,
    pub entries: u64,
}

impl Record for MemorySize {
    const TABLE: Table = Table::Memories;
    const WHAT: &'static str = "memory";
    const AUDITED: bool = false;
}

/// A change that a run's step has made, so that it is not made twice. It goes when its run has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryMark {
    /// The flow's id.
    pub flow: Text,
    pub run: Text,
    /// `run/path`.
    pub key: Text,
    /// What the step was told. None where the step says it itself: a large value that was set, or nothing at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

impl MemoryMark {
    /// What a flow's marks are listed under.
    pub fn under(flow: &str) -> Text {
        format!("{flow}/marks").into()
    }
}

impl Record for MemoryMark {
    const TABLE: Table = Table::Memories;
    const WHAT: &'static str = "memory";
    const AUDITED: bool = false;

    fn label(&self) -> Text {
        self.run.clone()
    }

    fn parent(&self) -> Text {
        Self::under(&self.flow)
    }

    fn name(&self) -> Text {
        self.key.clone()
    }
}
