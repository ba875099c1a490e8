//! How the rows of a batch are written: one multi-row statement per table.

use crate::blobs::{Spilled, error_json, waits_json};
use crate::sqlite::script::{Binder, MOST_ROWS, Piece, Script};
use sqlx::sqlite::SqliteArguments;
use weir_base::Text;
use weir_engine::Record;
use weir_store::{
    Attempt, BLOB_THRESHOLD, Effect, Entry, Epoch, InboxKey, NewObservation, Run, RunKey, RunUpdate, Snapshot,
};

const RUNS: (&str, usize, &str) = (
    "INSERT INTO runs (rid, id, tenant, project, service, flow, version, status, priority, concurrency_key,
     created_at, started_at, wake_at, ended_at, error, cause, waits) SELECT * FROM",
    17,
    "WHERE column1 IS NOT NULL",
);
const UPDATES: (&str, usize, &str) = (
    "UPDATE runs SET status = u.column2, started_at = COALESCE(started_at, u.column3), wake_at = u.column4,
     ended_at = u.column5, version = COALESCE(u.column6, version), error = u.column7, output = u.column8,
     output_blob = u.column9, concurrency_key = CASE WHEN u.column2 = 'pending' AND concurrency_key LIKE '@elsewhere%'
     THEN NULL ELSE concurrency_key END, waits = u.column10 FROM",
    10,
    "AS u WHERE runs.rid = u.column1",
);
const JOURNAL: &str = "INSERT INTO journal (rid, seq, at, type, path, payload, blob) SELECT * FROM";
const JOURNAL_ROWS: &str = "WHERE column1 IS NOT NULL";
const JOURNAL_ROWS_GUARDED: &str = "WHERE column1 IS NOT NULL AND EXISTS (SELECT 1 FROM owner WHERE epoch = ?)";
const JOURNAL_COLUMNS: usize = 7;
const ATTEMPTS: (&str, usize, &str) = (
    "INSERT INTO attempts (rid, path, attempt, not_before) SELECT * FROM",
    4,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid, path)
     DO UPDATE SET attempt = excluded.attempt, not_before = excluded.not_before",
);
const ATTEMPTS_DONE: (&str, usize, &str) = ("DELETE FROM attempts WHERE (rid, path) IN", 2, "");
const EFFECTS: (&str, usize, &str) = (
    "INSERT INTO effects (rid, seq, ordinal) SELECT * FROM",
    3,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid, seq, ordinal) DO NOTHING",
);
const OBSERVATIONS: (&str, usize, &str) =
    ("INSERT INTO observations (rid, path, attempt, at, kind, payload) SELECT * FROM", 6, "WHERE column1 IS NOT NULL");
const SNAPSHOTS: (&str, usize, &str) = (
    "INSERT INTO snapshots (rid, seq, bytes) SELECT * FROM",
    3,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes",
);
const INBOX_DONE: (&str, usize, &str) = ("DELETE FROM inbox WHERE number IN", 1, "");
const BLOBS: (&str, usize, &str) =
    ("INSERT INTO blobs (hash, bytes) SELECT * FROM", 2, "WHERE column1 IS NOT NULL ON CONFLICT (hash) DO NOTHING");
const REFS: (&str, usize, &str) = (
    "INSERT INTO blob_refs (rid, hash) SELECT * FROM",
    2,
    "WHERE column1 IS NOT NULL ON CONFLICT (rid, hash) DO NOTHING",
);

pub fn runs(script: &mut Script, runs: Vec<Run>) {
    script.add_rows(RUNS, runs, |binder, run| {
        binder.value(run.key.0).value(run.id);
        binder.value(run.place.tenant).value(run.place.project).value(run.place.service);
        binder.value(run.flow).value(run.version).value(run.status.as_str()).value(i64::from(run.priority));
        binder.value(run.concurrency_key).value(run.created_at).value(run.started_at);
        binder.value(run.wake_at).value(run.ended_at).value(run.error.as_ref().map(error_json));
        binder.value(run.cause).value(waits_json(&run.waits));
    });
}

pub fn updates(script: &mut Script, updates: Vec<RunUpdate>, spilled: &mut Spilled) {
    script.add_rows(UPDATES, updates, |binder, update| {
        let output = update.output.map(|output| spilled.take(update.key, output.to_json()));
        let (output, blob) = output.unwrap_or_default();
        binder.value(update.key.0).value(update.status.as_str()).value(update.started_at);
        binder.value(update.wake_at).value(update.ended_at).value(update.version);
        binder.value(update.error.as_ref().map(error_json)).value(output).value(blob);
        binder.value(waits_json(&update.waits));
    });
}

/// Whether the rows need no blob and no second statement.
pub fn fits_one_statement(entries: &[Entry]) -> bool {
    entries.len() <= MOST_ROWS && entries.iter().all(|entry| entry.record.payload.len() <= BLOB_THRESHOLD)
}

/// One statement that writes the rows if the epoch is the newest, and none otherwise.
pub fn guarded_journal(entries: Vec<Entry>, epoch: Epoch) -> Piece {
    let mut script = Script::new(entries.len());
    script.add_rows((JOURNAL, JOURNAL_COLUMNS, JOURNAL_ROWS_GUARDED), entries, |binder, entry| {
        bind_record(binder, entry.run, entry.record, None);
    });
    script.bind_last(|binder| {
        binder.value(epoch.0);
    });
    script.pieces.pop().unwrap_or(Piece { sql: String::new(), arguments: SqliteArguments::default() })
}

pub fn journal(script: &mut Script, entries: Vec<Entry>, spilled: &mut Spilled) {
    script.add_rows((JOURNAL, JOURNAL_COLUMNS, JOURNAL_ROWS), entries, |binder, Entry { run, mut record }| {
        let payload = std::mem::take(&mut record.payload);
        let (payload, blob) = spilled.take(run, payload);
        record.payload = payload.unwrap_or_default();
        bind_record(binder, run, record, blob);
    });
}

fn bind_record(binder: &mut Binder, run: RunKey, record: Record, blob: Option<Text>) {
    let Record { seq, at, ty, path, payload } = record;
    binder.value(run.0).value(seq as i64).value(at).value(ty).value(path);
    match blob {
        Some(hash) => binder.value(None::<String>).value(hash),
        None => binder.value(payload).value(None::<String>),
    };
}

pub fn attempts(script: &mut Script, attempts: Vec<Attempt>) {
    script.add_rows(ATTEMPTS, attempts, |binder, attempt| {
        binder.value(attempt.run.0).value(attempt.path);
        binder.value(i64::from(attempt.attempt)).value(attempt.not_before);
    });
}

pub fn attempts_done(script: &mut Script, done: Vec<(RunKey, Text)>) {
    script.add_rows(ATTEMPTS_DONE, done, |binder, (run, path)| {
        binder.value(run.0).value(path);
    });
}

pub fn effects(script: &mut Script, effects: Vec<Effect>) {
    script.add_rows(EFFECTS, effects, |binder, effect| {
        binder.value(effect.run.0).value(effect.seq as i64).value(i64::from(effect.ordinal));
    });
}

pub fn observations(script: &mut Script, observations: Vec<NewObservation>) {
    script.add_rows(OBSERVATIONS, observations, |binder, seen| {
        binder.value(seen.run.0).value(seen.path).value(i64::from(seen.attempt));
        binder.value(seen.at).value(seen.kind).value(seen.payload);
    });
}

pub fn snapshots(script: &mut Script, snapshots: Vec<Snapshot>) {
    script.add_rows(SNAPSHOTS, snapshots, |binder, snapshot| {
        binder.value(snapshot.run.0).value(snapshot.seq as i64).value(snapshot.bytes);
    });
}

pub fn inbox_done(script: &mut Script, done: Vec<InboxKey>) {
    script.add_rows(INBOX_DONE, done, |binder, key| {
        binder.value(key.0);
    });
}

pub fn blobs(script: &mut Script, spilled: Spilled) {
    script.add_rows(BLOBS, spilled.bytes, |binder, (hash, bytes)| {
        binder.value(hash).value(bytes);
    });
    script.add_rows(REFS, spilled.refs, |binder, (run, hash)| {
        binder.value(run.0).value(hash);
    });
}
