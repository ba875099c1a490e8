//! Interfaces of projects, and what flows remember.

use crate::client::Client;
use crate::{ClientError, List};
use weir_base::Value;

impl Client {
    pub async fn interfaces(&self, project: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "projects", project, "interfaces"], &[], limit).await
    }

    pub async fn interface(&self, project: &str, name: &str) -> Result<Value, ClientError> {
        self.get(&["api", "projects", project, "interfaces", name]).send().await
    }

    /// `body` is a new interface as the API takes it: `name`, `description`, `enabled`, `spec`.
    pub async fn create_interface(&self, project: &str, body: &Value) -> Result<Value, ClientError> {
        self.post(&["api", "projects", project, "interfaces"]).json(body).send().await
    }

    pub async fn delete_interface(&self, project: &str, name: &str, seen: u64) -> Result<(), ClientError> {
        self.delete(&["api", "projects", project, "interfaces", name]).seen(Some(seen)).send().await.map(drop)
    }

    /// `body` has the key's `name` and `expiresAt`. The answer has the key, this once.
    pub async fn create_interface_key(&self, project: &str, name: &str, body: &Value) -> Result<Value, ClientError> {
        self.post(&["api", "projects", project, "interfaces", name, "keys"]).json(body).send().await
    }

    pub async fn revoke_interface_key(&self, project: &str, name: &str, key: &str) -> Result<(), ClientError> {
        self.delete(&["api", "projects", project, "interfaces", name, "keys", key]).send().await.map(drop)
    }

    /// A variable of `project`, in the name of the project `asker`.
    pub async fn read_through(
        &self,
        project: &str,
        interface: &str,
        asker: &str,
        name: &str,
    ) -> Result<Value, ClientError> {
        let call = self.get(&["api", "projects", project, "interfaces", interface, "variables", name]);
        call.query("as", Some(asker)).send().await
    }

    pub async fn write_through(
        &self,
        project: &str,
        interface: &str,
        asker: &str,
        name: &str,
        value: &Value,
    ) -> Result<Value, ClientError> {
        let call = self.put(&["api", "projects", project, "interfaces", interface, "variables", name]);
        call.query("as", Some(asker)).json(&Value::object([("value", value.clone())])).send().await
    }

    pub async fn memory(&self, flow: &str) -> Result<Value, ClientError> {
        self.get(&["api", "flows", flow, "memory"]).send().await
    }

    pub async fn memory_entries(&self, flow: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "flows", flow, "memory", "entries"], &[], limit).await
    }

    pub async fn memory_entry(&self, flow: &str, key: &str) -> Result<Value, ClientError> {
        self.get(&["api", "flows", flow, "memory", "entries", key]).send().await
    }

    /// Whatever is there; with `seen`, only if that is still its revision.
    pub async fn set_memory(
        &self,
        flow: &str,
        key: &str,
        value: &Value,
        seen: Option<u64>,
    ) -> Result<Value, ClientError> {
        let call = self.put(&["api", "flows", flow, "memory", "entries", key]).seen(seen);
        call.json(&Value::object([("value", value.clone())])).send().await
    }

    pub async fn forget_memory(&self, flow: &str, key: &str, seen: u64) -> Result<(), ClientError> {
        self.delete(&["api", "flows", flow, "memory", "entries", key]).seen(Some(seen)).send().await.map(drop)
    }

    pub async fn clear_memory(&self, flow: &str) -> Result<(), ClientError> {
        self.delete(&["api", "flows", flow, "memory"]).send().await.map(drop)
    }
}
