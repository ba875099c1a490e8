//! Runs by the hundred thousand, put into a database without being carried out: copies of one that was.

use super::database::Data;

/// When the first of them was created, 1 January 2026, and how far apart they are: a million are a month.
const FIRST: i64 = 1_767_225_600_000_000;
const APART: i64 = 2_592_000;

/// Flows the copies are of, in turn: `flow-0`, `flow-1`, …
pub const FLOWS: usize = 100;

/// Of a million copies, this one has failed.
pub const FAILED: usize = 500_000;

/// Copies the oldest run `count` times, with its journal where that is wanted. One in a hundred was cancelled, one
/// (see [`FAILED`]) has failed, all others have succeeded, each with a number of its own in its output.
pub fn copy_runs(data: &Data, count: usize, journals: bool) -> anyhow::Result<()> {
    data.execute(&runs(data.is_sqlite(), count))?;
    if journals {
        data.execute(&journal(data.is_sqlite(), count))?;
    }
    match data.is_sqlite() {
        true => data.execute("PRAGMA wal_checkpoint(TRUNCATE)"),
        // As the server does by itself after a while.
        false => data.execute("VACUUM (ANALYZE) runs").and_then(|()| data.execute("VACUUM (ANALYZE) journal")),
    }
}

/// The numbers from 1 to `count` as `n`: a beginning of the statement, and what is selected from.
fn series(sqlite: bool, count: usize) -> (String, String) {
    match sqlite {
        true => (
            format!("WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {count})"),
            "series".to_owned(),
        ),
        false => (String::new(), format!("generate_series(1, {count}) AS series(n)")),
    }
}

fn runs(sqlite: bool, count: usize) -> String {
    let (begin, series) = series(sqlite, count);
    let digits = if sqlite { "substr('000000000000' || n, -12)" } else { "lpad(n::TEXT, 12, '0')" };
    let failed = r#"'{"code":"DECLINED","category":"input","message":"the card was declined","retryable":false}'"#;
    format!(
        "INSERT INTO runs (rid, id, tenant, project, service, flow, version, status, priority, created_at, started_at,
            ended_at, error, output)
        {begin} SELECT t.rid + n, '019b0000-0000-7000-8000-' || {digits}, t.tenant, t.project, t.service,
            'flow-' || (n % {FLOWS}), t.version,
            CASE WHEN n = {FAILED} THEN 'failed' WHEN n % 100 = 7 THEN 'cancelled' ELSE 'succeeded' END, 0,
            {FIRST} + n * {APART}, {FIRST} + n * {APART}, {FIRST} + n * {APART} + 250000 + n % 1000,
            CASE WHEN n = {FAILED} THEN {failed} END, '{{\"ok\":true,\"order\":' || n || '}}'
        FROM {series}, (SELECT * FROM runs ORDER BY rid LIMIT 1) AS t"
    )
    .replace(&format!("{FIRST} + n * {APART}"), &by_bigint(sqlite))
}

fn by_bigint(sqlite: bool) -> String {
    format!("{FIRST} + {} * {APART}", if sqlite { "n" } else { "n::BIGINT" })
}

fn journal(sqlite: bool, count: usize) -> String {
    let (begin, series) = series(sqlite, count);
    format!(
        "INSERT INTO journal (rid, seq, at, type, path, payload)
        {begin} SELECT j.rid + n, j.seq, j.at, j.type, j.path, j.payload
        FROM {series}, (SELECT * FROM journal WHERE rid = (SELECT MIN(rid) FROM runs)) AS j"
    )
}
