//! A kind of an embedder's own: its record says that it has no TypeScript, so generated code leaves it to Weir's worker.

use async_trait::async_trait;
use std::sync::Arc;
use weir_base::{Duration, Value};
use weir_kind::{Category, Kind, LogLevel, Registration, TaskContext, TaskError, TaskOutput, Usage};

pub fn registrations() -> Vec<Registration> {
    vec![Registration { record: RECORD, kind: Some(Arc::new(Probe)) }]
}

pub const RECORD: &str = include_str!("lab/probe.yaml");

/// Does what its parameter `does` says.
struct Probe;

#[async_trait]
impl Kind for Probe {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let value = params.get("value").cloned().unwrap_or_default();
        let number = value.as_u64().unwrap_or_default();
        let attempt = u64::from(cx.request.attempt);
        match params.get("does").and_then(Value::as_str).unwrap_or_default() {
            "give" => Ok(value.into()),
            "count letters" => Ok(Value::from(value.as_str().map_or(0, str::len) as u64).into()),
            "log" => {
                cx.log(LogLevel::Warn, "a line of the probe", value.clone());
                Ok(value.into())
            }
            "leave" => Ok(TaskOutput { handle: value.as_str().map(Into::into), ..TaskOutput::from(value) }),
            "use" => Ok(TaskOutput { usage: Some(Usage { tokens_in: number, ..Usage::default() }), ..value.into() }),
            "succeed at attempt" if attempt >= number => Ok(Value::from(attempt).into()),
            "succeed at attempt" => Err(TaskError::new(Category::Network, "LAB_NOT_YET", format!("attempt {attempt}"))),
            "fail" => Err(TaskError::new(Category::Upstream, "LAB_REFUSED", "the probe refuses").detail(value)),
            "give a verdict" => Err(TaskError::verdict("LAB_NO", "the probe says no")),
            "wait" => {
                cx.sleep(Duration::from_millis(number)).await;
                Ok(Value::from("waited").into())
            }
            "tell what it knows" => Ok(known(cx).into()),
            other => Err(TaskError::input("INVALID_PARAMS", format!("a probe cannot `{other}`"))),
        }
    }
}

/// What the runtime says of the flow and of the step, as far as it is the same on all of them.
fn known(cx: &TaskContext<'_>) -> Value {
    let flow = cx.flow();
    let list = |items: &[String]| Value::array(items.iter().map(|item| Value::from(item.as_str())));
    let models = serde_json::to_value(&flow.models).ok().and_then(|models| serde_json::from_value(models).ok());
    Value::object([
        ("flow", flow.flow.clone().into()),
        ("hosts", list(&flow.egress.hosts)),
        ("allow", list(&flow.egress.allow)),
        ("private", list(&flow.egress.private)),
        (
            "files",
            flow.files
                .as_ref()
                .and_then(|path| path.file_name())
                .map(|name| name.to_string_lossy().into_owned())
                .into(),
        ),
        ("memory", flow.memory.as_ref().map(|memory| memory.bytes).into()),
        ("models", models.unwrap_or_default()),
        ("testData", flow.test_data.clone()),
        ("path", cx.request.path.clone().into()),
        ("timeout", cx.request.timeout.millis.into()),
        ("key", cx.request.key.clone().into()),
    ])
}
