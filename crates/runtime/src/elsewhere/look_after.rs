use super::Copies;
use crate::inner::Inner;
use std::sync::Arc;
use std::time::Duration;
use weir_base::Value;
use weir_engine::{Status, StepError};
use weir_runs::{RunsError, Standing};
use weir_store::{Batch, Run, RunUpdate};

/// How often it is asked after open runs.
const EVERY: Duration = Duration::from_secs(30);
const PAGE: u32 = 500;

/// Asks after every open run from time to time: one that was ended there by other means than its own, such as by hand
/// or because its history had grown too long, sends no end.
pub(crate) async fn look_after(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if !inner.abroad.carrier.connections().is_empty() {
            look_once(&inner).await;
        }
    }
}

async fn look_once(inner: &Arc<Inner>) {
    let mut after = None;
    while let Ok(page) = inner.shared.store.unfinished(after, PAGE).await {
        let Some(last) = page.last() else { return };
        after = Some(last.key);
        for run in page.iter().filter(|run| run.status != Status::Pending) {
            if let Some(connection) = run.connection() {
                match inner.abroad.carrier.standing(connection, &run.id).await {
                    Ok(Standing::Closed(how)) => inner.lost(run, &how).await,
                    Ok(Standing::Unknown) => inner.lost(run, "forgotten").await,
                    Ok(Standing::Open) => {}
                    // Whoever does not answer now is asked again.
                    Err(RunsError::Unavailable(_)) => return,
                    Err(_) => {}
                }
            }
        }
    }
}

impl Inner {
    /// The end of a run that has sent none. What it sends, it sends before it ends, so that nothing can come any more
    /// but what is being written at this moment.
    async fn lost(self: &Arc<Self>, run: &Run, how: &str) {
        let copies = Copies(self.clone());
        let _turn = copies.turn().await;
        let Ok(Some(row)) = self.shared.store.run_by_key(run.key).await else { return };
        if row.status.is_final() || !row.is_elsewhere() {
            return;
        }
        let message = format!(
            "the run was {how} on its Temporal cluster without having sent its end; the cluster's own history of the workflow `{}` says why. Fork it from a record here, or start it again",
            row.id
        );
        let error = StepError::new("TEMPORAL_ENDED", crate::fold::INTERNAL, message);
        let mut batch = Batch::new(copies.epoch());
        batch.updates.push(RunUpdate::ended(row.key, Status::Failed, self.now(), Value::Null, Some(error)));
        if let Err(error) = copies.commit(batch).await {
            tracing::warn!(run = &*row.id, "the end of a run was not written yet: {error}");
        }
    }
}
