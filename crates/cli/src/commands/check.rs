use crate::args::{Check, Format};
use crate::exit::Exit;
use crate::{load, report};
use weir_base::{Value, has_errors};

pub fn run(args: &Check) -> anyhow::Result<Exit> {
    let catalog = load::catalog()?;
    let (mut failed, mut found) = (false, Vec::new());
    for path in &args.files {
        let loaded = load::load(path, &args.bind, &catalog)?;
        failed |= has_errors(&loaded.diagnostics);
        match args.format {
            Format::Human => report::print(&loaded.diagnostics, &loaded.files),
            Format::Json => found.extend(loaded.diagnostics.iter().map(|problem| report::to_json(problem, &loaded.files))),
        }
    }
    if args.format == Format::Json {
        crate::show::out(Value::from(found).to_json_pretty());
    }
    Ok(if failed { Exit::Failed } else { Exit::Success })
}
