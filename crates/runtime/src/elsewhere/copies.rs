use crate::children::patiently;
use crate::inner::Inner;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use weir_engine::StepError;
use weir_runs::{Progress, ProgressBody, RunEnded};
use weir_store::{Batch, CommitError, Epoch, Run, RunUpdate};

/// The way of copies into the store: they are written with everything else, and whoever waits for a run is told.
#[derive(Clone)]
pub struct Copies(pub(crate) Arc<Inner>);

impl Copies {
    /// Held from reading a row of this run to writing what follows from it.
    pub async fn turn(&self, run: &str) -> OwnedMutexGuard<()> {
        self.0.abroad.turns.turn(run).await
    }

    pub fn epoch(&self) -> Epoch {
        self.0.shared.writer.epoch()
    }

    /// It is on disk when this returns. Whoever calls has had the turn since what it is made from was read.
    pub async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let changed = batch.updates.clone();
        let key = changed.first().map(|update| update.key).unwrap_or_default();
        self.0.shared.writer.write(key, batch).await?;
        for update in changed {
            self.0.tell_copy(update).await;
        }
        Ok(())
    }
}

impl Inner {
    /// What changed in the row of a run, to whoever waits for it.
    async fn tell_copy(self: &Arc<Self>, update: RunUpdate) {
        self.abroad.mail.tell(update.key);
        // Nobody tells of an end twice, so that it is told of even where the store does not answer at once.
        let Some(Some(row)) = patiently(|| self.shared.store.run_by_key(update.key)).await else {
            if update.status.is_final() {
                self.leave_place(update.key);
            }
            return;
        };
        self.settle_place(&row).await;
        let at = update.ended_at.unwrap_or_else(|| self.now());
        let (status, error) = (update.status, update.error.clone());
        let output = update.output.clone().unwrap_or_default();
        if status.is_final() {
            self.note_end(&row, at, error.as_ref());
        }
        let body = ProgressBody::Status { status, waiting: Vec::new(), output, error };
        self.shared.watchers.tell(Progress { run: row.id.clone(), at, body });
        if status.is_final() {
            self.shared.ends.tell(&row.id, &row.place.queue());
        }
    }

    /// The log, the numbers, and whoever observes.
    fn note_end(&self, row: &Run, at: weir_base::Micros, error: Option<&StepError>) {
        let (tenant, project, flow) = (&row.place.tenant, &row.place.project, &row.flow);
        let took = at.saturating_sub(row.created_at).max(0);
        let code = error.map(|error| &*error.code);
        tracing::info!(
            target: "weir::run",
            run = &*row.id,
            tenant = &**tenant,
            project = &**project,
            flow = &**flow,
            status = row.status.as_str(),
            code,
            ms = took as f64 / 1_000.0,
            "run ended elsewhere"
        );
        let meters = &self.shared.meters;
        meters.run_ended(&meters.flow(&row.place, flow), row.status, took);
        let Some(observer) = &meters.observer else { return };
        observer.run(&RunEnded {
            run: &row.id,
            tenant,
            project,
            flow,
            version: &row.version,
            parent: row.id.rsplit_once('/'),
            status: row.status,
            code,
            created_at: row.created_at,
            ended_at: at,
        });
    }
}
