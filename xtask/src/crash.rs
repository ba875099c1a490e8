use crate::programs::Test;
use crate::{conformance, process, programs, project};
use anyhow::{Result, bail};

/// Where the last whole run is kept, committed as text.
const RESULTS: &str = "docs/crash-results.txt";

/// 50 cases of each suite.
pub fn sample() -> Result<()> {
    suites("50").map(drop)
}

/// 1,000 cases of each suite; the suites' own summaries are written down.
pub fn whole() -> Result<()> {
    let mut lines = suites("1000")?;
    if lines.is_empty() {
        bail!("no suite printed a line that begins with `crash:`");
    }
    lines.extend(conformance::kills()?);
    let text = format!("{}\n", lines.join("\n"));
    std::fs::write(project::root().join(RESULTS), &text)?;
    println!("{text}written to {RESULTS}");
    Ok(())
}

/// Runs every test whose file is named `crash…` with `CRASH_CASES`; gives the lines that begin with `crash:`.
fn suites(cases: &str) -> Result<Vec<String>> {
    let found = programs::tests(|name| name.starts_with("crash"))?;
    let lines = found.iter().map(|test| suite(test, cases)).collect::<Result<Vec<_>>>()?;
    Ok(lines.concat())
}

fn suite(test: &Test, cases: &str) -> Result<Vec<String>> {
    let output = process::output(test.command(&["--nocapture"]).env("CRASH_CASES", cases))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("{} ended with {}", test.name, output.status);
    }
    Ok(text.lines().filter(|line| line.starts_with("crash:")).map(str::to_owned).collect())
}
