//! A host of compiled flows: which code it begins, and when.

use crate::compilers;
use weir_codegen::{Options, generate};

#[test]
fn a_host_knows_code_by_number_and_hash_and_waits_for_nobody() {
    let flow = serde_json::json!({"ir": 1, "name": "f", "dialect": "ir", "root": {"id": "a", "return": {"value": 1}}});
    let flow = serde_json::from_value(flow).unwrap();
    let made = generate(&flow, &weir_kinds::catalog().unwrap(), &Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in made.files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    compilers::link(folder.path());
    compilers::compile(folder.path(), &["-p", ".", "--outDir", "out"]);
    std::fs::write(folder.path().join("run.cjs"), include_str!("host/run.cjs")).unwrap();
    let ran = compilers::node(folder.path(), "run.cjs").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "");
}
