//! The same flows on every runtime. The program that does it is `crates/conformance`; this gets what it stands on.

use crate::{process, programs, project, tools};
use anyhow::Result;
use std::path::PathBuf;

/// As part of the tests: every cell as the page says it, and a few kills.
pub fn check() -> Result<()> {
    let program = program()?;
    process::run(&mut process::command(&program, &["table"]))?;
    process::run(&mut process::command(&program, &["kills", "2"]))?;
    process::run(&mut process::command(&program, &["kills", "--typescript", "2"]))
}

/// `make conformance`: as it is found now, into the page.
pub fn write() -> Result<()> {
    process::run(&mut process::command(program()?, &["table", "--write"]))
}

/// Kills of workers and of Temporal's server in the middle of the examples, with the Rust worker and with generated
/// code, and the lines that sum them up.
pub fn kills() -> Result<Vec<String>> {
    Ok([seeded(&["kills", "30"])?, seeded(&["kills", "--typescript", "30"])?].concat())
}

fn seeded(args: &[&str]) -> Result<Vec<String>> {
    let output = process::output(&mut process::command(program()?, args))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(text.lines().filter(|line| line.starts_with("crash:")).map(str::to_owned).collect())
}

/// `make bench-cluster`: what a step costs a worker, and how soon another takes over, with the release program.
pub fn bench() -> Result<()> {
    let target = project::target()?;
    let (weir, json) = (target.join("release/weir"), target.join("bench-cluster.json"));
    let mut command = process::command(program()?, &["bench"]);
    let measured = process::run(command.arg(weir).arg(&json));
    println!("the figures are in {}", json.display());
    measured
}

fn program() -> Result<PathBuf> {
    tools::temporal()?;
    tools::toolchain()?;
    programs::bin("weir-conformance")
}
