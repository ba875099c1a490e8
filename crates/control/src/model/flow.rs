use crate::records::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::Text;
use weir_store::Table;

/// A file of a flow: the first is the flow itself, others are what it brings in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowFile {
    pub name: Text,
    pub text: Text,
}

/// A flow as it is edited. What runs is a [`Release`] of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowDraft {
    /// The project's id.
    pub project: Text,
    /// The service's name.
    pub service: Text,
    /// By which other flows of the project call it, and its runs are listed. It never changes.
    pub name: Text,
    #[serde(default)]
    pub title: Text,
    #[serde(default)]
    pub description: Text,
    pub files: Vec<FlowFile>,
    /// What handler names stand for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bindings: BTreeMap<Text, Text>,
    /// Where things lie on the canvas; the editor's affair.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub canvas: serde_json::Value,
}

impl FlowDraft {
    /// The flow's own text.
    pub fn text(&self) -> Text {
        self.files.first().map(|file| file.text.clone()).unwrap_or_default()
    }
}

impl Record for FlowDraft {
    const TABLE: Table = Table::FlowDrafts;
    const WHAT: &'static str = "flow";

    fn parent(&self) -> Text {
        self.project.clone()
    }

    fn name(&self) -> Text {
        self.name.clone()
    }

    fn label(&self) -> Text {
        self.service.clone()
    }

    fn shown(&self) -> serde_json::Value {
        let Self { service, name, title, description, files, bindings, .. } = self;
        // The texts themselves are in the revisions.
        let hash = |file: &FlowFile| weir_store::blob_hash(file.text.as_bytes());
        let files: BTreeMap<&Text, Text> = files.iter().map(|file| (&file.name, hash(file))).collect();
        serde_json::json!({
            "service": service, "name": name, "title": title, "description": description,
            "files": files, "bindings": bindings
        })
    }
}

/// An autosaved text of a flow, so that no edit is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    pub flow: Text,
    /// The draft's revision it was.
    pub number: u64,
    pub by: Text,
    pub files: Vec<FlowFile>,
}

impl Record for Revision {
    const TABLE: Table = Table::Revisions;
    const WHAT: &'static str = "revision";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.flow.clone()
    }

    fn name(&self) -> Text {
        self.number.to_string().into()
    }
}

/// A published version. It never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    pub flow: Text,
    /// 1, 2, 3 … of its flow.
    pub number: u64,
    /// Content hash of what runs.
    pub hash: Text,
    pub dialect: Text,
    #[serde(default)]
    pub notes: Text,
    pub by: Text,
    pub files: Vec<FlowFile>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bindings: BTreeMap<Text, Text>,
}

impl Record for Release {
    const TABLE: Table = Table::Releases;
    const WHAT: &'static str = "version";

    fn parent(&self) -> Text {
        self.flow.clone()
    }

    fn name(&self) -> Text {
        self.number.to_string().into()
    }

    fn label(&self) -> Text {
        self.hash.clone()
    }

    fn shown(&self) -> serde_json::Value {
        serde_json::json!({"flow": self.flow, "number": self.number, "hash": self.hash, "notes": self.notes})
    }
}
