use crate::args::{Kinds, KindsCommand};
use crate::exit::{Exit, UsageError};
use crate::load;
use weir_base::Value;
use weir_catalog::{Catalog, Entry};

pub fn run(args: &Kinds) -> anyhow::Result<Exit> {
    let catalog = load::catalog()?;
    match &args.command {
        KindsCommand::Ls { json: true } => crate::show::out(Value::array(catalog.iter().map(summary)).to_json_pretty()),
        KindsCommand::Ls { json: false } => list(&catalog),
        KindsCommand::Show { kind } => crate::show::out(serde_json::to_string_pretty(record(&catalog, kind)?)?),
        KindsCommand::Docs { kind } => crate::show::out(weir_catalog::docs(record(&catalog, kind)?)),
    }
    Ok(Exit::Success)
}

fn record<'a>(catalog: &'a Catalog, kind: &str) -> anyhow::Result<&'a weir_catalog::Record> {
    let entry = catalog.by_name(kind).or_else(|| catalog.by_tree(kind));
    entry.and_then(Entry::record).ok_or_else(|| {
        let near = catalog.suggest(kind);
        let near = near.map_or("; `weir kinds ls` lists them".to_owned(), |near| format!("; did you mean `{near}`?"));
        UsageError(format!("there is no kind `{kind}`{near}")).into()
    })
}

fn summary(entry: &Entry) -> Value {
    let component = entry.component();
    Value::object([
        ("name", component.name.clone().into()),
        ("tree", component.tree.clone().into()),
        ("title", component.title.as_str().into()),
        ("summary", component.summary.as_str().into()),
        ("category", component.category.as_str().into()),
        ("version", component.version.clone().into()),
        ("runnable", component.runnable.into()),
    ])
}

fn list(catalog: &Catalog) {
    let width = |text: fn(&Entry) -> usize| catalog.iter().map(text).max().unwrap_or(0);
    let names = width(|entry| entry.component().name.len());
    let trees = width(|entry| entry.component().tree.as_ref().map_or(0, |tree| tree.len()));
    for entry in catalog.iter() {
        let component = entry.component();
        let tree = component.tree.as_deref().unwrap_or("");
        let note = if component.runnable { "" } else { " (cannot be run yet)" };
        crate::outln!("{:names$}  {tree:trees$}  {}{note}", component.name, component.summary);
    }
}
