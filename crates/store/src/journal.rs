use crate::{RunKey, StoreError};
use async_trait::async_trait;
use weir_engine::Record;

/// One journal row of one run, as a batch carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub run: RunKey,
    pub record: Record,
}

/// A journal row and its place among those of all runs. Numbers rise in the order of writing and never repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberedEntry {
    pub number: i64,
    pub entry: Entry,
}

/// What a tenant's runs have of the next rows there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TenantEntries {
    /// In order, without payloads.
    pub entries: Vec<NumberedEntry>,
    /// The number of the last row that was looked at, whosever it is.
    pub looked: i64,
    /// Whether there may be more rows after it.
    pub more: bool,
}

/// Reading the journal. Large payloads, kept as blobs, come back as if they were in the row.
#[async_trait]
pub trait Journal {
    /// At most `limit` records with `seq ≥ from`, in order. A gap is [`StoreError::Corrupt`], never passed over.
    async fn records(&self, run: RunKey, from: u64, limit: u32) -> Result<Vec<Record>, StoreError>;

    /// The newest record's number; 0 for none.
    async fn last_seq(&self, run: RunKey) -> Result<u64, StoreError>;

    /// At most `limit` rows with a number above `after`, in order: of one run, or of all.
    async fn entries_after(
        &self,
        after: i64,
        run: Option<RunKey>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;

    /// What a tenant's runs have of the next `limit` rows with a number above `after`. Of rows of others only their
    /// numbers are read.
    async fn tenant_entries_after(&self, tenant: &str, after: i64, limit: u32) -> Result<TenantEntries, StoreError>;

    /// The newest row's number; 0 for none.
    async fn newest_entry(&self) -> Result<i64, StoreError>;

    /// The newest `continued` record, where folding begins; else 1 (semantics 5.12).
    async fn first_of_link(&self, run: RunKey) -> Result<u64, StoreError>;
}

/// Refuses records that do not follow each other from `from` on; `from` may lie before or after them all.
pub fn check_dense(run: RunKey, from: u64, records: &[Record]) -> Result<(), StoreError> {
    let first = from.max(1);
    let gap = records.iter().zip(first..).find(|(record, expected)| record.seq != *expected);
    match gap {
        Some((record, expected)) => {
            let message = format!("run {run} has record {} where {expected} should be", record.seq);
            Err(StoreError::Corrupt(message))
        }
        None => Ok(()),
    }
}
