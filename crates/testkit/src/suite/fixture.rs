use std::sync::Arc;
use weir_base::{Micros, Text};
use weir_engine::{Record, Status};
use weir_store::{Batch, Entry, Epoch, Place, Run, RunKey, RunUpdate, Store};

/// A store and the epoch it was claimed under.
pub struct Owned {
    pub store: Arc<dyn Store>,
    pub epoch: Epoch,
}

impl Owned {
    pub async fn claim(store: Arc<dyn Store>) -> Self {
        let epoch = store.claim(42, 0).await.expect("claims");
        Self { store, epoch }
    }

    pub fn batch(&self) -> Batch {
        Batch::new(self.epoch)
    }

    pub async fn commit(&self, change: impl FnOnce(&mut Batch)) {
        let mut batch = self.batch();
        change(&mut batch);
        self.store.commit(batch).await.expect("commits");
    }

    /// A pending run in the project, created at `at`.
    pub fn run(&self, id: &str, project: &str, at: Micros) -> Run {
        let place = Place { tenant: "".into(), project: project.into(), service: "default".into() };
        Run::new(self.store.next_run_key(), id, place, "flow", at)
    }

    /// Inserts a running run.
    pub async fn running(&self, id: &str) -> RunKey {
        let mut run = self.run(id, "local", 1);
        run.status = Status::Running;
        let key = run.key;
        self.commit(|batch| batch.runs.push(run)).await;
        key
    }

    /// Inserts a run that ended at `at`, with two records.
    pub async fn ended(&self, id: &str, at: Micros) -> RunKey {
        let key = self.running(id).await;
        self.commit(|batch| {
            batch.records = vec![entry(key, 1), entry(key, 2)];
            batch.updates.push(RunUpdate::ended(key, Status::Succeeded, at, "done".into(), None));
        })
        .await;
        key
    }

    pub async fn numbers(&self, run: RunKey) -> Vec<u64> {
        let records = self.store.records(run, 1, u32::MAX).await.expect("reads");
        records.iter().map(|record| record.seq).collect()
    }
}

pub fn record(seq: u64) -> Record {
    let payload = format!(r#"{{"output":{seq}}}"#);
    Record { seq, at: seq as Micros, ty: "task_finished".into(), path: format!("step[{seq}]").into(), payload }
}

pub fn entry(run: RunKey, seq: u64) -> Entry {
    Entry { run, record: record(seq) }
}

pub fn ids(runs: &[Run]) -> Vec<&str> {
    runs.iter().map(|run| &*run.id).collect()
}

pub fn text(text: &str) -> Text {
    text.into()
}
