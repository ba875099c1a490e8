use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// What a tenant has used in a month, as far as it has been added up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// `2026-11`, in UTC.
    pub month: Text,
    /// Runs started from outside; children are not counted.
    pub executions: u64,
    /// Runs up to this one are in it.
    pub through: i64,
}

impl Record for Usage {
    const TABLE: Table = Table::Usage;
    const WHAT: &'static str = "usage";
    const AUDITED: bool = false;

    fn name(&self) -> Text {
        self.month.clone()
    }
}
