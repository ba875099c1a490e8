//! A run kept as a test: `flow.*`, `journal.jsonl`, `expected.json`. Every outside result comes from the journal.

use super::{Outcome, compare};
use crate::args::Bind;
use crate::load;
use anyhow::Context;
use std::path::Path;
use weir_base::{Value, has_errors, read_deep};
use weir_control::model::FlowFile;
use weir_engine::{Numbered, Record, StepError};
use weir_runs::Rehearsal;
use weir_runtime::rehearse;

pub fn decode(records: &[Record]) -> anyhow::Result<Vec<Numbered>> {
    records.iter().map(|record| Ok((record.seq, record.decode()?))).collect()
}

/// Writes a test into a folder, which is made where it is not there.
pub fn write(out: &Path, files: &[FlowFile]) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    for file in files {
        let path = out.join(plain(&file.name)?);
        std::fs::write(&path, &*file.text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// A test is one flat folder: a file of it that would be elsewhere is not written.
fn plain(name: &str) -> anyhow::Result<&str> {
    let part = Path::new(name).file_name().and_then(|part| part.to_str());
    part.filter(|part| *part == name).with_context(|| format!("`{name}` is no file of a test"))
}

fn records(folder: &Path) -> anyhow::Result<Vec<Record>> {
    let path = folder.join("journal.jsonl");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let read = |(number, line): (usize, &str)| {
        record(line).with_context(|| format!("{}, line {}", path.display(), number + 1))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(read).collect()
}

fn record(line: &str) -> anyhow::Result<Record> {
    let value: Value = read_deep(line)?;
    let number = |key: &str| value.get(key).and_then(Value::as_f64).with_context(|| format!("no number `{key}`"));
    let text = |key: &str| value.get(key).and_then(Value::as_str).with_context(|| format!("no text `{key}`"));
    Ok(Record {
        seq: number("seq")? as u64,
        at: number("at")? as i64,
        ty: text("type")?.to_owned().into(),
        path: text("path")?.into(),
        payload: value.get("payload").context("no `payload`")?.to_json(),
    })
}

/// Folds the kept journal over the flow and compares what comes of it with what came of it then.
pub fn rehearse_saved(folder: &Path, with: Option<&Path>) -> anyhow::Result<Outcome> {
    let expected = expected(folder)?;
    let named = expected.get("flow").and_then(Value::as_str).unwrap_or("flow.yaml");
    let path = with.map_or_else(|| folder.join(named), Path::to_owned);
    let loaded = load::load(&path, &Bind::default(), &load::catalog()?)?;
    let Some(flow) = loaded.flow.filter(|_| !has_errors(&loaded.diagnostics)) else {
        anyhow::bail!("{} has problems; see `weir check`", path.display());
    };
    let rehearsal = rehearse(&flow, &decode(&records(folder)?)?)?;
    let mut outcome = Outcome::default();
    if let Some(divergence) = &rehearsal.divergence {
        outcome.differences.push(divergence.to_string());
    }
    outcome
        .differences
        .extend(rehearsal.open.iter().map(|path| format!("{path}: the journal has no answer for this step")));
    compare_steps(&expected, &rehearsal, &mut outcome.differences);
    let found = [
        ("status", Value::from(rehearsal.status.as_str())),
        ("output", rehearsal.output.clone()),
        ("error", rehearsal.error.as_ref().map(StepError::to_value).into()),
        ("variables", rehearsal.variables.clone()),
    ];
    for (key, value) in found {
        compare::values(key, expected.get(key).unwrap_or(&Value::Null), &value, &mut outcome.differences);
    }
    Ok(outcome)
}

pub fn expected(folder: &Path) -> anyhow::Result<Value> {
    let path = folder.join("expected.json");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    read_deep(&text).with_context(|| path.display().to_string())
}

/// Step by step, by path.
fn compare_steps(expected: &Value, rehearsal: &Rehearsal, differences: &mut Vec<String>) {
    let found = weir_control::steps_without_times(&rehearsal.steps);
    let list = |value: &Value| value.as_array().unwrap_or_default().to_vec();
    let path_of = |step: &Value| step.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (want, have) = (list(expected.get("steps").unwrap_or(&Value::Null)), list(&found));
    for step in &want {
        let path = path_of(step);
        match have.iter().find(|other| path_of(other) == path) {
            Some(other) => compare::values(&path, step, other, differences),
            None => differences.push(format!("{path}: expected this step, it is not reached")),
        }
    }
    for step in have.iter().filter(|step| !want.iter().any(|other| path_of(other) == path_of(step))) {
        differences.push(format!("{}: a step that was not there before", path_of(step)));
    }
}
