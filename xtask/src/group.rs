use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// A part of the checks, run and timed on its own.
pub struct Group {
    pub name: &'static str,
    pub run: fn() -> Result<()>,
}

/// Runs every group, also after one has failed, and prints what each came to and how long it took.
pub fn run_all(groups: &[Group]) -> Result<()> {
    let ended: Vec<_> = groups.iter().map(run_one).collect();
    let total: Duration = ended.iter().map(|(_, time, _)| *time).sum();
    println!();
    for (name, time, failure) in &ended {
        let verdict = if failure.is_none() { "ok" } else { "FAILED" };
        println!("{name:<10} {:>8.1} s  {verdict}", time.as_secs_f64());
    }
    println!("{:<10} {:>8.1} s", "total", total.as_secs_f64());
    let failed: Vec<&str> =
        ended.iter().filter(|(_, _, failure)| failure.is_some()).map(|(name, _, _)| *name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn run_one(group: &Group) -> (&'static str, Duration, Option<anyhow::Error>) {
    println!("\n== {}", group.name);
    let begun = Instant::now();
    let failure = (group.run)().err();
    let time = begun.elapsed();
    match &failure {
        None => println!("== {}: {:.1} s", group.name, time.as_secs_f64()),
        Some(error) => println!("== {}: failed after {:.1} s: {error:#}", group.name, time.as_secs_f64()),
    }
    (group.name, time, failure)
}
