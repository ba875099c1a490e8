use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// A letter that is on its way. It is gone once a mail server has taken it, or nobody will.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxLetter {
    /// The organisation it is written for; none where it is about an account alone.
    #[serde(default)]
    pub tenant: Text,
    pub to: Text,
    /// Subject and text, which may hold a link that opens an account.
    pub sealed: Text,
}

impl Record for OutboxLetter {
    const TABLE: Table = Table::Outbox;
    const WHAT: &'static str = "letter";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.to.clone()
    }
}
