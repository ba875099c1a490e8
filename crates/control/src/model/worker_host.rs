use crate::records::Record;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::Text;
use weir_store::Table;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostState {
    /// It builds a version, or waits for its worker.
    #[default]
    Starting,
    Running,
    /// The newest version does not start; one before it may go on.
    Failed,
    /// It has ended by itself.
    Stopped,
}

/// A program on somebody's machine that runs generated workers, as it has told of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerHost {
    /// The project whose flows it runs; empty in what was kept of a flow's host before projects had hosts, until that
    /// one says something.
    #[serde(default)]
    pub project: Text,
    /// The id of the only flow it runs; none where it runs every flow of the project that is compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Text>,
    /// As it calls itself.
    pub name: Text,
    pub state: HostState,
    /// What keeps it from its work as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// How it is with each flow, by the flow's id.
    #[serde(default)]
    pub flows: BTreeMap<Text, HostedFlow>,
    /// When it was last looked whether these are flows of the project; none where that is sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<i64>,
    /// What it told of then, and still does, though the project has no such flows.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<Text>,
}

/// How one flow is on one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostedFlow {
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
    /// What its steps need beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<HostNeeds>,
    /// Why the newest compilation is not the one that runs, or what its steps wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
}

/// Weir's own worker, which performs what generated code leaves to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostNeeds {
    /// The task queue from which it takes work.
    pub queue: Text,
    pub kinds: Vec<Text>,
    /// Whether nobody does.
    pub missing: bool,
}

impl WorkerHost {
    /// What the hosts of a whole project are listed under.
    pub fn under(project: &str) -> Text {
        format!("{project}/hosts").into()
    }
}

impl Record for WorkerHost {
    const TABLE: Table = Table::WorkerHosts;
    const WHAT: &'static str = "host";
    const AUDITED: bool = false;

    fn parent(&self) -> Text {
        self.flow.clone().unwrap_or_else(|| Self::under(&self.project))
    }

    fn name(&self) -> Text {
        self.name.clone()
    }

    fn label(&self) -> Text {
        self.project.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_of_a_flows_host_before_projects_had_hosts_is_still_read() {
        let kept = r#"{"flow": "F", "name": "one", "state": "running", "compilation": 3, "hash": "ab", "loadedAt": 5}"#;
        let host: WorkerHost = serde_json::from_str(kept).unwrap();
        assert_eq!((&*host.parent(), &*host.name(), host.state), ("F", "one", HostState::Running));
    }
}
