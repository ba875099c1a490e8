use crate::args::{Check, Format};
use crate::exit::{Exit, UsageError};
use crate::load::{self, Loaded};
use crate::{report, show};
use std::path::Path;
use weir_base::{Diagnostic, Value, has_errors};
use weir_catalog::Catalog;

/// Checks every file, also those after one that cannot be read.
pub fn run(args: &Check) -> anyhow::Result<Exit> {
    let catalog = load::catalog()?;
    let (mut unread, mut all, mut rows) = (false, Vec::new(), Vec::new());
    for path in &args.files {
        let Some(loaded) = read(path, args, &catalog)? else {
            unread = true;
            continue;
        };
        match args.format {
            Format::Human => report::print_each(&loaded.diagnostics, &loaded.files),
            Format::Json => {
                let places = report::Places::of(&loaded.files);
                rows.extend(loaded.diagnostics.iter().map(|problem| report::to_json(problem, &places)));
            }
        }
        all.extend(loaded.diagnostics);
    }
    match args.format {
        Format::Human => conclude(args.files.len(), unread, &all),
        Format::Json => show::out(Value::from(rows).to_json_pretty()),
    }
    Ok(match (unread, has_errors(&all)) {
        (true, _) => Exit::Usage,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Success,
    })
}

/// Nothing where the file cannot be read; that has been said.
fn read(path: &Path, args: &Check, catalog: &Catalog) -> anyhow::Result<Option<Loaded>> {
    match load::load(path, &args.bind, catalog) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) if error.is::<UsageError>() => {
            crate::errln!("error: {error:#}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn conclude(files: usize, unread: bool, all: &[Diagnostic]) {
    let count = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    match report::summary(all) {
        Some(summary) => crate::errln!("{summary} in {count}"),
        None if unread => {}
        None => crate::errln!("no problems in {count}"),
    }
}
