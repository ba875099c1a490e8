//! The workflow of a project: what it keeps, and what it opens to others.
//!
//! Needs Node and the pinned compilers, which `make test` puts into `.tools/toolchain`.

use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use weir_codegen::{Options, generate};
use weir_ir::Flow;

const CASES: &str = include_str!("project/cases.json");

/// Where `make test` installs the compilers.
fn toolchain() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/toolchain/node_modules");
    assert!(folder.is_dir(), "{} is missing: `make test` installs it", folder.display());
    folder.canonicalize().unwrap()
}

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
    std::os::unix::fs::symlink(toolchain(), folder.path().join("node_modules")).unwrap();
    let mut tsc = Command::new("node");
    tsc.args(["node_modules/typescript7/bin/tsc", "-p", ".", "--outDir", "out", "--noUncheckedIndexedAccess"]);
    let compiled = tsc.current_dir(folder.path()).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stdout));
    std::fs::write(folder.path().join("run.cjs"), include_str!("project/run.cjs")).unwrap();
    let mut node = Command::new("node");
    node.arg("run.cjs").current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut ran = node.spawn().unwrap();
    ran.stdin.take().unwrap().write_all(CASES.as_bytes()).unwrap();
    let said = ran.wait_with_output().unwrap();
    assert!(said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stdout), "[]");
}
