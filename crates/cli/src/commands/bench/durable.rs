use super::lab::{Cost, Lab};
use super::machine::Machine;
use super::row::{Row, Target};
use super::{flows, process, raw};
use std::path::Path;
use weir_base::Micros;

const AT_ONCE: usize = 32;

/// Does the work between two measurements of the machine.
fn between<T>(folder: &Path, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Machine, T)> {
    let before = Machine::measure(folder)?;
    let done = work()?;
    Ok((before.middle(&Machine::measure(folder)?), done))
}

/// W1: start, one step, end.
pub fn one_step(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::sequence(1))?;
    lab.run(&flow, AT_ONCE, 2_000)?;
    let (alone, mut one) = between(folder, || lab.run(&flow, 1, 1_000))?;
    let (many, all) = between(folder, || lab.run(&flow, AT_ONCE, 30_000))?;
    let mut each = all.each.clone();
    Ok(vec![
        Row::new("W1 start, 1 step, end", "one at a time, median", Target::AtMost(0.5), raw::median(&mut one.each), "ms")
            .scaled(alone.slower())
            .with("cpuMsPerRun", cpu_ms(&one, 1_000))
            .with("yardstick", alone.to_value()),
        Row::new("W1 start, 1 step, end", "32 at once", Target::AtLeast(10_000.0), per_second(&all, 30_000), "runs/s")
            .scaled(many.faster_in_batches())
            .with("medianMs", raw::median(&mut each))
            .with("yardstick", many.to_value()),
        Row::new("W1 start, 1 step, end", "32 at once, CPU", Target::AtMost(0.1), cpu_ms(&all, 30_000), "ms/run"),
    ])
}

/// W2: ten steps in sequence.
pub fn ten_steps(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const RUNS: usize = 10_000;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::sequence(10))?;
    lab.run(&flow, AT_ONCE, 500)?;
    let (_, bytes) = lab.journal(&lab.run_one(&flow)?)?;
    let raw_before = raw::sqlite(folder, AT_ONCE, bytes)?;
    let all = lab.run(&flow, AT_ONCE, RUNS)?;
    let raw_after = raw::sqlite(folder, AT_ONCE, bytes)?;
    let raw_rate = (raw_before.rows_per_second + raw_after.rows_per_second) / 2.0;
    let commit_before = raw::sqlite(folder, 1, bytes)?.commit.as_secs_f64() * 1e3;
    let mut gaps = Vec::new();
    for _ in 0..200 {
        gaps.extend(gaps_ms(&lab.journal(&lab.run_one(&flow)?)?.0));
    }
    let commit = (commit_before + raw::sqlite(folder, 1, bytes)?.commit.as_secs_f64() * 1e3) / 2.0;
    Ok(vec![
        Row::new("W2 10 steps in sequence", "32 at once, CPU", Target::AtMost(0.03), cpu_ms(&all, RUNS * 10), "ms/step"),
        Row::new("W2 10 steps in sequence", "32 at once, share of raw SQLite in batches of 32", Target::AtLeast(0.4), per_second(&all, RUNS * 10) / raw_rate, "×")
            .with("stepsPerSecond", per_second(&all, RUNS * 10))
            .with("rawRowsPerSecond", raw_rate)
            .with("rowBytes", bytes),
        Row::new("W2 10 steps in sequence", "one run alone, median step, in single-row commits", Target::AtMost(1.5), raw::median(&mut gaps) / commit, "×")
            .with("stepMs", raw::median(&mut gaps))
            .with("commitMs", commit),
    ])
}

/// W3: a hundred steps at once, joined.
pub fn hundred_at_once(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const RUNS: usize = 1_000;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::parallel(100))?;
    lab.run(&flow, AT_ONCE, 64)?;
    let (machine, all) = between(folder, || lab.run(&flow, AT_ONCE, RUNS))?;
    let one = lab.run(&flow, 1, 200)?;
    Ok(vec![
        Row::new("W3 100 parallel steps, joined", "32 at once", Target::AtLeast(60_000.0), per_second(&all, RUNS * 100), "steps/s")
            .scaled(machine.faster_in_batches())
            .with("oneAtATimeStepsPerSecond", per_second(&one, 200 * 100))
            .with("yardstick", machine.to_value()),
        Row::new("W3 100 parallel steps, joined", "32 at once, CPU", Target::AtMost(0.03), cpu_ms(&all, RUNS * 100), "ms/step"),
    ])
}

/// W5: one run that loops.
pub fn long_loop(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const SHORT: usize = 10_000;
    const LONG: usize = 100_000;
    let lab = Lab::open(folder)?;
    let (short, long) = (lab.publish_root(&flows::repeat(SHORT))?, lab.publish_root(&flows::repeat(LONG))?);
    let first = lab.run(&short, 1, 1)?;
    let before = process::resident();
    let second = lab.run(&long, 1, 1)?;
    let grown = process::resident().saturating_sub(before) as f64 / f64::from(1 << 20);
    let newest = lab.newest(1)?;
    let times = lab.journal(newest.first().map_or("", |run| run))?.0;
    let mut early = gaps_ms(&times[..SHORT.min(times.len())]);
    let mut late = gaps_ms(&times[times.len().saturating_sub(SHORT)..]);
    let (early, late) = (raw::median(&mut early), raw::median(&mut late));
    Ok(vec![
        Row::new("W5 one run, 100,000 looped steps", "median step at the end, in median steps at the beginning", Target::AtMost(1.2), late / early, "×")
            .with("earlyMs", early)
            .with("lateMs", late)
            .with("meanMs10k", per_step(first.wall, SHORT))
            .with("meanMs100k", per_step(second.wall, LONG)),
        Row::new("W5 one run, 100,000 looped steps", "CPU of a step, in CPU of a step of 10,000", Target::AtMost(1.2), cpu_ms(&second, LONG) / cpu_ms(&first, SHORT), "×")
            .with("cpuMs10k", cpu_ms(&first, SHORT))
            .with("cpuMs100k", cpu_ms(&second, LONG)),
        Row::new("W5 one run, 100,000 looped steps", "memory growth", Target::AtMost(5.0), grown, "MiB"),
    ])
}

fn per_second(cost: &Cost, count: usize) -> f64 {
    count as f64 / cost.wall.as_secs_f64()
}

fn cpu_ms(cost: &Cost, count: usize) -> f64 {
    per_step(cost.cpu, count)
}

fn per_step(time: std::time::Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e3 / count as f64
}

/// Milliseconds between one record and the next.
fn gaps_ms(times: &[Micros]) -> Vec<f64> {
    times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e3).collect()
}
