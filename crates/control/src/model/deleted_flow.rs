use super::{Deployment, FlowDraft, Trigger, TriggerState};
use crate::records::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::{Micros, Text};
use weir_store::Table;

/// What a deleted flow comes back from. Its revisions, its versions and the code made of it stay under its id as long as
/// this does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedFlow {
    /// The id it had, and has again.
    pub flow: Text,
    /// The draft's revision when it was deleted. The next one follows it, as revisions are named by number.
    pub revision: u64,
    /// When the flow was made.
    pub made: Micros,
    pub draft: FlowDraft,
    /// What started it, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub triggers: BTreeMap<Text, Trigger>,
    /// How far these had come, by id: a mailbox is read on from where it was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub progress: BTreeMap<Text, TriggerState>,
    /// How it was switched off; none where it never was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Deployment>,
    /// Whether an [`EndingCode`](super::EndingCode) stands for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compiled: bool,
    pub by: Text,
}

impl DeletedFlow {
    /// What deleted flows are listed under; a revision is listed under the id of its flow, which is never this.
    pub const PARENT: &'static str = "deleted";
}

impl Record for DeletedFlow {
    const TABLE: Table = Table::Revisions;
    const WHAT: &'static str = "deleted flow";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        Self::PARENT.into()
    }

    fn name(&self) -> Text {
        self.flow.clone()
    }

    fn label(&self) -> Text {
        self.draft.project.clone()
    }
}
