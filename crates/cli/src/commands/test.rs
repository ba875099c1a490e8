use crate::args::Test;
use crate::exit::{Exit, UsageError};
use crate::show;
use crate::testing::{Case, Outcome, find};
use std::path::{Path, PathBuf};
use std::time::Instant;
use weir_base::{Micros, Value};

pub fn run(args: &Test) -> anyhow::Result<Exit> {
    let folders = if args.folders.is_empty() { vec![PathBuf::from(".")] } else { args.folders.clone() };
    let mut cases = Vec::new();
    for folder in &folders {
        if !folder.is_dir() {
            anyhow::bail!(UsageError(format!("{}: not a folder", folder.display())));
        }
        cases.extend(find(folder));
    }
    if cases.is_empty() {
        anyhow::bail!(UsageError("there is no test here: a test is a folder with expected.json".into()));
    }
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (mut rows, mut failed) = (Vec::new(), 0);
    for case in &cases {
        let begun = Instant::now();
        let outcome = threads.block_on(case.run(args.with.as_deref(), args.save.as_deref()));
        failed += usize::from(!outcome.passed());
        rows.push(row(case, &outcome));
        if !args.json {
            tell(case.folder(), &outcome, Micros::try_from(begun.elapsed().as_micros()).unwrap_or(Micros::MAX));
        }
    }
    threads.shutdown_background();
    match args.json {
        true => show::out(
            Value::object([
                ("passed", (cases.len() - failed).into()),
                ("failed", failed.into()),
                ("tests", Value::from(rows)),
            ])
            .to_json(),
        ),
        false => show::out(format_args!("{} passed, {failed} failed", cases.len() - failed)),
    }
    Ok(if failed == 0 { Exit::Success } else { Exit::Failed })
}

fn tell(folder: &Path, outcome: &Outcome, took: Micros) {
    let mark = if outcome.passed() { "✓" } else { "✗" };
    show::out(format_args!("{mark} {}  {}", folder.display(), show::took(took)));
    for difference in &outcome.differences {
        show::out(format_args!("    {difference}"));
    }
}

fn row(case: &Case, outcome: &Outcome) -> Value {
    Value::object([
        ("test", case.folder().to_string_lossy().into_owned().into()),
        ("passed", outcome.passed().into()),
        ("differences", Value::array(outcome.differences.iter().map(|text| Value::from(text.as_str())))),
    ])
}
