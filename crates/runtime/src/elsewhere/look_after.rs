use super::Copies;
use crate::inner::Inner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use weir_base::{Text, Value};
use weir_engine::{Status, StepError};
use weir_runs::{RunsError, Standing};
use weir_store::{Batch, Run, RunKey, RunUpdate};

/// How often it is asked after open runs.
const EVERY: Duration = Duration::from_secs(30);
const PAGE: u32 = 500;
/// How many looks in a row have to find nothing before a run counts as forgotten: a cluster that fails over, or is set up
/// anew, knows less than it did for a while.
const LOOKS: u32 = 6;

/// Asks after every open run from time to time: one that was ended there by other means than its own, such as by hand
/// or because its history had grown too long, sends no end.
pub(crate) async fn look_after(inner: Arc<Inner>) {
    let mut missed = BTreeMap::new();
    loop {
        tokio::time::sleep(EVERY).await;
        if !inner.abroad.carrier.connections().is_empty() {
            missed = look_once(&inner, &missed).await;
        }
    }
}

/// Ends what is over. How often runs were not found until now goes in and comes out.
async fn look_once(inner: &Arc<Inner>, missed: &BTreeMap<RunKey, u32>) -> BTreeMap<RunKey, u32> {
    let (mut after, mut still, mut silent) = (None, BTreeMap::new(), BTreeSet::<Text>::new());
    while let Ok(page) = inner.shared.store.unfinished(after, PAGE).await {
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        for run in page.iter().filter(|run| run.status != Status::Pending) {
            if let Some(connection) = run.connection().filter(|connection| !silent.contains(*connection)) {
                match inner.abroad.carrier.standing(connection, &run.id).await {
                    Ok(Standing::Closed(how)) => inner.lost(run, &how).await,
                    Ok(Standing::Unknown) => {
                        let looks = missed.get(&run.key).copied().unwrap_or_default() + 1;
                        if !inner.forgotten(run, connection, looks).await {
                            still.insert(run.key, looks);
                        }
                    }
                    Ok(Standing::Open) => {}
                    // Whoever does not answer now is asked again, and holds up nobody else.
                    Err(RunsError::Unavailable(_)) => {
                        still.extend(missed.get_key_value(&run.key).map(|(key, looks)| (*key, *looks)));
                        silent.insert(connection.into());
                    }
                    Err(_) => {}
                }
            }
        }
    }
    still
}

impl Inner {
    /// Ends a run that was not found so often in a row; whether it did. An answer of the wrong namespace is none.
    async fn forgotten(self: &Arc<Self>, run: &Run, connection: &str, looks: u32) -> bool {
        let is_so = looks >= LOOKS && self.abroad.carrier.check(connection).await.is_ok();
        if is_so {
            self.lost(run, "forgotten").await;
        }
        is_so
    }

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
