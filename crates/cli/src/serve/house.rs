use async_trait::async_trait;
use std::sync::{Arc, Weak};
use tokio::sync::SetOnce;
use weir_base::Value;
use weir_control::{Chore, Control};
use weir_kind::{Category, FlowContext, Housekeeping, TaskError};
use weir_store::SYSTEM_PROJECT;

/// What the server does for itself, for steps of its own flows. Runs go on before everything is put together, so the
/// control plane is waited for.
#[derive(Default)]
pub struct House {
    control: SetOnce<Weak<Control>>,
}

impl House {
    pub fn enter(&self, control: &Arc<Control>) {
        let _ = self.control.set(Arc::downgrade(control));
    }
}

#[async_trait]
impl Housekeeping for House {
    fn is_own(&self, flow: &FlowContext) -> bool {
        &*flow.project == SYSTEM_PROJECT
    }

    async fn perform(&self, flow: &FlowContext, work: &str, params: &Value) -> Result<Value, TaskError> {
        let stopping = || TaskError::new(Category::Internal, "SYSTEM_WORK", "the server is stopping").retryable(true);
        let control = self.control.wait().await.upgrade().ok_or_else(stopping)?;
        let chore = Chore::parse(work).ok_or_else(|| TaskError::internal("SYSTEM_WORK", work))?;
        let done = control.chore(&flow.tenant, chore, params).await;
        done.map_err(|error| TaskError::new(Category::Upstream, error.code, error.message).retryable(error.retryable))
    }
}
