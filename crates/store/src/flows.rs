use crate::StoreError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text};

/// A file a flow was written in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    pub name: Text,
    pub text: Text,
}

/// A published version of a tenant. It never changes: the same hash is the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowVersion {
    /// Content hash, made by the publisher.
    pub hash: Text,
    pub tenant: Text,
    pub project: Text,
    pub name: Text,
    pub dialect: Text,
    pub files: Vec<SourceFile>,
    /// The published IR as JSON.
    pub ir: String,
    pub published_at: Micros,
}

#[async_trait]
pub trait Flows {
    /// Publishes: keeps the version and makes it the newest of its tenant, project and name. Publishing what is
    /// the newest already does nothing; publishing an older version again makes it the newest.
    async fn publish(&self, version: FlowVersion) -> Result<(), StoreError>;

    /// Keeps the version without making it the newest of its name.
    async fn keep_version(&self, version: FlowVersion) -> Result<(), StoreError>;

    /// The version as this tenant first published it. The same content of another tenant is another version.
    async fn flow_version(&self, tenant: &str, hash: &str) -> Result<Option<FlowVersion>, StoreError>;

    async fn newest_flow(&self, tenant: &str, project: &str, name: &str) -> Result<Option<FlowVersion>, StoreError>;

    /// The newest version of every flow of the project, by name, from after `after`.
    async fn list_flows(
        &self,
        tenant: &str,
        project: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<FlowVersion>, StoreError>;
}
