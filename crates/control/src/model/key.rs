use crate::permissions::{Permission, Role};
use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};
use weir_store::Table;

/// A key for programs. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    pub name: Text,
    /// The part that may be shown.
    pub prefix: Text,
    /// Hash of the whole key.
    pub hash: Text,
    /// Whose own key it is; a service key is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Text>,
    /// The most it may do. A personal key never does more than its user may by then.
    pub role: Role,
    /// Only these; everything the role gives for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Permission>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
    /// To the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Micros>,
}

impl Record for ApiKey {
    const TABLE: Table = Table::ApiKeys;
    const WHAT: &'static str = "key";

    fn parent(&self) -> Text {
        self.user.clone().unwrap_or_default()
    }

    fn lookup(&self) -> Option<Text> {
        Some(self.hash.clone())
    }

    fn shown(&self) -> serde_json::Value {
        let Self { name, prefix, user, role, scopes, expires_at, .. } = self;
        serde_json::json!({
            "name": name, "prefix": prefix, "user": user, "role": role, "scopes": scopes, "expiresAt": expires_at
        })
    }
}
