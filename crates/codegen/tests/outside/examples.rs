//! The activities of every example, and of a record full of hostile text, before the real compilers.

use crate::compilers::{self, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use weir_base::{Text, Value};
use weir_catalog::{Catalog, Record};
use weir_codegen::activities;
use weir_control::model::FlowFile;
use weir_control::{Compiled, compile};
use weir_ir::Flow;

/// The files of an example, the one first that is its flow: `flow.yaml` or `flow.json`.
fn files(folder: &Path) -> Vec<FlowFile> {
    let file = |name: String| FlowFile {
        text: std::fs::read_to_string(folder.join(&name)).unwrap().into(),
        name: name.as_str().into(),
    };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml") || name.ends_with(".json"))
        .collect();
    names.sort_by_key(|name| (!name.starts_with("flow."), name.clone()));
    assert!(names.first().is_some_and(|name| name.starts_with("flow.")), "{} has no flow", folder.display());
    names.into_iter().map(file).collect()
}

fn compiled(folder: &Path, catalog: &Catalog, name: &str, files: &[FlowFile]) -> Compiled {
    let bindings: BTreeMap<Text, Text> = std::fs::read_to_string(folder.join("bind.txt"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, meaning)| (Text::from(name.trim()), Text::from(meaning.trim())))
        .collect();
    compile(catalog, name, files, &bindings, &|_| true)
}

/// The flow of an example.
fn flow(folder: &Path, catalog: &Catalog) -> Flow {
    let compiled = compiled(folder, catalog, "", &files(folder));
    compiled.flow.unwrap_or_else(|| panic!("{}: {:?}", folder.display(), compiled.diagnostics))
}

/// The other flows of an example, by the name that calls give.
fn library(folder: &Path, catalog: &Catalog) -> BTreeMap<Text, Flow> {
    let files = files(folder);
    let one = |file: &FlowFile| {
        let name = file.name.split('.').next().unwrap_or_default();
        let all: Vec<FlowFile> = std::iter::once(file.clone()).chain(files.iter().cloned()).collect();
        compiled(folder, catalog, name, &all).flow.map(|flow| (Text::from(name), flow))
    };
    files[1..].iter().filter_map(one).collect()
}

#[test]
fn the_activities_of_every_example_pass_the_compilers() {
    let catalog = weir_kinds::catalog().unwrap();
    let folders = std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 20);
    for folder in folders {
        let flow = flow(&folder, &catalog);
        let kinds = activities::task_kinds(&flow);
        let made = activities::assemble(&activities::Flows::one(&flow), &catalog, &kinds).unwrap();
        assert_eq!(
            made,
            activities::assemble(&activities::Flows::one(&flow), &catalog, &kinds).unwrap(),
            "the same every time"
        );
        compilers::check(&folder.display().to_string(), &made.files);
    }
}

/// Examples with something that cannot be written yet.
const REFUSED: [&str; 0] = [];

#[test]
fn every_example_is_a_project_that_passes_the_compilers() {
    let catalog = weir_kinds::catalog().unwrap();
    let folders = std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    let mut refused = Vec::new();
    for folder in folders {
        let flow = flow(&folder, &catalog);
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let options = weir_codegen::Options { library: library(&folder, &catalog), ..Default::default() };
        let made = match weir_codegen::generate(&flow, &catalog, &options) {
            Ok(made) => made,
            Err(problems) => {
                let said: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
                eprintln!("{name}: {}", said.join("; "));
                refused.push(name);
                continue;
            }
        };
        let again = weir_codegen::generate(&flow, &catalog, &options).unwrap();
        assert_eq!(made, again, "{name}: the same every time");
        compilers::check(&name, &made.files);
    }
    assert_eq!(refused, REFUSED);
}

/// What stands below these is a person's: parameters, values that are written, what variables hold at first.
const LITERALS: [&str; 5] = ["initial", "message", "params", "prompt", "value"];

/// Another of the same length; nothing for what is computed, or has none.
fn another(literal: &serde_json::Value) -> Option<serde_json::Value> {
    match literal {
        serde_json::Value::Number(number) => {
            let number = number.as_u64()?;
            Some(if number % 10 == 9 { number - 1 } else { number + 1 }.into())
        }
        serde_json::Value::String(text) if !text.contains("{{") => {
            let last = text.chars().last().filter(char::is_ascii_alphabetic)?;
            let other = if last == 'x' { 'y' } else { 'x' };
            Some(format!("{}{other}", text.strip_suffix(last)?).into())
        }
        _ => None,
    }
}

/// Where literals are, as JSON pointers.
fn literals(node: &serde_json::Value, at: &str, is_within: bool, found: &mut Vec<String>) {
    let place = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match node {
        serde_json::Value::Object(members) => members
            .iter()
            .for_each(|(name, part)| literals(part, &place(name), is_within || LITERALS.contains(&&**name), found)),
        serde_json::Value::Array(items) => {
            let each = items.iter().enumerate();
            each.for_each(|(index, part)| literals(part, &place(&index.to_string()), is_within, found));
        }
        literal if is_within && another(literal).is_some() => found.push(at.to_owned()),
        _ => {}
    }
}

fn lines(made: &weir_codegen::Project) -> Vec<(&str, &str)> {
    made.files.iter().flat_map(|(name, text)| text.lines().map(move |line| (name.as_str(), line))).collect()
}

#[test]
fn another_literal_of_an_example_changes_two_lines_at_most() {
    let catalog = weir_kinds::catalog().unwrap();
    let folders = std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut tried = 0;
    for folder in folders.filter(|path| path.is_dir()) {
        let options = weir_codegen::Options { library: library(&folder, &catalog), ..Default::default() };
        let flow = serde_json::to_value(flow(&folder, &catalog)).unwrap();
        let made = |flow: &serde_json::Value| {
            weir_codegen::generate(&serde_json::from_value(flow.clone()).ok()?, &catalog, &options).ok()
        };
        let (first, mut places) = (made(&flow).unwrap(), Vec::new());
        literals(&flow, "", false, &mut places);
        // How a graph was drawn is in no code.
        for place in places.iter().filter(|place| !place.starts_with("/settings/extra/")) {
            let mut changed = flow.clone();
            let literal = changed.pointer_mut(place).unwrap();
            *literal = another(literal).unwrap();
            // What is an expression in the flow, or a choice, may not be one any more.
            let Some(second) = made(&changed) else { continue };
            let (before, after) = (lines(&first), lines(&second));
            let differ: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
            let is_little = before.len() == after.len() && (1..=2).contains(&differ.len());
            assert!(is_little, "{}: {place}: {differ:#?}", folder.display());
            tried += 1;
        }
    }
    assert!(tried > 150, "only {tried} literals");
}

/// Text that tries to get out of strings, comments and names.
const HOSTILE: &str = "*/ export const owned = 1; /* ' \" ` \\ ${process.exit(1)} \u{2028} \u{2029} \r\n } ]); // <!--";

/// The record of `print` under another name, with hostile text wherever a record has text of its own.
fn hostile_record(name: &str) -> Record {
    let catalog = weir_kinds::catalog().unwrap();
    let mut record = catalog.record("print").unwrap().clone();
    record.component.name = name.into();
    record.component.summary = HOSTILE.to_owned();
    let field = record.input_schema.get_mut("message").unwrap();
    field.description = HOSTILE.to_owned();
    let mut other = field.clone();
    other.required = false;
    other.default = Some(Value::object([("__proto__", HOSTILE.into()), (HOSTILE, Value::array([HOSTILE.into()]))]));
    record.input_schema.insert(HOSTILE.into(), other.clone());
    record.input_schema.insert("__proto__".into(), other);
    record
}

#[test]
fn names_and_texts_of_records_never_become_code() {
    let names =
        ["a.b", "a-b", "a_b", "default", "9", "*/", "'); owned(", "__proto__", "constructor", HOSTILE, "žluťoučký"];
    let mut catalog = Catalog::default();
    for name in names {
        let mut record = hostile_record(name);
        let (types, function) = (activities::type_name(name), activities::function_name(name));
        record.component.tree = None;
        record.component.aliases.clear();
        record.typescript_template = record
            .typescript_template
            .replace("PrintInput", &format!("{types}Input"))
            .replace("PrintOutput", &format!("{types}Output"))
            .replace("function print(", &format!("function {function}("));
        catalog.insert(record).unwrap();
    }
    let text = r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"root","sequence":{"children":[]}}}"#;
    let mut flow = weir_ir::from_json(text).unwrap();
    flow.name = HOSTILE.to_owned();
    flow.settings.egress.allow = vec![HOSTILE.to_owned()];
    flow.test_data = Value::object([("__proto__", HOSTILE.into())]);
    let kinds: BTreeSet<Text> = names.into_iter().map(Text::from).collect();
    let made = activities::assemble(&activities::Flows::one(&flow), &catalog, &kinds).unwrap();
    compilers::check("hostile", &made.files);
    let code = &made.files["activities.ts"];
    let statements = code.lines().filter(|line| line.trim_start().starts_with("export const owned"));
    assert_eq!(statements.count(), 0, "{code}");
    assert_eq!(
        made.functions.values().collect::<BTreeSet<_>>().len(),
        names.len(),
        "every kind has a function of its own"
    );
}

#[test]
fn a_kind_that_is_not_there_is_a_diagnostic() {
    let catalog = weir_kinds::catalog().unwrap();
    let flow = weir_ir::from_json(r#"{"ir":1,"name":"f","dialect":"ir","root":{"id":"r","sequence":{"children":[]}}}"#);
    let problems =
        activities::assemble(&activities::Flows::one(&flow.unwrap()), &catalog, &BTreeSet::from(["pritn".into()]))
            .unwrap_err();
    assert_eq!(problems[0].code, "KIND_UNKNOWN");
    assert!(problems[0].message.contains("did you mean `print`"), "{}", problems[0].message);
}
