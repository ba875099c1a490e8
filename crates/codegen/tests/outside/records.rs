//! The test cases of every record, performed by the TypeScript that is generated from it.

use crate::compilers;
use std::collections::BTreeSet;
use std::path::Path;
use weir_base::{Map, Text, Value};
use weir_catalog::{Catalog, Implementation, Record, TestCase};
use weir_codegen::activities;
use weir_ir::Flow;

fn flow() -> Flow {
    let text = r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"root","sequence":{"children":[]}}}"#;
    let parsed = weir_ir::from_json(text);
    parsed.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Writes the activities of every kind into a folder and turns them into JavaScript, as strictly as there is.
fn project(folder: &Path, catalog: &Catalog) {
    let kinds: BTreeSet<Text> = catalog.iter().map(|entry| entry.component().name.clone()).collect();
    let made = activities::assemble(&activities::Flows::one(&flow()), catalog, &kinds).unwrap();
    assert_eq!(
        made,
        activities::assemble(&activities::Flows::one(&flow()), catalog, &kinds).unwrap(),
        "the same every time"
    );
    assert!(made.proxied.is_empty(), "every built-in kind has TypeScript of its own: {:?}", made.proxied);
    for (name, text) in &made.files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    compilers::link(folder);
    std::fs::write(folder.join("tsconfig.json"), TSCONFIG).unwrap();
    compilers::compile(folder, &[]);
}

const TSCONFIG: &str = r#"{"compilerOptions":{"strict":true,"noUncheckedIndexedAccess":true,"noImplicitOverride":true,
"noUnusedLocals":true,"noFallthroughCasesInSwitch":true,"target":"es2022","module":"node16","moduleResolution":"node16",
"types":["node"],"outDir":"out","skipLibCheck":true},"files":["activities.ts"]}"#;

fn case_value(record: &Record, case: &TestCase) -> Value {
    let mut out = Map::default();
    let mut put = |name: &str, value: Value| drop(out.insert(name.into(), value));
    put("kind", record.component.name.clone().into());
    put("name", case.name.as_str().into());
    put("runnable", record.component.runnable.into());
    put("input", case.input.clone());
    put("given", case.given.clone());
    put("expectedVariables", case.expected_variables.clone());
    case.expected_output.iter().for_each(|value| put("expectedOutput", value.clone()));
    if let Some(error) = &case.expected_error {
        let text = |text: &Option<Text>| text.clone().map_or(Value::Null, Value::from);
        let message = error.message.as_deref().unwrap_or_default();
        let retryable = error.retryable.map_or(Value::Null, Value::from);
        let members = [
            ("code", error.code.clone().into()),
            ("message", message.into()),
            ("category", text(&error.category)),
            ("retryable", retryable),
        ];
        put("expectedError", Value::object(members));
    }
    Value::from(out)
}

#[test]
fn every_case_of_every_record_comes_true_in_typescript() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = weir_kinds::catalog().unwrap();
    project(folder.path(), &catalog);
    let records = weir_kinds::records().unwrap();
    let is_task = |record: &Record, case: &TestCase| {
        !record.component.runnable || case.runs_on.unwrap_or(record.component.implementation) == Implementation::Task
    };
    let cases = records.iter().flat_map(|record| {
        record.test_cases.iter().filter(|case| is_task(record, case)).map(|case| case_value(record, case))
    });
    let cases = Value::array(cases);
    let count = cases.as_array().map_or(0, <[Value]>::len);
    assert!(count >= 80, "only {count} cases");
    std::fs::write(folder.path().join("cases.json"), cases.to_json()).unwrap();
    std::fs::write(folder.path().join("run.cjs"), include_str!("records/run.cjs")).unwrap();
    let ran = compilers::node(folder.path(), "run.cjs").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let wrong = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{wrong}");
    assert!(said.trim().ends_with(&format!("{count} cases hold")), "{said}\n{wrong}");
}
