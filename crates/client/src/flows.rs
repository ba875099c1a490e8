use crate::client::Client;
use crate::{ClientError, Events, List};
use weir_base::Value;

/// A flow's text as it is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowText {
    /// Names and texts; the first is the flow itself.
    pub files: Vec<(String, String)>,
    /// What handler names stand for.
    pub bindings: Vec<(String, String)>,
}

impl FlowText {
    fn members(&self) -> Vec<(&'static str, Value)> {
        let file = |(name, text): &(String, String)| {
            Value::object([("name", name.as_str().into()), ("text", text.as_str().into())])
        };
        let bindings = Value::object(self.bindings.iter().map(|(name, text)| (name.as_str(), text.as_str().into())));
        vec![("files", Value::array(self.files.iter().map(file))), ("bindings", bindings)]
    }
}

impl Client {
    pub async fn flows(&self, project: Option<&str>, text: Option<&str>, limit: u32) -> Result<List, ClientError> {
        let own = |value: Option<&str>| value.map(str::to_owned);
        self.list(&["api", "flows"], &[("project", own(project)), ("text", own(text))], limit).await
    }

    pub async fn flow(&self, id: &str) -> Result<Value, ClientError> {
        self.get(&["api", "flows", id]).send().await
    }

    /// The flow of this name in a project, as a list shows it.
    pub async fn flow_named(&self, project: &str, name: &str) -> Result<Option<Value>, ClientError> {
        let found = self.flows(Some(project), Some(name), u32::MAX).await?;
        Ok(found.items.into_iter().find(|flow| flow.get("name").and_then(Value::as_str) == Some(name)))
    }

    pub async fn create_flow(&self, project: &str, name: &str, text: &FlowText) -> Result<Value, ClientError> {
        let mut body = text.members();
        body.extend([("project", Value::from(project)), ("name", Value::from(name))]);
        self.post(&["api", "flows"]).json(&Value::object(body)).send().await
    }

    /// Puts another text in the place of the draft, if that is still at the revision that was seen.
    pub async fn change_flow(&self, id: &str, seen: u64, text: &FlowText) -> Result<Value, ClientError> {
        self.put(&["api", "flows", id]).seen(Some(seen)).json(&Value::object(text.members())).send().await
    }

    pub async fn delete_flow(&self, id: &str, seen: u64) -> Result<(), ClientError> {
        self.delete(&["api", "flows", id]).seen(Some(seen)).send().await.map(drop)
    }

    /// Flows that were deleted and can come back, those deleted last first.
    pub async fn deleted_flows(&self, project: Option<&str>, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "deleted-flows"], &[("project", project.map(str::to_owned))], limit).await
    }

    pub async fn restore_flow(&self, id: &str) -> Result<Value, ClientError> {
        self.post(&["api", "deleted-flows", id, "restore"]).send().await
    }

    /// Makes the draft what a version was, if it is still at the revision that was seen. The flow as it is then.
    pub async fn restore_version(&self, id: &str, number: u64, seen: u64) -> Result<Value, ClientError> {
        let number = number.to_string();
        self.post(&["api", "flows", id, "versions", &number, "restore"]).seen(Some(seen)).send().await
    }

    pub async fn check_flow(&self, id: &str) -> Result<Value, ClientError> {
        self.get(&["api", "flows", id, "check"]).send().await
    }

    pub async fn publish(&self, id: &str, seen: u64, notes: &str) -> Result<Value, ClientError> {
        let body = Value::object([("notes", notes.into())]);
        self.post(&["api", "flows", id, "versions"]).seen(Some(seen)).json(&body).send().await
    }

    pub async fn versions(&self, id: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "flows", id, "versions"], &[], limit).await
    }

    /// Writes a published version as verified code and keeps it; the newest version for none. `worker_queue` is where
    /// Weir's own worker performs what the code leaves to it.
    pub async fn compile_flow(
        &self,
        id: &str,
        version: Option<u64>,
        task_queue: Option<&str>,
        worker_queue: Option<&str>,
    ) -> Result<Value, ClientError> {
        let version = version.map(|version| ("version", Value::from(version as f64)));
        let queues = [("taskQueue", task_queue), ("workerQueue", worker_queue)];
        let queues = queues.into_iter().filter_map(|(name, queue)| Some((name, Value::from(queue?))));
        let body = Value::object(version.into_iter().chain(queues));
        self.post(&["api", "flows", id, "compilations"]).json(&body).send().await
    }

    /// Code that was made of a flow's versions, the newest first.
    pub async fn compilations(&self, id: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "flows", id, "compilations"], &[], limit).await
    }

    /// Where that code runs.
    pub async fn hosts(&self, id: &str, limit: u32) -> Result<List, ClientError> {
        self.list(&["api", "flows", id, "hosts"], &[], limit).await
    }

    /// `runtime` is what carries its new runs; what did before for none.
    pub async fn start_flow(
        &self,
        id: &str,
        version: Option<u64>,
        runtime: Option<&str>,
    ) -> Result<Value, ClientError> {
        let version = version.map(|version| ("version", Value::from(version as f64)));
        let runtime = runtime.map(|runtime| ("runtime", Value::from(runtime)));
        let body = Value::object(version.into_iter().chain(runtime));
        self.post(&["api", "flows", id, "start"]).json(&body).send().await
    }

    /// What can carry runs.
    pub async fn runtimes(&self) -> Result<List, ClientError> {
        self.list(&["api", "runtimes"], &[], u32::MAX).await
    }

    /// Whether a connection leads somewhere, and whether somebody works there.
    pub async fn check_runtime(&self, name: &str) -> Result<Value, ClientError> {
        self.post(&["api", "runtimes", name, "check"]).send().await
    }

    pub async fn stop_flow(&self, id: &str) -> Result<Value, ClientError> {
        self.post(&["api", "flows", id, "stop"]).send().await
    }

    pub async fn flow_status(&self, id: &str) -> Result<Value, ClientError> {
        self.get(&["api", "flows", id, "status"]).send().await
    }

    /// What happens in a flow's runs from now on.
    pub fn flow_events(&self, id: &str) -> Events {
        Events::new(self, &["api", "flows", id, "events"])
    }

    /// Starts a run of a flow that is switched on. The same key is the same run.
    pub async fn start_run(&self, id: &str, input: &Value, key: &str) -> Result<Value, ClientError> {
        let body = Value::object([("input", input.clone())]);
        self.post(&["api", "triggers", id, "inject"]).once(key).json(&body).send().await
    }

    /// Runs the draft as it is. The same key is the same run.
    pub async fn try_flow(&self, id: &str, input: &Value, key: &str) -> Result<Value, ClientError> {
        let body = Value::object([("input", input.clone())]);
        self.post(&["api", "flows", id, "try"]).once(key).json(&body).send().await
    }
}
