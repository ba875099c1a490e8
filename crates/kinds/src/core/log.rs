use crate::params::{shown, text};
use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Kind, LogLevel, TaskContext, TaskError, TaskOutput, timestamp};

/// Writes an entry to the run's log.
pub(crate) struct Log;

#[async_trait]
impl Kind for Log {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let level = LogLevel::parse(text(&params, "level")).unwrap_or(LogLevel::Info);
        let message = shown(params.get("message").unwrap_or(&Value::Null));
        cx.log(level, &message, params.get("metadata").cloned().unwrap_or_default());
        let at = timestamp(cx.request.now);
        Ok(Value::object([("logged", true.into()), ("timestamp", at.into())]).into())
    }
}
