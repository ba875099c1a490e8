use crate::database::Database;
use crate::statement::Statement;
use weir_base::Text;
use weir_store::{Batch, CommitError, Epoch, RunKey};

/// What a batch is looked through for when the database has refused it.
pub struct Suspects {
    pub epoch: Epoch,
    ids: Vec<Text>,
    firsts: Vec<(RunKey, u64)>,
}

impl Suspects {
    pub fn of(batch: &Batch) -> Self {
        let firsts = batch.records.iter().map(|entry| (entry.run, entry.record.seq)).collect();
        Self { epoch: batch.epoch, ids: batch.runs.iter().map(|run| run.id.clone()).collect(), firsts }
    }

    /// The last record of the batch.
    pub fn newest(&self) -> Option<(RunKey, u64)> {
        self.firsts.last().copied()
    }

    /// Statements to ask one after the other: what it means if one of them finds something.
    pub fn questions<D: Database>(self) -> impl Iterator<Item = (Statement, CommitError)> {
        let ids = self.ids.into_iter().map(|id| {
            let sql = format!("SELECT 1 FROM runs WHERE {}", D::same("id", "$1"));
            (Statement::fixed(sql).with(id.clone()), CommitError::RunExists { id })
        });
        let firsts = self.firsts.into_iter().map(|(run, seq)| {
            let statement = Statement::fixed("SELECT 1 FROM journal WHERE rid = $1 AND seq = $2");
            (statement.with(run.0).with(seq as i64), CommitError::SeqTaken { run, seq })
        });
        ids.chain(firsts)
    }
}
