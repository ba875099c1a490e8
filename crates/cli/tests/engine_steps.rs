//! Test cases of kinds that the engine performs itself, run as flows: what the record promises must come true,
//! whichever dialect names the kind.

mod support;

use std::path::Path;
use weir_base::{Map, Value};
use weir_catalog::{Implementation, Record, TestCase};

/// The step as a tree, its variables given as input, which is a tree's blackboard.
fn as_tree(record: &Record, case: &TestCase) -> (&'static str, String, Value) {
    let ty = record.component.tree.clone().expect("a step of the engine has a tree name");
    let tree = Value::object([("type", ty.into()), ("id", "step".into()), ("props", case.input.clone())]);
    let vars = case.given.get("vars").cloned().unwrap_or_else(|| Value::object([]));
    ("tree.yaml", tree.to_json(), vars)
}

/// The step as a task of a flow that declares the variables.
fn as_ir(record: &Record, case: &TestCase) -> (&'static str, String, Value) {
    let vars = case.given.get("vars").and_then(Value::as_object).cloned().unwrap_or_default();
    let declared = vars.iter().map(|(name, value)| (name.clone(), Value::object([("initial", value.clone())])));
    let task = Value::object([("kind", record.component.name.clone().into()), ("params", case.input.clone())]);
    let flow = Value::object([
        ("ir", 1.into()),
        ("name", "case".into()),
        ("dialect", "ir".into()),
        ("variables", Value::from(declared.collect::<Map>())),
        ("root", Value::object([("id", "step".into()), ("task", task)])),
    ]);
    ("flow.json", flow.to_json(), Value::object([]))
}

fn check(folder: &Path, name: &str, case: &TestCase, (file, text, input): (&str, String, Value)) {
    std::fs::write(folder.join(file), text).unwrap();
    let (exit, printed, told) = support::run(folder, file, &input);
    let name = format!("{name}: {} ({file})", case.name);
    if let Some(expected) = &case.expected_error {
        let code = printed.get("error").and_then(|error| error.get("code")).and_then(Value::as_str);
        let found = code == Some(&expected.code) || told.contains(&format!("[{}]", expected.code));
        assert!(found && matches!(exit, 1 | 3), "{name}: exit {exit}\n{printed}\n{told}");
        return;
    }
    assert_eq!(exit, 0, "{name}: {printed}\n{told}");
    assert_eq!(printed.get("output"), case.expected_output.as_ref(), "{name}");
    for (variable, expected) in case.expected_variables.as_object().into_iter().flatten() {
        let found = printed.get("variables").and_then(|variables| variables.get(variable));
        assert_eq!(found, Some(expected), "{name}: {variable}");
    }
}

/// Semantics 2.4: pure steps write when they are folded, and cost no record.
#[test]
fn rule_2_4_every_test_case_of_an_engine_step_comes_true() {
    let folder = support::folder(&[]);
    let mut ran = 0;
    for record in weir_kinds::records().unwrap() {
        let kind = &record.component.name;
        for case in &record.test_cases {
            if case.runs_on.unwrap_or(record.component.implementation) == Implementation::Engine {
                check(folder.path(), kind, case, as_tree(&record, case));
                check(folder.path(), kind, case, as_ir(&record, case));
                ran += 1;
            }
        }
    }
    assert!(ran >= 20, "only {ran} cases ran");
}
