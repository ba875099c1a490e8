use crate::{process, project};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// The version every machine uses, so that its verdicts are the same everywhere.
const CARGO_DENY: &str = "0.20.2";

/// The pinned `cargo-deny`, built into `.tools/` where it is not there yet. That takes some minutes, once.
pub fn cargo_deny() -> Result<PathBuf> {
    let folder = project::root().join(".tools");
    let program = folder.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if version_of(&program).is_some_and(|found| found.ends_with(CARGO_DENY)) {
        return Ok(program);
    }
    println!("building cargo-deny {CARGO_DENY} into .tools/, once");
    let root = folder.to_string_lossy().into_owned();
    let install = ["install", "--quiet", "--locked", "--force", "--root", &root, "--version", CARGO_DENY, "cargo-deny"];
    process::run(&mut process::cargo(&install)).context("cargo-deny cannot be had from crates.io")?;
    Ok(program)
}

fn version_of(program: &PathBuf) -> Option<String> {
    let output = process::output(&mut process::command(program, &["--version"])).ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether tests can be run by nextest, which is quicker; without it `cargo test` runs the same ones.
pub fn has_nextest() -> bool {
    process::exists("cargo", &["nextest", "--version"])
}
