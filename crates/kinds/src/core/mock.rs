use crate::params::{duration, flag, optional_text, text};
use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Category, Kind, TaskContext, TaskError, TaskOutput};

/// Succeeds or fails as told, by the number of the attempt alone.
pub(crate) struct Mock;

#[async_trait]
impl Kind for Mock {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        if let Some(delay) = duration(&params, "delay")? {
            cx.sleep(delay).await;
        }
        let fail_times = params.get("failTimes").and_then(Value::as_u64).unwrap_or(0);
        if u64::from(cx.request.attempt) <= fail_times {
            return Err(transient(cx.request.attempt, fail_times, &params));
        }
        if text(&params, "returnStatus") == "FAILURE" {
            return Err(verdict(&params));
        }
        Ok(params.get("output").cloned().unwrap_or_default().into())
    }
}

fn transient(attempt: u32, fail_times: u64, params: &Value) -> TaskError {
    let message = format!("attempt {attempt} of {fail_times} that were told to fail");
    let message = optional_text(params, "errorMessage").map_or(message, str::to_owned);
    let code = optional_text(params, "errorCode").unwrap_or("MOCK_UNAVAILABLE");
    TaskError::new(Category::Upstream, code, message).retryable(!flag(params, "permanent"))
}

fn verdict(params: &Value) -> TaskError {
    let message = optional_text(params, "errorMessage").unwrap_or("this step was told to fail");
    TaskError::verdict(optional_text(params, "errorCode").unwrap_or("MOCK_FAILURE"), message)
}
