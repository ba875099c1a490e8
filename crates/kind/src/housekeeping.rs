use crate::{FlowContext, TaskError};
use async_trait::async_trait;
use weir_base::Value;

/// What an installation does for itself, asked for by steps of its own flows.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Whether the flow is one of the installation's own. Any other is told that there is no such kind.
    fn is_own(&self, flow: &FlowContext) -> bool;

    /// Does `work` for whom the flow is run. It may be asked for again after a crash.
    async fn perform(&self, flow: &FlowContext, work: &str, params: &Value) -> Result<Value, TaskError>;
}
