//! A batch as one statement: each table takes its rows as arrays, one for each column, if the epoch is the newest.

use crate::blobs::{Spilled, error_json, waits_json};
use crate::postgres::text::escape;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, AssertSqlSafe, Row};
use weir_base::Text;
use weir_store::{Batch, RunKey};

/// Counts the batch and gives the count, if the epoch is the newest. Everything else hangs on it.
const GUARD: &str =
    "WITH guard AS (UPDATE owner SET written = written + 1 WHERE id = 1 AND epoch = $1 RETURNING written)";
const ANSWER: &str = " SELECT written FROM guard";
const GUARDED: &str = "EXISTS (SELECT 1 FROM guard)";

/// A batch, ready to be written, more than once if need be.
pub struct Rows {
    pub durable: bool,
    epoch: i64,
    tables: Vec<Table>,
}

/// One table's part of the statement.
struct Table {
    /// What comes before and after the rows, which are called `r`.
    head: &'static str,
    tail: &'static str,
    columns: Vec<Column>,
}

enum Column {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Vec<u8>>),
}

impl Rows {
    pub fn of(mut batch: Batch) -> Self {
        let mut spilled = Spilled::default();
        let mut tables = Vec::new();
        runs(&mut tables, &mut batch, &mut spilled);
        updates(&mut tables, &mut batch, &mut spilled);
        journal(&mut tables, &mut batch, &mut spilled);
        attempts(&mut tables, &batch);
        side(&mut tables, &mut batch);
        blobs(&mut tables, spilled);
        Self { durable: batch.durable, epoch: batch.epoch.0, tables }
    }

    /// Returns how many batches the database has now; none where the epoch is not the newest.
    pub async fn run(&self, connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
        let mut sql = GUARD.to_owned();
        let mut arguments = PgArguments::default();
        arguments.add(self.epoch).map_err(sqlx::Error::Encode)?;
        for (index, table) in self.tables.iter().enumerate() {
            table.push(index, &mut sql, &mut arguments)?;
        }
        sql.push_str(ANSWER);
        let row = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_optional(connection).await?;
        row.map(|row| row.try_get(0)).transpose()
    }
}

impl Table {
    fn push(&self, index: usize, sql: &mut String, arguments: &mut PgArguments) -> Result<(), sqlx::Error> {
        sql.push_str(&format!(", t{index} AS ({} FROM UNNEST(", self.head));
        for (place, column) in self.columns.iter().enumerate() {
            let (kind, added) = match column {
                Column::Numbers(values) => ("BIGINT", arguments.add(values)),
                Column::Texts(values) => ("TEXT", arguments.add(values)),
                Column::Bytes(values) => ("BYTEA", arguments.add(values)),
            };
            added.map_err(sqlx::Error::Encode)?;
            let comma = if place == 0 { "" } else { ", " };
            sql.push_str(&format!("{comma}${}::{kind}[]", arguments.len()));
        }
        sql.push_str(") AS r (");
        for place in 0..self.columns.len() {
            sql.push_str(&format!("{}c{place}", if place == 0 { "" } else { ", " }));
        }
        sql.push_str(&format!(") WHERE {GUARDED} {})", self.tail));
        Ok(())
    }
}

fn add(tables: &mut Vec<Table>, head: &'static str, tail: &'static str, columns: Vec<Column>) {
    let rows = match columns.first() {
        Some(Column::Numbers(values)) => values.len(),
        Some(Column::Texts(values)) => values.len(),
        Some(Column::Bytes(values)) => values.len(),
        None => 0,
    };
    if rows > 0 {
        tables.push(Table { head, tail, columns });
    }
}

fn numbers<T>(rows: &[T], read: impl Fn(&T) -> i64) -> Column {
    Column::Numbers(rows.iter().map(|row| Some(read(row))).collect())
}

fn some_numbers<T>(rows: &[T], read: impl Fn(&T) -> Option<i64>) -> Column {
    Column::Numbers(rows.iter().map(read).collect())
}

fn texts<'a, T>(rows: &'a [T], read: impl Fn(&'a T) -> &'a str) -> Column {
    Column::Texts(rows.iter().map(|row| Some(escape(read(row)).into_owned())).collect())
}

fn some_texts<'a, T>(rows: &'a [T], read: impl Fn(&'a T) -> Option<&'a str>) -> Column {
    Column::Texts(rows.iter().map(|row| read(row).map(|text| escape(text).into_owned())).collect())
}

/// A text in its row, or the name of the blob it is in.
type Kept = (Option<String>, Option<Text>);

fn kept(values: &[Kept]) -> [Column; 2] {
    [some_texts(values, |kept| kept.0.as_deref()), some_texts(values, |kept| kept.1.as_deref())]
}

/// A run that is new and has ended already is written with its output: a statement does not see its own rows.
fn runs(tables: &mut Vec<Table>, batch: &mut Batch, spilled: &mut Spilled) {
    if batch.runs.is_empty() {
        return;
    }
    let mut outputs: Vec<Kept> = vec![(None, None); batch.runs.len()];
    let (runs, updates) = (&mut batch.runs, &mut batch.updates);
    updates.retain_mut(|update| {
        let Some(at) = runs.iter().position(|run| run.key == update.key) else { return true };
        runs[at].apply(update);
        outputs[at] = output(update, spilled);
        false
    });
    let runs = &batch.runs;
    let [output, output_blob] = kept(&outputs);
    let errors: Vec<Option<String>> = runs.iter().map(|run| run.error.as_ref().map(error_json)).collect();
    let waits: Vec<Option<String>> = runs.iter().map(|run| waits_json(&run.waits)).collect();
    let columns = vec![
        numbers(runs, |run| run.key.0),
        texts(runs, |run| &run.id),
        texts(runs, |run| &run.place.tenant),
        texts(runs, |run| &run.place.project),
        texts(runs, |run| &run.place.service),
        texts(runs, |run| &run.flow),
        texts(runs, |run| &run.version),
        texts(runs, |run| run.status.as_str()),
        numbers(runs, |run| i64::from(run.priority)),
        some_texts(runs, |run| run.concurrency_key.as_deref()),
        numbers(runs, |run| run.created_at),
        some_numbers(runs, |run| run.started_at),
        some_numbers(runs, |run| run.wake_at),
        some_numbers(runs, |run| run.ended_at),
        some_texts(&errors, |error| error.as_deref()),
        output,
        output_blob,
        some_texts(runs, |run| run.cause.as_deref()),
        some_texts(&waits, |waits| waits.as_deref()),
    ];
    let head = "INSERT INTO runs (rid, id, tenant, project, service, flow, version, status, priority,
        concurrency_key, created_at, started_at, wake_at, ended_at, error, output, output_blob, cause, waits)
        SELECT r.*";
    add(tables, head, "", columns);
}

fn updates(tables: &mut Vec<Table>, batch: &mut Batch, spilled: &mut Spilled) {
    let updates = &mut batch.updates;
    let outputs: Vec<Kept> = updates.iter_mut().map(|update| output(update, spilled)).collect();
    let errors: Vec<Option<String>> = updates.iter().map(|update| update.error.as_ref().map(error_json)).collect();
    let waits: Vec<Option<String>> = updates.iter().map(|update| waits_json(&update.waits)).collect();
    let [output, output_blob] = kept(&outputs);
    let columns = vec![
        numbers(updates, |update| update.key.0),
        texts(updates, |update| update.status.as_str()),
        some_numbers(updates, |update| update.started_at),
        some_numbers(updates, |update| update.wake_at),
        some_numbers(updates, |update| update.ended_at),
        some_texts(updates, |update| update.version.as_deref()),
        some_texts(&errors, |error| error.as_deref()),
        output,
        output_blob,
        some_texts(&waits, |waits| waits.as_deref()),
    ];
    let head = "UPDATE runs SET status = r.c1, started_at = COALESCE(started_at, r.c2), wake_at = r.c3,
        ended_at = r.c4, version = COALESCE(r.c5, version), error = r.c6, output = r.c7, output_blob = r.c8, waits = r.c9,
        concurrency_key = CASE WHEN r.c1 = 'pending' AND concurrency_key LIKE '@elsewhere%' THEN NULL
        ELSE concurrency_key END";
    add(tables, head, "AND runs.rid = r.c0", columns);
}

fn output(update: &mut weir_store::RunUpdate, spilled: &mut Spilled) -> Kept {
    update.output.take().map(|output| spilled.take(update.key, output.to_json())).unwrap_or_default()
}

fn journal(tables: &mut Vec<Table>, batch: &mut Batch, spilled: &mut Spilled) {
    let records = &mut batch.records;
    let payloads: Vec<Kept> =
        records.iter_mut().map(|entry| spilled.take(entry.run, std::mem::take(&mut entry.record.payload))).collect();
    let [payload, blob] = kept(&payloads);
    let columns = vec![
        numbers(records, |entry| entry.run.0),
        numbers(records, |entry| entry.record.seq as i64),
        numbers(records, |entry| entry.record.at),
        texts(records, |entry| &entry.record.ty),
        texts(records, |entry| &entry.record.path),
        payload,
        blob,
    ];
    add(tables, "INSERT INTO journal (rid, seq, at, type, path, payload, blob) SELECT r.*", "", columns);
}

fn attempts(tables: &mut Vec<Table>, batch: &Batch) {
    let attempts = &batch.attempts;
    let columns = vec![
        numbers(attempts, |attempt| attempt.run.0),
        texts(attempts, |attempt| &attempt.path),
        numbers(attempts, |attempt| i64::from(attempt.attempt)),
        numbers(attempts, |attempt| attempt.not_before),
    ];
    let replace = "ON CONFLICT (rid, path_key)
        DO UPDATE SET attempt = excluded.attempt, not_before = excluded.not_before";
    add(tables, "INSERT INTO attempts (rid, path, attempt, not_before) SELECT r.*", replace, columns);
    let done = &batch.attempts_done;
    let columns = vec![numbers(done, |(run, _)| run.0), texts(done, |(_, path)| path)];
    add(tables, "DELETE FROM attempts WHERE (rid, path) IN (SELECT r.*", ")", columns);
}

/// What lies beside the journal.
fn side(tables: &mut Vec<Table>, batch: &mut Batch) {
    let effects = &batch.effects;
    let columns = vec![
        numbers(effects, |effect| effect.run.0),
        numbers(effects, |effect| effect.seq as i64),
        numbers(effects, |effect| i64::from(effect.ordinal)),
    ];
    let head = "INSERT INTO effects (rid, seq, ordinal) SELECT r.*";
    add(tables, head, "ON CONFLICT (rid, seq, ordinal) DO NOTHING", columns);
    let seen = &batch.observations;
    let columns = vec![
        numbers(seen, |seen| seen.run.0),
        texts(seen, |seen| &seen.path),
        numbers(seen, |seen| i64::from(seen.attempt)),
        numbers(seen, |seen| seen.at),
        texts(seen, |seen| &seen.kind),
        texts(seen, |seen| &seen.payload),
    ];
    add(tables, "INSERT INTO observations (rid, path, attempt, at, kind, payload) SELECT r.*", "", columns);
    let snapshots = std::mem::take(&mut batch.snapshots);
    let columns = vec![
        numbers(&snapshots, |snapshot| snapshot.run.0),
        numbers(&snapshots, |snapshot| snapshot.seq as i64),
        Column::Bytes(snapshots.into_iter().map(|snapshot| snapshot.bytes).collect()),
    ];
    let replace = "ON CONFLICT (rid) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes";
    add(tables, "INSERT INTO snapshots (rid, seq, bytes) SELECT r.*", replace, columns);
    let columns = vec![numbers(&batch.inbox_done, |key| key.0)];
    add(tables, "DELETE FROM inbox WHERE number IN (SELECT r.c0", ")", columns);
}

fn blobs(tables: &mut Vec<Table>, spilled: Spilled) {
    let Spilled { bytes, refs } = spilled;
    let hashes = texts(&bytes, |(hash, _)| hash);
    let columns = vec![hashes, Column::Bytes(bytes.into_iter().map(|(_, bytes)| bytes).collect())];
    add(tables, "INSERT INTO blobs (hash, bytes) SELECT r.*", "ON CONFLICT (hash) DO NOTHING", columns);
    let columns = vec![numbers(&refs, |(run, _): &(RunKey, Text)| run.0), texts(&refs, |(_, hash)| hash)];
    add(tables, "INSERT INTO blob_refs (rid, hash) SELECT r.*", "ON CONFLICT (rid, hash) DO NOTHING", columns);
}
