use crate::TemporalError;
use crate::workflow::RunFlow;
use temporalio_client::WorkflowHistory;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

/// Carries a recorded history again, without a server: an error where this program would have done something else.
pub async fn replay(history: &[u8]) -> Result<(), TemporalError> {
    let options = WorkflowReplayerOptions::new().register_workflow::<RunFlow>().map_err(TemporalError::failed)?.build();
    let history = WorkflowHistory::from_json(history).map_err(TemporalError::failed)?;
    let replayer = WorkflowReplayer::new(options).map_err(TemporalError::failed)?;
    replayer.replay_workflow(history).await.map_err(TemporalError::failed)
}
