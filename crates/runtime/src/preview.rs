//! Looking at an expression in a stored run.

use crate::flows::FlowCache;
use crate::guard::guarded;
use crate::inspect::{Replayed, replay, replay_until};
use weir_engine::Preview;
use weir_runs::{Previewed, RunsError};
use weir_store::{Run, Store};

pub(crate) async fn preview(
    store: &dyn Store,
    flows: &FlowCache,
    run: &Run,
    what: &Preview,
    step: Option<&str>,
    at: Option<u64>,
) -> Result<Previewed, RunsError> {
    let path = step.unwrap_or_default();
    let replayed = match (step, at) {
        (Some(step), None) => as_it_saw(store, flows, run, step).await?,
        _ => replay(store, flows, run, at).await?,
    };
    let seq = replayed.seq();
    let (_, machine) = replayed.into_parts();
    let seen = guarded(|| (machine.nearest_live(path), machine.preview(path, what)));
    let (path, value) = seen.map_err(|message| RunsError::rejected("RUN_UNREADABLE", message))?;
    Ok(Previewed { seq, path, value })
}

/// The run as it was when the step was about to end: just before its result; for a step that has none of its own, just
/// after what it followed from, unless the run was over with it.
async fn as_it_saw(store: &dyn Store, flows: &FlowCache, run: &Run, step: &str) -> Result<Replayed, RunsError> {
    let after = replay_until(store, flows, run, None, Some(step)).await?;
    if !after.knows(step) {
        let message =
            format!("the run has not come to a step `{step}`; `/api/runs/{}/steps` lists those there are", run.id);
        return Err(RunsError::rejected("STEP_UNKNOWN", message));
    }
    if !after.has_ended(step) || after.seq() <= 1 {
        return Ok(after);
    }
    let before = replay(store, flows, run, Some(after.seq() - 1)).await?;
    Ok(if before.is_live(step) || after.is_over() { before } else { after })
}
