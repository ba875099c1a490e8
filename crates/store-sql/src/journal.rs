use crate::database::{Database, Sql};
use crate::row::{Cells, Columns, corrupt, read_all};
use crate::statement::{Statement, limit};
use async_trait::async_trait;
use std::borrow::Cow;
use weir_engine::Record;
use weir_store::{Entry, Journal, NumberedEntry, RunKey, StoreError, TenantEntries, check_dense};

/// The types of records there are, so that reading a journal allocates none of their names.
const TYPES: [&str; 16] = [
    "task_finished",
    "started",
    "timer_fired",
    "signal",
    "child_finished",
    "variables_read",
    "dispatched",
    "decided",
    "late",
    "override",
    "cancel",
    "pause",
    "resume",
    "continued",
    "rebased",
    "forked",
];

#[async_trait]
impl<D: Database> Journal for Sql<D> {
    async fn records(&self, run: RunKey, from: u64, most: u32) -> Result<Vec<Record>, StoreError> {
        const READ: &str = "SELECT j.seq, j.at, j.type, j.path, j.payload, b.bytes, j.blob
            FROM journal j LEFT JOIN blobs b ON b.hash = j.blob
            WHERE j.rid = $1 AND j.seq >= $2 ORDER BY j.seq LIMIT $3";
        let from_seq = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = self.read(Statement::fixed(READ).with(run.0).with(from_seq).with(limit(most))).await?;
        let records = read_all(&rows, record)?;
        check_dense(run, from, &records)?;
        Ok(records)
    }

    async fn last_seq(&self, run: RunKey) -> Result<u64, StoreError> {
        let query = Statement::fixed("SELECT COALESCE(MAX(seq), 0) FROM journal WHERE rid = $1").with(run.0);
        Ok(self.read_one(query, |row| row.count(0)).await?.unwrap_or(0))
    }

    async fn entries_after(
        &self,
        after: i64,
        run: Option<RunKey>,
        most: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        const ALL: &str = "SELECT j.seq, j.at, j.type, j.path, j.payload, b.bytes, j.blob, j.rid, j.number
            FROM journal j LEFT JOIN blobs b ON b.hash = j.blob WHERE j.number > $1 ORDER BY j.number LIMIT $2";
        // In the order of `seq` too, by the index on the run's rows.
        const ONE: &str = "SELECT j.seq, j.at, j.type, j.path, j.payload, b.bytes, j.blob, j.rid, j.number
            FROM journal j LEFT JOIN blobs b ON b.hash = j.blob
            WHERE j.number > $1 AND j.rid = $3 ORDER BY j.seq LIMIT $2";
        let query = match run {
            None => Statement::fixed(ALL).with(after).with(limit(most)),
            Some(run) => Statement::fixed(ONE).with(after).with(limit(most)).with(run.0),
        };
        read_all(&self.read(query).await?, |row| {
            let (rid, number) = (row.number(7)?, row.number(8)?);
            Ok(NumberedEntry { number, entry: Entry { run: RunKey(rid), record: record(row)? } })
        })
    }

    async fn tenant_entries_after(&self, tenant: &str, after: i64, most: u32) -> Result<TenantEntries, StoreError> {
        const READ: &str = "SELECT j.seq, j.at, j.type, j.path, j.rid, j.number, r.rid FROM
            (SELECT number, rid, seq, at, type, path FROM journal WHERE number > $1 ORDER BY number LIMIT $2) j
            LEFT JOIN runs r ON r.rid = j.rid AND r.tenant = $3 ORDER BY j.number";
        let rows = self.read(Statement::fixed(READ).with(after).with(limit(most)).with(tenant)).await?;
        let own = read_all(&rows, |row| {
            let (own, number) = (row.optional_number(6)?.is_some(), row.number(5)?);
            let (seq, at, ty) = (row.count(0)?, row.number(1)?, type_name(&row.str(2)?));
            let record = Record { seq, at, ty, path: row.text(3)?, payload: String::new() };
            Ok((own, NumberedEntry { number, entry: Entry { run: RunKey(row.number(4)?), record } }))
        })?;
        let looked = own.last().map_or(after, |(_, last)| last.number);
        let more = own.len() as i64 == limit(most);
        let entries = own.into_iter().filter_map(|(own, entry)| own.then_some(entry)).collect();
        Ok(TenantEntries { entries, looked, more })
    }

    async fn newest_entry(&self) -> Result<i64, StoreError> {
        let query = Statement::fixed("SELECT COALESCE(MAX(number), 0) FROM journal");
        Ok(self.read_one(query, |row| row.number(0)).await?.unwrap_or(0))
    }

    async fn first_of_link(&self, run: RunKey) -> Result<u64, StoreError> {
        const READ: &str = "SELECT COALESCE(MAX(seq), 1) FROM journal WHERE rid = $1 AND type = 'continued'";
        Ok(self.read_one(Statement::fixed(READ).with(run.0), |row| row.count(0)).await?.unwrap_or(1))
    }
}

pub fn record<R: Cells>(row: Columns<'_, R>) -> Result<Record, StoreError> {
    let Some(payload) = row.text_or_blob(4, 5)? else {
        let blob = row.optional_str(6)?.unwrap_or(Cow::Borrowed("of a record"));
        return Err(corrupt(format!("the payload {blob} is gone")));
    };
    let (seq, at, ty) = (row.count(0)?, row.number(1)?, type_name(&row.str(2)?));
    Ok(Record { seq, at, ty, path: row.text(3)?, payload })
}

fn type_name(text: &str) -> Cow<'static, str> {
    TYPES
        .iter()
        .find(|known| **known == text)
        .map_or_else(|| Cow::Owned(text.to_owned()), |known| Cow::Borrowed(*known))
}
