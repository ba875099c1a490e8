use super::state::State;
use weir_store::{
    BLOB_THRESHOLD, Batch, CommitError, Entry, NewObservation, Observation, Run, RunKey, RunUpdate, blob_hash,
};

impl State {
    /// Refuses what would break a rule, before anything is changed.
    pub fn admit(&self, batch: &Batch) -> Result<(), CommitError> {
        if batch.epoch != self.epoch && !batch.is_empty() {
            return Err(CommitError::StaleOwner { epoch: batch.epoch });
        }
        self.admit_runs(&batch.runs)?;
        let taken = batch.records.iter().find(|entry| self.is_taken(entry));
        match taken {
            Some(entry) => Err(CommitError::SeqTaken { run: entry.run, seq: entry.record.seq }),
            None => Ok(()),
        }
    }

    fn admit_runs(&self, runs: &[Run]) -> Result<(), CommitError> {
        for (index, run) in runs.iter().enumerate() {
            if self.ids.contains_key(&run.id) {
                return Err(CommitError::RunExists { id: run.id.clone() });
            }
            if self.runs.contains_key(&run.key) || runs[..index].iter().any(|other| other.id == run.id) {
                return Err(CommitError::Invalid(format!("run {} is inserted twice", run.key)));
            }
        }
        Ok(())
    }

    fn is_taken(&self, Entry { run, record }: &Entry) -> bool {
        self.journal.get(run).and_then(|records| records.last()).is_some_and(|last| record.seq <= last.seq)
    }

    pub fn apply(&mut self, batch: Batch) {
        batch.runs.into_iter().for_each(|run| self.insert_run(run));
        batch.updates.into_iter().for_each(|update| self.update_run(update));
        batch.records.into_iter().for_each(|entry| self.append(entry));
        for attempt in batch.attempts {
            self.attempts.insert((attempt.run, attempt.path.clone()), attempt);
        }
        batch.attempts_done.iter().for_each(|key| drop(self.attempts.remove(key)));
        self.effects.extend(batch.effects);
        batch.observations.into_iter().for_each(|seen| self.observe(seen));
        for snapshot in batch.snapshots {
            self.snapshots.insert(snapshot.run, snapshot);
        }
        batch.inbox_done.iter().for_each(|key| drop(self.inbox.remove(key)));
    }

    fn insert_run(&mut self, run: Run) {
        self.last_run = self.last_run.max(run.key);
        self.ids.insert(run.id.clone(), run.key);
        self.runs.insert(run.key, run);
    }

    fn update_run(&mut self, update: RunUpdate) {
        if let Some(output) = &update.output {
            self.spill(update.key, &output.to_json());
        }
        let Some(run) = self.runs.get_mut(&update.key) else { return };
        run.apply(&update);
        match update.output {
            Some(output) => self.outputs.insert(update.key, output),
            None => self.outputs.remove(&update.key),
        };
    }

    fn append(&mut self, Entry { run, record }: Entry) {
        self.spill(run, &record.payload);
        self.last_entry += 1;
        self.entries.insert(self.last_entry, (run, record.seq));
        self.journal.entry(run).or_default().push(record);
    }

    /// Large values are also blobs here, so that they can be asked for by hash as in every other store.
    fn spill(&mut self, run: RunKey, text: &str) {
        if text.len() > BLOB_THRESHOLD {
            let hash = blob_hash(text.as_bytes());
            self.blobs.insert(hash.clone(), text.as_bytes().to_vec());
            self.blob_refs.insert((run, hash));
        }
    }

    fn observe(&mut self, seen: NewObservation) {
        self.last_observation += 1;
        let number = self.last_observation;
        self.observations.insert(number, Observation { number, seen });
    }
}
