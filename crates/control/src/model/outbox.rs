use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};
use weir_store::Table;

/// A letter that is on its way. It is gone once a mail server has taken it, or nobody will.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxLetter {
    pub to: Text,
    /// Subject and text, which may hold a link that opens an account.
    pub sealed: Text,
    /// How often it was tried in vain.
    #[serde(default)]
    pub tries: u32,
    /// Not tried again before.
    pub next_at: Micros,
}

impl Record for OutboxLetter {
    const TABLE: Table = Table::Outbox;
    const WHAT: &'static str = "letter";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.to.clone()
    }
}
