//! The yardsticks: what the disk and SQLite can do with nothing around them.
//!
//! SQLite is the very library the store is linked to, spoken to without the layer the store uses.

use rusqlite::Connection;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long each yardstick is measured.
const LENGTH: Duration = Duration::from_millis(150);

/// Median time of appending 256 bytes and waiting for the disk.
pub fn fdatasync(folder: &Path) -> anyhow::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < LENGTH {
        let one = Instant::now();
        file.write_all(&[7; 256])?;
        file.sync_data()?;
        times.push(one.elapsed());
    }
    Ok(median(&mut times))
}

/// Rows committed to a table of one column, in the way the store commits: write-ahead log, `synchronous = FULL`.
pub struct Commits {
    pub rows_per_second: f64,
    /// Median milliseconds of one commit.
    pub commit_ms: f64,
}

/// Commits `batch` rows of `bytes` bytes at a time.
pub fn sqlite(folder: &Path, batch: usize, bytes: usize) -> anyhow::Result<Commits> {
    let place = tempfile::tempdir_in(folder)?;
    let connection = Connection::open(place.path().join("yardstick.db"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)")?;
    let mut insert = connection.prepare("INSERT INTO t (b) VALUES (?)")?;
    let row = vec![7u8; bytes];
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < LENGTH {
        let one = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..batch {
            insert.execute([&row])?;
        }
        connection.execute_batch("COMMIT")?;
        times.push(one.elapsed());
    }
    let rows_per_second = (times.len() * batch) as f64 / begun.elapsed().as_secs_f64();
    Ok(Commits { rows_per_second, commit_ms: median(&mut times).as_secs_f64() * 1e3 })
}

pub fn median<T: Copy + PartialOrd + Default>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}
