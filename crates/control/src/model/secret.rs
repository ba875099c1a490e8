use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// A secret of a project. Its value is sealed and never given out again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The project's id.
    pub project: Text,
    pub name: Text,
    #[serde(default)]
    pub description: Text,
    pub sealed: Text,
    /// Which master key it is sealed under.
    pub key: Text,
}

impl Record for Secret {
    const TABLE: Table = Table::Secrets;
    const WHAT: &'static str = "secret";

    fn parent(&self) -> Text {
        self.project.clone()
    }

    fn name(&self) -> Text {
        self.name.clone()
    }

    fn label(&self) -> Text {
        self.key.clone()
    }

    fn shown(&self) -> serde_json::Value {
        serde_json::json!({"name": self.name, "description": self.description})
    }
}
