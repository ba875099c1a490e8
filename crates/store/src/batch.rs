use crate::{Attempt, CommitError, Effect, Entry, Epoch, InboxKey, NewObservation, Run, RunKey, RunUpdate, Snapshot};
use std::collections::HashMap;
use weir_base::Text;

/// Everything that becomes true at one moment: the only way a run's data changes.
///
/// Several runs may share a batch (group commit, see [`Batch::absorb`]). Within one batch rows are applied in
/// this order: runs, updates, records, attempts, attempts done, effects, observations, snapshots, inbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The ownership this batch is written under.
    pub epoch: Epoch,
    /// Whether the caller waits for the disk; see [`crate::Store::commit`].
    pub durable: bool,
    pub runs: Vec<Run>,
    pub updates: Vec<RunUpdate>,
    /// Per run in rising `seq` without gaps.
    pub records: Vec<Entry>,
    /// From the second attempt on; replaces the row with the same run and path (semantics 5.6).
    pub attempts: Vec<Attempt>,
    /// Attempts whose result is in.
    pub attempts_done: Vec<(RunKey, Text)>,
    /// Insert or ignore (semantics 5.5).
    pub effects: Vec<Effect>,
    pub observations: Vec<NewObservation>,
    /// Replaces the run's earlier snapshot.
    pub snapshots: Vec<Snapshot>,
    /// Messages this batch takes up, so that each is taken up exactly once.
    pub inbox_done: Vec<InboxKey>,
}

impl Batch {
    /// An empty durable batch.
    pub fn new(epoch: Epoch) -> Self {
        Self { epoch, durable: true, ..Self::default() }
    }

    /// How many rows this batch writes.
    pub fn len(&self) -> usize {
        self.runs.len()
            + self.updates.len()
            + self.records.len()
            + self.attempts.len()
            + self.attempts_done.len()
            + self.effects.len()
            + self.observations.len()
            + self.snapshots.len()
            + self.inbox_done.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the rows of another batch of the same owner after this one's own. Durable if either is.
    pub fn absorb(&mut self, other: Batch) {
        debug_assert_eq!(self.epoch, other.epoch, "batches of two owners");
        self.durable |= other.durable;
        self.runs.extend(other.runs);
        self.updates.extend(other.updates);
        self.records.extend(other.records);
        self.attempts.extend(other.attempts);
        self.attempts_done.extend(other.attempts_done);
        self.effects.extend(other.effects);
        self.observations.extend(other.observations);
        self.snapshots.extend(other.snapshots);
        self.inbox_done.extend(other.inbox_done);
    }

    /// Makes the rows fit for one statement per table, and refuses a batch that contradicts itself.
    ///
    /// Afterwards each run has at most one update and none if the batch inserts it, each attempt and snapshot
    /// occurs once, an attempt that is also done is not written. Adapters call this first.
    pub fn normalise(&mut self) -> Result<(), CommitError> {
        self.check_records()?;
        self.check_new_runs()?;
        merge_updates(&mut self.runs, &mut self.updates);
        keep_last(&mut self.attempts, |attempt| (attempt.run, attempt.path.clone()));
        drop_done(&mut self.attempts, &self.attempts_done);
        keep_last(&mut self.snapshots, |snapshot| snapshot.run);
        Ok(())
    }

    /// Within a batch a run's records follow each other without a gap (semantics 5.1).
    fn check_records(&self) -> Result<(), CommitError> {
        let mut last: HashMap<RunKey, u64> = HashMap::new();
        for Entry { run, record } in &self.records {
            let expected = last.insert(*run, record.seq).map_or(record.seq, |seq| seq.saturating_add(1));
            if record.seq != expected || record.seq == 0 || i64::try_from(record.seq).is_err() {
                let message = format!("run {run} has record {} where {expected} is due", record.seq);
                return Err(CommitError::Invalid(message));
            }
        }
        Ok(())
    }

    fn check_new_runs(&self) -> Result<(), CommitError> {
        let mut keys = HashMap::with_capacity(self.runs.len());
        match self.runs.iter().find(|run| keys.insert(run.key, ()).is_some()) {
            Some(run) => Err(CommitError::Invalid(format!("run {} is inserted twice", run.key))),
            None => Ok(()),
        }
    }
}

fn merge_updates(runs: &mut [Run], updates: &mut Vec<RunUpdate>) {
    if updates.is_empty() || (updates.len() == 1 && runs.is_empty()) {
        return;
    }
    let new: HashMap<RunKey, usize> = runs.iter().enumerate().map(|(index, run)| (run.key, index)).collect();
    let mut place: HashMap<RunKey, usize> = HashMap::with_capacity(updates.len());
    let mut merged: Vec<RunUpdate> = Vec::with_capacity(updates.len());
    for update in updates.drain(..) {
        match (new.get(&update.key), place.get(&update.key)) {
            (Some(&index), _) if update.output.is_none() => runs[index].apply(&update),
            (_, Some(&index)) => merged[index].merge(update),
            _ => {
                place.insert(update.key, merged.len());
                merged.push(update);
            }
        }
    }
    *updates = merged;
}

fn keep_last<T, K: std::hash::Hash + Eq>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if rows.len() < 2 {
        return;
    }
    let last: HashMap<K, usize> = rows.iter().enumerate().map(|(index, row)| (key(row), index)).collect();
    let mut index = 0;
    rows.retain(|row| {
        index += 1;
        last[&key(row)] == index - 1
    });
}

fn drop_done(attempts: &mut Vec<Attempt>, done: &[(RunKey, Text)]) {
    if attempts.is_empty() || done.is_empty() {
        return;
    }
    attempts.retain(|attempt| !done.iter().any(|(run, path)| *run == attempt.run && *path == attempt.path));
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::{Record, Status};

    fn entry(run: i64, seq: u64) -> Entry {
        let record = Record { seq, at: 0, ty: "pause".into(), path: "".into(), payload: "{}".into() };
        Entry { run: RunKey(run), record }
    }

    fn check(rows: &[(i64, u64)], valid: bool) {
        let records = rows.iter().map(|&(run, seq)| entry(run, seq)).collect();
        let mut batch = Batch { records, ..Batch::default() };
        assert_eq!(batch.normalise().is_ok(), valid, "{rows:?}");
    }

    /// Semantics 5.1.
    #[test]
    fn records_of_a_run_follow_without_a_gap() {
        check(&[(1, 1), (2, 7), (1, 2), (2, 8)], true);
        check(&[(1, 1), (1, 3)], false);
        check(&[(1, 2), (1, 1)], false);
        check(&[(1, 2), (1, 2)], false);
        check(&[(1, 0)], false);
        check(&[(1, u64::MAX)], false);
    }

    #[test]
    fn updates_of_one_run_become_one_row() {
        let key = RunKey(1);
        let mut batch =
            Batch { updates: vec![RunUpdate::started(key, 5), RunUpdate::parked(key, Some(9))], ..Batch::default() };
        batch.normalise().unwrap();
        let [update] = &batch.updates[..] else { panic!("{:?}", batch.updates) };
        assert_eq!((update.status, update.started_at, update.wake_at), (Status::Waiting, Some(5), Some(9)));
    }

    #[test]
    fn a_finished_attempt_is_not_written() {
        let attempt = Attempt { run: RunKey(1), path: "a".into(), attempt: 2, not_before: 0 };
        let later = Attempt { attempt: 3, ..attempt.clone() };
        let mut batch = Batch { attempts: vec![attempt.clone(), later.clone()], ..Batch::default() };
        batch.normalise().unwrap();
        assert_eq!(batch.attempts, [later]);
        batch.attempts_done = vec![(RunKey(1), "a".into())];
        batch.normalise().unwrap();
        assert!(batch.attempts.is_empty());
    }
}
