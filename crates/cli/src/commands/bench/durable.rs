use super::lab::{Cost, Lab};
use super::machine::Machine;
use super::row::{Row, Target};
use super::{flows, process, raw};
use std::path::Path;
use weir_base::Micros;

const AT_ONCE: usize = 32;

/// How often a work and its yardstick take turns.
///
/// Of each the best turn counts: whatever else a machine does only ever makes slower, and it does not hit both alike.
const ROUNDS: usize = 9;

/// Does the work and takes the yardstick in turns.
fn rounds<Y, T>(
    mut yardstick: impl FnMut() -> anyhow::Result<Y>,
    mut work: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<(Vec<Y>, Vec<T>)> {
    let (mut yardsticks, mut done) = (vec![yardstick()?], Vec::new());
    for _ in 0..ROUNDS {
        done.push(work()?);
        yardsticks.push(yardstick()?);
    }
    Ok((yardsticks, done))
}

fn median<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    raw::median(&mut rounds.iter().map(figure).collect::<Vec<_>>())
}

fn least<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    rounds.iter().map(figure).fold(f64::INFINITY, f64::min)
}

fn most<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    rounds.iter().map(figure).fold(0.0, f64::max)
}

/// W1: start, one step, end.
pub fn one_step(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W1 start, 1 step, end";
    const RUNS: usize = 6_000;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::sequence(1))?;
    lab.run(&flow, AT_ONCE, 2_000)?;
    let (machines, alone) = rounds(|| Machine::measure(folder), || lab.run(&flow, 1, 300))?;
    let machine = Machine::best(&machines);
    let typical = |one: &Cost| raw::median(&mut one.each.clone());
    let alone = Row::new(WORK, "one at a time, median", Target::AtMost(0.5), least(&alone, typical), "ms")
        .scaled(machine.slower())
        .with("medianOfRoundsMs", median(&alone, typical))
        .with("cpuMsPerRun", median(&alone, |one| cpu_ms(one, 300)))
        .with("yardstick", machine.to_value());
    let (machines, many) = rounds(|| Machine::measure(folder), || lab.run(&flow, AT_ONCE, RUNS))?;
    let machine = Machine::best(&machines);
    let rate = |one: &Cost| per_second(one, RUNS);
    let all = Row::new(WORK, "32 at once", Target::AtLeast(10_000.0), most(&many, rate), "runs/s")
        .scaled(machine.faster_in_batches())
        .with("medianOfRounds", median(&many, rate))
        .with("medianMs", least(&many, typical))
        .with("yardstick", machine.to_value());
    let cpu = median(&many, |one| cpu_ms(one, RUNS));
    Ok(vec![alone, all, Row::new(WORK, "32 at once, CPU", Target::AtMost(0.1), cpu, "ms/run")])
}

/// W2: ten steps in sequence.
pub fn ten_steps(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W2 10 steps in sequence";
    const STEPS: usize = 20_000;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::sequence(10))?;
    lab.run(&flow, AT_ONCE, 500)?;
    let (_, bytes) = lab.journal(&lab.run_one(&flow)?)?;
    let (raws, many) = rounds(|| raw::sqlite(folder, AT_ONCE, bytes), || lab.run(&flow, AT_ONCE, STEPS / 10))?;
    let (rate, raw_rate) = (|one: &Cost| per_second(one, STEPS), |one: &raw::Commits| one.rows_per_second);
    let share = most(&many, rate) / most(&raws, raw_rate);
    let cpu = median(&many, |one| cpu_ms(one, STEPS));
    let all = Row::new(WORK, "32 at once, in raw SQLite rows in batches of 32", Target::AtLeast(0.4), share, "×")
        .with("stepsPerSecond", most(&many, rate))
        .with("rawRowsPerSecond", most(&raws, raw_rate))
        .with("medianOfRounds", median(&many, rate) / median(&raws, raw_rate))
        .with("rowBytes", bytes);
    let (raws, alone) = rounds(|| raw::sqlite(folder, 1, bytes), || median_step(&lab, &flow, 40))?;
    let (step, commit) = (least(&alone, |one| *one), least(&raws, |one| one.commit_ms));
    let one =
        Row::new(WORK, "one run alone, median step, in single-row commits", Target::AtMost(1.5), step / commit, "×")
            .with("stepMs", step)
            .with("commitMs", commit)
            .with("medianOfRounds", median(&alone, |one| *one) / median(&raws, |one| one.commit_ms));
    Ok(vec![Row::new(WORK, "32 at once, CPU", Target::AtMost(0.03), cpu, "ms/step"), all, one])
}

/// Milliseconds from one result to the next in runs of ten steps, one run at a time.
fn median_step(lab: &Lab, flow: &weir_runs::FlowRef, runs: usize) -> anyhow::Result<f64> {
    let mut gaps = Vec::new();
    for _ in 0..runs {
        gaps.extend(gaps_ms(&lab.journal(&lab.run_one(flow)?)?.0));
    }
    Ok(raw::median(&mut gaps))
}

/// W3: a hundred steps at once, joined.
pub fn hundred_at_once(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W3 100 parallel steps, joined";
    const STEPS: usize = 30_000;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::parallel(100))?;
    lab.run(&flow, AT_ONCE, 64)?;
    let (machines, many) = rounds(|| Machine::measure(folder), || lab.run(&flow, AT_ONCE, STEPS / 100))?;
    let machine = Machine::best(&machines);
    let (_, alone) = rounds(|| Ok(()), || lab.run(&flow, 1, 50))?;
    let rate = |one: &Cost| per_second(one, STEPS);
    let all = Row::new(WORK, "32 at once", Target::AtLeast(60_000.0), most(&many, rate), "steps/s")
        .scaled(machine.faster_in_batches())
        .with("medianOfRounds", median(&many, rate))
        .with("oneAtATimeStepsPerSecond", most(&alone, |one| per_second(one, 5_000)))
        .with("yardstick", machine.to_value());
    let cpu = median(&many, |one| cpu_ms(one, STEPS));
    Ok(vec![all, Row::new(WORK, "32 at once, CPU", Target::AtMost(0.03), cpu, "ms/step")])
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
        Row::new(
            "W5 one run, 100,000 looped steps",
            "median step at the end, in median steps at the beginning",
            Target::AtMost(1.2),
            late / early,
            "×",
        )
        .with("earlyMs", early)
        .with("lateMs", late)
        .with("meanMs10k", per_step(first.wall, SHORT))
        .with("meanMs100k", per_step(second.wall, LONG)),
        Row::new(
            "W5 one run, 100,000 looped steps",
            "CPU of a step, in CPU of a step of 10,000",
            Target::AtMost(1.2),
            cpu_ms(&second, LONG) / cpu_ms(&first, SHORT),
            "×",
        )
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
