use super::{process, raw};
use std::path::Path;
use weir_base::Value;

/// What the machine can do, and how busy it is.
pub struct Machine {
    /// Milliseconds of one append and wait for the disk.
    pub fdatasync: f64,
    /// Rows a second, one row per commit.
    pub single: f64,
    /// Rows a second, a hundred rows per commit.
    pub batched: f64,
    pub load: f64,
}

/// The quiet machine for which the targets are written.
const QUIET_FDATASYNC: f64 = 0.11;
const QUIET_SINGLE: f64 = 7_500.0;
const QUIET_BATCHED: f64 = 230_000.0;

/// The size of a row in the yardstick, in bytes.
const ROW: usize = 200;

impl Machine {
    pub fn measure(folder: &Path) -> anyhow::Result<Self> {
        let fdatasync = raw::fdatasync(folder)?.as_secs_f64() * 1e3;
        let (single, batched) = (raw::sqlite(folder, 1, ROW)?, raw::sqlite(folder, 100, ROW)?);
        let (single, batched) = (single.rows_per_second, batched.rows_per_second);
        Ok(Self { fdatasync, single, batched, load: process::load() })
    }

    /// What the machine can do when nothing else wants it: the best of several measurements, figure by figure.
    pub fn best(all: &[Self]) -> Self {
        let most = |figure: fn(&Self) -> f64| all.iter().map(figure).fold(0.0, f64::max);
        Self {
            fdatasync: all.iter().map(|one| one.fdatasync).fold(f64::INFINITY, f64::min),
            single: most(|one| one.single),
            batched: most(|one| one.batched),
            load: raw::median(&mut all.iter().map(|one| one.load).collect::<Vec<_>>()),
        }
    }

    /// How many times as long one commit takes here as on the quiet machine.
    pub fn slower(&self) -> f64 {
        QUIET_SINGLE / self.single
    }

    /// How many times as many rows a second reach the disk here as on the quiet machine, where many go together.
    pub fn faster_in_batches(&self) -> f64 {
        self.batched / QUIET_BATCHED
    }

    pub fn to_value(&self) -> Value {
        Value::object([
            ("fdatasyncMs", self.fdatasync.into()),
            ("sqliteSingleRowsPerSecond", self.single.into()),
            ("sqliteBatchedRowsPerSecond", self.batched.into()),
            ("load1", self.load.into()),
        ])
    }

    pub fn to_text(&self) -> String {
        let Self { fdatasync, single, batched, load } = self;
        let here = format!(
            "one fdatasync {fdatasync:.2} ms; SQLite FULL {single:.0} single, {batched:.0} batched-by-100 rows/s"
        );
        let quiet = format!("{QUIET_FDATASYNC} ms; {QUIET_SINGLE}, {QUIET_BATCHED} rows/s");
        format!("This machine: {here}; load {load:.1}\nQuiet machine: {quiet}")
    }
}
