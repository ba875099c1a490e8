use crate::params::shown;
use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Kind, LogLevel, TaskContext, TaskError, TaskOutput};

/// Shows a line to whoever watches the run; gives the line.
pub(crate) struct Print;

#[async_trait]
impl Kind for Print {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let line = shown(params.get("message").unwrap_or(&Value::Null));
        cx.log(LogLevel::Info, &line, Value::Null);
        Ok(Value::from(line).into())
    }
}
