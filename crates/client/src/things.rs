//! Triggers, secrets, variables, keys, members, projects and the audit log.

use crate::client::Client;
use crate::{ClientError, List};
use weir_base::Value;

impl Client {
    pub async fn triggers(&self, flow: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "flows", flow, "triggers"], &[], limit).await
    }

    pub async fn create_trigger(&self, flow: &str, name: &str, spec: &Value) -> Result<Value, ClientError> {
        let body = Value::object([("name", name.into()), ("spec", spec.clone())]);
        self.post(&["api", "flows", flow, "triggers"]).json(&body).send().await
    }

    pub async fn rotate_trigger(&self, flow: &str, trigger: &str) -> Result<Value, ClientError> {
        self.post(&["api", "flows", flow, "triggers", trigger, "rotate"]).send().await
    }

    pub async fn delete_trigger(&self, flow: &str, trigger: &str, seen: u64) -> Result<(), ClientError> {
        self.delete(&["api", "flows", flow, "triggers", trigger]).seen(Some(seen)).send().await.map(drop)
    }

    pub async fn secrets(&self, project: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "projects", project, "secrets"], &[], limit).await
    }

    pub async fn set_secret(
        &self,
        project: &str,
        name: &str,
        value: &str,
        description: Option<&str>,
    ) -> Result<Value, ClientError> {
        let mut body = vec![("value", Value::from(value))];
        body.extend(description.map(|text| ("description", Value::from(text))));
        self.put(&["api", "projects", project, "secrets", name]).json(&Value::object(body)).send().await
    }

    pub async fn delete_secret(&self, project: &str, name: &str) -> Result<(), ClientError> {
        self.delete(&["api", "projects", project, "secrets", name]).send().await.map(drop)
    }

    pub async fn variables(&self, project: &str, service: Option<&str>) -> Result<Value, ClientError> {
        self.get(&["api", "projects", project, "variables"]).query("service", service).send().await
    }

    pub async fn variable(&self, project: &str, service: Option<&str>, name: &str) -> Result<Value, ClientError> {
        self.get(&["api", "projects", project, "variables", name]).query("service", service).send().await
    }

    pub async fn set_variable(
        &self,
        project: &str,
        service: Option<&str>,
        name: &str,
        value: &Value,
    ) -> Result<Value, ClientError> {
        let call = self.put(&["api", "projects", project, "variables", name]).query("service", service);
        call.seen(None).json(&Value::object([("value", value.clone())])).send().await
    }

    pub async fn delete_variable(&self, project: &str, service: Option<&str>, name: &str) -> Result<(), ClientError> {
        let call = self.delete(&["api", "projects", project, "variables", name]);
        call.query("service", service).seen(None).send().await.map(drop)
    }

    /// Whose key this is: the organisation's id and name among other things.
    pub async fn caller(&self) -> Result<Value, ClientError> {
        self.get(&["api", "caller"]).send().await
    }

    pub async fn keys(&self, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "keys"], &[], limit).await
    }

    /// `body` is a new key as the API takes it: `name`, `service`, `role`, `scopes`, `expiresAt`.
    pub async fn create_key(&self, body: &Value) -> Result<Value, ClientError> {
        self.post(&["api", "keys"]).json(body).send().await
    }

    pub async fn revoke_key(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["api", "keys", id]).send().await.map(drop)
    }

    pub async fn members(&self, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "members"], &[], limit).await
    }

    pub async fn invite(&self, email: &str, role: &str) -> Result<Value, ClientError> {
        let body = Value::object([("email", email.into()), ("role", role.into())]);
        self.post(&["api", "invitations"]).json(&body).send().await
    }

    pub async fn projects(&self, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "projects"], &[], limit).await
    }

    pub async fn create_project(&self, name: &str, description: &str) -> Result<Value, ClientError> {
        let body = Value::object([("name", name.into()), ("description", description.into())]);
        self.post(&["api", "projects"]).json(&body).send().await
    }

    /// Where the code of a project's flows runs.
    pub async fn project_hosts(&self, project: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "projects", project, "hosts"], &[], limit).await
    }

    /// `query` holds `target`, `action`, `text`, `since`, `until`, each where it is wanted.
    pub async fn audit(&self, query: &[(&'static str, Option<String>)], limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "audit"], query, limit).await
    }
}
