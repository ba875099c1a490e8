//! The workflow of a project: what it keeps, and what it opens to others.

use crate::compilers;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use weir_codegen::{Options, generate};
use weir_ir::Flow;

const CASES: &str = include_str!("project/cases.json");

fn flow(root: serde_json::Value) -> Flow {
    serde_json::from_value(json!({"ir": 1, "name": "f", "dialect": "ir", "root": root})).unwrap()
}

fn files(root: serde_json::Value) -> BTreeMap<String, String> {
    generate(&flow(root), &weir_kinds::catalog().unwrap(), &Options::default()).unwrap().files
}

fn reads() -> serde_json::Value {
    json!({"id": "read", "set": {"writes": [{"op": "set", "value": "{{ project.n + service.m }}"}]}})
}

#[test]
fn what_outlives_runs_comes_with_the_workflow_that_keeps_it() {
    let kept = "export { weirProject } from './project';";
    let write = json!({"id": "a", "task": {"kind": "set", "params": {"scope": "project", "name": "n", "value": 1}}});
    for root in [reads(), write] {
        let made = files(root);
        assert!(made["workflow.ts"].contains(kept) && made.contains_key("project.ts"));
    }
    let made = files(json!({"id": "a", "set": {"writes": [{"op": "set", "value": 1}]}}));
    assert!(!made["workflow.ts"].contains("weirProject") && !made.contains_key("project.ts"));
    let made = files(reads());
    assert!(made["workflow.ts"].contains("{ service: ['m'], project: ['n'] },"));
    assert!(made["activities.ts"].contains("'weir.readVariables': (params, step) => readVariables("));
}

#[test]
fn what_a_project_is_asked_comes_out_as_on_a_server() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files(reads()) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    compilers::link(folder.path());
    compilers::compile(folder.path(), &["-p", ".", "--outDir", "out", "--noUncheckedIndexedAccess"]);
    std::fs::write(folder.path().join("run.cjs"), include_str!("project/run.cjs")).unwrap();
    let mut node = compilers::node(folder.path(), "run.cjs");
    let mut ran = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    ran.stdin.take().unwrap().write_all(CASES.as_bytes()).unwrap();
    let said = ran.wait_with_output().unwrap();
    assert!(said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stdout), "[]");
}
