//! The same flows on every runtime. The program that does it is `crates/conformance`; this gets what it stands on.

use crate::{process, programs, tools};
use anyhow::Result;
use std::path::PathBuf;

/// As part of the tests: every cell as the page says it, and a few kills.
pub fn check() -> Result<()> {
    let program = program()?;
    process::run(&mut process::command(&program, &["table"]))?;
    process::run(&mut process::command(&program, &["kills", "4"]))
}

/// `make conformance`: as it is found now, into the page.
pub fn write() -> Result<()> {
    process::run(&mut process::command(program()?, &["table", "--write"]))
}

/// Kills of workers and of Temporal's server in the middle of the examples, and the line that sums them up.
pub fn kills() -> Result<Vec<String>> {
    let output = process::output(&mut process::command(program()?, &["kills", "30"]))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(text.lines().filter(|line| line.starts_with("crash:")).map(str::to_owned).collect())
}

fn program() -> Result<PathBuf> {
    tools::temporal()?;
    tools::toolchain()?;
    programs::bin("weir-conformance")
}
