use crate::{process, project};
use anyhow::{Context, Result, bail};

/// The table on the terminal, and the figures as JSON under the target folder.
pub fn run() -> Result<()> {
    let weir = project::release_weir();
    let output = process::output(&mut process::command(&weir, &["bench", "--json"]))?;
    if !output.status.success() {
        bail!("weir bench ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice::<serde_json::Value>(&output.stdout).context("weir bench printed no JSON")?;
    let file = project::target().join("bench.json");
    std::fs::write(&file, &output.stdout)?;
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    println!("{}\nwritten to {}", String::from_utf8_lossy(&output.stdout).trim_end(), file.display());
    Ok(())
}
