//! What a cluster with Weir's workers costs and stands, measured against `weir worker` as it is delivered.

mod cpu;
mod overhead;
mod taken;
mod takeover;
mod workers;

use anyhow::{Result, bail, ensure};
use std::path::Path;
use weir_base::Value;

/// The most a step may cost a worker, in milliseconds of processor time, and against a bare loop of activities.
const MILLIS: f64 = 1.0;
const RATIO: f64 = 1.0;

/// Measures with this program as the worker; prints one table, and writes one JSON where that is wanted.
pub async fn run(weir: &Path, json: Option<&Path>) -> Result<()> {
    ensure!(weir.is_file(), "{} is not there", weir.display());
    let before = workers::load();
    let overhead = overhead::measure(weir).await?;
    let takeovers = [takeover::measure(weir, false).await?, takeover::measure(weir, true).await?];
    let all = Value::object([("loadBefore", before), ("overhead", overhead), ("takeover", Value::array(takeovers))]);
    if let Some(path) = json {
        std::fs::write(path, format!("{}\n", all.to_json_pretty()))?;
    }
    let (table, missed) = table(&all);
    print!("{table}");
    if missed > 0 { bail!("{missed} figures are not what they should be") } else { Ok(()) }
}

fn table(all: &Value) -> (String, usize) {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or(f64::NAN);
    let overhead = |key: &str| number(all.get("overhead").and_then(|overhead| overhead.get(key)));
    let taken = |at: usize| {
        let one = all.get("takeover").and_then(|all| all.at(at));
        number(one.and_then(|one| one.get("stepMillis")).and_then(|step| step.get("most")))
    };
    let rows = [
        ("processor time of a step, ms", overhead("workerMillisAStep"), MILLIS),
        ("against a bare loop of activities in TypeScript", overhead("ratio"), RATIO),
        ("takeover after one of two workers was killed, ms", taken(0), takeover::MOST as f64),
        ("takeover where that one kept the journals, ms", taken(1), takeover::MOST as f64),
    ];
    let missed = rows.iter().filter(|(_, found, most)| found.is_nan() || found > most).count();
    let row = |(what, found, most): &(&str, f64, f64)| format!("| {what} | {found:.2} | ≤ {most} |\n");
    let rows: String = rows.iter().map(row).collect();
    (format!("| Work | Measured | To reach |\n|---|---:|---:|\n{rows}"), missed)
}
