use crate::{process, project};
use anyhow::{Context, Result, bail};
use std::process::Stdio;

/// The table on the terminal, and the figures as JSON under the target folder.
pub fn run() -> Result<()> {
    let weir = project::weir()?;
    let mut command = process::command(&weir, &["bench", "--json"]);
    let output = command.stderr(Stdio::inherit()).output().context("cannot start weir bench")?;
    if !output.status.success() {
        bail!("weir bench ended with {}", output.status);
    }
    process::json(&output).context("weir bench")?;
    let file = project::target()?.join("bench.json");
    std::fs::write(&file, &output.stdout)?;
    println!("the figures are in {}", file.display());
    Ok(())
}
