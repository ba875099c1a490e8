use crate::records::Record;
use serde::{Deserialize, Serialize};
use weir_base::Text;
use weir_store::Table;

/// An organisation. Its row has its own id as tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    pub name: Text,
    /// A name of the configured tiers.
    pub tier: Text,
    /// It is kept as it is, and nothing in it runs.
    #[serde(default)]
    pub suspended: bool,
}

impl Record for Tenant {
    const TABLE: Table = Table::Tenants;
    const WHAT: &'static str = "organisation";

    fn label(&self) -> Text {
        self.tier.clone()
    }
}

/// A group of services that share variables and secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub name: Text,
    #[serde(default)]
    pub description: Text,
    #[serde(default)]
    pub settings: ProjectSettings,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectSettings {
    /// A running flow must be stopped before it is edited or published.
    #[serde(default)]
    pub stop_before_edit: bool,
}

impl Record for Project {
    const TABLE: Table = Table::Projects;
    const WHAT: &'static str = "project";

    fn name(&self) -> Text {
        self.name.clone()
    }
}

/// A named group of flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub project: Text,
    pub name: Text,
    #[serde(default)]
    pub description: Text,
}

impl Record for Service {
    const TABLE: Table = Table::Services;
    const WHAT: &'static str = "service";

    fn parent(&self) -> Text {
        self.project.clone()
    }

    fn name(&self) -> Text {
        self.name.clone()
    }
}
