use async_trait::async_trait;
use weir_base::Value;
use weir_kind::{Kind, TaskContext, TaskError, TaskOutput};

/// Gives its parameter, which the engine has already computed.
///
/// Dialects lower this kind to a pure step; it is also a task for flows that name it like any other kind.
pub(crate) struct Transform;

#[async_trait]
impl Kind for Transform {
    async fn run(&self, _: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        Ok(params.get("value").cloned().unwrap_or_default().into())
    }
}
