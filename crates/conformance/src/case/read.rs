//! Reads `conformance/*.yaml` and `examples/`.

use super::{Case, Kill, short};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use weir_base::{Map, Text, Value};
use weir_control::model::FlowFile;

/// Files of an example that are no flows.
const NOT_FLOWS: [&str; 6] =
    ["README.md", "expected.json", "input.json", "bind.txt", "expected-fixed.json", "fixed.yaml"];

/// Where the project is.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every case, those of the files first, sorted by name within their file.
pub fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in sorted(&root().join("conformance"))? {
        let name = stem(&path);
        if path.extension().is_some_and(|ending| ending == "yaml") && name != "examples" {
            cases.extend(in_file(&name, &path).with_context(|| path.display().to_string())?);
        }
    }
    let replaced = yaml(&root().join("conformance/examples.yaml"))?;
    for folder in sorted(&root().join("examples"))?.into_iter().filter(|path| path.is_dir()) {
        let name = stem(&folder);
        let replaced = replaced.get(&name).cloned().unwrap_or_default();
        cases.push(example(&name, &folder, &replaced).with_context(|| folder.display().to_string())?);
    }
    Ok(cases)
}

/// An empty object.
pub fn nothing() -> Value {
    Value::object([])
}

fn yaml(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    // YAML 1.2: `n` and `yes` are text.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).with_context(|| path.display().to_string())
}

fn in_file(file: &str, path: &Path) -> Result<Vec<Case>> {
    let whole = yaml(path)?;
    let dialect = whole.get("dialect").and_then(Value::as_str).context("no `dialect`")?;
    let cases = whole.get("cases").and_then(Value::as_object).context("no `cases`")?;
    cases.iter().map(|(name, given)| case(file, dialect, name, given).with_context(|| name.to_string())).collect()
}

const KEYS: [&str; 10] = ["flow", "input", "files", "signals", "cancel", "server", "kill", "time", "expect", "why"];

fn case(file: &str, dialect: &str, name: &str, given: &Value) -> Result<Case> {
    let members = given.as_object().context("a case is a map")?;
    if let Some((key, _)) = members.iter().find(|(key, _)| !KEYS.contains(&&***key)) {
        bail!("`{key}` means nothing");
    }
    let flow = given.get("flow").context("no `flow`")?;
    let files = std::iter::once(Ok(flow_file(dialect, name, flow)?)).chain(beside(given));
    let kill = match given.get("kill").and_then(Value::as_str) {
        None => None,
        Some("worker") => Some(Kill::Worker),
        Some("server") => Some(Kill::Server),
        Some(other) => bail!("nobody can kill `{other}`"),
    };
    Ok(Case {
        name: format!("{file}/{name}"),
        files: files.collect::<Result<_>>()?,
        bindings: BTreeMap::new(),
        input: given.get("input").cloned().unwrap_or_else(|| Value::object([])),
        signals: signals(given.get("signals"))?,
        cancel: given.get("cancel").is_some(),
        kill,
        real_time: given.get("time").is_some(),
        server: given.get("server").cloned().unwrap_or_default(),
        expect: given.get("expect").cloned().context("no `expect`")?,
    })
}

fn flow_file(dialect: &str, name: &str, flow: &Value) -> Result<FlowFile> {
    let (ending, value) = match dialect {
        "graph" => ("json", short::graph(name, flow)?),
        "ir" => ("json", named(flow, [("ir", 1.into()), ("name", name.into()), ("dialect", "ir".into())])),
        "tree" => ("yaml", named(flow, [("id", name.into())])),
        _ => ("yaml", flow.clone()),
    };
    Ok(FlowFile { name: format!("{name}.{ending}").into(), text: value.to_json_pretty().into() })
}

/// With these members first, but for those that are given.
fn named<const N: usize>(flow: &Value, first: [(&str, Value); N]) -> Value {
    let mut whole: Map = first.into_iter().map(|(key, value)| (Text::from(key), value)).collect();
    flow.as_object().into_iter().flat_map(Map::iter).for_each(|(key, value)| {
        whole.insert(key.clone(), value.clone());
    });
    Value::from(whole)
}

fn beside(given: &Value) -> impl Iterator<Item = Result<FlowFile>> {
    let files = given.get("files").and_then(Value::as_object).into_iter().flat_map(Map::iter);
    files.map(|(name, flow)| Ok(FlowFile { name: name.clone(), text: flow.to_json_pretty().into() }))
}

fn signals(given: Option<&Value>) -> Result<Vec<(Text, Value)>> {
    let list = given.and_then(Value::as_array).unwrap_or_default();
    let one = |signal: &Value| {
        let name = signal.get("name").and_then(Value::as_str).context("a signal without a name")?;
        Ok((name.into(), signal.get("payload").cloned().unwrap_or_default()))
    };
    list.iter().map(one).collect()
}

/// An example expects more than is compared here: `weir test` holds it to all of that.
fn example(name: &str, folder: &Path, replaced: &Value) -> Result<Case> {
    let json = |name: &str| -> Result<Option<Value>> {
        let path = folder.join(name);
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some(Value::from_json(&std::fs::read_to_string(&path)?).with_context(|| path.display().to_string())?))
    };
    let expected = json("expected.json")?.context("no expected.json")?;
    let mut members: Map = Map::default();
    for key in ["status", "output", "variables"] {
        expected.get(key).cloned().into_iter().for_each(|value| drop(members.insert(key.into(), value)));
    }
    if let Some(code) = expected.get("error").and_then(|error| error.get("code")) {
        members.insert("error".into(), code.clone());
    }
    let bind = expected.get("bind").and_then(Value::as_array).unwrap_or_default();
    let bind = bind.iter().filter_map(Value::as_str).filter_map(|text| text.split_once('='));
    Ok(Case {
        name: format!("example/{name}"),
        files: example_files(folder, replaced)?,
        bindings: bind.map(|(name, meaning)| (name.trim().into(), meaning.trim().into())).collect(),
        input: json("input.json")?.unwrap_or_else(|| Value::object([])),
        signals: signals(expected.get("signals"))?,
        cancel: false,
        kill: None,
        real_time: false,
        server: expected.get("server").cloned().unwrap_or_default(),
        expect: Value::from(members),
    })
}

fn example_files(folder: &Path, replaced: &Value) -> Result<Vec<FlowFile>> {
    let mut files = Vec::new();
    for path in sorted(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !NOT_FLOWS.contains(&&*name) {
            let text = in_time(std::fs::read_to_string(&path)?, replaced)?;
            files.push(FlowFile { name: name.as_str().into(), text: text.into() });
        }
    }
    files.sort_by_key(|file| !file.name.starts_with("flow."));
    Ok(files)
}

/// What is to be replaced has to be there, or an example that was changed would wait for days.
fn in_time(text: String, replaced: &Value) -> Result<String> {
    let pairs = replaced.as_object().into_iter().flat_map(Map::iter);
    pairs.into_iter().try_fold(text, |text, (from, to)| {
        let to = to.as_str().with_context(|| format!("`{from}` is replaced by no text"))?;
        if !text.contains(&**from) {
            bail!("`{from}` is not there any more");
        }
        Ok(text.replace(&**from, to))
    })
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
