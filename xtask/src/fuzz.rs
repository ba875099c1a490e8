use crate::process::run;
use crate::programs;
use anyhow::{Context, Result};
use std::process::Command;

/// The same inputs every time: a number of cases from a fixed seed.
pub fn short() -> Result<()> {
    run(fuzz()?.env("FUZZ_CASES", "4000"))
}

/// `FUZZ_SECONDS` for each target, from a seed of the moment, which is printed.
pub fn long() -> Result<()> {
    let given = |name: &str| std::env::var(name).ok();
    let seconds = given("FUZZ_SECONDS").unwrap_or_else(|| "60".to_owned());
    let seed = given("FUZZ_SEED").unwrap_or_else(moment);
    println!("FUZZ_SEED={seed} FUZZ_SECONDS={seconds}");
    run(fuzz()?.env("FUZZ_SECONDS", seconds).env("FUZZ_SEED", seed))
}

fn fuzz() -> Result<Command> {
    let found = programs::tests(|name| name == "fuzz")?;
    Ok(found.first().context("there is no `fuzz`")?.command(&["--quiet", "--nocapture"]))
}

fn moment() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs()).to_string()
}
