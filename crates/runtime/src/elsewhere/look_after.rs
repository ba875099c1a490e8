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

/// As the end of a run is called that the cluster does not know any more.
const FORGOTTEN: &str = "forgotten";

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

/// Ends what is over, sends on what waits and is on nobody's way, and sets right who holds a place. How often runs were not found until now goes in and comes out.
async fn look_once(inner: &Arc<Inner>, missed: &BTreeMap<RunKey, u32>) -> BTreeMap<RunKey, u32> {
    let (mut after, mut still, mut silent) = (None, BTreeMap::new(), BTreeSet::<Text>::new());
    let mut open = BTreeSet::new();
    while let Ok(page) = inner.shared.store.unfinished(after, PAGE).await {
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        open.extend(page.iter().map(|run| run.key));
        let strays = page.iter().filter(|run| inner.abroad.is_stray(run));
        strays.for_each(|run| inner.abroad.send(run.clone(), None));
        for run in page.iter().filter(|run| run.status != Status::Pending) {
            inner.settle_unheld(run).await;
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
    inner.settle_held(&open).await;
    still
}

impl Inner {
    /// Ends a run that was not found so often in a row; whether it did. An answer of the wrong namespace is none.
    async fn forgotten(self: &Arc<Self>, run: &Run, connection: &str, looks: u32) -> bool {
        let is_so = looks >= LOOKS && self.abroad.carrier.check(connection).await.is_ok();
        if is_so {
            self.lost(run, FORGOTTEN).await;
        }
        is_so
    }

    /// The end of a run that has sent none. What it sends, it sends before it ends, so that nothing can come any more
    /// but what is being written at this moment.
    async fn lost(self: &Arc<Self>, run: &Run, how: &str) {
        let copies = Copies(self.clone());
        let _turn = copies.turn(&run.id).await;
        let Ok(Some(row)) = self.shared.store.run_by_key(run.key).await else { return };
        if row.status.is_final() || !row.is_elsewhere() {
            return;
        }
        let message = told(&row.id, how);
        let error = StepError::new("TEMPORAL_ENDED", crate::fold::INTERNAL, message);
        let mut batch = Batch::new(copies.epoch());
        batch.updates.push(RunUpdate::ended(row.key, Status::Failed, self.now(), Value::Null, Some(error)));
        if let Err(error) = copies.commit(batch).await {
            tracing::warn!(run = &*row.id, "the end of a run was not written yet: {error}");
        }
    }
}

/// What has become of a run, by the cluster's word for it, and what to do.
fn told(run: &str, how: &str) -> String {
    let again = "fork it from a record here, or start it again";
    let history = format!("the cluster's own history of the workflow `{run}`");
    match how {
        FORGOTTEN => format!(
            "the Temporal cluster does not know the run any more: its history was deleted there, or the cluster was set up anew. What it had done by the last record here is done; {again}"
        ),
        "terminated" => format!(
            "the run was terminated on its Temporal cluster, by somebody with Temporal's own means or by the cluster because its history was too long; {history} says which. Its steps did not tidy up; {again}"
        ),
        "timed_out" => format!("the time of the run on its Temporal cluster was up; {history} says when. Then {again}"),
        // It sends its end before it ends; so it was here once, or somebody else has it.
        how => format!(
            "the run is over on its Temporal cluster ({how}), and its end is not in this database, as after a backup was put back, or where another installation has kept it; {history} has it. Nothing has to be done again for its sake"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn every_end_says_what_to_do() {
        for (how, part) in [
            ("terminated", "somebody with Temporal's own means"),
            ("timed_out", "was up"),
            ("forgotten", "does not know the run any more"),
            ("completed", "(completed), and its end is not in this database"),
        ] {
            assert!(told("r", how).contains(part), "{}", told("r", how));
        }
    }
}
