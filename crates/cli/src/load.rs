use crate::args::Bind;
use crate::exit::UsageError;
use crate::loader::{FolderLoader, read};
use crate::names::CatalogNames;
use std::path::Path;
use weir_base::{Diagnostic, FileId, Value, sort_by_place};
use weir_catalog::Catalog;
use weir_dialects::{Binding, Context, Options, SourceFile, parse};
use weir_ir::Flow;

/// A flow file that was read and checked.
pub struct Loaded {
    pub flow: Option<Flow>,
    pub diagnostics: Vec<Diagnostic>,
    /// The file itself first, then those it brought in, by id.
    pub files: Vec<SourceFile>,
}

pub fn catalog() -> anyhow::Result<Catalog> {
    weir_kinds::catalog().map_err(|problem| anyhow::anyhow!("a built-in record is broken: {}", problem.message))
}

/// Reads and checks a flow. Only a file that cannot be read is an error; all else is diagnostics.
pub fn load(path: &Path, bind: &Bind, catalog: &Catalog) -> anyhow::Result<Loaded> {
    let text = read(path).map_err(UsageError)?;
    let options = Options { bindings: bind.bind.iter().map(|text| binding(text)).collect::<Result<_, _>>()? };
    let names = CatalogNames(catalog);
    let loader = FolderLoader::beside(path);
    let context = Context { loader: &loader, names: &names, options: &options };
    let source = SourceFile { id: FileId(0), name: path.to_string_lossy().into_owned(), text };
    let parsed = parse(source, &context);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(parsed.flow.iter().flat_map(|flow| weir_check::check(flow, catalog)));
    sort_by_place(&mut diagnostics);
    diagnostics.dedup();
    Ok(Loaded { flow: parsed.flow, diagnostics, files: parsed.files })
}

/// `NAME=kind`, `NAME=flow:other` or `NAME={"kind": …}`.
fn binding(text: &str) -> anyhow::Result<(weir_base::Text, Binding)> {
    let wrong = |why: &str| UsageError(format!("--bind {text}: {why}; write NAME=KIND, NAME=flow:NAME or NAME={{…}}"));
    let (name, meaning) = text.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
    let meaning = meaning.trim();
    let found = match meaning.strip_prefix("flow:") {
        Some(flow) => Binding::Flow(flow.trim().into()),
        None if meaning.starts_with('{') => {
            let value = Value::from_json(meaning).map_err(|error| wrong(&format!("not JSON: {error}")))?;
            json_binding(&value).ok_or_else(|| wrong("it has none of `kind`, `flow`, `step`"))?
        }
        None if meaning.is_empty() => return Err(wrong("nothing stands after the `=`").into()),
        None => Binding::Kind { kind: meaning.trim_start_matches("kind:").into(), params: Value::Null },
    };
    Ok((name.trim().into(), found))
}

fn json_binding(value: &Value) -> Option<Binding> {
    if let Some(flow) = value.get("flow").and_then(Value::as_str) {
        return Some(Binding::Flow(flow.into()));
    }
    if let Some(step) = value.get("step") {
        return Some(Binding::Step(step.clone()));
    }
    let kind = value.get("kind").and_then(Value::as_str)?.into();
    let params = match value.get("params") {
        Some(params) => params.clone(),
        None => Value::from(value.as_object()?.iter().filter(|(key, _)| &***key != "kind").map(|(k, v)| (k.clone(), v.clone())).collect::<weir_base::Map>()),
    };
    Some(Binding::Kind { kind, params })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_come_in_three_forms() {
        let meaning = |text: &str| binding(text).map(|(_, meaning)| meaning).ok();
        let kind = |kind: &str, params: &str| {
            Some(Binding::Kind { kind: kind.into(), params: Value::from_json(params).unwrap() })
        };
        assert_eq!(meaning("a.b=log"), kind("log", "null"));
        assert_eq!(meaning("a=flow:other"), Some(Binding::Flow("other".into())));
        assert_eq!(meaning(r#"a={"kind":"log","message":"hi"}"#), kind("log", r#"{"message":"hi"}"#));
        assert_eq!(meaning(r#"a={"kind":"log","params":{"message":"hi"}}"#), kind("log", r#"{"message":"hi"}"#));
        for wrong in ["a", "a=", "a={", "a={}"] {
            assert_eq!(meaning(wrong), None, "{wrong}");
        }
    }
}
