use crate::records::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::Text;
use weir_store::Table;

/// A version of a flow as TypeScript that the compilers passed. It never changes; its files are kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compilation {
    /// The flow's id.
    pub flow: Text,
    /// 1, 2, 3 … of its flow.
    pub number: u64,
    /// The version it was made from, and that version's own hash.
    pub release: u64,
    pub version: Text,
    /// Of all files: the same hash is the same code.
    pub hash: Text,
    /// What made it.
    pub generator: Text,
    pub files: u64,
    pub bytes: u64,
    pub steps: u64,
    /// Kinds that are left to Weir's own worker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxied: Vec<Text>,
    pub by: Text,
}

impl Record for Compilation {
    const TABLE: Table = Table::Compilations;
    const WHAT: &'static str = "compilation";

    fn parent(&self) -> Text {
        self.flow.clone()
    }

    fn name(&self) -> Text {
        self.number.to_string().into()
    }

    fn label(&self) -> Text {
        self.hash.clone()
    }
}

/// The files of one compilation, or of several that are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompiledFiles {
    /// The flow's id.
    pub flow: Text,
    pub hash: Text,
    /// Text by file name.
    pub files: BTreeMap<String, String>,
}

impl CompiledFiles {
    /// What the files of a flow's compilations are listed under.
    pub fn under(flow: &str) -> Text {
        format!("{flow}/files").into()
    }
}

impl Record for CompiledFiles {
    const TABLE: Table = Table::Compilations;
    const WHAT: &'static str = "compilation";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        Self::under(&self.flow)
    }

    fn name(&self) -> Text {
        self.hash.clone()
    }
}
