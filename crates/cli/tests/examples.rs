//! The examples leave nothing out: every control node and every node of a tree stands in one of them.

use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use weir_base::Value;
use weir_ir::{Decorator, NodeKind};

/// Names of an enum's variants as they are written, from what its reader says to a name there is not.
fn variants<T: DeserializeOwned>() -> Vec<String> {
    let told = serde_json::from_str::<T>(r#"{"?": null}"#).err().expect("no variant has this name").to_string();
    told.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    folders.collect()
}

/// The flow of an example as IR; a tree's sub-trees are in it.
fn flow(folder: &Path) -> Value {
    let file = ["flow.yaml", "flow.json"].into_iter().find(|file| folder.join(file).is_file()).expect("a flow");
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = weir.current_dir(folder).args(["convert", file, "--to", "ir"]).output().unwrap();
    Value::from_json(&String::from_utf8(output.stdout).unwrap()).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
}

/// What stands in the flow: names of members of nodes, and of decorators.
fn collect(value: &Value, nodes: &mut BTreeSet<String>, decorators: &mut BTreeSet<String>) {
    if let Some(items) = value.as_array() {
        items.iter().for_each(|item| collect(item, nodes, decorators));
    }
    let Some(members) = value.as_object() else { return };
    if members.get("id").is_some_and(|id| id.as_str().is_some()) {
        nodes.extend(members.keys().map(|name| name.to_string()));
    }
    if let Some(with) = value.get("decorate").and_then(|decorate| decorate.get("with")) {
        decorators.extend(with.as_str().map(str::to_owned));
        decorators.extend(with.as_object().into_iter().flat_map(|with| with.keys().map(|name| name.to_string())));
    }
    members.values().for_each(|member| collect(member, nodes, decorators));
}

fn check<'a>(what: &str, there_are: impl Iterator<Item = &'a str>, shown: &BTreeSet<String>) {
    let all: Vec<&str> = there_are.collect();
    let missing: Vec<&&str> = all.iter().filter(|name| !shown.contains(**name)).collect();
    assert!(all.len() > 5 && missing.is_empty(), "of {} {what} no example shows {missing:?}", all.len());
}

#[test]
fn every_control_node_stands_in_an_example() {
    let (mut nodes, mut decorators) = (BTreeSet::new(), BTreeSet::new());
    examples().iter().for_each(|folder| collect(&flow(folder), &mut nodes, &mut decorators));
    check("control nodes", variants::<NodeKind>().iter().map(String::as_str), &nodes);
    check("decorators", variants::<Decorator>().iter().map(String::as_str), &decorators);
}

#[test]
fn every_node_of_a_tree_stands_in_an_example() {
    let mut shown = BTreeSet::new();
    for folder in examples() {
        let Ok(text) = std::fs::read_to_string(folder.join("flow.yaml")) else { continue };
        let word = |rest: &str| rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
        shown.extend(text.split("type:").skip(1).map(word));
    }
    check("nodes of trees", weir_dialects::tree_node_types(), &shown);
}

/// Each says what it is for, and what comes of it.
#[test]
fn every_example_has_its_readme_and_what_it_is_expected_to_do() {
    let all = examples();
    assert!(all.len() >= 15, "{}", all.len());
    for (folder, file) in all.iter().flat_map(|folder| ["README.md", "expected.json"].map(|file| (folder, file))) {
        assert!(folder.join(file).is_file(), "{folder:?} has no {file}");
    }
}
