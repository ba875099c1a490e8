use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// A deleted flow that has code: it gets no new runs, and those it has go on wherever that code is run. It is there as
/// long as the flow can come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndingCode {
    /// The flow's id.
    pub flow: Text,
    pub project: Text,
    /// The flow's name, which another may have by now.
    pub name: Text,
}

impl EndingCode {
    /// The id of what stands for this flow; never that of something else in the table.
    pub fn id_of(flow: &str) -> Text {
        format!("{flow}/ending").into()
    }

    /// What those of a project are listed under.
    pub fn under(project: &str) -> Text {
        format!("{project}/ending").into()
    }
}

impl Record for EndingCode {
    const TABLE: Table = Table::Compilations;
    const WHAT: &'static str = "deleted flow";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        Self::under(&self.project)
    }

    fn name(&self) -> Text {
        self.flow.clone()
    }
}
