use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostState {
    /// It builds a version, or waits for its worker.
    Starting,
    Running,
    /// The newest version does not start; one before it may go on.
    Failed,
    /// It has ended by itself.
    Stopped,
}

impl HostState {
    pub fn as_str(self) -> &'static str {
        match self {
            HostState::Starting => "starting",
            HostState::Running => "running",
            HostState::Failed => "failed",
            HostState::Stopped => "stopped",
        }
    }
}

/// A program on somebody's machine that runs a flow's generated worker, as it has told of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerHost {
    /// The flow's id.
    pub flow: Text,
    /// As it calls itself.
    pub name: Text,
    pub state: HostState,
    /// The compilation whose worker takes new runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compilation: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Text>,
    /// Since when it is that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded_at: Option<i64>,
    /// Earlier compilations that still have runs to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finishing: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
}

impl Record for WorkerHost {
    const TABLE: Table = Table::WorkerHosts;
    const WHAT: &'static str = "host";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.flow.clone()
    }

    fn name(&self) -> Text {
        self.name.clone()
    }

    fn label(&self) -> Text {
        self.state.as_str().into()
    }
}
