use crate::postgres::Postgres;
use crate::{process, project, tools};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// What is measured of servers, in the order of `bench/README.md`.
const SERVER: [&str; 6] = ["w4", "ready", "waiting", "list", "live", "schedules"];

/// The load test: everything there is to measure of a server, on SQLite and, where this machine has it, on PostgreSQL.
pub fn server() -> Result<()> {
    let weir = project::weir()?;
    let postgres = Postgres::start(&std::env::temp_dir().join(format!("weir-bench-{}", std::process::id())))?;
    let mut command = process::command(&weir, &["bench", "--json"]);
    command.args(SERVER);
    match &postgres {
        Some(postgres) => {
            println!("with {}", postgres.version()?);
            command.args(["--database-url", &postgres.url()]);
        }
        None => println!("there is no PostgreSQL on this machine: servers are measured on SQLite alone"),
    }
    measure(command, "bench-server.json")
}

/// The table on the terminal, and the figures as JSON under the target folder.
pub fn run() -> Result<()> {
    let mut command = process::command(&project::weir()?, &["bench", "--json"]);
    // The compilers are in there; what is measured works elsewhere.
    command.env("WEIR_DATA", tools::toolchain()?.parent().context("a folder")?);
    measure(command, "bench.json")
}

fn measure(mut command: Command, name: &str) -> Result<()> {
    let output = command.stderr(Stdio::inherit()).output().context("cannot start weir bench")?;
    if !output.status.success() {
        bail!("weir bench ended with {}", output.status);
    }
    process::json(&output).context("weir bench")?;
    let file = project::target()?.join(name);
    std::fs::write(&file, &output.stdout)?;
    println!("the figures are in {}", file.display());
    Ok(())
}
