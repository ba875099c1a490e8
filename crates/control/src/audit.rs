use crate::Result;
use crate::caller::Caller;
use crate::control::Control;
use crate::model::AuditEntry;
use crate::records::{self, Kept, Listed, PageOf};
use weir_base::{Micros, Text, Value};
use weir_store::DocumentFilter;

/// Which entries of the audit log a list holds; all conditions at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditQuery {
    /// The id of what was changed.
    pub target: Option<Text>,
    /// Such as `flow.created`.
    pub action: Option<Text>,
    /// Found in who, what, before or after.
    pub text: Option<String>,
    pub since: Option<Micros>,
    pub until: Option<Micros>,
}

/// Values whose JSON is no longer than this stand in the audit log.
const SHORT: usize = 4 << 10;

/// A value that people and runs set, as the audit log has it: whole, or how long it is.
pub(crate) fn shown_value(value: &Value, revision: u64) -> serde_json::Value {
    match value.to_json().len() {
        bytes if bytes > SHORT => serde_json::json!({"revision": revision, "bytes": bytes}),
        _ => serde_json::json!({"revision": revision, "value": serde_json::Value::from(value)}),
    }
}

impl Control {
    pub async fn audit(&self, caller: &Caller, query: &AuditQuery, page: &PageOf) -> Result<Listed<Kept<AuditEntry>>> {
        let AuditQuery { target, action, text, since, until } = query.clone();
        let filter = DocumentFilter { parent: target, label: action, text, since, until, name: None };
        records::list(&*self.documents, &caller.scope(), &filter, page).await
    }
}
