use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// One change: who, what, before and after, from where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub who: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Text>,
    /// Such as `flow.created`.
    pub action: Text,
    /// The id of what was changed.
    pub target: Text,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub before: serde_json::Value,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub after: serde_json::Value,
    /// The client's address; empty for Weir itself.
    pub from: Text,
}

impl Record for AuditEntry {
    const TABLE: Table = Table::Audit;
    const WHAT: &'static str = "audit entry";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.target.clone()
    }

    fn label(&self) -> Text {
        self.action.clone()
    }
}
