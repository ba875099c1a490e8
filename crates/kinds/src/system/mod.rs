//! The vendor `system`: what the installation does for itself. These kinds are in no catalogue that flows are checked
//! with, and do nothing outside the project of the installation's own runs.

use async_trait::async_trait;
use std::sync::Arc;
use weir_base::Value;
use weir_kind::{Category, Housekeeping, Kind, Registration, TaskContext, TaskError, TaskOutput};

/// The kinds, which ask `keeping` for what is to be done.
pub fn registrations(keeping: &Arc<dyn Housekeeping>) -> Vec<Registration> {
    let step = |record, work| {
        let kind: Arc<dyn Kind> = Arc::new(Work { work, keeping: keeping.clone() });
        Registration { record, kind: Some(kind) }
    };
    vec![
        step(include_str!("forget.yaml"), "forget"),
        step(include_str!("mail.yaml"), "mail"),
        step(include_str!("reset.yaml"), "reset"),
        step(include_str!("usage.yaml"), "usage"),
    ]
}

/// Hands a step's parameters on, and what came of it back.
struct Work {
    work: &'static str,
    keeping: Arc<dyn Housekeeping>,
}

#[async_trait]
impl Kind for Work {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        if !self.keeping.is_own(cx.flow()) {
            // The words for a kind that is not there: nobody is to find out otherwise.
            let message = format!("there is no kind `system.{}`", self.work);
            return Err(TaskError::new(Category::Denied, "KIND_UNKNOWN", message));
        }
        self.keeping.perform(cx.flow(), self.work, &params).await.map(TaskOutput::from)
    }
}
