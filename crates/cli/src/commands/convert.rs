use crate::args::Convert;
use crate::exit::Exit;
use crate::{load, report};
use weir_base::has_errors;
use weir_control::CatalogNames;

pub fn run(args: &Convert) -> anyhow::Result<Exit> {
    let catalog = load::catalog()?;
    let loaded = load::load(&args.file, &args.bind, &catalog)?;
    let Some(flow) = loaded.flow.as_ref().filter(|_| !has_errors(&loaded.diagnostics)) else {
        report::print(&loaded.diagnostics, &loaded.files);
        return Ok(Exit::Failed);
    };
    match weir_dialects::convert(flow, args.to.name(), &CatalogNames(&catalog)) {
        Ok(text) => crate::show::out(text.trim_end_matches('\n')),
        Err(problems) => {
            report::print(&problems, &loaded.files);
            return Ok(Exit::Failed);
        }
    }
    Ok(Exit::Success)
}
