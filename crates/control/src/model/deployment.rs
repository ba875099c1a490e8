use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};
use weir_runs::OnRuntime;
use weir_store::Table;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentState {
    #[default]
    Stopped,
    Starting,
    Running,
    Error,
}

impl DeploymentState {
    pub fn as_str(self) -> &'static str {
        match self {
            DeploymentState::Stopped => "stopped",
            DeploymentState::Starting => "starting",
            DeploymentState::Running => "running",
            DeploymentState::Error => "error",
        }
    }
}

/// A flow switched on: which version answers its triggers. It has the flow's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// The project's id.
    pub project: Text,
    pub state: DeploymentState,
    /// The version new runs get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<u64>,
    /// Its content hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Text>,
    /// The connection to what carries new runs; none where this process does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Text>,
    /// Why it is in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Micros>,
}

impl Deployment {
    /// What new runs get; none where the flow is not switched on.
    pub fn running(&self) -> Option<Running> {
        let hash = self.hash.clone().filter(|_| self.state == DeploymentState::Running)?;
        Some(Running { hash, runtime: OnRuntime::of(self.connection.clone()) })
    }
}

/// What new runs of a flow that is switched on get: its version, and what carries them.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub hash: Text,
    pub runtime: OnRuntime,
}

impl Record for Deployment {
    const TABLE: Table = Table::Deployments;
    const WHAT: &'static str = "deployment";

    fn parent(&self) -> Text {
        self.project.clone()
    }

    fn label(&self) -> Text {
        self.state.as_str().into()
    }
}
