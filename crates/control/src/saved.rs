//! A run kept as a test: the flow's files, `journal.jsonl` and `expected.json`, as `weir test` reads them.

use crate::caller::Caller;
use crate::compile::compile;
use crate::control::Control;
use crate::model::FlowFile;
use crate::{ControlError, Result};
use std::collections::BTreeMap;
use weir_base::{Map, Text, Value, read_deep};
use weir_catalog::Catalog;
use weir_engine::{Record, StepError};
use weir_ir::Flow;
use weir_runs::{Rehearsal, StepView};
use weir_store::FlowVersion;

/// The flow under the dialects, kept where the source alone would not give it again.
const PLAIN: &str = "flow.ir.json";
/// The longest journal that goes out in one answer, in bytes.
const LONGEST: usize = 64 << 20;

/// The files of a test of a run: the flow first, then its journal and what came of it.
pub fn test_of_run(
    catalog: &Catalog,
    version: &FlowVersion,
    journal: &[Record],
    rehearsal: &Rehearsal,
) -> Vec<FlowFile> {
    let (main, mut files) = flow_files(catalog, version);
    let lines: String = journal.iter().map(line).collect();
    files.push(FlowFile { name: "journal.jsonl".into(), text: lines.into() });
    let expected = Value::object([
        ("flow", main.into()),
        ("status", rehearsal.status.as_str().into()),
        ("output", rehearsal.output.clone()),
        ("error", rehearsal.error.as_ref().map(StepError::to_value).into()),
        ("variables", rehearsal.variables.clone()),
        ("steps", steps_without_times(&rehearsal.steps)),
    ]);
    files.push(FlowFile { name: "expected.json".into(), text: (expected.to_json_pretty() + "\n").into() });
    files
}

/// Steps as a test keeps them: without times.
pub fn steps_without_times(steps: &[StepView]) -> Value {
    Value::array(steps.iter().map(|step| {
        Value::object([
            ("path", step.path.clone().into()),
            ("kind", step.kind.clone().into()),
            ("status", format!("{:?}", step.status).to_lowercase().into()),
            ("attempts", step.attempts.into()),
            ("output", step.output.clone()),
        ])
    }))
}

/// The files the flow was read from, if they read back to the same flow; else its plain form beside them. The name of
/// the main one comes first.
fn flow_files(catalog: &Catalog, version: &FlowVersion) -> (Text, Vec<FlowFile>) {
    let flat = |file: &weir_store::SourceFile| FlowFile { name: plain_name(&file.name), text: file.text.clone() };
    let mut files: Vec<FlowFile> = version.files.iter().map(flat).collect();
    if let Some(main) = files.first().map(|file| file.name.clone()) {
        let read = compile(catalog, "", &files, &BTreeMap::new(), &|_| true);
        if read.flow.is_some_and(|flow| same(&flow, version)) {
            return (main, files);
        }
    }
    files.push(FlowFile { name: PLAIN.into(), text: version.ir.as_str().into() });
    (PLAIN.into(), files)
}

/// The last part of a path: a test is one flat folder.
fn plain_name(name: &str) -> Text {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = if matches!(last, "" | "." | ".." | "journal.jsonl" | "expected.json") { "flow.yaml" } else { last };
    name.into()
}

/// Spans and file names may differ: the flow itself must not.
fn same(flow: &Flow, version: &FlowVersion) -> bool {
    let stored = weir_ir::from_json(&version.ir);
    stored.is_ok_and(|stored| without_places(flow) == without_places(&stored))
}

fn without_places(flow: &Flow) -> Value {
    fn strip(value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::from(
                map.iter()
                    .filter(|(key, _)| !matches!(&***key, "span" | "origin"))
                    .map(|(key, value)| (key.clone(), strip(value)))
                    .collect::<Map>(),
            ),
            Value::Array(items) => Value::array(items.iter().map(strip)),
            other => other.clone(),
        }
    }
    read_deep::<Value>(&weir_ir::to_json(flow)).map(|value| strip(&value)).unwrap_or_default()
}

fn line(record: &Record) -> String {
    let text = |text: &str| Value::from(text).to_json();
    let (ty, path) = (text(&record.ty), text(&record.path));
    format!(
        "{{\"seq\":{},\"at\":{},\"type\":{ty},\"path\":{path},\"payload\":{}}}\n",
        record.seq, record.at, record.payload
    )
}

impl Control {
    /// The files of the flow that a run runs under.
    pub async fn text_of_run(&self, caller: &Caller, run: &str) -> Result<Vec<FlowFile>> {
        let row = self.row(caller, run).await?;
        let version = self.store.flow_version(&row.place.tenant, &row.version).await?;
        let version = version.ok_or(ControlError::not_found("version"))?;
        Ok(flow_files(&self.catalog, &version).1)
    }

    /// A run as a test. What it cannot be kept as one for is told.
    pub async fn save_test(&self, caller: &Caller, run: &str) -> Result<Vec<FlowFile>> {
        let row = self.row(caller, run).await?;
        // Everything that was told of the run is in the store when this is through.
        let kept = self.runs.rehearse(&row.id, LONGEST).await?;
        let version = self.store.flow_version(&row.place.tenant, &row.version).await?;
        let version = version.ok_or(ControlError::not_found("version"))?;
        Ok(test_of_run(&self.catalog, &version, &kept.journal, &kept.rehearsal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_one_flat_folder() {
        for (name, expected) in [
            ("a/b/orders.yaml", "orders.yaml"),
            ("C:\\flows\\orders.yaml", "orders.yaml"),
            ("../..", "flow.yaml"),
            ("x/", "flow.yaml"),
            ("expected.json", "flow.yaml"),
        ] {
            assert_eq!(&*plain_name(name), expected, "{name}");
        }
    }
}
