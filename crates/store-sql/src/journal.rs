use crate::blobs::Spilled;
use crate::error::{corrupt, store_error};
use crate::open::SqlStore;
use crate::row::{Columns, limit, read_all};
use crate::script::{Binder, MOST_ROWS, Piece, Script};
use async_trait::async_trait;
use sqlx::sqlite::SqliteArguments;
use std::borrow::Cow;
use weir_base::Text;
use weir_engine::Record;
use weir_store::{BLOB_THRESHOLD, Entry, Epoch, Journal, RunKey, StoreError, check_dense};

const INSERT: &str = "INSERT INTO journal (rid, seq, at, type, path, payload, blob) SELECT * FROM";
const ROWS: &str = "WHERE column1 IS NOT NULL";
const GUARDED_ROWS: &str = "WHERE column1 IS NOT NULL AND EXISTS (SELECT 1 FROM owner WHERE epoch = ?)";
const COLUMNS: usize = 7;

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

/// Whether the rows need no blob and no second statement.
pub fn fits_one_statement(entries: &[Entry]) -> bool {
    entries.len() <= MOST_ROWS && entries.iter().all(|entry| entry.record.payload.len() <= BLOB_THRESHOLD)
}

/// One statement that writes the rows if the epoch is the newest, and none otherwise.
pub fn guarded(entries: Vec<Entry>, epoch: Epoch) -> Piece {
    let mut script = Script::new(entries.len());
    script.add_rows((INSERT, COLUMNS, GUARDED_ROWS), entries, |binder, entry| {
        bind(binder, entry.run, entry.record, None);
    });
    script.bind_last(|binder| {
        binder.value(epoch.0);
    });
    script.pieces.pop().unwrap_or(Piece { sql: String::new(), arguments: SqliteArguments::default() })
}

pub fn insert(script: &mut Script, entries: Vec<Entry>, spilled: &mut Spilled) {
    script.add_rows((INSERT, COLUMNS, ROWS), entries, |binder, Entry { run, mut record }| {
        let payload = std::mem::take(&mut record.payload);
        let (payload, blob) = spilled.take(run, payload);
        record.payload = payload.unwrap_or_default();
        bind(binder, run, record, blob);
    });
}

fn bind(binder: &mut Binder, run: RunKey, record: Record, blob: Option<Text>) {
    let Record { seq, at, ty, path, payload } = record;
    binder.value(run.0).value(seq as i64).value(at).value(ty).value(path);
    match blob {
        Some(hash) => binder.value(None::<String>).value(hash),
        None => binder.value(payload).value(None::<String>),
    };
}

#[async_trait]
impl Journal for SqlStore {
    async fn records(&self, run: RunKey, from: u64, most: u32) -> Result<Vec<Record>, StoreError> {
        const READ: &str = "SELECT j.seq, j.at, j.type, j.path, COALESCE(j.payload, CAST(b.bytes AS TEXT)), j.blob
            FROM journal j LEFT JOIN blobs b ON b.hash = j.blob
            WHERE j.rid = $1 AND j.seq >= $2 ORDER BY j.seq LIMIT $3";
        let from_seq = i64::try_from(from).unwrap_or(i64::MAX);
        let query = sqlx::query(READ).bind(run.0).bind(from_seq).bind(limit(most));
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        let records = read_all(&rows, record)?;
        check_dense(run, from, &records)?;
        Ok(records)
    }

    async fn last_seq(&self, run: RunKey) -> Result<u64, StoreError> {
        let query = sqlx::query("SELECT COALESCE(MAX(seq), 0) FROM journal WHERE rid = $1").bind(run.0);
        Columns(&query.fetch_one(self.readers()).await.map_err(store_error)?).count(0)
    }

    async fn first_of_link(&self, run: RunKey) -> Result<u64, StoreError> {
        const READ: &str = "SELECT COALESCE(MAX(seq), 1) FROM journal WHERE rid = $1 AND type = 'continued'";
        let query = sqlx::query(READ).bind(run.0);
        Columns(&query.fetch_one(self.readers()).await.map_err(store_error)?).count(0)
    }
}

fn record(row: Columns<'_>) -> Result<Record, StoreError> {
    let payload: Option<String> = row.get(4)?;
    let payload = match payload {
        Some(payload) => payload,
        None => return Err(corrupt(format!("the payload {} is gone", row.get::<&str>(5).unwrap_or("of a record")))),
    };
    Ok(Record { seq: row.count(0)?, at: row.get(1)?, ty: type_name(row.get(2)?), path: row.text(3)?, payload })
}

fn type_name(text: &str) -> Cow<'static, str> {
    TYPES
        .iter()
        .find(|known| **known == text)
        .map_or_else(|| Cow::Owned(text.to_owned()), |known| Cow::Borrowed(*known))
}
