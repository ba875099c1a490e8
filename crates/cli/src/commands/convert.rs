use crate::args::Convert;
use crate::exit::Exit;
use crate::{load, report};
use weir_base::{Diagnostic, has_errors};
use weir_control::CatalogNames;
use weir_dialects::{Parsed, SourceFile};

pub fn run(args: &Convert) -> anyhow::Result<Exit> {
    let catalog = load::catalog()?;
    let checked = load::load(&args.file, &args.bind, &catalog)?;
    if has_errors(&checked.diagnostics) {
        return refused(&checked.diagnostics, &checked.files);
    }
    let Parsed { flow, diagnostics, files } = load::load_to_write(&args.file, &args.bind, &catalog)?;
    let Some(flow) = flow.filter(|_| !has_errors(&diagnostics)) else { return refused(&diagnostics, &files) };
    match weir_dialects::convert(&flow, args.to.name(), &CatalogNames(&catalog)) {
        Ok(text) => crate::show::out(text.trim_end_matches('\n')),
        Err(problems) => return refused(&problems, &files),
    }
    Ok(Exit::Success)
}

fn refused(problems: &[Diagnostic], files: &[SourceFile]) -> anyhow::Result<Exit> {
    report::print(problems, files);
    Ok(Exit::Failed)
}
