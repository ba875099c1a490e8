use crate::args::Fmt;
use crate::exit::{Exit, UsageError};
use crate::loader::read;
use crate::report;
use std::path::Path;
use weir_base::{Diagnostic, FileId, has_errors};
use weir_dialects::SourceFile;
use weir_dialects::text::{self, Format};

pub fn run(args: &Fmt) -> anyhow::Result<Exit> {
    let (mut changed, mut failed) = (false, false);
    for path in &args.files {
        let text = read(path).map_err(UsageError)?;
        match tidy(path, &text, args.ids) {
            Ok(tidied) if tidied == text => {}
            Ok(tidied) => {
                changed = true;
                crate::show::out(path.display());
                if !args.check {
                    replace(path, &tidied)?;
                }
            }
            Err((problems, source)) => {
                failed = true;
                report::print(&problems, std::slice::from_ref(&source));
            }
        }
    }
    Ok(if failed || (changed && args.check) { Exit::Failed } else { Exit::Success })
}

/// Writes beside the file and renames, so that a crash leaves the old or the new text whole.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".weir-fmt");
    let beside = path.with_file_name(name);
    std::fs::write(&beside, text)?;
    std::fs::set_permissions(&beside, std::fs::metadata(path)?.permissions())?;
    std::fs::rename(&beside, path)?;
    Ok(())
}

fn tidy(path: &Path, text: &str, ids: bool) -> Result<String, (Vec<Diagnostic>, SourceFile)> {
    let name = path.to_string_lossy().into_owned();
    let source = |text: &str| SourceFile { id: FileId(0), name: name.clone(), text: text.to_owned() };
    let (before, problems) = text::parse(&source(text), Format::of(&name));
    if has_errors(&problems) {
        return Err((problems, source(text)));
    }
    let spaced = trim_lines(text);
    let (after, _) = text::parse(&source(&spaced), Format::of(&name));
    let values = |documents: &[text::Doc]| documents.iter().map(text::Doc::to_value).collect::<Vec<_>>();
    // Blanks at the end of a line can mean something inside a block of text: then the file stays as it is.
    let tidied = if values(&before) == values(&after) { spaced } else { text.to_owned() };
    match ids {
        true => weir_dialects::write_ids(&tidied).map_err(|problem| (vec![*problem], source(&tidied))),
        false => Ok(tidied),
    }
}

/// No blanks at the ends of lines, `\n` alone between them, one at the end.
fn trim_lines(text: &str) -> String {
    let mut out: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}
