//! The table: a row for each case, a column for each runtime.

use crate::case::{self, Case, Prepared, Ready};
use crate::compose;
use crate::found::{Found, differences, outcome, unexpected};
use crate::runtimes::{embedded, temporal, typescript};
use anyhow::{Context, Result, bail};
use futures::StreamExt;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

/// Cases that are carried at the same time.
const AT_ONCE: usize = 8;

/// Where the whole table is kept.
const PAGE: &str = "docs/generated/conformance.md";

/// What came of one case, in the order of [`COLUMNS`].
struct Row {
    name: String,
    found: Vec<Found>,
    problems: Vec<String>,
}

const COLUMNS: [&str; 3] = ["embedded", "Temporal, Rust", "Temporal, TypeScript"];

/// Leaves the Rust worker out.
pub const TYPESCRIPT: &str = "--typescript";

/// The runtimes, and whether the Rust worker is asked as well.
struct Labs {
    rust: temporal::Lab,
    typescript: typescript::Lab,
    with_rust: bool,
}

/// Runs all cases, or those whose names begin with one of `args`; `--write` brings the page up to date, and
/// `--typescript` is quicker while the generated code is worked on.
pub async fn run(args: &[String]) -> Result<()> {
    let begun = Instant::now();
    let (options, names): (Vec<&String>, Vec<&String>) = args.iter().partition(|arg| arg.starts_with("--"));
    let mut cases = case::all()?;
    crate::coverage::check(&cases)?;
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name.starts_with(name.as_str())));
    let with_rust = !options.iter().any(|option| *option == TYPESCRIPT);
    let (rows, faults) = carry(&cases, with_rust).await?;
    rows.iter().for_each(tell);
    faults.iter().for_each(|fault| println!("✗ what all generated projects share does not compile: {fault}"));
    let failed = rows.iter().filter(|row| !row.problems.is_empty()).count();
    let took = begun.elapsed().as_secs_f64();
    println!("conformance: {} cases on {} runtimes, {failed} with differences, {took:.0} s", rows.len(), COLUMNS.len());
    let refused = refused(&rows);
    if refused > 0 {
        println!("conformance: {refused} flows are refused as TypeScript");
    }
    if names.is_empty() && with_rust {
        keep(&page(&rows), options.iter().any(|option| *option == "--write"))?;
    }
    if failed + faults.len() == 0 { Ok(()) } else { bail!("{failed} cases differ") }
}

/// The rows, and what is wrong with what all generated projects share.
async fn carry(cases: &[Case], with_rust: bool) -> Result<(Vec<Row>, Vec<String>)> {
    let catalog = compose::catalog()?;
    let prepared: Vec<(&Case, Prepared)> =
        cases.iter().map(|case| Ok((case, case.prepare(&catalog)?))).collect::<Result<_>>()?;
    let flows = prepared.iter().filter_map(|(case, prepared)| match prepared {
        Prepared::Flow(ready) => Some((*case, &**ready)),
        Prepared::Rejected(_) => None,
    });
    let projects = Arc::new(typescript::Projects::make(flows)?);
    let rust = temporal::Lab::start().await?;
    let typescript = typescript::Lab::start(rust.server(), projects.clone()).await?;
    let labs = Labs { rust, typescript, with_rust };
    let rows = futures::stream::iter(&prepared).map(|(case, prepared)| row(&labs, case, prepared));
    Ok((rows.buffered(AT_ONCE).collect().await, projects.faults.clone()))
}

async fn row(labs: &Labs, case: &Case, prepared: &Prepared) -> Row {
    let found = match prepared {
        // Read and checked before any runtime is asked.
        Prepared::Rejected(code) => COLUMNS.iter().map(|_| Found::Rejected(code.clone())).collect(),
        Prepared::Flow(ready) => {
            let embedded = embedded::run(case, ready).await;
            let (rust, typescript) =
                tokio::join!(on_temporal(labs, case, ready), typescript::run(&labs.typescript, case));
            vec![embedded.clone(), rust.unwrap_or(embedded), typescript]
        }
    };
    let mut problems = Vec::new();
    for (column, found) in COLUMNS.iter().zip(&found) {
        problems.extend(unexpected(&case.expect, found).into_iter().map(|line| format!("{column}: {line}")));
    }
    for (column, other) in COLUMNS.iter().zip(&found).skip(1) {
        problems.extend(differences(&found[0], other).into_iter().map(|line| format!("{column}: {line}")));
    }
    problems.dedup();
    Row { name: case.name.clone(), found, problems }
}

/// None where the Rust worker is not asked.
async fn on_temporal(labs: &Labs, case: &Case, ready: &Ready) -> Option<Found> {
    match case.kill {
        _ if !labs.with_rust => None,
        None => Some(temporal::run(&labs.rust, case, ready).await),
        Some(kill) => Some(temporal::killed(case, ready, kill).await),
    }
}

fn refused(rows: &[Row]) -> usize {
    rows.iter().flat_map(|row| &row.found).filter(|found| matches!(found, Found::Refused { .. })).count()
}

fn tell(row: &Row) {
    if !row.problems.is_empty() {
        println!("✗ {}", row.name);
        row.problems.iter().for_each(|line| println!("    {line}"));
    }
}

/// The same bytes for the same outcomes.
fn page(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Conformance\n\nThe same flows on every runtime, as `make conformance` found them. A mark stands where outcome, \
         code, output,\nvariables and the trace of every step are those of the embedded runtime. `conformance/README.md` \
         says what is compared.\n\n| Case | Comes to | Steps |",
    );
    let heads = COLUMNS.iter().map(|column| format!(" {column} |"));
    let lines = COLUMNS.iter().map(|_| "---|");
    let _ = writeln!(text, "{}\n|---|---|---:|{}", heads.collect::<String>(), lines.collect::<String>());
    for row in rows {
        let steps = match &row.found[0] {
            Found::Ended(ended) => ended.steps.len().to_string(),
            _ => "–".to_owned(),
        };
        let cells = row.found.iter().map(|found| format!(" {} |", mark(&row.found[0], found)));
        let _ = writeln!(text, "| {} | {} | {steps} |{}", row.name, outcome(&row.found[0]), cells.collect::<String>());
    }
    if refused(rows) > 0 {
        let _ = writeln!(text, "\n{} flows are refused as TypeScript.", refused(rows));
    }
    text
}

fn mark(reference: &Found, found: &Found) -> String {
    match found {
        Found::Rejected(_) => "rejected".to_owned(),
        Found::Refused { .. } => outcome(found),
        _ if differences(reference, found).is_empty() => "✓".to_owned(),
        _ => "✗".to_owned(),
    }
}

fn keep(page: &str, write: bool) -> Result<()> {
    let path = case::root().join(PAGE);
    if write {
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(&path, page)?;
        println!("written to {PAGE}");
        return Ok(());
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept == page { Ok(()) } else { bail!("{PAGE} is not what was found; write it with `make conformance`") }
}
